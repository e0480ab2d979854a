// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guest protocol of an OP-TEE OS built with CFG_NS_VIRTUALIZATION=y.
 *
 * The rules it rests on, all in optee_os 4.5.0:
 *  - a fast call tagged with an id that is not announced is answered ENOTAVAIL
 *    (thread_handle_fast_smc(), core/arch/arm/kernel/thread_optee_smc.c);
 *  - VM_CREATED and VM_DESTROYED count only when a7 is 0, the hypervisor's id
 *    (tee_entry_vm_created(), tee_entry_vm_destroyed(),
 *    core/arch/arm/tee/entry_fast.c);
 *  - VM_CREATED does not look for the id among the guests it has, and
 *    VM_DESTROYED removes one guest and answers OK even if there is none
 *    (virt_guest_created(), virt_guest_destroyed(),
 *    core/arch/arm/kernel/virtualization.c).
 * So CALLS_UID with an id in a7 asks "does this guest exist?" without any side
 * effect, and the same id must never be announced twice.
 */
#include "optee_guest.h"

/*
 * An id that nobody has cannot be known for sure: three are asked about, so
 * that neither a guest left behind with one of them nor a wrong answer passes for
 * a hypervisor.
 * OP-TEE has room for two by default (CFG_VIRT_GUEST_COUNT).
 */
#define HONESTY_PROBES	3

enum presence {
	ABSENT,
	PRESENT,
	NEITHER,
};

/**
 * optee_guest_command() - Call OP-TEE as the hypervisor
 * @transport: access to OP-TEE, without a tag of its own
 * @fid:       OPTEE_GUEST_VM_CREATED or OPTEE_GUEST_VM_DESTROYED
 * @id:	       the guest's id, 1..65535
 *
 * Context: As @transport's call.
 * Return: a0 of the answer.
 */
unsigned int
optee_guest_command(const struct optee_guest_transport *transport,
		    unsigned int fid, unsigned int id)
{
	unsigned long res[4];

	transport->call(transport->ctx, fid, id, 0, res);

	return res[0];
}

/**
 * optee_guest_answers_uid() - Does OP-TEE serve calls tagged with this id?
 * @transport: access to OP-TEE, without a tag of its own
 * @id:	       a guest's id, or 0 to ask whether there is an OP-TEE
 * @answer:    out: a0 of the answer
 *
 * Context: As @transport's call. Without any side effect in OP-TEE.
 * Return: nonzero if the answer is OP-TEE's UID, else 0.
 */
int optee_guest_answers_uid(const struct optee_guest_transport *transport,
			    unsigned int id, unsigned int *answer)
{
	unsigned long res[4];

	transport->call(transport->ctx, OPTEE_GUEST_CALLS_UID, 0, id, res);
	*answer = res[0];

	/* Answers are 32 bits wide, the registers they come in may not be. */
	return (unsigned int)res[0] == OPTEE_GUEST_UID_0 &&
	       (unsigned int)res[1] == OPTEE_GUEST_UID_1 &&
	       (unsigned int)res[2] == OPTEE_GUEST_UID_2 &&
	       (unsigned int)res[3] == OPTEE_GUEST_UID_3;
}

static enum presence probe(struct optee_guest *guest,
			   const struct optee_guest_transport *transport,
			   unsigned int id)
{
	unsigned int answer;

	if (optee_guest_answers_uid(transport, id, &answer))
		return PRESENT;

	guest->answer = answer;

	return guest->answer == OPTEE_GUEST_RET_ENOTAVAIL ? ABSENT : NEITHER;
}

static enum presence
probe_strangers(struct optee_guest *guest,
		const struct optee_guest_transport *transport)
{
	unsigned int other = optee_guest_stranger(guest->id);
	enum presence there = PRESENT;
	int n;

	for (n = 0; n < HONESTY_PROBES && there != ABSENT; other--) {
		if (other == guest->id)
			continue;
		there = probe(guest, transport, other);
		n++;
	}

	return there;
}

/* Remove every guest that has our id. */
static enum optee_guest_error
remove_all(struct optee_guest *guest,
	   const struct optee_guest_transport *transport)
{
	enum presence there = PRESENT;
	int n;

	for (n = 0; n < OPTEE_GUEST_LIMIT && there == PRESENT; n++) {
		guest->answer = optee_guest_command(transport,
						    OPTEE_GUEST_VM_DESTROYED,
						    guest->id);
		if (guest->answer != OPTEE_GUEST_RET_OK)
			return OPTEE_GUEST_ESTUCK;
		there = probe(guest, transport, guest->id);
	}
	if (there == PRESENT)
		return OPTEE_GUEST_ESTUCK;
	if (there == NEITHER)
		return OPTEE_GUEST_EANSWER;

	return OPTEE_GUEST_OK;
}

