/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Drivers that call the secure world by themselves, and so without a tag.
 */
#ifndef VIRT_COMPAT_CALLERS_H
#define VIRT_COMPAT_CALLERS_H

struct device;

void optee_virt_compat_warn_of_callers(struct device *dev);

#endif /* VIRT_COMPAT_CALLERS_H */
