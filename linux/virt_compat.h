/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Be a guest of a virtualization-enabled OP-TEE when there is no hypervisor.
 */
#ifndef VIRT_COMPAT_H
#define VIRT_COMPAT_H

#include <linux/property.h>
#include "optee_guest_smccc.h"
#include "optee_private.h"

struct device;

/**
 * struct virt_compat - what one OP-TEE device is, for as long as it is bound
 * @dev:    the device
 * @guest:  our standing with OP-TEE
 * @invoke: the driver's function that does not tag
 * @hvc:    whether that function uses HVC
 */
struct virt_compat {
	struct device *dev;
	struct optee_guest guest;
	struct optee_guest_invoke invoke;
	bool hvc;
};

static inline bool optee_virt_compat_says_hvc(struct device *dev)
{
	return device_property_match_string(dev, "method", "hvc") >= 0;
}

static inline struct optee_guest_transport
optee_virt_compat_transport(struct virt_compat *vc)
{
	return (struct optee_guest_transport){ optee_guest_invoke, &vc->invoke };
}

static inline const char *optee_virt_compat_conduit_name(const struct virt_compat *vc)
{
	return vc->hvc ? "hvc" : "smc";
}

#ifdef CONFIG_OPTEE_VIRT_COMPAT
void optee_virt_compat_shutdown(struct device *dev);
optee_invoke_fn *optee_virt_compat_enter(struct device *dev,
					 optee_invoke_fn *invoke_fn,
					 u32 sec_caps);
struct virt_compat *optee_virt_compat_find(struct device *dev);
void optee_virt_compat_remove_guest(struct virt_compat *vc);
#else
static inline optee_invoke_fn *
optee_virt_compat_enter(struct device *dev, optee_invoke_fn *invoke_fn,
			u32 sec_caps)
{
	return invoke_fn;
}

static inline void optee_virt_compat_shutdown(struct device *dev)
{
}
#endif

#endif /* VIRT_COMPAT_H */
