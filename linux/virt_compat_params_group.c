// SPDX-License-Identifier: GPL-2.0-only
/*
 * The attributes of a guest where the driver has none of its own, before 6.12:
 * at the platform device.
 */
#include "virt_compat_params.h"

static struct attribute *attrs[] = {
	OPTEE_VIRT_COMPAT_ATTRS
};

const struct attribute_group optee_virt_compat_group = {
	.attrs = attrs,
};
