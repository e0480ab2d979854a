// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drivers that call the secure world by themselves, and so without a tag.
 */
#include <linux/arm-smccc.h>
#include <linux/device.h>
#include <linux/of.h>
#include "virt_compat_callers.h"

static const struct of_device_id callers[] = {
	{ .compatible = "arm,smc-wdt" },
	{ .compatible = "arm,scmi-smc" },
	{}
};

/**
 * optee_virt_compat_warn_of_callers() - Log which devices call OP-TEE untagged
 * @dev: the OP-TEE device, a guest
 *
 * Context: The driver's probe; may sleep.
 */
void optee_virt_compat_warn_of_callers(struct device *dev)
{
	struct device_node *node;
	u32 fid;

	for_each_matching_node(node, callers) {
		if (of_device_is_available(node) &&
		    !of_property_read_u32(node, "arm,smc-id", &fid) &&
		    ARM_SMCCC_OWNER_NUM(fid) >= ARM_SMCCC_OWNER_TRUSTED_APP)
			dev_warn(dev, "%pOF calls OP-TEE past this driver, with 0x%x and without the guest's id: OP-TEE refuses that or halts, use optee-shim\n",
				 node, fid);
	}
}
