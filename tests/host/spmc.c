// SPDX-License-Identifier: BSD-2-Clause
/*
 * Model of secure partitions below an SPMC.
 */
#include <stddef.h>
#include <string.h>

#include "spmc.h"

static void answer(unsigned long regs[8], unsigned long w0, unsigned long w1,
		   unsigned long w2, unsigned long w3)
{
	regs[0] = w0;
	regs[1] = w1;
	regs[2] = w2;
	regs[3] = w3;
}

static void error(unsigned long regs[8], int status)
{
	answer(regs, SPMC_ERROR, 0, (uint32_t)status, 0);
}

unsigned int spmc_count(const struct spmc_partition *p, unsigned int id)
{
	unsigned int found = 0;
	unsigned int n;

	for (n = 0; n < p->guests; n++)
		found += p->guest[n] == id;

	return found;
}

/* An id that exists already is no failure: virt_guest_created(). */
static int created(struct spmc_partition *p, uint16_t id)
{
	if (!id)
		return SPMC_INVALID;
	if (p->guests == p->slots)
		return SPMC_DENIED;
	p->guest[p->guests++] = id;

	return 0;
}

/* Nor is one that does not: virt_guest_destroyed(). The newest goes. */
static int destroyed(struct spmc_partition *p, uint16_t id)
{
	unsigned int n;

	for (n = p->guests; n > 0 && p->guest[n - 1] != id; n--)
		;
	if (n) {
		memmove(&p->guest[n - 1], &p->guest[n],
			(p->guests - n) * sizeof(p->guest[0]));
		p->guests--;
	}

	return 0;
}

/* handle_framework_direct_request(), and what a build without virtualization says. */
static void framework(struct spmc_partition *p, unsigned long regs[8],
		      unsigned long ids)
{
	int status;

	if (regs[2] == SPMC_CREATED && p->wants & 0x40)
		status = created(p, regs[5]);
	else if (regs[2] == SPMC_DESTROYED && p->wants & 0x80)
		status = destroyed(p, regs[5]);
	else
		return error(regs, SPMC_NOT_SUPPORTED);

	answer(regs, SPMC_DIRECT_RESP, ids, regs[2] + 1, (uint32_t)status);
}

static void direct_request(struct spmc *s, unsigned long regs[8])
{
	unsigned long ids = (regs[1] & 0xffff) << 16 | regs[1] >> 16;
	struct spmc_partition *p = NULL;
	unsigned int n;

	for (n = 0; n < s->count; n++)
		if (s->partition[n].id == (regs[1] & 0xffff))
			p = &s->partition[n];
	if (!p)
		return error(regs, SPMC_INVALID);
	if (regs[2] & 0x80000000)
		return framework(p, regs, ids);

	/* virt_set_guest() in handle_direct_request() */
	answer(regs, SPMC_DIRECT_RESP, ids, 0,
	       p->wants && !spmc_count(p, regs[1] >> 16) ? SPMC_ITEM_NOT_FOUND : 0);
}

/* What is mapped goes into each guest made later, and into none that is there. */
static void rxtx_map(struct spmc *s, unsigned long regs[8])
{
	unsigned int n;

	if (s->mapped)
		return error(regs, SPMC_DENIED);
	for (n = 0; n < s->count; n++)
		if (s->partition[n].guests)
			s->halted = "abort outside thread context";
	s->mapped = regs[1];
	s->rx = regs[2];
	s->full = false;
	answer(regs, SPMC_SUCCESS, 0, 0, 0);
}

/* From 1.1 on a descriptor ends with a UUID, and its size is told. */
static void partition_info_get(struct spmc *s, unsigned long regs[8])
{
	struct ffa_guest_partition info[SPMC_MAX_PARTITIONS];
	const unsigned int size = s->minor ? 24 : 8;
	unsigned int n;

	if (!s->mapped || !s->rx || s->full)
		return error(regs, SPMC_BUSY);
	for (n = 0; n < spmc_partitions(s, info); n++) {
		const uint16_t head[2] = { info[n].id, 1 };
		const uint32_t properties = info[n].properties;
		unsigned char *to = (unsigned char *)s->rx + n * size;

		memset(to, 0x5a, size);
		memcpy(to, head, sizeof(head));
		memcpy(to + sizeof(head), &properties, sizeof(properties));
	}
	s->full = true;
	answer(regs, SPMC_SUCCESS, 0, s->count, s->minor ? size : 0);
}

