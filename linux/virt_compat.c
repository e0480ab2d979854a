// SPDX-License-Identifier: GPL-2.0-only
/*
 * Be a guest of a virtualization-enabled OP-TEE when there is no hypervisor.
 *
 * The protocol is in optee_guest.c; this is its Linux side: the parameters, the
 * function that tags the calls, and the points where the guest comes and goes.
 * There is no mode to ask for: optee_virt_compat_enter() hands the driver the
 * function to use from then on, its own one or one that tags.
 */
#include <linux/arm-smccc.h>
#include <linux/cache.h>
#include <linux/cpu.h>
#include <linux/crash_dump.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/of.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/stop_machine.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include "optee_smc.h"
#include "virt_compat.h"
#include "virt_compat_guest.h"

static bool virt_compat __ro_after_init = true;
module_param(virt_compat, bool, 0444);
MODULE_PARM_DESC(virt_compat, "Be a guest of an OP-TEE built for virtualization if no hypervisor is below (default: 1)");

static bool vm_inherit __ro_after_init;
module_param(vm_inherit, bool, 0444);
MODULE_PARM_DESC(vm_inherit, "Inherit a guest that has our id already instead of removing it (default: 0)");

static bool vm_kdump __ro_after_init;
module_param(vm_kdump, bool, 0444);
MODULE_PARM_DESC(vm_kdump, "Use OP-TEE in a crash kernel too, as a fresh guest (default: 0)");

/*
 * Whatever is no guest id becomes 0, which is none either: an error returned
 * from here would not stop a built-in driver, which has to refuse in its probe.
 */
static int vm_id_set(const char *val, const struct kernel_param *kp)
{
	unsigned int id;

	if (kstrtouint(val, 0, &id) || !optee_guest_id_valid(id))
		id = 0;
	*(unsigned int *)kp->arg = id;

	return 0;
}

static const struct kernel_param_ops vm_id_ops = {
	.set = vm_id_set,
	.get = param_get_uint,
};

static unsigned int vm_id __ro_after_init = CONFIG_OPTEE_VIRT_COMPAT_VM_ID;
module_param_cb(vm_id, &vm_id_ops, &vm_id, 0444);
MODULE_PARM_DESC(vm_id, "Guest id to announce and to tag calls with, 1..65535 (default: CONFIG_OPTEE_VIRT_COMPAT_VM_ID)");

/*
 * The id comes from the parameter and not from a per-device structure because
 * an invoke function has no argument for one. It cannot change after the
 * module's initialization.
 */
static void tagged_smc(unsigned long a0, unsigned long a1, unsigned long a2,
		       unsigned long a3, unsigned long a4, unsigned long a5,
		       unsigned long a6, unsigned long a7,
		       struct arm_smccc_res *res)
{
	arm_smccc_smc(a0, a1, a2, a3, a4, a5, a6, vm_id, res);
}

/* What the driver gets if its device tree is wrong about the conduit. */
static void untagged_smc(unsigned long a0, unsigned long a1, unsigned long a2,
			 unsigned long a3, unsigned long a4, unsigned long a5,
			 unsigned long a6, unsigned long a7,
			 struct arm_smccc_res *res)
{
	arm_smccc_smc(a0, a1, a2, a3, a4, a5, a6, a7, res);
}

static void tagged_hvc(unsigned long a0, unsigned long a1, unsigned long a2,
		       unsigned long a3, unsigned long a4, unsigned long a5,
		       unsigned long a6, unsigned long a7,
		       struct arm_smccc_res *res)
{
	arm_smccc_hvc(a0, a1, a2, a3, a4, a5, a6, vm_id, res);
}

static struct optee_guest_transport transport_of(struct virt_compat *vc)
{
	return (struct optee_guest_transport){ optee_guest_invoke, &vc->invoke };
}

