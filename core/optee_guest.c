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

/* More guests than any OP-TEE is built for; a firmware that lies ends here. */
#define GUEST_LIMIT	64

enum presence {
	ABSENT,
	PRESENT,
	NEITHER,
};

static unsigned int command(const struct optee_guest_transport *transport,
			    unsigned int fid, unsigned int id)
{
	unsigned long res[4];

	transport->call(transport->ctx, fid, id, 0, res);

	return res[0];
}

static int answers_uid(const struct optee_guest_transport *transport,
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

	if (answers_uid(transport, id, &answer))
		return PRESENT;

	guest->answer = answer;

	return guest->answer == OPTEE_GUEST_RET_ENOTAVAIL ? ABSENT : NEITHER;
}

/* The highest id that is not @id. */
static unsigned int stranger(unsigned int id)
{
	return id == OPTEE_GUEST_ID_MAX ? id - 1 : OPTEE_GUEST_ID_MAX;
}

static enum presence
probe_strangers(struct optee_guest *guest,
		const struct optee_guest_transport *transport)
{
	unsigned int other = stranger(guest->id);
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
	const unsigned int id = stranger(guest->id);
	enum optee_guest_error err = OPTEE_GUEST_EDROPPED;
	unsigned int answer = OPTEE_GUEST_RET_OK;
	int added = 0;

	while (added < GUEST_LIMIT && answer == OPTEE_GUEST_RET_OK) {
		answer = command(transport, OPTEE_GUEST_VM_CREATED, id);
		added++;
	}
	if (answer == OPTEE_GUEST_RET_OK)
		guest->role = OPTEE_GUEST_MEDIATED;
	else
		guest->answer = answer;

	for (; added; added--) {
		answer = command(transport, OPTEE_GUEST_VM_DESTROYED, id);
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
	       const struct optee_guest_transport *transport,
	       enum presence there)
{
	unsigned int answer;
	int n;

	/* Twice: a single wrong answer must not lead to an untagged call. */
	for (n = 0; n < 2; n++) {
		answer = command(transport, OPTEE_GUEST_VM_DESTROYED,
				 stranger(guest->id));
		if (answer == OPTEE_GUEST_RET_OK)
			return there == PRESENT ?
			       exhaust_room(guest, transport) :
			       OPTEE_GUEST_EANSWER;
	}

	guest->role = OPTEE_GUEST_MEDIATED;
	if (answer != OPTEE_GUEST_RET_ENOTAVAIL &&
	    answer != OPTEE_GUEST_RET_UNKNOWN) {
		guest->note = OPTEE_GUEST_UNSURE;
		guest->answer = answer;
	} else if (there == NEITHER) {
		guest->note = OPTEE_GUEST_UNSURE;
	}

	return OPTEE_GUEST_OK;
}

/* Remove every guest that has our id. */
static enum optee_guest_error
remove_all(struct optee_guest *guest,
	   const struct optee_guest_transport *transport)
{
	enum presence there = PRESENT;
	int n;

	for (n = 0; n < GUEST_LIMIT && there == PRESENT; n++) {
		guest->answer = command(transport, OPTEE_GUEST_VM_DESTROYED,
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
	unsigned int answer = command(transport, OPTEE_GUEST_VM_DESTROYED,
				      guest->id);

	if (answer == OPTEE_GUEST_RET_OK)
		return err;

	guest->answer = answer;

	return OPTEE_GUEST_ESTRANDED;
}

/* Is there a guest at all? Asked only when there is no room for ours. */
static int any_guest(const struct optee_guest_transport *transport)
{
	unsigned int answer;
	unsigned int id;

	for (id = OPTEE_GUEST_ID_MIN; id <= OPTEE_GUEST_ID_MAX; id++) {
		if (answers_uid(transport, id, &answer))
			return 1;
	}

	return 0;
}

static enum optee_guest_error
announce(struct optee_guest *guest,
	 const struct optee_guest_transport *transport)
{
	unsigned int created = command(transport, OPTEE_GUEST_VM_CREATED,
				       guest->id);
	enum presence there = probe(guest, transport, guest->id);
	enum optee_guest_error err = OPTEE_GUEST_EANSWER;

	if (created == OPTEE_GUEST_RET_OK) {
		if (there == PRESENT) {
			guest->answer = created;
			guest->role = OPTEE_GUEST_GUEST;
			return OPTEE_GUEST_OK;
		}
		return withdraw(guest, transport, OPTEE_GUEST_EINVISIBLE);
	}

	guest->answer = created;
	if (created == OPTEE_GUEST_RET_ENOTAVAIL)
		err = OPTEE_GUEST_ENOROOM;
	else if (created == OPTEE_GUEST_RET_UNKNOWN)
		err = OPTEE_GUEST_EFILTERED;

	/* Whatever it said, a guest that is there must not stay. */
	if (there != ABSENT || err == OPTEE_GUEST_EANSWER)
		return withdraw(guest, transport, err);
	if (err == OPTEE_GUEST_ENOROOM && !any_guest(transport))
		return OPTEE_GUEST_ENOMEMORY;

	return err;
}

/**
 * optee_guest_enter() - Become a client of OP-TEE, whatever it was built for
 * @guest:   out: what we are; on an error its role is OPTEE_GUEST_NONE and
 *	     answer tells what OP-TEE said
 * @transport: access to OP-TEE, without a tag of its own
 * @caps:    capabilities that OP-TEE gave (a1 of EXCHANGE_CAPABILITIES)
 * @id:	     the id to announce, 1..65535; Xen gives dom0 the id 1
 * @policy:  what to do if there is a guest with this id already
 *
 * Announces a guest only if OP-TEE was built for virtualization and nobody
 * below us puts an id into our calls. All it sends is CALLS_UID, VM_CREATED and
 * VM_DESTROYED; CALLS_UID up to 65535 times if OP-TEE has no room. After
 * OPTEE_GUEST_OK every further call must carry optee_guest_tag() in a7. After an
 * error no call may be made, and no guest that we announced exists, except after
 * OPTEE_GUEST_ESTRANDED.
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
	if (there != ABSENT)
		return judge_mediator(guest, transport, there);

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

	return announce(guest, transport);
}

/**
 * optee_guest_leave() - Remove what optee_guest_enter() announced
 * @guest:   as enter left it; its role is OPTEE_GUEST_NONE afterwards
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

/* MIDR_EL1, Arm ARM DDI 0487: implementer, variant, part number */
#define MIDR_ARM	0x41u

/**
 * optee_guest_late_cpu_hangs() - Must this CPU be on before the guest is made?
 * @midr: MIDR_EL1 of the CPU
 *
 * On these processors OP-TEE runs a loop against Spectre-BHB when it leaves a
 * trusted application. It reads the loop's count from memory that every guest has
 * for itself, and writes it when a CPU is switched on. A guest made earlier has 0
 * there, and the CPU counts down from 2^32 (get_excp_vect() and
 * select_vector_wa_spectre_bhb(), core/arch/arm/kernel/thread.c of 4.10.0).
 *
 * Context: Any.
 * Return: nonzero if a trusted application hangs on this CPU when it is switched
 * on for the first time after the guest was made, else 0.
 */
int optee_guest_late_cpu_hangs(unsigned int midr)
{
	if (midr >> 24 != MIDR_ARM)
		return 0;

	switch (midr >> 4 & 0xfff) {
	case 0xd08:	/* Cortex-A72, from r1p0 on */
		return (midr >> 20 & 0xf) > 0;
	case 0xd0b:	/* Cortex-A76 */
	case 0xd0c:	/* Neoverse N1 */
	case 0xd0d:	/* Cortex-A77 */
	case 0xd0e:	/* Cortex-A76AE */
	case 0xd40:	/* Neoverse V1 */
	case 0xd41:	/* Cortex-A78 */
	case 0xd42:	/* Cortex-A78AE */
	case 0xd44:	/* Cortex-X1 */
	case 0xd47:	/* Cortex-A710 */
	case 0xd48:	/* Cortex-X2 */
	case 0xd49:	/* Neoverse N2 */
	case 0xd4b:	/* Cortex-A78C */
		return 1;
	}

	return 0;
}

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

	if (!answers_uid(&conduits->hvc, 0, &answer) && conduits->smc_safe &&
	    answers_uid(&conduits->smc, 0, &answer))
		return OPTEE_GUEST_SMC;

	return OPTEE_GUEST_HVC;
}

/**
 * optee_guest_explain() - One line for a person: what is wrong, what to do
 * @err: of optee_guest_enter() or optee_guest_leave()
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
 * @note: of a successful optee_guest_enter()
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