static void rx_release(struct spmc *s, unsigned long regs[8])
{
	if (!s->full || regs[1])
		return error(regs, SPMC_DENIED);
	s->full = false;
	answer(regs, SPMC_SUCCESS, 0, 0, 0);
}

void spmc_smc(struct spmc *s, unsigned long regs[8])
{
	switch (regs[0]) {
	case SPMC_RXTX_MAP:
		return rxtx_map(s, regs);
	case SPMC_RXTX_UNMAP:
		if (!s->mapped || regs[1])
			return error(regs, SPMC_INVALID);
		s->mapped = 0;
		return answer(regs, SPMC_SUCCESS, 0, 0, 0);
	case SPMC_VERSION:
		return answer(regs, 0x10000 + 2 * s->minor, 0, 0, 0);
	case SPMC_ID_GET:
		return answer(regs, SPMC_SUCCESS, 0, s->instance, 0);
	case SPMC_PARTITION_INFO_GET:
		return partition_info_get(s, regs);
	case SPMC_RX_RELEASE:
		return rx_release(s, regs);
	case SPMC_MEM_FRAG_TX:
	case SPMC_NOTIFICATION_GET:
		return answer(regs, SPMC_SUCCESS, 0, 0, 0);
	case SPMC_DIRECT_REQ:
		return direct_request(s, regs);
	case SPMC_RUN:
		if (!s->pending[0])
			break;
		memcpy(regs, s->pending, sizeof(s->pending));
		s->pending[0] = 0;
		return direct_request(s, regs);
	}

	error(regs, SPMC_NOT_SUPPORTED);
}

void spmc_call(void *ctx, unsigned long regs[8])
{
	struct spmc *s = ctx;
	const struct spmc_lie *lie;
	unsigned long ids = regs[1] << 16;
	unsigned int n;

	if (s->calls < SPMC_MAX_RECORDED)
		memcpy(s->call[s->calls], regs, sizeof(s->call[0]));
	s->calls++;

	for (lie = s->script; lie && lie->first; lie++)
		if (s->calls >= lie->first && s->calls <= lie->last)
			break;
	if (!lie || !lie->first || lie->effect)
		spmc_smc(s, regs);
	else if (regs[0] == SPMC_DIRECT_REQ &&
		 (lie->regs[0] == SPMC_INTERRUPT || lie->regs[0] == SPMC_YIELD))
		memcpy(s->pending, regs, sizeof(s->pending));
	if (lie && lie->first)
		answer(regs, lie->regs[0], lie->regs[1] ? lie->regs[1] : ids,
		       lie->regs[2], lie->regs[3]);

	for (n = 0; n < 4; n++)
		regs[n] |= s->upper;
	for (n = 4; n < 8; n++)
		regs[n] = SPMC_POISON;
}

unsigned int spmc_partitions(const struct spmc *s,
			     struct ffa_guest_partition info[SPMC_MAX_PARTITIONS])
{
	unsigned int n;

	for (n = 0; n < s->count; n++) {
		info[n].id = s->partition[n].id;
		info[n].properties = 0x101;
		if (s->minor)
			info[n].properties |= s->partition[n].wants;
	}

	return s->count;
}

void spmc_init(struct spmc *s, bool virtualized)
{
	memset(s, 0, sizeof(*s));
	s->minor = 1;
	s->count = 1;
	s->mapped = 0x1000;
	s->partition[0].id = SPMC_OPTEE;
	s->partition[0].wants = virtualized ? 0xc0 : 0;
	s->partition[0].slots = 2;
}
