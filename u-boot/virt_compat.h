/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Be a guest of a virtualization-enabled OP-TEE for as long as U-Boot runs.
 */
#ifndef VIRT_COMPAT_H
#define VIRT_COMPAT_H

#include <linux/arm-smccc.h>
#include <linux/types.h>

struct udevice;

/* The driver has the same one for itself. */
typedef void (optee_invoke_fn)(unsigned long, unsigned long, unsigned long,
			       unsigned long, unsigned long, unsigned long,
			       unsigned long, unsigned long,
			       struct arm_smccc_res *);

#ifdef CONFIG_OPTEE_VIRT_COMPAT
#include "optee_guest.h"

/**
 * struct optee_virt_compat - what U-Boot is to OP-TEE
 * @guest:     our standing; its role is OPTEE_GUEST_NONE as long as no call
 *	       with a session or memory in it may be made
 * @invoke_fn: the function that reaches OP-TEE
 * @conduit:   its instruction: "smc" or "hvc"
 *
 * It opens the driver's platform data, which outlives a failed probe and the
 * device's removal: dev_get_plat() finds it.
 */
struct optee_virt_compat {
	struct optee_guest guest;
	optee_invoke_fn *invoke_fn;
	const char *conduit;
};

#define OPTEE_VIRT_COMPAT_FLAGS	(DM_FLAG_OS_PREPARE | DM_FLAG_VITAL)

optee_invoke_fn *optee_virt_compat_prepare(struct udevice *dev,
					   optee_invoke_fn *invoke_fn);
bool optee_virt_compat_enter(struct udevice *dev, u32 sec_caps);
int optee_virt_compat_end_probe(struct udevice *dev, int ret);
int optee_virt_compat_remove(struct udevice *dev);
bool optee_virt_compat_tag(struct udevice *dev, u32 *a7);
u32 optee_virt_compat_result(struct udevice *dev, u32 answer, u32 result);
#else
struct optee_virt_compat {
};

#define OPTEE_VIRT_COMPAT_FLAGS	0
#define optee_virt_compat_remove	NULL

static inline optee_invoke_fn *
optee_virt_compat_prepare(struct udevice *dev, optee_invoke_fn *invoke_fn)
{
	return invoke_fn;
}

static inline bool optee_virt_compat_enter(struct udevice *dev, u32 sec_caps)
{
	return true;
}

static inline int optee_virt_compat_end_probe(struct udevice *dev, int ret)
{
	return ret;
}

static inline bool optee_virt_compat_tag(struct udevice *dev, u32 *a7)
{
	return true;
}

static inline u32 optee_virt_compat_result(struct udevice *dev, u32 answer,
					   u32 result)
{
	return result;
}
#endif

#endif /* VIRT_COMPAT_H */
