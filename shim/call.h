/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the shim makes of the calls of the kernel above it, and its own calls to
 * OP-TEE. No hardware is touched here: calls go through struct shim's smc.
 */
#ifndef SHIM_CALL_H
#define SHIM_CALL_H

#include <stdint.h>

#include "console.h"
#include "ffa.h"
#include "layout.h"
#include "optee_guest_faults.h"
#include "optee_guest_mediator.h"

/* Fast calls of the standard secure services, without their width. */
#define PSCI(number)		(0x84000000u + (number))
#define PSCI_CPU_ON		PSCI(0x3)
#define PSCI_AFFINITY_INFO	PSCI(0x4)

/**
 * struct shim_regs - the registers of EL1 while C code runs, on top of a slot
 * @x:	      x0..x30
 * @reserved: keeps the stack pointer aligned to 16 bytes
 */
struct shim_regs {
	uint64_t x[31];
	uint64_t reserved[3];
};

/**
 * struct shim_start - where a CPU is to go on in EL1
 * @entry:   physical address
 * @context: its x0
 */
struct shim_start {
	uint64_t entry;
	uint64_t context;
};

/**
 * struct shim_lost - why a CPU is not to be used
 * @function: of PSCI, PSCI_CPU_ON or PSCI_AFFINITY_INFO, 0 if it may be used
 * @answer:   to it
 */
struct shim_lost {
	uint32_t function;
	int32_t answer;
};

/**
 * struct shim_cpu - a slot: what we have for one CPU
 * @on:	    where CPU_ON sends it; written by the CPU that switches it on
 * @resume: where it goes on after it was powered down; written by itself
 * @go:	    where it goes on when it is parked in head.S, 0 while it stays there
 * @mpidr:  its affinity, as PSCI names it
 * @lost:   it did not start, or did not come back
 * @parked: nonzero if it waits for @go
 * @shim:   of which it is a part
 * @stack:  for C code
 * @regs:   registers of EL1 while C code runs
 */
struct shim_cpu {
	struct shim_start on;
	struct shim_start resume;
	uint64_t go;
	uint64_t mpidr;
	struct shim_lost lost;
	uint64_t parked;
	struct shim *shim;
	unsigned char stack[SHIM_SLOT_SIZE - 9 * sizeof(uint64_t) -
			    sizeof(struct shim_regs)];
	struct shim_regs regs;
} __attribute__((aligned(SHIM_SLOT_SIZE)));

/**
 * struct shim - the whole
 * @smc:       does a call with x0..x17 of @r, and stores their values after it
 * @now:       reads a counter
 * @ctx:       for @smc and @now
 * @print:     puts a line on the console
 * @second:    how far @now counts in a second
 * @guest:     what we are to OP-TEE
 * @caps:      capabilities that OP-TEE gave
 * @hidden:    those of them that the kernel does not see
 * @cpu:       the slots, the first is that of the CPU that boots
 * @cpus:      number of slots
 * @entry:     where a CPU comes to us from EL3, physical; its x0 is a struct
 *	       shim_start
 * @park:      where a CPU comes to us from EL3 to wait, physical; its x0 is its
 *	       struct shim_cpu
 * @off:       where a CPU that waits goes on to switch itself off, physical
 * @start:     first byte of our memory
 * @end:       first byte behind it
 * @console:   the early console
 * @ffa:       what we are to secure partitions
 */
struct shim {
	void (*smc)(void *ctx, uint64_t r[18]);
	uint64_t (*now)(void *ctx);
	void *ctx;
	void (*print)(struct shim *shim, const char *line);
	uint64_t second;
	struct optee_guest guest;
	unsigned int caps;
	unsigned int hidden;
	struct shim_cpu *cpu;
	unsigned int cpus;
	uint64_t entry;
	uint64_t park;
	uint64_t off;
	uint64_t start;
	uint64_t end;
	struct console console;
	struct shim_ffa ffa;
};

enum shim_conduit {
	SHIM_SMC,
	SHIM_HVC,
};

const char *call_announce(struct shim *shim, unsigned int id);
const char *call_remove(struct shim *shim);
void call_dispatch(struct shim_cpu *cpu, enum shim_conduit conduit,
		   unsigned int immediate, uint64_t x[31]);

#endif /* SHIM_CALL_H */
