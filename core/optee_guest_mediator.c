// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Become a client of OP-TEE, whoever is below.
 */
#include "optee_guest_mediator.h"

/*
 * VM_DESTROYED is answered OK although a7 is not ours. Either a7 is dropped and
 * OP-TEE obeys us as the hypervisor, or a mediator answers for OP-TEE and does
 * nothing. Only OP-TEE runs out of room and refuses VM_CREATED then. It takes one
 * id any number of times and removes the newest first, so all that is added here
 * goes again; also what the last call added if its answer was wrong.
 */
static enum optee_guest_error
exhaust_room(struct optee_guest *guest,
	     const struct optee_guest_transport *transport)
{
	const unsigned int id = optee_guest_stranger(guest->id);
	enum optee_guest_error err = OPTEE_GUEST_EDROPPED;
	unsigned int answer = OPTEE_GUEST_RET_OK;
	int added = 0;

	while (added < OPTEE_GUEST_LIMIT && answer == OPTEE_GUEST_RET_OK) {
		answer = optee_guest_command(transport, OPTEE_GUEST_VM_CREATED,
					     id);
		added++;
	}
	if (answer == OPTEE_GUEST_RET_OK)
		guest->role = OPTEE_GUEST_MEDIATED;
	else
		guest->answer = answer;

	for (; added; added--) {
		answer = optee_guest_command(transport, OPTEE_GUEST_VM_DESTROYED,
					     id);
		if (answer != OPTEE_GUEST_RET_OK) {
			guest->role = OPTEE_GUEST_NONE;
			guest->answer = answer;
			err = OPTEE_GUEST_ESTRANDED;
		}
	}

	return guest->role == OPTEE_GUEST_MEDIATED ? OPTEE_GUEST_OK : err;
}

/*
 * A tag that nobody has was not refused, so a7 is not ours. Either a guest's id
 * is put in for us, and OP-TEE refuses us what only the hypervisor may; or a7
 * is dropped, and it does not. If we are obeyed although the tag got no answer
 * of OP-TEE's, then that answer was wrong and nobody tags for us.
 */
static enum optee_guest_error
judge_mediator(struct optee_guest *guest,
	       const struct optee_guest_transport *transport)
{
	unsigned int answer;
	int n;

	/* Twice: a single wrong answer must not lead to an untagged call. */
	for (n = 0; n < 2; n++) {
		answer = optee_guest_command(transport,
					     OPTEE_GUEST_VM_DESTROYED,
					     optee_guest_stranger(guest->id));
		if (answer == OPTEE_GUEST_RET_OK)
			return guest->note == OPTEE_GUEST_UNSURE ?
			       OPTEE_GUEST_EANSWER :
			       exhaust_room(guest, transport);
	}

	guest->role = OPTEE_GUEST_MEDIATED;
	if (answer != OPTEE_GUEST_RET_ENOTAVAIL &&
	    answer != OPTEE_GUEST_RET_UNKNOWN) {
		guest->note = OPTEE_GUEST_UNSURE;
		guest->answer = answer;
	}

	return OPTEE_GUEST_OK;
}

/* Is there a guest at all? Asked only when there is no room for ours. */
static int any_guest(const struct optee_guest_transport *transport)
{
	unsigned int answer;
	unsigned int id;

	for (id = OPTEE_GUEST_ID_MIN; id <= OPTEE_GUEST_ID_MAX; id++) {
		if (optee_guest_answers_uid(transport, id, &answer))
			return 1;
	}

	return 0;
}

/**
 * optee_guest_enter() - Become a client of OP-TEE, whoever is below
 * @guest:     out: what we are; on an error its role is OPTEE_GUEST_NONE and
 *	       answer tells what OP-TEE said
 * @transport: access to OP-TEE, without a tag of its own
 * @caps:      capabilities that OP-TEE gave (a1 of EXCHANGE_CAPABILITIES)
 * @id:	       the id to announce, 1..65535; Xen gives dom0 the id 1
 * @policy:    what to do if there is a guest with this id already
 *
 * As optee_guest_announce(), and is a client too where somebody below tags
 * our calls but hides nothing. If OP-TEE has no room CALLS_UID is sent up to
 * 65535 times, to tell other guests from too little memory.
 *
 * Context: As @transport's call; no two at a time for one @id.
 * Return: OPTEE_GUEST_OK or why it failed.
 */
enum optee_guest_error
optee_guest_enter(struct optee_guest *guest,
		  const struct optee_guest_transport *transport,
		  unsigned int caps, unsigned int id,
		  enum optee_guest_policy policy)
{
	enum optee_guest_error err;

	err = optee_guest_announce(guest, transport, caps, id, policy);
	if (err == OPTEE_GUEST_EREWRITTEN)
		return judge_mediator(guest, transport);
	if (err == OPTEE_GUEST_ENOROOM && !any_guest(transport))
		return OPTEE_GUEST_ENOMEMORY;

	return err;
}
