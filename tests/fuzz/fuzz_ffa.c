// SPDX-License-Identifier: BSD-2-Clause
/*
 * core/'s side of FF-A against partitions that answer what libFuzzer's input says: the
 * model's own answer or any other, with or without the call having its effect. What must
 * hold whatever the answers are is asserted.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "spmc.h"

/* Each partition is told of the beginning and, if that fails, of the end. */
#define MAX_CALLS	(2 * SPMC_MAX_PARTITIONS * FFA_GUEST_LIMIT)

enum answer {
	HONEST,
	INTERRUPTED,
	AGAIN,
	REFUSED,
	DONE,
	ANYTHING,
	ANSWERS,
};

/**
 * struct peer - the partitions as core/ sees them in one run
 * @spmc:    what they really are
 * @data:    the rest of the input
 * @left:    its length in bytes
 * @id:	     the id that core/ was asked for
 * @calls:   made so far
 * @current: the request that is being answered
 * @added:   of each partition: as core/ has to understand it, our guest may exist
 */
struct peer {
	struct spmc spmc;
	const uint8_t *data;
	size_t left;
	unsigned int id;
	unsigned int calls;
	unsigned long current[8];
	bool added[SPMC_MAX_PARTITIONS];
};

static unsigned int take(struct peer *p, size_t bytes)
{
	unsigned int value = 0;

	for (; bytes && p->left; bytes--, p->left--)
		value = value << 8 | *p->data++;

	return value;
}

static void check_call(struct peer *p, const unsigned long regs[8])
{
	if (regs[0] == SPMC_RUN) {
		assert(p->current[0]);
		return;
	}
	assert(regs[0] == SPMC_DIRECT_REQ);
	assert(regs[1] == SPMC_OPTEE || regs[1] == SPMC_OTHER);
	assert(regs[2] == SPMC_CREATED || regs[2] == SPMC_DESTROYED);
	assert(regs[5] == p->id);
	assert(!regs[3] && !regs[4] && !regs[6] && !regs[7]);
	memcpy(p->current, regs, sizeof(p->current));
}

/* What core/ has to make of it. */
static void conclude(struct peer *p, const unsigned long regs[8])
{
	bool *added = &p->added[p->current[1] - SPMC_OPTEE];
	uint32_t w0 = regs[0];
	int32_t status = w0 == SPMC_ERROR ? regs[2] : regs[3];
	bool refused;

	if (w0 == SPMC_INTERRUPT || w0 == SPMC_YIELD)
		return;
	refused = w0 == SPMC_ERROR && status;
	if (w0 == SPMC_DIRECT_RESP && (uint32_t)regs[1] == p->current[1] << 16 &&
	    (uint32_t)regs[2] == p->current[2] + 1) {
		if (!status)
			*added = p->current[2] == SPMC_CREATED;
		refused = status;
	}
	/* What nobody says may mean anything. */
	if (!refused && status)
		*added = *added || p->current[2] == SPMC_CREATED;
}

static void call(void *ctx, unsigned long regs[8])
{
	struct peer *p = ctx;
	unsigned int byte = take(p, 1);
	unsigned int n;

	check_call(p, regs);
	p->calls++;

	if (byte % ANSWERS == HONEST || byte & 0x80) {
		/* A request is as good as one that goes on. */
		memcpy(regs, p->current, sizeof(p->current));
		spmc_smc(&p->spmc, regs);
	}
	if (byte % ANSWERS != HONEST)
		for (n = 1; n < 8; n++)
			regs[n] = SPMC_POISON;
	switch (byte % ANSWERS) {
	case HONEST:
		break;
	case INTERRUPTED:
		regs[0] = byte & 0x40 ? SPMC_INTERRUPT : SPMC_YIELD;
		break;
	case AGAIN:
	case REFUSED:
		regs[0] = SPMC_ERROR;
		regs[2] = (uint32_t)(byte % ANSWERS == AGAIN ? SPMC_RETRY : SPMC_INVALID);
		break;
	case DONE:
		regs[0] = SPMC_DIRECT_RESP;
		regs[1] = p->current[1] << 16;
		regs[2] = p->current[2] + 1;
		regs[3] = 0;
		break;
	default:
		for (n = 0; n < 4; n++)
			regs[n] = take(p, 4);
	}
	conclude(p, regs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned int ids[] = { 1, 0, 7, 0x7fff, 0x8000, 0x10001 };
	static const unsigned int wants[] = { 0, 0x40, 0x80, 0xc0 };
	struct ffa_guest_partition info[SPMC_MAX_PARTITIONS];
	struct peer p = { .data = data, .left = size };
	const struct ffa_guest_transport transport = { call, &p };
	const unsigned int what = take(&p, 1);
	const unsigned int instance = take(&p, 1) % 4 == 3;
	enum ffa_guest_error err;
	struct ffa_guest guest;
	bool stays = false;
	unsigned int n;

	p.id = ids[take(&p, 1) % (sizeof(ids) / sizeof(ids[0]))];
	spmc_init(&p.spmc, true);
	p.spmc.partition[0].wants = wants[what % 4];
	if (what & 4) {
		p.spmc.count = 2;
		p.spmc.partition[1] = p.spmc.partition[0];
		p.spmc.partition[1].id = SPMC_OTHER;
		p.spmc.partition[1].wants = wants[what >> 3 & 3];
	}

	err = ffa_guest_announce(&guest, &transport, instance, p.id, info,
				 spmc_partitions(&p.spmc, info));
	assert(p.calls <= MAX_CALLS);
	assert(p.calls == 0 || (!instance && p.id >= 1 && p.id <= 0x7fff));
	assert((err == FFA_GUEST_EID) == (p.id < 1 || p.id > 0x7fff));
	assert(!guest.id || (!err && guest.id == p.id && p.calls));
	for (n = 0; n < p.spmc.count; n++) {
		bool destroyable = p.spmc.partition[n].wants & 0x80;

		assert(!p.added[n] || p.spmc.partition[n].wants & 0x40);
		if (guest.id)
			assert(p.added[n] == !!(p.spmc.partition[n].wants & 0x40));
		else
			stays |= p.added[n] && destroyable;
	}
	assert(!stays || err == FFA_GUEST_ESTRANDED);

	p.calls = 0;
	n = guest.id;
	err = ffa_guest_leave(&guest, &transport);
	assert(!guest.id && p.calls <= MAX_CALLS);
	assert(!err || err == FFA_GUEST_ESTRANDED);
	assert(n || !p.calls);
	if (n && !err)
		for (n = 0; n < p.spmc.count; n++)
			assert(!p.added[n] || !(p.spmc.partition[n].wants & 0x80));
	p.calls = 0;
	assert(ffa_guest_leave(&guest, &transport) == FFA_GUEST_EOK && !p.calls);

	return 0;
}
