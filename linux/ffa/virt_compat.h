/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Be a guest of the secure partitions that want to know their guests, when there is
 * no hypervisor.
 */
#ifndef VIRT_COMPAT_H
#define VIRT_COMPAT_H

#include <linux/arm_ffa.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/types.h>
#include <linux/xarray.h>
#include "common.h"
#include "ffa_guest.h"

#ifdef CONFIG_ARM_FFA_VIRT_COMPAT
/**
 * struct ffa_virt_compat - what this system is to the secure partitions
 * @guest:  our standing with them
 * @invoke: the driver's function that does a call
 * @shares: the handles of all memory that the guest has shared or lent
 * @served: CPUs that the guest can use
 * @state:  of CPU hotplug, that @node is an instance of, or 0
 * @node:   our instance
 */
struct ffa_virt_compat {
	struct ffa_guest guest;
	ffa_fn *invoke;
	struct xarray shares;
	struct cpumask served;
	enum cpuhp_state state;
	struct hlist_node node;
};

void ffa_virt_compat_enter(struct ffa_virt_compat *vc, ffa_fn *invoke, u16 *vm_id,
			   int (*partitions)(const uuid_t *uuid,
					     struct ffa_partition_info **info));
void ffa_virt_compat_leave(struct ffa_virt_compat *vc,
			   int (*reclaim)(u64 handle, u32 flags));
int ffa_virt_compat_shared(struct ffa_virt_compat *vc, u64 handle, int ret);
void ffa_virt_compat_reclaimed(struct ffa_virt_compat *vc, u64 handle);

static inline u32 ffa_virt_compat_owner(const struct ffa_virt_compat *vc)
{
	return ffa_guest_owner(&vc->guest);
}

static inline u16 ffa_virt_compat_id(const struct ffa_virt_compat *vc)
{
	return vc->guest.id;
}
#else
struct ffa_virt_compat {
};

static inline void
ffa_virt_compat_enter(struct ffa_virt_compat *vc, ffa_fn *invoke, u16 *vm_id,
		      int (*partitions)(const uuid_t *uuid,
					struct ffa_partition_info **info))
{
}

static inline void ffa_virt_compat_leave(struct ffa_virt_compat *vc,
					 int (*reclaim)(u64 handle, u32 flags))
{
}

static inline int ffa_virt_compat_shared(struct ffa_virt_compat *vc, u64 handle,
					 int ret)
{
	return ret;
}

static inline void ffa_virt_compat_reclaimed(struct ffa_virt_compat *vc,
					     u64 handle)
{
}

static inline u32 ffa_virt_compat_owner(const struct ffa_virt_compat *vc)
{
	return 0;
}

static inline u16 ffa_virt_compat_id(const struct ffa_virt_compat *vc)
{
	return 0;
}
#endif

#endif /* VIRT_COMPAT_H */
