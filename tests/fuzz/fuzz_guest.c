// SPDX-License-Identifier: BSD-2-Clause
/*
 * core/ against an OP-TEE that answers what libFuzzer's input says: the model's
 * own answer or any other, with or without the call having its effect. What
 * must hold whatever the answers are is asserted.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "model.h"
#include "optee_guest_conduit.h"
#include "optee_guest_faults.h"
#include "optee_guest_mediator.h"

/*
 * 3 honesty probes, 2 of authority or 1 of presence, 64 removals each with its probe, 3 calls to
 * announce, verify and withdraw, and one for each id if there is no room.
 */
#define MAX_ENTER_CALLS	(3 + 2 + 2 * 64 + 3 + 65535)
#define MAX_LEAVE_CALLS	(2 * 64)

enum answer {
	HONEST,
	UID,
	ENOTAVAIL,
	OK,
	UNKNOWN,
	ANYTHING,
	ANSWERS,
};

/**
 * struct peer - OP-TEE as core/ sees it in one run
 * @model:	what it really is
 * @data:	the rest of the input
 * @left:	its length in bytes
 * @id:		the id that core/ was asked for
 * @calls:	made so far
 * @lied:	an answer was not the model's
 * @announced:	as core/ has to understand the answers, its guest may exist
 * @created:	VM_CREATED of @id was sent
 * @strangers:	guests of another id that may exist, for the same reason
 */
struct peer {
	struct model model;
	const uint8_t *data;
	size_t left;
	unsigned int id;
	unsigned int calls;
	bool lied;
	bool announced;
	bool created;
	unsigned int strangers;
};

static unsigned int take(struct peer *p, size_t bytes)
{
	unsigned int value = 0;

	for (; bytes && p->left; bytes--, p->left--)
		value = value << 8 | *p->data++;

	return value;
}

static void check_call(const struct peer *p, unsigned long fid,
		       unsigned long a1, unsigned long a7)
{
	if (fid == MODEL_CALLS_UID) {
		assert(a1 == 0 && a7 >= 1 && a7 <= 0xffff);
		return;
	}
	assert(fid == MODEL_VM_CREATED || fid == MODEL_VM_DESTROYED);
	assert(a7 == 0 && a1 >= 1 && a1 <= 0xffff);
	assert(fid == MODEL_VM_DESTROYED || a1 >= 65534 || a1 == p->id);
	assert(fid == MODEL_VM_DESTROYED || a1 != p->id || !p->announced);
}

static void call(void *ctx, unsigned long fid, unsigned long a1,
		 unsigned long a7, unsigned long res[4])
{
	struct peer *p = ctx;
	unsigned int byte = take(p, 1);
	unsigned int kind = byte % ANSWERS;
	unsigned long honest[4];
	size_t n;

	check_call(p, fid, a1, a7);
	p->calls++;

	if (kind == HONEST || byte & 0x80)
		model_smc(&p->model, fid, a1, a7, honest);
	memset(res, 0x5a, 4 * sizeof(res[0]));
	switch (kind) {
	case HONEST:
		memcpy(res, honest, sizeof(honest));
		break;
	case UID:
		res[0] = MODEL_UID_0;
		res[1] = MODEL_UID_1;
		res[2] = MODEL_UID_2;
		res[3] = MODEL_UID_3;
		break;
	case ENOTAVAIL:
		res[0] = MODEL_ENOTAVAIL;
		break;
	case OK:
		res[0] = MODEL_OK;
		break;
	case UNKNOWN:
		res[0] = ~0ul;
		break;
	default:
		for (n = 0; n < 4; n++)
			res[n] = take(p, 4);
	}
	p->lied |= kind != HONEST;

	if (fid == MODEL_VM_CREATED && a1 != p->id) {
		p->strangers++;
	} else if (fid == MODEL_VM_DESTROYED && a1 != p->id) {
		p->strangers -= p->strangers && (uint32_t)res[0] == MODEL_OK;
	} else if (fid == MODEL_VM_CREATED) {
		p->created = true;
		p->announced = (uint32_t)res[0] != MODEL_ENOTAVAIL &&
			       (uint32_t)res[0] != MODEL_UNKNOWN;
	} else if (fid == MODEL_VM_DESTROYED && (uint32_t)res[0] == MODEL_OK) {
		p->announced = false;
	}
}

