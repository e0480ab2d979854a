// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Be a guest of a virtualization-enabled OP-TEE for as long as U-Boot runs.
 *
 * The protocol is in optee_guest.c; this is its U-Boot side: the conduit, the
 * tag, and the points where the guest comes and goes. It goes when devices are
 * removed for the operating system.
 */
#include <dm.h>
#include <tee.h>
#include <asm/system.h>
#include <dm/device_compat.h>
#include <dm/ofnode.h>
#include <linux/arm-smccc.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "optee_guest_conduit.h"
#include "optee_guest_mediator.h"
#include "optee_guest_smccc.h"
#include "virt_compat.h"

/* What the driver gets if its device tree is wrong about the conduit. */
static void plain_smc(unsigned long a0, unsigned long a1, unsigned long a2,
		      unsigned long a3, unsigned long a4, unsigned long a5,
		      unsigned long a6, unsigned long a7,
		      struct arm_smccc_res *res)
{
	arm_smccc_smc(a0, a1, a2, a3, a4, a5, a6, a7, res);
}

static void complain(struct udevice *dev, const struct optee_guest *guest,
		     const char *what)
{
	dev_err(dev, "guest %u: %s (answer 0x%x)\n", guest->id, what,
		guest->answer);
}

static void remove_guest(struct udevice *dev)
{
	struct optee_virt_compat *vc = dev_get_plat(dev);
	struct optee_guest_invoke invoke = { vc->invoke_fn };
	struct optee_guest_transport transport = { optee_guest_invoke, &invoke };
	enum optee_guest_error err = optee_guest_leave(&vc->guest, &transport);

	if (err)
		complain(dev, &vc->guest, optee_guest_explain(err));
}

static void report(struct udevice *dev, const struct optee_virt_compat *vc)
{
	const struct optee_guest *guest = &vc->guest;
	const char *remark = optee_guest_remark(guest->note);

	if (*remark)
		dev_warn(dev, "guest %u: %s (answer 0x%x)\n", guest->id,
			 remark, guest->answer);
	if (guest->role == OPTEE_GUEST_GUEST)
		dev_info(dev, "guest %u, conduit %s\n", guest->id, vc->conduit);
	else
		dev_info(dev, "%s, conduit %s\n",
			 optee_guest_role_name(guest->role), vc->conduit);
}

static bool method_is(ofnode node, const char *conduit)
{
	const char *method = ofnode_read_string(node, "method");

	return method && !strcmp(method, conduit);
}

/* It need not be at the top: EBBR has it below /firmware. */
static bool psci_method_is(const char *conduit)
{
	static const char *const compatible[] = {
		"arm,psci-1.0", "arm,psci-0.2", "arm,psci"
	};
	ofnode node;
	size_t n;

	for (n = 0; n < ARRAY_SIZE(compatible); n++) {
		node = ofnode_by_compatible(ofnode_null(), compatible[n]);
		if (ofnode_valid(node))
			return method_is(node, conduit);
	}

	return false;
}

/* ID_AA64PFR0_EL1: not all releases have names for these. */
#define PFR0_EL2(pfr0)	((pfr0) >> 8 & 0xf)
#define PFR0_EL3(pfr0)	((pfr0) >> 12 & 0xf)

/*
 * SMC is undefined where there is no EL3, HVC where there is no EL2; a PSCI that
 * uses the instruction is as good a witness (Arm ARM DDI 0487, C6.2, SMC and
 * HVC). An HVC at EL2 comes back to U-Boot as an exception, an SMC at EL3 too.
 */
static enum optee_guest_conduit choose_conduit(optee_invoke_fn *hvc)
{
	unsigned int el = current_el();
	unsigned long pfr0;
	struct optee_guest_invoke by_smc = { plain_smc };
	struct optee_guest_invoke by_hvc = { hvc };
	struct optee_guest_conduits conduits = {
		.smc = { optee_guest_invoke, &by_smc },
		.hvc = { optee_guest_invoke, &by_hvc },
	};

	asm ("mrs %0, ID_AA64PFR0_EL1" : "=r" (pfr0));
	conduits.smc_safe = el < 3 && (PFR0_EL3(pfr0) || psci_method_is("smc"));
	conduits.hvc_safe = el < 2 && (PFR0_EL2(pfr0) || psci_method_is("hvc"));

	return optee_guest_choose_conduit(&conduits);
}

/**
 * optee_virt_compat_prepare() - Replace a conduit that cannot work here
 * @dev:       the OP-TEE device
 * @invoke_fn: the driver's own function for calls, or an error pointer
 *
 * A device tree written for a hypervisor says "hvc", and U-Boot, which as a rule
 * runs where the hypervisor will, at EL2, would only call itself. A device tree
 * that says "smc" is obeyed.
 *
 * Context: The driver's of_to_plat, before any call.
 * Return: the function for calls, @invoke_fn as a rule; or an error pointer.
 */
