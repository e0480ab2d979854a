// SPDX-License-Identifier: BSD-2-Clause
/*
 * core/ and a driver's first calls, on any OP-TEE that tests/host/model.h
 * describes, with any guests and any room, behind any of the mediators.
 *
 * Ids that core/ neither announces nor removes are there or not, which an
 * uninterpreted function says.
 */
#include "model.h"
#include "optee_guest_faults.h"
#include "optee_guest_mediator.h"
#include "proof.h"

/* Less than that of core/, which is lowered with it. */
#define MOST_GUESTS	(OPTEE_GUEST_LIMIT - 1)

/**
 * struct world - OP-TEE and who is below us
 * @mediator:  who it is, of enum model_mediator
 * @client:    a7 that it puts into calls, if it does
 * @major:     OP-TEE's version
 * @minor:     the rest of it
 * @id:	       that core/ was asked for
 * @stranger:  the other id that core/ may send to OP-TEE
 * @own:       guests with the id @id
 * @strangers: guests with the id @stranger
 * @others:    guests with other ids
 * @room:      for so many more
 * @witness:   any id
 * @witnessed: @witness stands for a guest
 */
struct world {
	unsigned int mediator;
	unsigned long client;
	unsigned int major;
	unsigned int minor;
	unsigned int id;
	unsigned int stranger;
	unsigned int own;
	unsigned int strangers;
	unsigned int others;
	unsigned int room;
	unsigned int witness;
	bool witnessed;
};

/* The loop contract of any_guest() names it, in tests/test_proof.py. */
struct world world;

bool __CPROVER_uninterpreted_other(unsigned int id);

static bool sets_a7(void)
{
	return world.mediator == MODEL_TAGS || world.mediator == MODEL_TAGS_AND_FILTERS ||
	       world.mediator == MODEL_OBLIGES || world.mediator == MODEL_DROPS;
}

static bool exists(uint16_t id)
{
	if (id == world.id)
		return world.own;
	if (id == world.stranger)
		return world.strangers;

	return world.others && __CPROVER_uninterpreted_other(id);
}

static uint32_t created(uint16_t id, unsigned long a7)
{
	if (!id || a7 || !world.room)
		return MODEL_ENOTAVAIL;
	prove(id == world.id || id == world.stranger);
	world.room--;
	world.own += id == world.id;
	world.strangers += id == world.stranger;

	return MODEL_OK;
}

static uint32_t destroyed(uint16_t id, unsigned long a7)
{
	if (a7)
		return MODEL_ENOTAVAIL;
	prove(id == world.id || id == world.stranger);
	if (exists(id)) {
		world.room++;
		world.own -= id == world.id;
		world.strangers -= id == world.stranger;
	}

	return MODEL_OK;
}

static void optee(unsigned long fid, unsigned long a1, unsigned long a7, unsigned long res[4])
{
	if (a7 && !exists(a7)) {
		res[0] = MODEL_ENOTAVAIL;
		return;
	}
	switch (fid) {
	case MODEL_CALLS_UID:
		res[0] = MODEL_UID_0;
		res[1] = MODEL_UID_1;
		res[2] = MODEL_UID_2;
		res[3] = MODEL_UID_3;
		break;
	case MODEL_GET_OS_REVISION:
		res[0] = world.major;
		res[1] = world.minor;
		break;
	case MODEL_VM_CREATED:
		res[0] = created(a1, a7);
		break;
	case MODEL_VM_DESTROYED:
		res[0] = destroyed(a1, a7);
		break;
	case MODEL_ENABLE_ASYNC_NOTIF:
		/* Halts untagged, and of 4.3.0 and 4.4.0 always. */
		prove(a7 && !(world.major == 4 && (world.minor == 3 || world.minor == 4)));
		break;
	case MODEL_CALL_WITH_ARG:
		/* Halts untagged before 4.2.0. */
	case MODEL_DISABLE_SHM_CACHE:
		/* The same, of 4.10.0. */
		prove(a7);
		res[0] = MODEL_OK;
		break;
	default:
		prove(!"a function that core/ or a driver needs");
	}
}

static void call(void *ctx, unsigned long fid, unsigned long a1,
		 unsigned long a7, unsigned long res[4])
{
	const bool vm = fid == MODEL_VM_CREATED || fid == MODEL_VM_DESTROYED;

	(void)ctx;
	res[0] = nondet_uint();
	res[1] = nondet_uint();
	res[2] = nondet_uint();
	res[3] = nondet_uint();

	if (vm && world.mediator == MODEL_OBLIGES)
		res[0] = MODEL_OK;
	else if (vm && (world.mediator == MODEL_FILTERS_ALL ||
			world.mediator == MODEL_TAGS_AND_FILTERS))
		res[0] = MODEL_UNKNOWN;
	else if (fid == MODEL_VM_CREATED && world.mediator == MODEL_FILTERS)
		res[0] = MODEL_UNKNOWN;
	else
		optee(fid, a1, sets_a7() ? world.client : a7, res);
}

static const struct optee_guest_transport transport = { call, &world };

