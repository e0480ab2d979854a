/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Choose the conduit where the device tree cannot be trusted.
 */
#ifndef OPTEE_GUEST_CONDUIT_H
#define OPTEE_GUEST_CONDUIT_H

#include "optee_guest.h"

/**
 * enum optee_guest_conduit - the instruction that reaches OP-TEE
 * @OPTEE_GUEST_NO_CONDUIT: neither of them can be executed
 * @OPTEE_GUEST_SMC:	    SMC
 * @OPTEE_GUEST_HVC:	    HVC
 */
enum optee_guest_conduit {
	OPTEE_GUEST_NO_CONDUIT,
	OPTEE_GUEST_SMC,
	OPTEE_GUEST_HVC,
};

/**
 * struct optee_guest_conduits - what is known of both instructions
 * @smc:      does calls by SMC
 * @hvc:      does calls by HVC
 * @smc_safe: SMC raises no exception at our exception level
 * @hvc_safe: HVC raises no exception at our exception level, and goes to another
 *	      one: at EL2 it would come back to ourselves
 */
struct optee_guest_conduits {
	struct optee_guest_transport smc;
	struct optee_guest_transport hvc;
	int smc_safe;
	int hvc_safe;
};

enum optee_guest_conduit
optee_guest_choose_conduit(const struct optee_guest_conduits *conduits);

#endif /* OPTEE_GUEST_CONDUIT_H */