/* Remove what our VM_CREATED may have left; @err is why it must go. */
static enum optee_guest_error
withdraw(struct optee_guest *guest,
	 const struct optee_guest_transport *transport,
	 enum optee_guest_error err)
{
	unsigned int answer = optee_guest_command(transport,
						  OPTEE_GUEST_VM_DESTROYED,
						  guest->id);

	if (answer == OPTEE_GUEST_RET_OK)
		return err;

	guest->answer = answer;

	return OPTEE_GUEST_ESTRANDED;
}

static enum optee_guest_error
create_guest(struct optee_guest *guest,
	     const struct optee_guest_transport *transport)
{
	unsigned int created = optee_guest_command(transport,
						   OPTEE_GUEST_VM_CREATED,
						   guest->id);
	enum presence there = probe(guest, transport, guest->id);

	if (created == OPTEE_GUEST_RET_OK) {
		if (there == PRESENT) {
			guest->answer = created;
			guest->role = OPTEE_GUEST_GUEST;
			return OPTEE_GUEST_OK;
		}
		return withdraw(guest, transport, OPTEE_GUEST_EINVISIBLE);
	}

	guest->answer = created;
	if (there == ABSENT && created == OPTEE_GUEST_RET_ENOTAVAIL)
		return OPTEE_GUEST_ENOROOM;
	if (there == ABSENT && created == OPTEE_GUEST_RET_UNKNOWN)
		return OPTEE_GUEST_EFILTERED;

	/* Whatever it said, a guest that is there must not stay. */
	return withdraw(guest, transport, OPTEE_GUEST_EANSWER);
}

/**
 * optee_guest_announce() - Become a client of an OP-TEE that nobody mediates
 * @guest:     out: what we are; on an error its role is OPTEE_GUEST_NONE and
 *	       answer tells what OP-TEE said
 * @transport: access to OP-TEE, without a tag of its own
 * @caps:      capabilities that OP-TEE gave (a1 of EXCHANGE_CAPABILITIES)
 * @id:	       the id to announce, 1..65535; Xen gives dom0 the id 1
 * @policy:    what to do if there is a guest with this id already
 *
 * Announces a guest only if OP-TEE was built for virtualization and our a7
 * reaches it. All it sends is CALLS_UID, VM_CREATED and VM_DESTROYED. After
 * OPTEE_GUEST_OK every further call must carry optee_guest_tag() in a7. After an
 * error no call may be made, and no guest that we announced exists, except after
 * OPTEE_GUEST_ESTRANDED. OPTEE_GUEST_EREWRITTEN is returned before anything but
 * CALLS_UID was sent; @guest's note is OPTEE_GUEST_UNSURE then if the answer
 * was not OP-TEE's.
 *
 * Context: As @transport's call; no two at a time for one @id.
 * Return: OPTEE_GUEST_OK or why it failed.
 */
enum optee_guest_error
optee_guest_announce(struct optee_guest *guest,
		     const struct optee_guest_transport *transport,
		     unsigned int caps, unsigned int id,
		     enum optee_guest_policy policy)
{
	enum presence there;

	guest->role = OPTEE_GUEST_NONE;
	guest->note = OPTEE_GUEST_FRESH;
	guest->id = id;
	guest->answer = OPTEE_GUEST_RET_OK;

	if (!optee_guest_id_valid(id))
		return OPTEE_GUEST_EID;

	if (!(caps & OPTEE_GUEST_CAP_VIRTUALIZATION)) {
		guest->role = OPTEE_GUEST_PLAIN;
		return OPTEE_GUEST_OK;
	}

	there = probe_strangers(guest, transport);
	if (there != ABSENT) {
		if (there == NEITHER)
			guest->note = OPTEE_GUEST_UNSURE;
		return OPTEE_GUEST_EREWRITTEN;
	}

	there = probe(guest, transport, id);
	if (there == NEITHER)
		return OPTEE_GUEST_EANSWER;
	if (there == PRESENT) {
		enum optee_guest_error err;

		if (policy == OPTEE_GUEST_INHERIT) {
			guest->role = OPTEE_GUEST_GUEST;
			guest->note = OPTEE_GUEST_INHERITED;
			return OPTEE_GUEST_OK;
		}
		err = remove_all(guest, transport);
		if (err)
			return err;
		guest->note = OPTEE_GUEST_RECLAIMED;
	}