static void complain(const struct virt_compat *vc, const char *what)
{
	dev_err(vc->dev, "guest %u: %s (answer 0x%x)\n", vc->guest.id, what,
		vc->guest.answer);
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

static int leave(void *data)
{
	struct virt_compat *vc = data;
	struct optee_guest_transport transport = transport_of(vc);

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
		complain(vc, optee_guest_explain(err));
}

static void virt_compat_release(struct device *dev, void *data)
{
	struct virt_compat *vc = data;

	optee_virt_compat_unwatch_sleep(vc);
	optee_virt_compat_remove_guest(vc);
	optee_virt_compat_unwatch_cpus(vc);
}

static struct virt_compat *virt_compat_find(struct device *dev)
{
	return devres_find(dev, virt_compat_release, NULL, NULL);
}

static ssize_t role_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	struct virt_compat *vc = virt_compat_find(dev);

	return sysfs_emit(buf, "%s\n",
			  optee_guest_role_name(vc ? vc->guest.role :
						OPTEE_GUEST_NONE));
}
static DEVICE_ATTR_RO(role);

static ssize_t vm_id_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct virt_compat *vc = virt_compat_find(dev);

	if (!vc || vc->guest.role != OPTEE_GUEST_GUEST)
		return sysfs_emit(buf, "none\n");

	return sysfs_emit(buf, "%u\n", vc->guest.id);
}
static DEVICE_ATTR_RO(vm_id);

static ssize_t conduit_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct virt_compat *vc = virt_compat_find(dev);

	return sysfs_emit(buf, "%s\n", vc ? vc->conduit : "none");
}
static DEVICE_ATTR_RO(conduit);

static struct attribute *virt_compat_attrs[] = {
	&dev_attr_role.attr,
	&dev_attr_vm_id.attr,
	&dev_attr_conduit.attr,
	NULL
};

static const struct attribute_group virt_compat_group = {
	.attrs = virt_compat_attrs,
};

static void report(const struct virt_compat *vc)
{
	const struct optee_guest *guest = &vc->guest;
	const char *remark = optee_guest_remark(guest->note);

	if (*remark)
		dev_warn(vc->dev, "guest %u: %s (answer 0x%x)\n", guest->id,
			 remark, guest->answer);
	if (guest->role == OPTEE_GUEST_GUEST)
		dev_info(vc->dev, "guest %u, conduit %s\n", guest->id,
			 vc->conduit);
	else
		dev_info(vc->dev, "%s, conduit %s\n",
			 optee_guest_role_name(guest->role), vc->conduit);
}

static bool says_hvc(struct device *dev)
{
	return device_property_match_string(dev, "method", "hvc") >= 0;
}

/**
 * optee_virt_compat_refuses_kdump() - Is this a crash kernel that gets no OP-TEE?
 *
 * The threads of OP-TEE that the crashed kernel had in use never come back. They
 * belong to that kernel's guest: a fresh one has all of its own. So a crash
 * kernel may be a guest, if asked to, and nothing else.
 *
 * Context: The driver's initialization.
 * Return: whether the driver must not be registered.
 */
bool optee_virt_compat_refuses_kdump(void)
{
	return is_kdump_kernel() && !(virt_compat && vm_kdump);
}

/**
 * optee_virt_compat_ffa_register() - Register the driver for FF-A, if it may be
 * @ffa_register: the driver's own function for that
 *
 * The guest protocol of this file is that of SMC: over FF-A a crash kernel is
 * refused as ever.
 *
 * Context: The driver's initialization; may sleep.
 * Return: 0 or an error.
 */
int optee_virt_compat_ffa_register(int (*ffa_register)(void))
{
	return is_kdump_kernel() ? -EOPNOTSUPP : ffa_register();
}

/**
 * optee_virt_compat_prepare() - Settle all that must be right before any call
 * @dev:       the OP-TEE device being probed
 * @invoke_fn: the driver's own function for calls, or an error pointer
 *
 * Refuses a guest id that is none, and replaces a conduit that cannot work here.
 * A device tree that says "smc" is obeyed.
 *
 * Context: The driver's probe; may sleep.
 * Return: the function for calls, @invoke_fn as a rule; or an error pointer.
 */
