// SPDX-License-Identifier: GPL-2.0-only
/*
 * The attributes of a guest where the driver has none of its own, before 6.12:
 * at the platform device.
 */
#include "virt_compat_params.h"
#include "virt_compat_params_group.h"

static struct attribute *attrs[] = {
	&optee_virt_compat_vm_role.attr,
	&optee_virt_compat_vm_id.attr,
	&optee_virt_compat_vm_conduit.attr,
	NULL
};

const struct attribute_group optee_virt_compat_group = {
	.attrs = attrs,
};
