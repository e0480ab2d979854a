// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Leave the guest to the next stage, with the state of its trusted applications:
 * what a firmware TPM has measured is lost otherwise.
 */
#include <dm.h>
#include <dm/device_compat.h>
#include <linux/kconfig.h>
#include "virt_compat.h"
#include "virt_compat_keep.h"

/**
 * optee_virt_compat_keep() - Leave the guest, if the configuration says so
 * @dev: the OP-TEE device
 *
 * Context: The driver's remove, in place of removing the guest.
 * Return: whether the guest, if there is one, stays. No call may be made then.
 */
bool optee_virt_compat_keep(struct udevice *dev)
{
	struct optee_virt_compat *vc = dev_get_plat(dev);

	if (!IS_ENABLED(CONFIG_OPTEE_VIRT_COMPAT_KEEP))
		return false;

	if (vc->guest.role == OPTEE_GUEST_GUEST)
		dev_info(dev, "guest %u stays for the next stage\n",
			 vc->guest.id);
	vc->guest.role = OPTEE_GUEST_NONE;

	return true;
}