optee_invoke_fn *optee_virt_compat_prepare(struct udevice *dev,
					   optee_invoke_fn *invoke_fn)
{
	struct optee_virt_compat *vc = dev_get_plat(dev);

	if (IS_ERR(invoke_fn))
		return invoke_fn;

	vc->invoke_fn = invoke_fn;
	vc->conduit = "smc";
	if (!method_is(dev_ofnode(dev), "hvc"))
		return invoke_fn;

	switch (choose_conduit(invoke_fn)) {
	case OPTEE_GUEST_HVC:
		vc->conduit = "hvc";
		return invoke_fn;
	case OPTEE_GUEST_SMC:
		dev_warn(dev, "HVC does not reach OP-TEE here, using SMC: fix the property method = \"hvc\"\n");
		vc->invoke_fn = plain_smc;
		return plain_smc;
	case OPTEE_GUEST_NO_CONDUIT:
		break;
	}

	dev_err(dev, "this machine executes neither HVC nor SMC: OP-TEE cannot be here\n");

	return ERR_PTR(-ENODEV);
}

/**
 * optee_virt_compat_enter() - Become what OP-TEE serves
 * @dev:      the OP-TEE device being probed
 * @sec_caps: OPTEE_SMC_SEC_CAP_* as OP-TEE gave them
 *
 * To be called right after the capability exchange, before the first session. A
 * guest with our id that an earlier stage left behind is removed first.
 *
 * Context: The driver's probe, after optee_virt_compat_prepare().
 * Return: whether OP-TEE may be used; if not, one line in the log tells why, and
 * no guest was left behind unless that line says so.
 */
bool optee_virt_compat_enter(struct udevice *dev, u32 sec_caps)
{
	struct optee_virt_compat *vc = dev_get_plat(dev);
	struct optee_guest_invoke invoke = { vc->invoke_fn };
	struct optee_guest_transport transport = { optee_guest_invoke, &invoke };
	enum optee_guest_error err;

	err = optee_guest_enter(&vc->guest, &transport, sec_caps,
				CONFIG_OPTEE_VIRT_COMPAT_VM_ID,
				OPTEE_GUEST_RECLAIM);
	if (err) {
		complain(dev, &vc->guest, optee_guest_explain(err));
		return false;
	}
	report(dev, vc);

	return true;
}

/**
 * optee_virt_compat_end_probe() - Leave no guest behind if the probe failed
 * @dev: the OP-TEE device
 * @ret: what the probe returns
 *
 * The driver model does not call a driver's remove after an error of its probe.
 *
 * Context: End of the driver's probe.
 * Return: @ret.
 */
int optee_virt_compat_end_probe(struct udevice *dev, int ret)
{
	if (ret)
		remove_guest(dev);

	return ret;
}

/**
 * optee_virt_compat_remove() - Remove the guest
 * @dev: the OP-TEE device
 *
 * The flags of the driver have it called before an operating system is started,
 * after those of the drivers that use OP-TEE (DM_FLAG_VITAL); the uclass has
 * unregistered all shared memory then.
 *
 * Context: The driver's remove.
 * Return: 0: a guest that stays is no reason not to boot, it is one line.
 */
int optee_virt_compat_remove(struct udevice *dev)
{
	remove_guest(dev);

	return 0;
}

/**
 * optee_virt_compat_tag() - Make a yielding call one of our guest
 * @dev: the OP-TEE device
 * @a7:  out: what belongs into a7 of the call and of its returns from RPC
 *
 * A driver that is removed after this one may still close its session.
 * Without a guest OP-TEE panics of such a call (before 4.2.0) or refuses it.
 *
 * Context: Before the call's first SMC or HVC.
 * Return: whether the call may be made.
 */
bool optee_virt_compat_tag(struct udevice *dev, u32 *a7)
{
	struct optee_virt_compat *vc = dev_get_plat(dev);

	*a7 = optee_guest_tag(&vc->guest);

	return vc->guest.role != OPTEE_GUEST_NONE;
}

/**
 * optee_virt_compat_result() - Tell a refusal from a bad parameter
 * @dev:    the OP-TEE device
 * @answer: a0 at the end of a yielding call
 * @result: what the driver makes of it
 *
 * The driver takes every answer but OK for TEE_ERROR_BAD_PARAMETERS. ENOTAVAIL
 * says that OP-TEE has no guest of this id (thread_handle_std_smc() in optee_os
 * 4.5.0, core/arch/arm/kernel/thread_optee_smc.c).
 *
 * Context: After the call.
 * Return: TEE_ERROR_COMMUNICATION after one line in the log, else @result.
 */
u32 optee_virt_compat_result(struct udevice *dev, u32 answer, u32 result)
{
	struct optee_virt_compat *vc = dev_get_plat(dev);

	if (answer != OPTEE_GUEST_RET_ENOTAVAIL)
		return result;

	dev_err(dev, "OP-TEE refuses the call, it has no guest %lu: somebody removed it, or a hypervisor tags with an id it has not announced (answer 0x%x)\n",
		optee_guest_tag(&vc->guest), answer);

	return TEE_ERROR_COMMUNICATION;
}
