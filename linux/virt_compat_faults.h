/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults of OP-TEE versions that a guest has to work around.
 */
#ifndef VIRT_COMPAT_FAULTS_H
#define VIRT_COMPAT_FAULTS_H

#include "virt_compat.h"

#ifdef CONFIG_OPTEE_VIRT_COMPAT
u32 optee_virt_compat_usable_caps(struct device *dev, u32 sec_caps);
int optee_virt_compat_watch_cpus(struct virt_compat *vc);
int optee_virt_compat_check_cpus(struct virt_compat *vc);
#else
static inline u32 optee_virt_compat_usable_caps(struct device *dev, u32 sec_caps)
{
	return sec_caps;
}
#endif

#endif /* VIRT_COMPAT_FAULTS_H */
