// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line and the attributes of a guest.
 */
#include <linux/cache.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/platform_device.h>
#include <linux/sysfs.h>
#include "optee_smc.h"
#include "virt_compat_params.h"

static bool virt_compat __ro_after_init = true;
module_param(virt_compat, bool, 0444);
MODULE_PARM_DESC(virt_compat, "Be a guest of an OP-TEE built for virtualization if no hypervisor is below (default: 1)");

static bool vm_inherit __ro_after_init;
module_param(vm_inherit, bool, 0444);
MODULE_PARM_DESC(vm_inherit, "Inherit a guest that has our id already instead of removing it (default: 0)");

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

const struct kernel_param_ops optee_virt_compat_id_ops = {
	.set = vm_id_set,
	.get = param_get_uint,
};

/* It cannot change after the module's initialization. */
unsigned int optee_virt_compat_id __ro_after_init = CONFIG_OPTEE_VIRT_COMPAT_VM_ID;
module_param_cb(vm_id, &optee_virt_compat_id_ops, &optee_virt_compat_id, 0444);
MODULE_PARM_DESC(vm_id, "Guest id to announce and to tag calls with, 1..65535 (default: CONFIG_OPTEE_VIRT_COMPAT_VM_ID)");

/**
 * optee_virt_compat_enabled() - Is the driver to be a guest at all?
 *
 * Context: Any.
 * Return: optee.virt_compat
 */
bool optee_virt_compat_enabled(void)
{
	return virt_compat;
}

/**
 * optee_virt_compat_policy() - What to do with a guest that has our id already?
 *
 * Context: Any.
 * Return: as optee.vm_inherit has it.
 */
enum optee_guest_policy optee_virt_compat_policy(void)
{
	return vm_inherit ? OPTEE_GUEST_INHERIT : OPTEE_GUEST_RECLAIM;
}

/**
 * optee_virt_compat_check_id() - Refuse a guest id that is none
 * @dev:       the OP-TEE device being probed
 * @invoke_fn: the driver's own function for calls, or an error pointer
 *
 * Context: The driver's probe, before any call.
 * Return: @invoke_fn or an error pointer.
 */
optee_invoke_fn *optee_virt_compat_check_id(struct device *dev,
					    optee_invoke_fn *invoke_fn)
{
	if (IS_ERR(invoke_fn) || !virt_compat ||
	    optee_guest_id_valid(optee_virt_compat_id))
		return invoke_fn;

	dev_err(dev, "optee.vm_id must be a number in %u..%u: nothing was sent to OP-TEE\n",
		OPTEE_GUEST_ID_MIN, OPTEE_GUEST_ID_MAX);

	return ERR_PTR(-EINVAL);
}

/*
 * A call without a message needs a thread and ends at once
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

/**
 * optee_virt_compat_check_threads() - Has an inherited guest a thread for us?
 * @vc: the device, a client of OP-TEE
 *
 * Threads that an earlier system's calls have stopped in never come back.
 * Nothing is changed of a guest that we may not use: it is not ours.
 *
 * Context: The driver's probe; may sleep.
 * Return: 0, or an error after one line in the log.
 */
int optee_virt_compat_check_threads(struct virt_compat *vc)
{
	if (vc->guest.note != OPTEE_GUEST_INHERITED || has_free_thread(vc))
		return 0;

	dev_err(vc->dev, "guest %u has no thread left, all have stopped in calls of the earlier system: leave out optee.vm_inherit\n",
		vc->guest.id);
	vc->guest.role = OPTEE_GUEST_NONE;

	return -EBUSY;
}

static int is_device_of(struct device *dev, const void *optee)
{
	return dev_get_drvdata(dev) == optee;
}

/*
 * A TEE device does not know which device it came from. Over FF-A that is none
 * of the platform's.
 */
static struct optee_guest guest_of(struct device *teedev, const char **conduit)
{
	struct optee_guest guest = { .role = OPTEE_GUEST_NONE };
	const void *optee = dev_get_drvdata(teedev);
	struct virt_compat *vc = NULL;
	struct device *dev = NULL;

	if (optee)
		dev = bus_find_device(&platform_bus_type, NULL, optee, is_device_of);
	if (dev)
		vc = optee_virt_compat_find(dev);
	if (vc)
		guest = vc->guest;
	*conduit = vc ? optee_virt_compat_conduit_name(vc) : "none";
	put_device(dev);

	return guest;
}

static ssize_t vm_role_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	const char *conduit;

	return sysfs_emit(buf, "%s\n",
			  optee_guest_role_name(guest_of(dev, &conduit).role));
}

static ssize_t vm_id_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	const char *conduit;
	struct optee_guest guest = guest_of(dev, &conduit);

	if (guest.role != OPTEE_GUEST_GUEST)
		return sysfs_emit(buf, "none\n");

	return sysfs_emit(buf, "%u\n", guest.id);
}

static ssize_t vm_conduit_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	const char *conduit;

	guest_of(dev, &conduit);

	return sysfs_emit(buf, "%s\n", conduit);
}

struct device_attribute optee_virt_compat_vm_role = __ATTR_RO(vm_role);
struct device_attribute optee_virt_compat_vm_id = __ATTR_RO(vm_id);
struct device_attribute optee_virt_compat_vm_conduit = __ATTR_RO(vm_conduit);
