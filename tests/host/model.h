/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Model of an OP-TEE OS and of whoever sits between it and the normal world,
 * as far as the guest protocol and a driver's first calls can tell.
 *
 * Its numbers are its own and not those of core/, so that a slip there shows:
 * optee_os 4.5.0, core/arch/arm/include/sm/optee_smc.h.
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define MODEL_CALL_WITH_ARG		0x32000004ul
#define MODEL_GET_OS_REVISION		0xb2000001ul
#define MODEL_EXCHANGE_CAPABILITIES	0xb2000009ul
#define MODEL_DISABLE_SHM_CACHE		0xb200000aul
#define MODEL_VM_CREATED		0xb200000dul
#define MODEL_VM_DESTROYED		0xb200000eul
#define MODEL_ENABLE_ASYNC_NOTIF	0xb2000010ul
#define MODEL_CALLS_UID			0xbf00ff01ul

#define MODEL_OK			0ul
#define MODEL_ENOTAVAIL			7ul
#define MODEL_UNKNOWN			0xfffffffful

#define MODEL_UID_0			0x384fb3e0ul
#define MODEL_UID_1			0xe7f811e3ul
#define MODEL_UID_2			0xaf630002ul
#define MODEL_UID_3			0xa5d5c51bul

#define MODEL_CAP_VIRTUALIZATION	(1ul << 3)
#define MODEL_CAP_ASYNC_NOTIF		(1ul << 5)

/* What no answer ever holds: found in every register that OP-TEE leaves. */
#define MODEL_POISON			0x5a5a5a5aul

/* CFG_VIRT_GUEST_COUNT, if nobody says otherwise. */
#define MODEL_SLOTS			2

/* Of a lie: whatever function it is. */
#define MODEL_ANY			0ul

/* The id that a mediator puts into every call: dom0's below Xen. */
#define MODEL_CLIENT			1

#define MODEL_MAX_GUESTS		128
#define MODEL_MAX_RECORDED		256
/* More than a caller that asks for every id makes. */
#define MODEL_MAX_CALLS			70000
#define MODEL_MAX_LIES			2

enum model_build {
	MODEL_VIRT_4_5,
	MODEL_VIRT_4_10,
	MODEL_VIRT_4_4,		/* panics of ENABLE_ASYNC_NOTIF, whatever a7 */
	MODEL_VIRT_4_3,		/* the same */
	MODEL_VIRT_4_1,		/* panics of an untagged yielding call */
	MODEL_VIRT_3_8,		/* also knows no asynchronous notifications */
	MODEL_VIRT_3_7,		/* and has no bit that says how it is built */
	MODEL_PLAIN,
};

/**
 * enum model_mediator - who is below the normal world
 * @MODEL_NATIVE:	    nobody
 * @MODEL_XEN:		    tags all calls, filters VM_*, hides the capability
 * @MODEL_TAGS:		    tags all calls, hides nothing
 * @MODEL_TAGS_AND_FILTERS: tags all calls, filters VM_*
 * @MODEL_DROPS:	    sets a7 of all calls to 0
 * @MODEL_FILTERS:	    filters VM_CREATED, tags nothing
 * @MODEL_FILTERS_ALL:	    filters VM_*, tags nothing
 * @MODEL_OBLIGES:	    tags all calls, answers VM_* with OK and does nothing
 */
enum model_mediator {
	MODEL_NATIVE,
	MODEL_XEN,
	MODEL_TAGS,
	MODEL_TAGS_AND_FILTERS,
	MODEL_DROPS,
	MODEL_FILTERS,
	MODEL_FILTERS_ALL,
	MODEL_OBLIGES,
};

struct model_call {
	unsigned long fid;
	unsigned long a1;
	unsigned long a7;
};

/**
 * struct model_lie - an answer that OP-TEE would not give
 * @fid:    the function it is about, or MODEL_ANY
 * @first:  the first call that gets it, counted from 1 and model_script() on
 * @last:   the last one
 * @effect: the call has its effect all the same
 * @res:    the answer
 */
struct model_lie {
	unsigned long fid;
	unsigned int first;
	unsigned int last;
	bool effect;
	unsigned long res[4];
};

/**
 * struct model - OP-TEE and what is below the normal world
 * @build:    how OP-TEE is built
 * @mediator: who is below the normal world
 * @slots:    guests that OP-TEE has room for, at most MODEL_MAX_GUESTS
 * @upper:    bits set in every answer to model_call(): OP-TEE defines the lower
 *	      32 of a register only
 * @guests:   number of guests in @guest
 * @guest:    their ids, the newest last
 * @added:    "Added guest" lines on the secure console
 * @removed:  "Removing guest" lines on the secure console
 * @panic:    why OP-TEE has panicked, or NULL
 * @hung:     calls made after that
 * @calls:    number of calls of model_call()
 * @call:     the first of them as they came, before any mediator
 * @mark:     @calls when model_script() was called
 * @script:   MODEL_MAX_LIES lies, or NULL
 */
struct model {
	enum model_build build;
	enum model_mediator mediator;
	unsigned int slots;
	unsigned long upper;
	unsigned int guests;
	uint16_t guest[MODEL_MAX_GUESTS];
	unsigned int added;
	unsigned int removed;
	const char *panic;
	unsigned int hung;
	unsigned int calls;
	struct model_call call[MODEL_MAX_RECORDED];
	unsigned int mark;
	const struct model_lie *script;
};

void model_init(struct model *m, enum model_build build,
		enum model_mediator mediator);

/* From the next call on, with @script in place. */
void model_script(struct model *m, const struct model_lie *script);

/* The call of a struct optee_guest_transport with @ctx a struct model. */
void model_call(void *ctx, unsigned long fid, unsigned long a1,
		unsigned long a7, unsigned long res[4]);

/* A call that is neither recorded nor lied to: the test's own. */
void model_smc(struct model *m, unsigned long fid, unsigned long a1,
	       unsigned long a7, unsigned long res[4]);

unsigned int model_count(const struct model *m, unsigned int id);

#endif /* MODEL_H */
