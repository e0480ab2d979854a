/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which conduit reaches OP-TEE, if the device tree says "hvc"?
 */
#ifndef VIRT_COMPAT_CONDUIT_H
#define VIRT_COMPAT_CONDUIT_H

#include "virt_compat.h"

#if defined(CONFIG_OPTEE_VIRT_COMPAT) && defined(CONFIG_ARM64)
bool optee_virt_compat_uses_hvc(const struct virt_compat *vc);
optee_invoke_fn *optee_virt_compat_conduit(struct device *dev,
					   optee_invoke_fn *invoke_fn);
#else
/* Nothing is known of the conduits: the device tree is obeyed. */
static inline optee_invoke_fn *
optee_virt_compat_conduit(struct device *dev, optee_invoke_fn *invoke_fn)
{
	return invoke_fn;
}

static inline bool optee_virt_compat_uses_hvc(const struct virt_compat *vc)
{
	return optee_virt_compat_says_hvc(vc->dev);
}
#endif

#endif /* VIRT_COMPAT_CONDUIT_H */
