/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The attributes of a guest where the driver has none of its own.
 */
#ifndef VIRT_COMPAT_PARAMS_GROUP_H
#define VIRT_COMPAT_PARAMS_GROUP_H

struct attribute_group;

extern const struct attribute_group optee_virt_compat_group;

#endif /* VIRT_COMPAT_PARAMS_GROUP_H */