optee_invoke_fn *optee_virt_compat_prepare(struct device *dev,
					   optee_invoke_fn *invoke_fn)
{
	struct optee_guest_invoke smc = { untagged_smc };
	struct optee_guest_invoke hvc = { invoke_fn };

	if (IS_ERR(invoke_fn) || !virt_compat)
		return invoke_fn;

	if (!optee_guest_id_valid(vm_id)) {
		dev_err(dev, "optee.vm_id must be a number in %u..%u: nothing was sent to OP-TEE\n",
			OPTEE_GUEST_ID_MIN, OPTEE_GUEST_ID_MAX);
		return ERR_PTR(-EINVAL);
	}

	if (!says_hvc(dev))
		return invoke_fn;

	switch (optee_virt_compat_conduit(&smc, &hvc)) {
	case OPTEE_GUEST_HVC:
		return invoke_fn;
	case OPTEE_GUEST_SMC:
		dev_warn(dev, "HVC does not reach OP-TEE here, using SMC: fix the property method = \"hvc\" of %pOF\n",
			 dev->of_node);
		return untagged_smc;
	case OPTEE_GUEST_NO_CONDUIT:
		break;
	}

	dev_err(dev, "this machine executes neither HVC nor SMC: OP-TEE cannot be here\n");

	return ERR_PTR(-ENODEV);
}

static enum optee_guest_policy policy(struct device *dev)
{
	if (vm_inherit && is_kdump_kernel()) {
		dev_warn(dev, "a crash kernel cannot inherit a guest, its threads may be stuck: optee.vm_inherit is ignored\n");
		return OPTEE_GUEST_RECLAIM;
	}

	return vm_inherit ? OPTEE_GUEST_INHERIT : OPTEE_GUEST_RECLAIM;
}

/*
 * Does OP-TEE have a thread for us? Those that an earlier system's calls have
 * stopped in never come back. A call without a message needs one and ends at once
 * (OPTEE_SMC_RETURN_EBADADDR; std_smc_entry(), core/arch/arm/kernel/thread_optee_smc.c
 * of optee_os 4.5.0), but for an interrupt of the normal world's that it may meet.
 */
static bool has_free_thread(const struct virt_compat *vc)
{
	struct arm_smccc_res res = { .a0 = OPTEE_SMC_CALL_WITH_ARG };

	do {
		vc->invoke.fn(res.a0, res.a1, res.a2, res.a3, 0, 0, 0,
			      optee_guest_tag(&vc->guest), &res);
		if (!OPTEE_SMC_RETURN_IS_RPC(res.a0))
			break;
		res.a0 = OPTEE_SMC_CALL_RETURN_FROM_RPC;
	} while (true);

	return res.a0 != OPTEE_SMC_RETURN_ETHREAD_LIMIT;
}

/* Nothing is changed of a guest that we may not use: it is not ours. */
static int check_inherited(struct virt_compat *vc, int late_cpu)
{
	if (vc->guest.note != OPTEE_GUEST_INHERITED)
		return 0;

	if (late_cpu)
		dev_err(vc->dev, "guest %u was perhaps made when CPU %d was off, trusted applications would hang on it: boot with nr_cpus=1, or leave out optee.vm_inherit\n",
			vc->guest.id, late_cpu);
	else if (!has_free_thread(vc))
		dev_err(vc->dev, "guest %u has no thread left, all have stopped in calls of the earlier system: leave out optee.vm_inherit\n",
			vc->guest.id);
	else
		return 0;

	vc->guest.role = OPTEE_GUEST_NONE;

	return -EBUSY;
}

