// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Choose the conduit where the device tree cannot be trusted.
 */
#include "optee_guest_conduit.h"

/**
 * optee_guest_choose_conduit() - Which conduit, if the device tree says "hvc"?
 * @conduits: what is known of SMC and of HVC
 *
 * A tree written for a hypervisor says "hvc"; without one, HVC reaches nobody
 * or raises an exception. A tree that says "smc" needs no choice. Sends
 * CALLS_UID without a tag at most once by each, and only where that is safe.
 *
 * Context: As the calls of @conduits.
 * Return: the conduit that OP-TEE answers, HVC if it is safe but none answers,
 * SMC if HVC is not safe, OPTEE_GUEST_NO_CONDUIT if neither is.
 */
enum optee_guest_conduit
optee_guest_choose_conduit(const struct optee_guest_conduits *conduits)
{
	unsigned int answer;

	if (!conduits->hvc_safe)
		return conduits->smc_safe ? OPTEE_GUEST_SMC : OPTEE_GUEST_NO_CONDUIT;

	if (!optee_guest_answers_uid(&conduits->hvc, 0, &answer) && conduits->smc_safe &&
	    optee_guest_answers_uid(&conduits->smc, 0, &answer))
		return OPTEE_GUEST_SMC;

	return OPTEE_GUEST_HVC;
}
