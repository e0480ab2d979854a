// SPDX-License-Identifier: BSD-2-Clause
/*
 * Model of an OP-TEE OS and of whoever sits between it and the normal world.
 */
#include <stddef.h>
#include <string.h>

#include "model.h"

#define FAST_CALL	0x80000000ul

struct mediator {
	bool sets_a7;
	unsigned long a7;
	bool filters_created;
	bool filters_destroyed;
	bool hides_capability;
	bool obliges;
};

static const struct mediator mediators[] = {
	[MODEL_NATIVE] = { 0 },
	[MODEL_XEN] = {
		.sets_a7 = true,
		.a7 = MODEL_CLIENT,
		.filters_created = true,
		.filters_destroyed = true,
		.hides_capability = true,
	},
	[MODEL_TAGS] = {
		.sets_a7 = true,
		.a7 = MODEL_CLIENT,
	},
	[MODEL_TAGS_AND_FILTERS] = {
		.sets_a7 = true,
		.a7 = MODEL_CLIENT,
		.filters_created = true,
		.filters_destroyed = true,
	},
	[MODEL_DROPS] = {
		.sets_a7 = true,
	},
	[MODEL_FILTERS] = {
		.filters_created = true,
	},
	[MODEL_FILTERS_ALL] = {
		.filters_created = true,
		.filters_destroyed = true,
	},
	[MODEL_OBLIGES] = {
		.sets_a7 = true,
		.a7 = MODEL_CLIENT,
		.obliges = true,
	},
};

/*
 * OP-TEE keeps a7 and VM_*'s a1 in a uint16_t: virt_set_guest() and
 * virt_guest_created(), core/arch/arm/kernel/virtualization.c.
 */
static bool find_guest(const struct model *m, uint16_t id, unsigned int *at)
{
	unsigned int n;

	/* Newest first: LIST_INSERT_HEAD() in virt_guest_created(). */
	for (n = m->guests; n > 0; n--) {
		if (m->guest[n - 1] == id) {
			*at = n - 1;
			return true;
		}
	}

	return false;
}

/*
 * Every failure is ENOTAVAIL, and an id that exists already is no failure:
 * tee_entry_vm_created(), core/arch/arm/tee/entry_fast.c.
 */
static unsigned long vm_created(struct model *m, uint16_t id, unsigned long a7)
{
	if (!id || a7 || m->guests == m->slots)
		return MODEL_ENOTAVAIL;

	m->guest[m->guests++] = id;
	m->added++;

	return MODEL_OK;
}

/*
 * An id that does not exist is an error line on the secure console, and OK:
 * virt_guest_destroyed(), core/arch/arm/kernel/virtualization.c.
 */
static unsigned long vm_destroyed(struct model *m, uint16_t id,
				  unsigned long a7)
{
	unsigned int at;

	if (a7)
		return MODEL_ENOTAVAIL;

	m->removed++;
	if (find_guest(m, id, &at)) {
		m->guests--;
		memmove(&m->guest[at], &m->guest[at + 1],
			(m->guests - at) * sizeof(m->guest[0]));
	}

	return MODEL_OK;
}

/* The first version with the capability bit is 3.8.0: optee_os, CHANGELOG.md. */
static unsigned long capabilities(enum model_build build)
{
	switch (build) {
	case MODEL_PLAIN:
		return 0xf5;
	case MODEL_VIRT_3_8:
		return 0x0d;
	case MODEL_VIRT_3_7:
		return 0x05;
	default:
		return 0xfd;
	}
}

static void os_revision(enum model_build build, unsigned long res[4])
{
	static const unsigned char revisions[][2] = {
		[MODEL_VIRT_4_5] = { 4, 5 },
		[MODEL_VIRT_4_10] = { 4, 10 },
		[MODEL_VIRT_4_4] = { 4, 4 },
		[MODEL_VIRT_4_3] = { 4, 3 },
		[MODEL_VIRT_4_1] = { 4, 1 },
		[MODEL_VIRT_3_8] = { 3, 8 },
		[MODEL_VIRT_3_7] = { 3, 7 },
		[MODEL_PLAIN] = { 4, 4 },
	};

	res[0] = revisions[build][0];
	res[1] = revisions[build][1];
}