static int become_client(struct virt_compat *vc, u32 sec_caps)
{
	struct optee_guest_transport transport = transport_of(vc);
	enum optee_guest_error err;
	int late_cpu;

	cpus_read_lock();
	err = optee_guest_enter(&vc->guest, &transport, sec_caps, vm_id,
				policy(vc->dev));
	late_cpu = vc->guest.role == OPTEE_GUEST_GUEST ?
		   optee_virt_compat_served_cpus(vc) : 0;
	cpus_read_unlock();

	if (err) {
		complain(vc, optee_guest_explain(err));
		return to_errno(err);
	}
	if (is_kdump_kernel() && vc->guest.role != OPTEE_GUEST_GUEST) {
		dev_err(vc->dev, "%s: OP-TEE's threads may be stuck in the crashed kernel, only a guest gets new ones: leave out optee.vm_kdump\n",
			optee_guest_role_name(vc->guest.role));
		return -ENODEV;
	}

	return check_inherited(vc, late_cpu);
}

static u32 usable_caps(struct virt_compat *vc, u32 sec_caps)
{
	struct optee_guest_transport transport = transport_of(vc);
	u32 usable = optee_guest_usable_caps(&vc->guest, &transport, sec_caps);

	if (usable != sec_caps)
		dev_warn(vc->dev, "OP-TEE 4.3.0 and 4.4.0 halt when asynchronous notifications are enabled for a guest: not using them, update OP-TEE to 4.5.0 or later\n");

	return usable;
}

/* Drivers that call the secure world by themselves, and so without a tag. */
static const struct of_device_id other_callers[] = {
	{ .compatible = "arm,smc-wdt" },
	{ .compatible = "arm,scmi-smc" },
	{}
};

static void warn_of_other_callers(struct device *dev)
{
	struct device_node *node;
	u32 fid;

	for_each_matching_node(node, other_callers) {
		if (of_device_is_available(node) &&
		    !of_property_read_u32(node, "arm,smc-id", &fid) &&
		    ARM_SMCCC_OWNER_NUM(fid) >= ARM_SMCCC_OWNER_TRUSTED_APP)
			dev_warn(dev, "%pOF calls OP-TEE past this driver, with 0x%x and without the guest's id: OP-TEE refuses that or halts, use optee-shim\n",
				 node, fid);
	}
}

/**
 * optee_virt_compat_enter() - Become what OP-TEE serves
 * @dev:       the OP-TEE device being probed
 * @invoke_fn: the driver's own function for calls
 * @sec_caps:  OPTEE_SMC_SEC_CAP_* as OP-TEE gave them; less what may not be used
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
					 u32 *sec_caps)
{
	bool hvc = says_hvc(dev) && invoke_fn != untagged_smc;
	struct virt_compat *vc;
	int rc;

	if (!virt_compat)
		return invoke_fn;

	vc = devres_alloc(virt_compat_release, sizeof(*vc), GFP_KERNEL);
	if (!vc)
		return ERR_PTR(-ENOMEM);

	vc->dev = dev;
	vc->conduit = hvc ? "hvc" : "smc";
	vc->invoke.fn = invoke_fn;

	rc = optee_virt_compat_watch_cpus(vc);
	if (rc)
		goto free;
	rc = optee_virt_compat_watch_sleep(vc);
	if (rc)
		goto unwatch_cpus;
	rc = become_client(vc, *sec_caps);
	if (rc)
		goto unwatch_sleep;
	devres_add(dev, vc);
	report(vc);

	rc = devm_device_add_group(dev, &virt_compat_group);
	if (rc)
		return ERR_PTR(rc);

	*sec_caps = usable_caps(vc, *sec_caps);
	if (vc->guest.role != OPTEE_GUEST_GUEST)
		return invoke_fn;

	warn_of_other_callers(dev);

	return hvc ? tagged_hvc : tagged_smc;

unwatch_sleep:
	optee_virt_compat_unwatch_sleep(vc);
unwatch_cpus:
	optee_virt_compat_unwatch_cpus(vc);
free:
	devres_free(vc);

	return ERR_PTR(rc);
}

/**
 * optee_virt_compat_shutdown() - Remove the guest before reboot, power-off or kexec
 * @dev: the OP-TEE device
 *
 * Context: The driver's shutdown, after its own last call; may sleep.
 */
void optee_virt_compat_shutdown(struct device *dev)
{
	struct virt_compat *vc = virt_compat_find(dev);

	if (vc)
		optee_virt_compat_remove_guest(vc);
}
