// SPDX-License-Identifier: GPL-2.0-only
/*
 * OP-TEE in a crash kernel.
 *
 * The threads of OP-TEE that the crashed kernel had in use never come back. They
 * belong to that kernel's guest: a fresh one has all of its own. So a crash
 * kernel may be a guest, if asked to, and nothing else.
 */
#include <linux/cache.h>
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/moduleparam.h>
#include "virt_compat_kdump.h"
#include "virt_compat_params.h"

static bool vm_kdump __ro_after_init;
module_param(vm_kdump, bool, 0444);
MODULE_PARM_DESC(vm_kdump, "Use OP-TEE in a crash kernel too, as a fresh guest (default: 0)");

/**
 * optee_virt_compat_refuses_kdump() - Is this a crash kernel that gets no OP-TEE?
 *
 * Context: The driver's initialization.
 * Return: whether the driver must not be registered.
 */
bool optee_virt_compat_refuses_kdump(void)
{
	return is_kdump_kernel() && !(optee_virt_compat_enabled() && vm_kdump);
}

/**
 * optee_virt_compat_ffa_register() - Register the driver for FF-A, if it may be
 * @ffa_register: the driver's own function for that
 *
 * The guest protocol is that of SMC: over FF-A a crash kernel is refused as ever.
 *
 * Context: The driver's initialization; may sleep.
 * Return: 0 or an error.
 */
int optee_virt_compat_ffa_register(int (*ffa_register)(void))
{
	return is_kdump_kernel() ? -EOPNOTSUPP : ffa_register();
}

/**
 * optee_virt_compat_kdump_policy() - Do not inherit the crashed kernel's guest
 * @dev: the OP-TEE device being probed
 *
 * Context: The driver's probe.
 * Return: as optee_virt_compat_policy(), but OPTEE_GUEST_RECLAIM in a crash kernel.
 */
enum optee_guest_policy optee_virt_compat_kdump_policy(struct device *dev)
{
	if (!is_kdump_kernel())
		return optee_virt_compat_policy();

	if (optee_virt_compat_policy() == OPTEE_GUEST_INHERIT)
		dev_warn(dev, "a crash kernel cannot inherit a guest, its threads may be stuck: optee.vm_inherit is ignored\n");

	return OPTEE_GUEST_RECLAIM;
}

/**
 * optee_virt_compat_check_kdump() - Refuse a crash kernel that is no guest
 * @vc: the device, a client of OP-TEE
 *
 * Context: The driver's probe.
 * Return: 0, or an error after one line in the log.
 */
int optee_virt_compat_check_kdump(struct virt_compat *vc)
{
	if (!is_kdump_kernel() || vc->guest.role == OPTEE_GUEST_GUEST)
		return 0;

	dev_err(vc->dev, "%s: OP-TEE's threads may be stuck in the crashed kernel, only a guest gets new ones: leave out optee.vm_kdump\n",
		optee_guest_role_name(vc->guest.role));

	return -ENODEV;
}
