/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Guest protocol of an OP-TEE OS built with CFG_NS_VIRTUALIZATION=y, for a
 * system that runs without a hypervisor: announce oneself, tag the calls, remove
 * the guest.
 *
 * Needs no header, no allocation and no global, so that the same files serve
 * Linux, U-Boot, a bare EL2 program and tests on a host.
 *
 * Function ids, return codes and the capability bit: optee_os 4.5.0,
 * core/arch/arm/include/sm/optee_smc.h.
 */
#ifndef OPTEE_GUEST_H
#define OPTEE_GUEST_H

#define OPTEE_GUEST_CALLS_UID		0xbf00ff01u
#define OPTEE_GUEST_VM_CREATED		0xb200000du
#define OPTEE_GUEST_VM_DESTROYED	0xb200000eu

#define OPTEE_GUEST_UID_0		0x384fb3e0u
#define OPTEE_GUEST_UID_1		0xe7f811e3u
#define OPTEE_GUEST_UID_2		0xaf630002u
#define OPTEE_GUEST_UID_3		0xa5d5c51bu

#define OPTEE_GUEST_RET_OK		0u
#define OPTEE_GUEST_RET_ENOTAVAIL	7u
#define OPTEE_GUEST_RET_UNKNOWN		0xffffffffu

#define OPTEE_GUEST_CAP_VIRTUALIZATION	0x8u

/*
 * Id 0 is the hypervisor itself, and OP-TEE keeps ids in 16 bits (HYP_CLNT_ID
 * and virt_guest_created() in optee_os 4.5.0).
 */
#define OPTEE_GUEST_ID_MIN		1u
#define OPTEE_GUEST_ID_MAX		0xffffu

/* More guests than any OP-TEE is built for; a firmware that lies ends here. */
#define OPTEE_GUEST_LIMIT		64

/**
 * enum optee_guest_role - what this system is to OP-TEE
 * @OPTEE_GUEST_NONE:	  nothing: not announced yet, refused, or removed
 * @OPTEE_GUEST_PLAIN:	  the only client of an OP-TEE without virtualization;
 *			  also what a mediator that hides the capability shows
 * @OPTEE_GUEST_MEDIATED: a guest that somebody below us announces and tags
 * @OPTEE_GUEST_GUEST:	  a guest that announced itself and tags its own calls
 */
enum optee_guest_role {
	OPTEE_GUEST_NONE,
	OPTEE_GUEST_PLAIN,
	OPTEE_GUEST_MEDIATED,
	OPTEE_GUEST_GUEST,
};

/**
 * enum optee_guest_error - why an announcement or removal failed
 * @OPTEE_GUEST_OK:	    it did not
 * @OPTEE_GUEST_EID:	    the id is outside 1..65535; nothing was sent
 * @OPTEE_GUEST_EREWRITTEN: our a7 does not reach OP-TEE; only CALLS_UID was sent
 * @OPTEE_GUEST_EDROPPED:   somebody below us drops a7: OP-TEE takes us for the
 *			    hypervisor and no call can be tagged
 * @OPTEE_GUEST_ENOROOM:    OP-TEE has no room for another guest
 * @OPTEE_GUEST_ENOMEMORY:  OP-TEE has no room for a guest although it has none
 * @OPTEE_GUEST_EFILTERED:  somebody below us filters VM_CREATED but tags nothing
 * @OPTEE_GUEST_ESTUCK:	    an earlier guest with our id cannot be removed
 * @OPTEE_GUEST_EINVISIBLE: our guest was added but OP-TEE refuses its calls; it
 *			    was removed again
 * @OPTEE_GUEST_ESTRANDED:  our guest may still exist: removing it was refused
 * @OPTEE_GUEST_EANSWER:    an answer the protocol does not know
 */
enum optee_guest_error {
	OPTEE_GUEST_OK,
	OPTEE_GUEST_EID,
	OPTEE_GUEST_EREWRITTEN,
	OPTEE_GUEST_EDROPPED,
	OPTEE_GUEST_ENOROOM,
	OPTEE_GUEST_ENOMEMORY,
	OPTEE_GUEST_EFILTERED,
	OPTEE_GUEST_ESTUCK,
	OPTEE_GUEST_EINVISIBLE,
	OPTEE_GUEST_ESTRANDED,
	OPTEE_GUEST_EANSWER,
};

