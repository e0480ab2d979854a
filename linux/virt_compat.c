// SPDX-License-Identifier: GPL-2.0-only
/*
 * Be a guest of a virtualization-enabled OP-TEE when there is no hypervisor.
 *
 * The protocol is in optee_guest.c; this is its Linux side: the functions that
 * tag the calls, and the points where the guest comes and goes. There is no
 * mode to ask for: optee_virt_compat_enter() hands the driver the function to
 * use from then on, its own one or one that tags.
 */
#include <linux/arm-smccc.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/stop_machine.h>
#include "virt_compat.h"

/*
 * The id does not come from a per-device structure because an invoke function
 * has no argument for one.
 */
static void tagged_smc(unsigned long a0, unsigned long a1, unsigned long a2,
		       unsigned long a3, unsigned long a4, unsigned long a5,
		       unsigned long a6, unsigned long a7,
		       struct arm_smccc_res *res)
{
	arm_smccc_smc(a0, a1, a2, a3, a4, a5, a6,
		      CONFIG_OPTEE_VIRT_COMPAT_VM_ID, res);
}

static void tagged_hvc(unsigned long a0, unsigned long a1, unsigned long a2,
		       unsigned long a3, unsigned long a4, unsigned long a5,
		       unsigned long a6, unsigned long a7,
		       struct arm_smccc_res *res)
{
	arm_smccc_hvc(a0, a1, a2, a3, a4, a5, a6,
		      CONFIG_OPTEE_VIRT_COMPAT_VM_ID, res);
}

static int to_errno(enum optee_guest_error err)
{
	switch (err) {
	case OPTEE_GUEST_OK:
		return 0;
	case OPTEE_GUEST_EID:
		return -EINVAL;
	case OPTEE_GUEST_EREWRITTEN:
	case OPTEE_GUEST_EDROPPED:
	case OPTEE_GUEST_EFILTERED:
		return -EPERM;
	case OPTEE_GUEST_ENOROOM:
		return -ENOSPC;
	case OPTEE_GUEST_ENOMEMORY:
		return -ENOMEM;
	case OPTEE_GUEST_ESTUCK:
	case OPTEE_GUEST_ESTRANDED:
		return -EBUSY;
	case OPTEE_GUEST_EINVISIBLE:
	case OPTEE_GUEST_EANSWER:
		return -EPROTO;
	}

	return -EPROTO;
}

static void complain(const struct virt_compat *vc, enum optee_guest_error err)
{
	dev_err(vc->dev, "guest %u: %s (answer 0x%x)\n", vc->guest.id,
		optee_guest_explain(err), vc->guest.answer);
}

static int leave(void *data)
{
	struct virt_compat *vc = data;
	struct optee_guest_transport transport = optee_virt_compat_transport(vc);

	return optee_guest_leave(&vc->guest, &transport);
}

/**
 * optee_virt_compat_remove_guest() - Remove our guest, if we are one
 * @vc: the device
 *
 * Up to 4.2.0 OP-TEE panics if another CPU is in there for the guest, so all
 * others are held meanwhile: a CPU is in there only between its SMC and that SMC's
 * return. Whoever calls OP-TEE for the guest later is refused.
 *
 * Context: May sleep, takes the lock of CPU hotplug.
 */
void optee_virt_compat_remove_guest(struct virt_compat *vc)
{
	enum optee_guest_error err;

	if (vc->guest.role != OPTEE_GUEST_GUEST)
		return;

	err = stop_machine(leave, vc, NULL);
	if (err)
		complain(vc, err);
}

static void virt_compat_release(struct device *dev, void *data)
{
	optee_virt_compat_remove_guest(data);
}

/**
 * optee_virt_compat_find() - What is this device?
 * @dev: an OP-TEE device
 *
 * Context: Any, while @dev is bound.
 * Return: what optee_virt_compat_enter() made of it, or NULL.
 */
struct virt_compat *optee_virt_compat_find(struct device *dev)
{
	return devres_find(dev, virt_compat_release, NULL, NULL);
}

static void report(const struct virt_compat *vc)
{
	const struct optee_guest *guest = &vc->guest;
	const char *remark = optee_guest_remark(guest->note);

	if (*remark)
		dev_warn(vc->dev, "guest %u: %s (answer 0x%x)\n", guest->id,
			 remark, guest->answer);
	if (guest->role == OPTEE_GUEST_GUEST)
		dev_info(vc->dev, "guest %u, conduit %s\n", guest->id,
			 optee_virt_compat_conduit_name(vc));
	else
		dev_info(vc->dev, "%s, conduit %s\n",
			 optee_guest_role_name(guest->role),
			 optee_virt_compat_conduit_name(vc));
}

static int become_client(struct virt_compat *vc, u32 sec_caps)
{
	struct optee_guest_transport transport = optee_virt_compat_transport(vc);
	enum optee_guest_policy policy = OPTEE_GUEST_RECLAIM;
	unsigned int id = CONFIG_OPTEE_VIRT_COMPAT_VM_ID;
	enum optee_guest_error err;

	err = optee_guest_announce(&vc->guest, &transport, sec_caps, id, policy);
	if (err)
		complain(vc, err);

	return to_errno(err);
}

/**
 * optee_virt_compat_enter() - Become what OP-TEE serves
 * @dev:       the OP-TEE device being probed
 * @invoke_fn: the driver's own function for calls
 * @sec_caps:  OPTEE_SMC_SEC_CAP_* as OP-TEE gave them
 *
 * To be called right after the capability exchange: on an OP-TEE built for
 * virtualization all that the driver sends later must be tagged. A guest that
 * is announced here goes when the device is unbound, which covers every later
 * error of the probe.
 *
 * Context: The driver's probe; may sleep.
 * Return: the function for all further calls, or an error pointer after one
 * line in the log; no guest was left behind unless that line says so.
 */
optee_invoke_fn *optee_virt_compat_enter(struct device *dev,
					 optee_invoke_fn *invoke_fn,
					 u32 sec_caps)
{
	struct virt_compat *vc;
	int rc;

	vc = devres_alloc(virt_compat_release, sizeof(*vc), GFP_KERNEL);
	if (!vc)
		return ERR_PTR(-ENOMEM);

	vc->dev = dev;
	vc->invoke.fn = invoke_fn;
	vc->hvc = optee_virt_compat_says_hvc(dev);
	devres_add(dev, vc);

	rc = become_client(vc, sec_caps);
	if (rc)
		return ERR_PTR(rc);
	report(vc);
	if (vc->guest.role != OPTEE_GUEST_GUEST)
		return invoke_fn;

	return vc->hvc ? tagged_hvc : tagged_smc;
}

/**
 * optee_virt_compat_shutdown() - Remove the guest before reboot, power-off or kexec
 * @dev: the OP-TEE device
 *
 * Context: The driver's shutdown, after its own last call; may sleep.
 */
void optee_virt_compat_shutdown(struct device *dev)
{
	struct virt_compat *vc = optee_virt_compat_find(dev);

	if (vc)
		optee_virt_compat_remove_guest(vc);
}
