/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Be a guest of a virtualization-enabled OP-TEE when there is no hypervisor.
 */
#ifndef VIRT_COMPAT_H
#define VIRT_COMPAT_H

#include <linux/crash_dump.h>
#include "optee_private.h"

struct device;

#ifdef CONFIG_OPTEE_VIRT_COMPAT
bool optee_virt_compat_refuses_kdump(void);
int optee_virt_compat_ffa_register(int (*ffa_register)(void));
void optee_virt_compat_shutdown(struct device *dev);
optee_invoke_fn *
optee_virt_compat_prepare(struct device *dev, optee_invoke_fn *invoke_fn);
optee_invoke_fn *
optee_virt_compat_enter(struct device *dev, optee_invoke_fn *invoke_fn,
			u32 *sec_caps);
#else
static inline bool optee_virt_compat_refuses_kdump(void)
{
	return is_kdump_kernel();
}

static inline int optee_virt_compat_ffa_register(int (*ffa_register)(void))
{
	return ffa_register();
}

static inline optee_invoke_fn *
optee_virt_compat_prepare(struct device *dev, optee_invoke_fn *invoke_fn)
{
	return invoke_fn;
}

static inline optee_invoke_fn *
optee_virt_compat_enter(struct device *dev, optee_invoke_fn *invoke_fn,
			u32 *sec_caps)
{
	return invoke_fn;
}

static inline void optee_virt_compat_shutdown(struct device *dev)
{
}
#endif

#endif /* VIRT_COMPAT_H */
