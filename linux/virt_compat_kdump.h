/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * OP-TEE in a crash kernel.
 */
#ifndef VIRT_COMPAT_KDUMP_H
#define VIRT_COMPAT_KDUMP_H

#include <linux/crash_dump.h>
#include "virt_compat.h"

#ifdef CONFIG_OPTEE_VIRT_COMPAT
bool optee_virt_compat_refuses_kdump(void);
int optee_virt_compat_ffa_register(int (*ffa_register)(void));
enum optee_guest_policy optee_virt_compat_kdump_policy(struct device *dev);
int optee_virt_compat_check_kdump(struct virt_compat *vc);
#else
static inline bool optee_virt_compat_refuses_kdump(void)
{
	return is_kdump_kernel();
}

static inline int optee_virt_compat_ffa_register(int (*ffa_register)(void))
{
	return ffa_register();
}
#endif

#endif /* VIRT_COMPAT_KDUMP_H */