static void check_enter(const struct peer *p, const struct optee_guest *guest,
			unsigned int caps, enum optee_guest_error err)
{
	assert(p->calls <= MAX_ENTER_CALLS);
	assert(!p->model.panic);
	assert(!p->strangers || err == OPTEE_GUEST_ESTRANDED);

	if (err) {
		assert(guest->role == OPTEE_GUEST_NONE);
		assert(!p->announced || err == OPTEE_GUEST_ESTRANDED);
		assert(p->calls || err == OPTEE_GUEST_EID);
		assert(optee_guest_tag(guest) == 0);
		return;
	}

	assert(optee_guest_id_valid(p->id));
	switch (guest->role) {
	case OPTEE_GUEST_PLAIN:
		assert(!p->calls && !(caps & MODEL_CAP_VIRTUALIZATION));
		break;
	case OPTEE_GUEST_MEDIATED:
		assert(!p->created);
		assert(p->lied || p->model.mediator != MODEL_NATIVE);
		break;
	case OPTEE_GUEST_GUEST:
		assert(optee_guest_tag(guest) == p->id);
		assert(p->announced !=
		       (guest->note == OPTEE_GUEST_INHERITED));
		assert(p->lied || model_count(&p->model, p->id));
		break;
	default:
		assert(!"a role that enter does not give");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned int ids[] = { 1, 0, 7, 65533, 65534, 65535, 65536 };
	struct peer p = { .data = data, .left = size };
	const struct optee_guest_transport transport = { call, &p };
	const unsigned int what = take(&p, 1);
	const unsigned int earlier = take(&p, 1);
	const unsigned int choice = take(&p, 1);
	const unsigned int caps = what & 1 ? 0xfd : 0xf5;
	enum optee_guest_error err;
	struct optee_guest guest;
	unsigned long res[4];
	unsigned int n;

	p.id = choice < sizeof(ids) / sizeof(ids[0]) ? ids[choice] : take(&p, 4);
	model_init(&p.model, MODEL_VIRT_4_10, (what >> 2) % (MODEL_OBLIGES + 1));
	p.model.slots = 1 + earlier % 4;
	/* Earlier guests are the hypervisor's doing, or an earlier system's. */
	for (n = 0; n < earlier / 4 % 4; n++) {
		enum model_mediator mediator = p.model.mediator;

		p.model.mediator = MODEL_NATIVE;
		model_smc(&p.model, MODEL_VM_CREATED,
			  earlier & 0x40 ? 65535 - n : p.id & 0xffff, 0, res);
		p.model.mediator = mediator;
	}

	err = optee_guest_enter(&guest, &transport, caps, p.id,
				what & 2 ? OPTEE_GUEST_INHERIT :
					   OPTEE_GUEST_RECLAIM);
	check_enter(&p, &guest, caps, err);

	p.calls = 0;
	p.created = false;
	n = guest.role;
	err = optee_guest_leave(&guest, &transport);
	assert(guest.role == OPTEE_GUEST_NONE);
	assert(p.calls <= MAX_LEAVE_CALLS && !p.created);
	assert((p.calls > 0) == (n == OPTEE_GUEST_GUEST));
	assert(!err || err == OPTEE_GUEST_ESTRANDED);
	assert(p.lied || n != OPTEE_GUEST_GUEST ||
	       err == OPTEE_GUEST_ESTRANDED ||
	       !model_count(&p.model, p.id));
	assert(optee_guest_leave(&guest, &transport) == OPTEE_GUEST_OK);

	return 0;
}
