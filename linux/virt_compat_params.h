/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line and the attributes of a guest.
 */
#ifndef VIRT_COMPAT_PARAMS_H
#define VIRT_COMPAT_PARAMS_H

#include <linux/device.h>
#include <linux/types.h>
#include "virt_compat.h"

extern unsigned int optee_virt_compat_id;
extern const struct kernel_param_ops optee_virt_compat_id_ops;
extern struct device_attribute optee_virt_compat_vm_role;
extern struct device_attribute optee_virt_compat_vm_id;
extern struct device_attribute optee_virt_compat_vm_conduit;

#ifdef CONFIG_OPTEE_VIRT_COMPAT
bool optee_virt_compat_enabled(void);
optee_invoke_fn *optee_virt_compat_check_id(struct device *dev,
					    optee_invoke_fn *invoke_fn);
enum optee_guest_policy optee_virt_compat_policy(void);
int optee_virt_compat_check_threads(struct virt_compat *vc);
#else
static inline optee_invoke_fn *
optee_virt_compat_check_id(struct device *dev, optee_invoke_fn *invoke_fn)
{
	return invoke_fn;
}
#endif

#endif /* VIRT_COMPAT_PARAMS_H */
