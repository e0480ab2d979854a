/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Model of secure partitions below an SPMC, as far as the guest protocol and a driver's
 * first calls can tell. OP-TEE's is the SPMC at S-EL1 and partition 0x8001: optee_os
 * 4.10.0, core/arch/arm/kernel/thread_spmc.c.
 *
 * Its numbers are its own and not those of core/, so that a slip there shows.
 */
#ifndef SPMC_H
#define SPMC_H

#include <stdbool.h>
#include <stdint.h>

#include "ffa_guest.h"

#define SPMC_ERROR		0x84000060ul
#define SPMC_SUCCESS		0x84000061ul
#define SPMC_INTERRUPT		0x84000062ul
#define SPMC_VERSION		0x84000063ul
#define SPMC_RX_RELEASE		0x84000065ul
#define SPMC_RXTX_MAP		0xc4000066ul
#define SPMC_RXTX_UNMAP		0x84000067ul
#define SPMC_PARTITION_INFO_GET	0x84000068ul
#define SPMC_ID_GET		0x84000069ul
#define SPMC_YIELD		0x8400006cul
#define SPMC_RUN		0x8400006dul
#define SPMC_DIRECT_REQ		0x8400006ful
#define SPMC_DIRECT_RESP	0x84000070ul
#define SPMC_MEM_FRAG_TX	0x8400007bul
#define SPMC_NOTIFICATION_GET	0x84000082ul

#define SPMC_CREATED		0x80000004ul
#define SPMC_DESTROYED		0x80000006ul

#define SPMC_NOT_SUPPORTED	(-1)
#define SPMC_INVALID		(-2)
#define SPMC_NO_MEMORY		(-3)
#define SPMC_BUSY		(-4)
#define SPMC_INTERRUPTED	(-5)
#define SPMC_DENIED		(-6)
#define SPMC_RETRY		(-7)
#define SPMC_ABORTED		(-8)

/* A TEE_Result in the answer to a request. */
#define SPMC_ITEM_NOT_FOUND	0xffff0008ul

#define SPMC_OPTEE		0x8001u
#define SPMC_OTHER		0x8002u

#define SPMC_MAX_PARTITIONS	5
#define SPMC_MAX_GUESTS		8
#define SPMC_MAX_RECORDED	16

/* What no answer ever holds: found in every register that is left alone. */
#define SPMC_POISON		0x5a5a5a5aul

/**
 * struct spmc_lie - an answer that would not be given
 * @first:  the first call that gets it, counted from 1
 * @last:   the last one
 * @effect: the call has its effect all the same
 * @regs:   the answer; w1 of 0 stands for the ids of an honest one
 */
struct spmc_lie {
	unsigned int first;
	unsigned int last;
	bool effect;
	unsigned long regs[4];
};

/**
 * struct spmc_partition - a secure partition
 * @id:	    its id
 * @wants:  what it asks to be told of
 * @slots:  guests that it has room for, at most SPMC_MAX_GUESTS
 * @guests: number of guests in @guest
 * @guest:  their ids, the newest last
 */
struct spmc_partition {
	unsigned int id;
	unsigned int wants;
	unsigned int slots;
	unsigned int guests;
	uint16_t guest[SPMC_MAX_GUESTS];
};

/**
 * struct spmc - the secure partitions
 * @minor:     FF-A 1.@minor is what has been agreed on
 * @partition: all there are
 * @count:     how many
 * @instance:  what FFA_ID_GET answers
 * @mapped:    where the caller's TX buffer is, or 0
 * @rx:	       where its RX buffer is; nothing is written to 0
 * @full:      the RX buffer is the caller's
 * @halted:    why the secure world has stopped, or NULL
 * @pending:   a request that was interrupted, and that FFA_RUN goes on with
 * @upper:     bits set in every answer: only the lower 32 are defined
 * @calls:     number of calls
 * @call:      the first of them
 * @script:    lies, which end with one whose first is 0, or NULL
 */
struct spmc {
	unsigned int minor;
	struct spmc_partition partition[SPMC_MAX_PARTITIONS];
	unsigned int count;
	unsigned int instance;
	unsigned long mapped;
	unsigned long rx;
	bool full;
	const char *halted;
	unsigned long pending[8];
	unsigned long upper;
	unsigned int calls;
	unsigned long call[SPMC_MAX_RECORDED][8];
	const struct spmc_lie *script;
};

/* One OP-TEE with room for two guests, FF-A 1.1, buffers mapped. */
void spmc_init(struct spmc *s, bool virtualized);

/* The call of a struct ffa_guest_transport with @ctx a struct spmc. */
void spmc_call(void *ctx, unsigned long regs[8]);

/* A call that is neither recorded nor lied to: the test's own. */
void spmc_smc(struct spmc *s, unsigned long regs[8]);

/* What FFA_PARTITION_INFO_GET tells; how many. */
unsigned int spmc_partitions(const struct spmc *s,
			     struct ffa_guest_partition info[SPMC_MAX_PARTITIONS]);

/* How many guests of this id a partition has. */
unsigned int spmc_count(const struct spmc_partition *p, unsigned int id);

#endif /* SPMC_H */
