// SPDX-License-Identifier: BSD-2-Clause
/*
 * core/ and any sequence of answers, whoever gives them and why: for every id,
 * policy and capability word.
 */
#include "model.h"
#include "optee_guest_conduit.h"
#include "optee_guest_faults.h"
#include "optee_guest_mediator.h"
#include "proof.h"

/*
 * 3 honesty probes, 2 of authority or 1 of presence, 64 removals each with its
 * probe, 3 calls to announce, verify and withdraw, one for each id if there is no
 * room. The room of a mediator is exhausted in 3 + 1 + 2 * 64 calls.
 */
#define MAX_ENTER_CALLS	(3 + 2 + 2 * 64 + 3 + 65535)
#define MAX_LEAVE_CALLS	(2 * 64)

/**
 * struct peer - who answers
 * @id:		 that core/ was asked for
 * @calls:	 made so far
 * @announced:	 VM_CREATED of @id was sent
 * @exists:	 as core/ has to understand the answers, its guest may exist
 * @authority:	 VM_DESTROYED of an id that is not @id was answered OK
 * @seen:	 the last CALLS_UID was answered by OP-TEE's UID
 * @strangers:	 guests of another id that may exist for the same reason as @exists
 * @tag:	 that the driver's calls carry
 */
struct peer {
	unsigned int id;
	unsigned int calls;
	bool announced;
	bool exists;
	bool authority;
	bool seen;
	unsigned int strangers;
	unsigned long tag;
};

/* The loop contract of any_guest() names it, in tests/test_proof.py. */
struct peer peer;

static void vm_created(unsigned long id, uint32_t answer)
{
	if (id != peer.id) {
		prove(id == 65535 || (id == 65534 && peer.id == 65535));
		prove(peer.authority && !peer.announced);
		peer.strangers++;
		return;
	}
	prove(!peer.announced);
	peer.announced = true;
	peer.exists = answer != MODEL_ENOTAVAIL && answer != MODEL_UNKNOWN;
}

static void vm_destroyed(unsigned long id, uint32_t answer)
{
	if (answer != MODEL_OK)
		return;
	if (id == peer.id)
		peer.exists = false;
	else if (peer.strangers)
		peer.strangers--;
	peer.authority |= id != peer.id;
}

static bool is_uid(const unsigned long res[4])
{
	return (uint32_t)res[0] == MODEL_UID_0 && (uint32_t)res[1] == MODEL_UID_1 &&
	       (uint32_t)res[2] == MODEL_UID_2 && (uint32_t)res[3] == MODEL_UID_3;
}

static void call(void *ctx, unsigned long fid, unsigned long a1,
		 unsigned long a7, unsigned long res[4])
{
	(void)ctx;
	peer.calls++;
	res[0] = nondet_register();
	res[1] = nondet_register();
	res[2] = nondet_register();
	res[3] = nondet_register();

	if (fid == MODEL_CALLS_UID) {
		prove(!a1 && a7 >= 1 && a7 <= 65535);
		peer.seen = is_uid(res);
	} else if (fid == MODEL_GET_OS_REVISION) {
		prove(!a1 && a7 == peer.tag);
	} else {
		prove(!a7 && a1 >= 1 && a1 <= 65535);
		prove(fid == MODEL_VM_CREATED || fid == MODEL_VM_DESTROYED);
		if (fid == MODEL_VM_CREATED)
			vm_created(a1, res[0]);
		else
			vm_destroyed(a1, res[0]);
	}
}

static const struct optee_guest_transport transport = { call, &peer };

static void check_enter(const struct optee_guest *guest, unsigned int caps,
			enum optee_guest_policy policy, enum optee_guest_error err)
{
	const enum optee_guest_role role = guest->role;

