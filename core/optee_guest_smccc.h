/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The guest protocol for a system that has struct arm_smccc_res and errno.h:
 * Linux and U-Boot.
 */
#ifndef OPTEE_GUEST_SMCCC_H
#define OPTEE_GUEST_SMCCC_H

#include <linux/arm-smccc.h>
#include <linux/errno.h>
#include "optee_guest.h"

/**
 * struct optee_guest_invoke - the context of optee_guest_invoke()
 * @fn: does a call with a0..a7
 *
 * A structure, because a pointer to a function does not go into a void pointer.
 */
struct optee_guest_invoke {
	void (*fn)(unsigned long a0, unsigned long a1, unsigned long a2,
		   unsigned long a3, unsigned long a4, unsigned long a5,
		   unsigned long a6, unsigned long a7,
		   struct arm_smccc_res *res);
};

/**
 * optee_guest_invoke() - The call of a struct optee_guest_transport
 * @ctx: a struct optee_guest_invoke
 * @fid: a0
 * @a1:  a1
 * @a7:  a7
 * @ret: out: a0..a3 of the answer
 *
 * Context: As the function in @ctx.
 */
static inline void optee_guest_invoke(void *ctx, unsigned long fid,
				      unsigned long a1, unsigned long a7,
				      unsigned long ret[4])
{
	const struct optee_guest_invoke *invoke = ctx;
	struct arm_smccc_res res;

	invoke->fn(fid, a1, 0, 0, 0, 0, 0, a7, &res);
	ret[0] = res.a0;
	ret[1] = res.a1;
	ret[2] = res.a2;
	ret[3] = res.a3;
}

/**
 * optee_guest_errno() - An error as a number of errno.h
 * @err: of optee_guest_enter() or optee_guest_leave()
 *
 * Context: Any.
 * Return: 0 or a negative number.
 */
static inline int optee_guest_errno(enum optee_guest_error err)
{
	switch (err) {
	case OPTEE_GUEST_OK:
		return 0;
	case OPTEE_GUEST_EID:
		return -EINVAL;
	case OPTEE_GUEST_EDROPPED:
	case OPTEE_GUEST_EFILTERED:
		return -EPERM;
	case OPTEE_GUEST_ENOROOM:
		return -ENOSPC;
	case OPTEE_GUEST_ENOMEMORY:
		return -ENOMEM;
	case OPTEE_GUEST_ESTUCK:
	case OPTEE_GUEST_ESTRANDED:
		return -EBUSY;
	case OPTEE_GUEST_EINVISIBLE:
	case OPTEE_GUEST_EANSWER:
		return -EPROTO;
	}

	return -EPROTO;
}

#endif /* OPTEE_GUEST_SMCCC_H */