/* __tee_entry_fast(), core/arch/arm/tee/entry_fast.c */
static void fast_call(struct model *m, unsigned long fid, unsigned long a1,
		      unsigned long a7, unsigned long res[4])
{
	bool virtualized = m->build != MODEL_PLAIN;

	switch (fid) {
	case MODEL_CALLS_UID:
		res[0] = MODEL_UID_0;
		res[1] = MODEL_UID_1;
		res[2] = MODEL_UID_2;
		res[3] = MODEL_UID_3;
		return;
	case MODEL_EXCHANGE_CAPABILITIES:
		res[0] = MODEL_OK;
		res[1] = capabilities(m->build);
		return;
	case MODEL_GET_OS_REVISION:
		os_revision(m->build, res);
		return;
	case MODEL_DISABLE_SHM_CACHE:
		/* Else ENOTAVAIL says that the cache is empty. */
		if (m->build == MODEL_VIRT_4_10 && !a7)
			m->panic = "abort outside thread context";
		else
			res[0] = MODEL_ENOTAVAIL;
		return;
	case MODEL_ENABLE_ASYNC_NOTIF:
		if (m->build == MODEL_VIRT_3_8 || m->build == MODEL_VIRT_3_7)
			break;
		/* notif_deliver_atomic_event(), core/kernel/notif.c */
		if ((virtualized && !a7) || m->build == MODEL_VIRT_4_4 ||
		    m->build == MODEL_VIRT_4_3)
			m->panic = "assertion 'prtn' failed";
		else
			res[0] = MODEL_OK;
		return;
	case MODEL_VM_CREATED:
		if (!virtualized)
			break;
		res[0] = vm_created(m, a1, a7);
		return;
	case MODEL_VM_DESTROYED:
		if (!virtualized)
			break;
		res[0] = vm_destroyed(m, a1, a7);
		return;
	}

	res[0] = MODEL_UNKNOWN;
}

/*
 * thread_handle_fast_smc() and thread_handle_std_smc(),
 * core/arch/arm/kernel/thread_optee_smc.c
 */
static void optee(struct model *m, unsigned long fid, unsigned long a1,
		  unsigned long a7, unsigned long res[4])
{
	bool virtualized = m->build != MODEL_PLAIN;
	unsigned int at;

	if (virtualized && a7 && !find_guest(m, a7, &at)) {
		res[0] = MODEL_ENOTAVAIL;
	} else if (fid & FAST_CALL) {
		fast_call(m, fid, a1, a7, res);
	} else if (!virtualized || a7) {
		res[0] = MODEL_OK;
	} else if (m->build == MODEL_VIRT_4_1 || m->build == MODEL_VIRT_3_8 ||
		   m->build == MODEL_VIRT_3_7) {
		/* Corrected in 4.2.0: optee_os commit e7dd9fbb0 */
		m->panic = "yielding call without a guest";
	} else {
		res[0] = MODEL_ENOTAVAIL;
	}
}

void model_smc(struct model *m, unsigned long fid, unsigned long a1,
	       unsigned long a7, unsigned long res[4])
{
	const struct mediator *below = &mediators[m->mediator];
	unsigned int n;

	for (n = 0; n < 4; n++)
		res[n] = MODEL_POISON;

	if (m->panic) {
		m->hung++;
		return;
	}

	if ((fid == MODEL_VM_CREATED && below->filters_created) ||
	    (fid == MODEL_VM_DESTROYED && below->filters_destroyed)) {
		res[0] = MODEL_UNKNOWN;
		return;
	}

	if ((fid == MODEL_VM_CREATED || fid == MODEL_VM_DESTROYED) &&
	    below->obliges) {
		res[0] = MODEL_OK;
		return;
	}

	optee(m, fid, a1, below->sets_a7 ? below->a7 : a7, res);

	if (fid == MODEL_EXCHANGE_CAPABILITIES && below->hides_capability)
		res[1] &= ~MODEL_CAP_VIRTUALIZATION;
}

static const struct model_lie *find_lie(const struct model *m,
					unsigned long fid)
{
	unsigned int number = m->calls - m->mark;
	unsigned int n;

	for (n = 0; m->script && n < MODEL_MAX_LIES; n++) {
		const struct model_lie *lie = &m->script[n];

		if ((lie->fid == MODEL_ANY || lie->fid == fid) &&
		    lie->first <= number && number <= lie->last)
			return lie;
	}

	return NULL;
}

void model_call(void *ctx, unsigned long fid, unsigned long a1,
		unsigned long a7, unsigned long res[4])
{
	const struct model_lie *lie = NULL;
	struct model *m = ctx;
	unsigned int n;

	/* A caller that believes every lie for ever must fail, not hang. */
	if (m->calls == MODEL_MAX_CALLS)
		m->panic = "the caller does not stop";
	else if (m->calls < MODEL_MAX_RECORDED)
		m->call[m->calls++] = (struct model_call){ fid, a1, a7 };
	else
		m->calls++;

	if (!m->panic)
		lie = find_lie(m, fid);
	if (!lie || lie->effect)
		model_smc(m, fid, a1, a7, res);
	if (lie)
		memcpy(res, lie->res, sizeof(lie->res));

	for (n = 0; n < 4; n++)
		res[n] |= m->upper;
}

void model_script(struct model *m, const struct model_lie *script)
{
	m->mark = m->calls;
	m->script = script;
}

unsigned int model_count(const struct model *m, unsigned int id)
{
	unsigned int found = 0;
	unsigned int n;

	for (n = 0; n < m->guests; n++)
		found += m->guest[n] == id;

	return found;
}

void model_init(struct model *m, enum model_build build,
		enum model_mediator mediator)
{
	memset(m, 0, sizeof(*m));
	m->build = build;
	m->mediator = mediator;
	m->slots = MODEL_SLOTS;

	/* Who puts an id into the calls has announced it. */
	if (mediators[mediator].a7)
		vm_created(m, mediators[mediator].a7, 0);
}