	prove(peer.calls <= MAX_ENTER_CALLS);
	prove(!err == (role != OPTEE_GUEST_NONE));
	prove(!peer.strangers || err == OPTEE_GUEST_ESTRANDED);
	prove(!peer.exists || role == OPTEE_GUEST_GUEST || err == OPTEE_GUEST_ESTRANDED);
	prove((err == OPTEE_GUEST_EID) == (peer.id < 1 || peer.id > 65535));
	prove(peer.calls || err == OPTEE_GUEST_EID || role == OPTEE_GUEST_PLAIN);
	prove(!peer.calls || caps & MODEL_CAP_VIRTUALIZATION);
	prove((role == OPTEE_GUEST_PLAIN) ==
	      (err != OPTEE_GUEST_EID && !(caps & MODEL_CAP_VIRTUALIZATION)));
	prove(role != OPTEE_GUEST_MEDIATED || !peer.announced);
	prove(role != OPTEE_GUEST_GUEST || peer.exists != (guest->note == OPTEE_GUEST_INHERITED));
	prove(role != OPTEE_GUEST_GUEST || peer.seen);
	prove(guest->note != OPTEE_GUEST_INHERITED || policy == OPTEE_GUEST_INHERIT);
	prove(optee_guest_tag(guest) == (role == OPTEE_GUEST_GUEST ? peer.id : 0));
}

static void life(void)
{
	const enum optee_guest_policy policy =
		nondet_bool() ? OPTEE_GUEST_INHERIT : OPTEE_GUEST_RECLAIM;
	const unsigned int caps = nondet_uint();
	enum optee_guest_error err;
	enum optee_guest_role role;
	struct optee_guest guest;

	peer = (struct peer){ .id = nondet_uint() };
	err = nondet_bool() ?
	      optee_guest_enter(&guest, &transport, caps, peer.id, policy) :
	      optee_guest_announce(&guest, &transport, caps, peer.id, policy);
	check_enter(&guest, caps, policy, err);

	role = guest.role;
	peer.tag = optee_guest_tag(&guest);
	peer.announced = true;
	peer.exists = role == OPTEE_GUEST_GUEST;
	if (role != OPTEE_GUEST_NONE) {
		unsigned int usable;

		peer.calls = 0;
		usable = optee_guest_usable_caps(&guest, &transport, caps);
		prove(peer.calls <= (role != OPTEE_GUEST_PLAIN));
		prove(usable == caps || usable == (caps & ~MODEL_CAP_ASYNC_NOTIF));
		prove(usable == caps || role != OPTEE_GUEST_PLAIN);
	}

	peer.calls = 0;
	err = optee_guest_leave(&guest, &transport);
	prove(guest.role == OPTEE_GUEST_NONE && !optee_guest_tag(&guest));
	prove(peer.calls <= MAX_LEAVE_CALLS);
	prove((peer.calls > 0) == (role == OPTEE_GUEST_GUEST));
	prove(!err || err == OPTEE_GUEST_ESTRANDED);
	prove(err || !peer.exists);
	prove(optee_guest_leave(&guest, &transport) == OPTEE_GUEST_OK);
}

/* Both conduits are one @ctx: how often was it called, was it safe? */
struct asked {
	unsigned int calls;
	bool safe;
	bool optee;
};

static void ask(void *ctx, unsigned long fid, unsigned long a1,
		unsigned long a7, unsigned long res[4])
{
	struct asked *asked = ctx;

	prove(asked->safe && !asked->calls++);
	prove(fid == MODEL_CALLS_UID && !a1 && !a7);
	res[0] = nondet_register();
	res[1] = nondet_register();
	res[2] = nondet_register();
	res[3] = nondet_register();
	asked->optee = is_uid(res);
}

static void choice(void)
{
	struct asked smc = { .safe = nondet_bool() }, hvc = { .safe = nondet_bool() };
	const struct optee_guest_conduits conduits = {
		{ ask, &smc }, { ask, &hvc }, smc.safe, hvc.safe,
	};

	switch (optee_guest_choose_conduit(&conduits)) {
	case OPTEE_GUEST_NO_CONDUIT:
		prove(!smc.safe && !hvc.safe);
		break;
	case OPTEE_GUEST_SMC:
		prove(smc.safe && (!hvc.safe || (smc.optee && !hvc.optee)));
		break;
	case OPTEE_GUEST_HVC:
		prove(hvc.safe && (hvc.optee || !smc.optee));
		break;
	default:
		prove(!"a conduit");
	}
}

int main(void)
{
	if (nondet_bool())
		life();
	else
		choice();

	return 0;
}
