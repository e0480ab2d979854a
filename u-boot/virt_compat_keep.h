/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Leave the guest to the next stage.
 */
#ifndef VIRT_COMPAT_KEEP_H
#define VIRT_COMPAT_KEEP_H

#include <linux/types.h>

struct udevice;

bool optee_virt_compat_keep(struct udevice *dev);

#endif /* VIRT_COMPAT_KEEP_H */
