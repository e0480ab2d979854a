/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The guest protocol for a system that has struct arm_smccc_res:
 * Linux and U-Boot.
 */
#ifndef OPTEE_GUEST_SMCCC_H
#define OPTEE_GUEST_SMCCC_H

#include <linux/arm-smccc.h>
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

#endif /* OPTEE_GUEST_SMCCC_H */
