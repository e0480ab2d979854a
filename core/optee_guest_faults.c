// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Faults of OP-TEE versions that a guest has to work around.
 */
#include "optee_guest_faults.h"

/**
 * optee_guest_usable_caps() - Which capabilities may be used?
 * @guest:     after a successful optee_guest_enter()
 * @transport: access to OP-TEE, without a tag of its own
 * @caps:      capabilities that OP-TEE gave (a1 of EXCHANGE_CAPABILITIES)
 *
 * OP-TEE 4.3.0 and 4.4.0 deliver ENABLE_ASYNC_NOTIF as guest 0, which is none,
 * whatever a7 is, and halt the machine (notif_deliver_atomic_event(),
 * core/kernel/notif.c; its caller is __tee_entry_fast(),
 * core/arch/arm/tee/entry_fast.c; corrected in 4.5.0).
 *
 * Context: As @transport's call; before any other call of the driver.
 * Return: @caps, without asynchronous notifications where they halt OP-TEE.
 */
unsigned int
optee_guest_usable_caps(const struct optee_guest *guest,
			const struct optee_guest_transport *transport,
			unsigned int caps)
{
	unsigned long res[4];

	if (guest->role == OPTEE_GUEST_PLAIN ||
	    !(caps & OPTEE_GUEST_CAP_ASYNC_NOTIF))
		return caps;

	transport->call(transport->ctx, OPTEE_GUEST_GET_OS_REVISION, 0,
			optee_guest_tag(guest), res);
	if ((unsigned int)res[0] == 4 &&
	    ((unsigned int)res[1] == 3 || (unsigned int)res[1] == 4))
		return caps & ~OPTEE_GUEST_CAP_ASYNC_NOTIF;

	return caps;
}
