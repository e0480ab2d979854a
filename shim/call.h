/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the shim makes of the calls of the kernel above it, and its own calls to
 * OP-TEE. No hardware is touched here: calls go through struct shim's smc.
 */
#ifndef SHIM_CALL_H
#define SHIM_CALL_H

#include <stdint.h>

#include "console.h"
#include "layout.h"
#include "optee_guest.h"

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
 * struct shim_cpu - a slot: what we have for one CPU
 * @on:	    where CPU_ON sends it; written by the CPU that switches it on
 * @resume: where it goes on after it was powered down; written by itself
 * @mpidr:  its affinity, as PSCI names it
 * @shim:   of which it is a part
 * @stack:  for C code
 * @regs:   registers of EL1 while C code runs
 */
struct shim_cpu {
	struct shim_start on;
	struct shim_start resume;
	uint64_t mpidr;
	struct shim *shim;
	unsigned char stack[SHIM_SLOT_SIZE - 6 * sizeof(uint64_t) -
			    sizeof(struct shim_regs)];
	struct shim_regs regs;
} __attribute__((aligned(SHIM_SLOT_SIZE)));

/**
 * struct shim - the whole
 * @smc:       does a call with x0..x17 of @r, and stores their values after it
 * @ctx:       for @smc
 * @print:     puts a line on the console
 * @second:    ticks of the system counter in one
 * @guest:     what we are to OP-TEE
 * @cpu:       the slots, the first is that of the CPU that boots
 * @cpus:      number of slots
 * @entry:     where a CPU comes to us from EL3, physical; its x0 is a struct
 *	       shim_start
 * @start:     first byte of our memory
 * @end:       first byte behind it
 * @console:   the early console
 */
struct shim {
	void (*smc)(void *ctx, uint64_t r[18]);
	void *ctx;
	void (*print)(struct shim *shim, const char *line);
	uint64_t second;
	struct optee_guest guest;
	struct shim_cpu *cpu;
	unsigned int cpus;
	uint64_t entry;
	uint64_t start;
	uint64_t end;
	struct console console;
};

enum shim_conduit {
	SHIM_SMC,
	SHIM_HVC,
};

const char *call_announce(struct shim *shim, unsigned int id);
const char *call_leave(struct shim *shim);
void call_dispatch(struct shim_cpu *cpu, enum shim_conduit conduit,
		   unsigned int immediate, uint64_t x[31]);

#endif /* SHIM_CALL_H */