/**
 * enum optee_guest_policy - what to do with a guest that has our id already
 * @OPTEE_GUEST_RECLAIM: remove it and start afresh
 * @OPTEE_GUEST_INHERIT: take it over with all its state
 */
enum optee_guest_policy {
	OPTEE_GUEST_RECLAIM,
	OPTEE_GUEST_INHERIT,
};

/**
 * enum optee_guest_note - what was remarkable about a successful announcement
 * @OPTEE_GUEST_FRESH:	   nothing
 * @OPTEE_GUEST_RECLAIMED: an earlier guest was removed first
 * @OPTEE_GUEST_INHERITED: an earlier guest was inherited
 * @OPTEE_GUEST_UNSURE:	   MEDIATED, judged from an answer nobody should give
 */
enum optee_guest_note {
	OPTEE_GUEST_FRESH,
	OPTEE_GUEST_RECLAIMED,
	OPTEE_GUEST_INHERITED,
	OPTEE_GUEST_UNSURE,
};

/**
 * struct optee_guest_transport - access to OP-TEE
 * @call: does one fast call with @fid in a0, @a1 in a1, @a7 in a7 and 0 in the
 *	  other arguments, and stores a0..a3 of the answer in @res
 * @ctx:  the caller's own, handed to @call
 */
struct optee_guest_transport {
	void (*call)(void *ctx, unsigned long fid, unsigned long a1,
		     unsigned long a7, unsigned long res[4]);
	void *ctx;
};

/**
 * struct optee_guest - one system's standing with OP-TEE
 * @role:   what we are
 * @note:   what was remarkable about it
 * @id:	    the id asked for, 1..65535; ours if @role is OPTEE_GUEST_GUEST
 * @answer: a0 of the answer behind the last error or note
 */
struct optee_guest {
	enum optee_guest_role role;
	enum optee_guest_note note;
	unsigned int id;
	unsigned int answer;
};

enum optee_guest_error
optee_guest_announce(struct optee_guest *guest,
		     const struct optee_guest_transport *transport,
		     unsigned int caps, unsigned int id,
		     enum optee_guest_policy policy);

enum optee_guest_error
optee_guest_leave(struct optee_guest *guest,
		  const struct optee_guest_transport *transport);

unsigned int
optee_guest_command(const struct optee_guest_transport *transport,
		    unsigned int fid, unsigned int id);

int optee_guest_answers_uid(const struct optee_guest_transport *transport,
			    unsigned int id, unsigned int *answer);

const char *optee_guest_explain(enum optee_guest_error err);

const char *optee_guest_remark(enum optee_guest_note note);

const char *optee_guest_role_name(enum optee_guest_role role);

/**
 * optee_guest_id_valid() - Can this be the id of a guest?
 * @id: any number
 *
 * Context: Any.
 * Return: nonzero for 1..65535, else 0.
 */
static inline int optee_guest_id_valid(unsigned int id)
{
	return id >= OPTEE_GUEST_ID_MIN && id <= OPTEE_GUEST_ID_MAX;
}

/**
 * optee_guest_stranger() - An id that should be nobody's
 * @id: our id, 1..65535
 *
 * Context: Any.
 * Return: the highest id that is not @id.
 */
static inline unsigned int optee_guest_stranger(unsigned int id)
{
	return id == OPTEE_GUEST_ID_MAX ? id - 1 : OPTEE_GUEST_ID_MAX;
}

/**
 * optee_guest_tag() - What belongs in a7 of every call from now on?
 * @guest: after a successful announcement
 *
 * OP-TEE takes a guest's id from a7 of each fast and yielding call, the returns
 * from RPC included (optee_os 4.5.0, thread_handle_fast_smc() and
 * thread_handle_std_smc() in core/arch/arm/kernel/thread_optee_smc.c).
 *
 * Context: Any.
 * Return: our id if we announced ourselves, else 0: what an untagged call has.
 */
static inline unsigned long optee_guest_tag(const struct optee_guest *guest)
{
	return guest->role == OPTEE_GUEST_GUEST ? guest->id : 0;
}

#endif /* OPTEE_GUEST_H */