static void any_world(void)
{
	world = (struct world){
		.mediator = nondet_uint(), .client = nondet_uint(),
		.major = nondet_uint(), .minor = nondet_uint(),
		.id = nondet_uint(), .own = nondet_uint(), .strangers = nondet_uint(),
		.others = nondet_uint(), .room = nondet_uint(), .witness = nondet_uint(),
	};
	assume(world.mediator <= MODEL_OBLIGES && world.mediator != MODEL_XEN);
	assume(world.id >= 1 && world.id <= 65535);
	world.stranger = world.id == 65535 ? 65534 : 65535;
	assume(world.own <= MOST_GUESTS && world.strangers <= MOST_GUESTS &&
	       world.others <= MOST_GUESTS && world.room <= MOST_GUESTS);
	assume(world.own + world.strangers + world.others + world.room <= MOST_GUESTS);
	assume(world.witness >= 1 && world.witness <= 65535);
	world.witnessed = exists(world.witness);

	/* Who puts an id into our calls has announced it. */
	if (world.mediator == MODEL_DROPS)
		world.client = 0;
	else if (sets_a7())
		assume(world.client >= 1 && world.client <= 65535 && exists(world.client));
	/* Not all of the three highest ids are those of guests: docs/threat-model.md. */
	else
		assume(!world.strangers ||
		       !exists(world.id >= 65534 ? 65533 : 65534) ||
		       !exists(world.id >= 65533 ? 65532 : 65533));
	/* The id to find out by is nobody's where a7 is dropped: the same. */
	if (world.mediator == MODEL_DROPS)
		assume(!world.strangers);
}

static enum optee_guest_role expected_role(void)
{
	switch (world.mediator) {
	case MODEL_NATIVE:
		return OPTEE_GUEST_GUEST;
	case MODEL_TAGS:
	case MODEL_TAGS_AND_FILTERS:
	case MODEL_OBLIGES:
		return OPTEE_GUEST_MEDIATED;
	default:
		return OPTEE_GUEST_NONE;
	}
}

static void check_error(enum optee_guest_error err, const struct world *before)
{
	switch (world.mediator) {
	case MODEL_NATIVE:
		prove(err == OPTEE_GUEST_ENOROOM || err == OPTEE_GUEST_ENOMEMORY);
		prove(!world.room && !before->room);
		prove(err == OPTEE_GUEST_ENOROOM || !world.witnessed);
		prove(err == OPTEE_GUEST_ENOMEMORY || world.strangers || world.others);
		break;
	case MODEL_DROPS:
		prove(err == OPTEE_GUEST_EDROPPED);
		break;
	case MODEL_FILTERS:
		prove(err == OPTEE_GUEST_EFILTERED);
		break;
	case MODEL_FILTERS_ALL:
		prove(err == (before->own ? OPTEE_GUEST_ESTUCK : OPTEE_GUEST_EFILTERED));
		break;
	default:
		prove(!"an error");
	}
}

/* What OP-TEE has of ours afterwards. */
static void check_guests(const struct optee_guest *guest, const struct world *before)
{
	prove(world.strangers == before->strangers);
	switch (guest->role) {
	case OPTEE_GUEST_GUEST:
		prove(exists(optee_guest_tag(guest)) && guest->id == world.id);
		prove(world.own == (guest->note == OPTEE_GUEST_INHERITED ? before->own : 1));
		break;
	case OPTEE_GUEST_MEDIATED:
		prove(world.own == before->own && guest->note == OPTEE_GUEST_FRESH);
		break;
	default:
		prove(!world.own || world.mediator == MODEL_DROPS ||
		      world.mediator == MODEL_FILTERS_ALL);
		prove(world.own <= before->own);
	}
}

static void driver(const struct optee_guest *guest, unsigned int caps)
{
	unsigned long res[4];

	if (optee_guest_usable_caps(guest, &transport, caps) & MODEL_CAP_ASYNC_NOTIF)
		call(&world, MODEL_ENABLE_ASYNC_NOTIF, 0, optee_guest_tag(guest), res);
	call(&world, MODEL_DISABLE_SHM_CACHE, 0, optee_guest_tag(guest), res);
	call(&world, MODEL_CALL_WITH_ARG, 0, optee_guest_tag(guest), res);
	prove((uint32_t)res[0] == MODEL_OK);
}

int main(void)
{
	const enum optee_guest_policy policy =
		nondet_bool() ? OPTEE_GUEST_INHERIT : OPTEE_GUEST_RECLAIM;
	const unsigned int caps = nondet_uint() | MODEL_CAP_VIRTUALIZATION;
	enum optee_guest_error err;
	struct optee_guest guest;
	struct world before;

	any_world();
	before = world;
	err = optee_guest_enter(&guest, &transport, caps, world.id, policy);
	check_guests(&guest, &before);
	if (err) {
		check_error(err, &before);
	} else {
		if (guest.note != OPTEE_GUEST_INHERITED)
			prove(guest.role == expected_role());
		driver(&guest, caps);
	}

	err = optee_guest_leave(&guest, &transport);
	if (guest.note == OPTEE_GUEST_INHERITED || world.mediator == MODEL_NATIVE)
		prove(!world.own || err);

	return 0;
}