	return create_guest(guest, transport);
}

/**
 * optee_guest_leave() - Remove what optee_guest_announce() announced
 * @guest:   as it was announced; its role is OPTEE_GUEST_NONE afterwards
 * @transport: access to OP-TEE, without a tag of its own
 *
 * Sends nothing if we are not a guest of our own making. OP-TEE frees the
 * guest's memory and sessions; a later call with its id is answered ENOTAVAIL,
 * which is checked: an inherited id may have stood for two guests.
 *
 * Context: As @transport's call; after the last other call of this system, and
 * with no other CPU in OP-TEE for this guest: up to 4.2.0 OP-TEE panics then
 * (virt_guest_destroyed(), core/arch/arm/kernel/virtualization.c).
 * Return: OPTEE_GUEST_OK, or OPTEE_GUEST_ESTRANDED if the guest is not gone.
 */
enum optee_guest_error
optee_guest_leave(struct optee_guest *guest,
		  const struct optee_guest_transport *transport)
{
	enum optee_guest_role role = guest->role;

	guest->role = OPTEE_GUEST_NONE;
	if (role != OPTEE_GUEST_GUEST)
		return OPTEE_GUEST_OK;

	return remove_all(guest, transport) ? OPTEE_GUEST_ESTRANDED :
					    OPTEE_GUEST_OK;
}

/**
 * optee_guest_explain() - One line for a person: what is wrong, what to do
 * @err: of an announcement or optee_guest_leave()
 *
 * Context: Any.
 * Return: a constant string without a newline.
 */
const char *optee_guest_explain(enum optee_guest_error err)
{
	switch (err) {
	case OPTEE_GUEST_OK:
		return "no error";
	case OPTEE_GUEST_EID:
		return "the guest id is not in 1..65535: give one that is";
	case OPTEE_GUEST_EREWRITTEN:
		return "a7 does not reach OP-TEE: a hypervisor below must hide the capability";
	case OPTEE_GUEST_EDROPPED:
		return "a hypervisor drops a7, no call can be tagged: fix its OP-TEE mediator";
	case OPTEE_GUEST_ENOROOM:
		return "no room for another guest: remove one or raise CFG_VIRT_GUEST_COUNT";
	case OPTEE_GUEST_ENOMEMORY:
		return "no room for a first guest: lower CFG_VIRT_GUEST_COUNT or raise TZDRAM_SIZE";
	case OPTEE_GUEST_EFILTERED:
		return "VM_CREATED is filtered below us but no call is tagged: fix the hypervisor";
	case OPTEE_GUEST_ESTUCK:
		return "an earlier guest with this id stays: reset the machine or use another id";
	case OPTEE_GUEST_EINVISIBLE:
		return "OP-TEE added the guest but refuses its calls: report the OP-TEE version";
	case OPTEE_GUEST_ESTRANDED:
		return "OP-TEE does not remove the guest: its memory is lost until a reset";
	case OPTEE_GUEST_EANSWER:
		return "an answer that OP-TEE does not have: report it with the OP-TEE version";
	}

	return "unknown error";
}

/**
 * optee_guest_remark() - One line for a person: what was remarkable
 * @note: of a successful announcement
 *
 * Context: Any.
 * Return: a constant string without a newline, empty for OPTEE_GUEST_FRESH.
 */
const char *optee_guest_remark(enum optee_guest_note note)
{
	switch (note) {
	case OPTEE_GUEST_FRESH:
		break;
	case OPTEE_GUEST_RECLAIMED:
		return "left behind by an earlier system, removed";
	case OPTEE_GUEST_INHERITED:
		return "inherited from an earlier system";
	case OPTEE_GUEST_UNSURE:
		return "not announced, something below answers for OP-TEE in an unknown manner";
	}

	return "";
}

/**
 * optee_guest_role_name() - A role as a word for logs and attributes
 * @role: any
 *
 * Context: Any.
 * Return: "none", "plain", "mediated" or "guest".
 */
const char *optee_guest_role_name(enum optee_guest_role role)
{
	switch (role) {
	case OPTEE_GUEST_NONE:
		return "none";
	case OPTEE_GUEST_PLAIN:
		return "plain";
	case OPTEE_GUEST_MEDIATED:
		return "mediated";
	case OPTEE_GUEST_GUEST:
		return "guest";
	}

	return "none";
}
