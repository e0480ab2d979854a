/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Model of EL3 below the shim: PSCI for a few CPUs, and the model OP-TEE. Keeps
 * every call that it gets.
 */
#ifndef FIRMWARE_H
#define FIRMWARE_H

#include <stdint.h>

#include "call.h"
#include "model.h"
#include "spmc.h"

#define FIRMWARE_CPUS		4
#define FIRMWARE_CALLS		512
#define FIRMWARE_ENTRY		0x42200100ull
#define FIRMWARE_PARK		0x42200200ull
#define FIRMWARE_OFF		0x42200300ull
#define FIRMWARE_START		0x42200000ull
#define FIRMWARE_END		0x42210000ull

/* Affinity of CPU @n: two clusters. */
#define FIRMWARE_MPIDR(n)	((uint64_t)((n) / 2) << 32 | ((n) % 2))

/**
 * struct firmware - EL3, OP-TEE, and a shim on top
 * @optee: the model OP-TEE
 * @ffa:   there are secure partitions
 * @spmc:  they
 * @off:   bit n: CPU n is off
 * @pending: bit n: CPU n is on its way to FIRMWARE_PARK
 * @stays: bit n: CPU n does not come back from OP-TEE, nor do those after it
 * @keeps: bit n: CPU n does not go off again
 * @lacks: bit n: CPU n cannot be switched on
 * @time:  what the counter shows, it counts the times it is read
 * @psci:  answer to all of PSCI but AFFINITY_INFO
 * @calls: number of calls in @call
 * @call:  x0..x17 of each
 * @line:  the last line on the console
 * @shim:  the shim
 * @cpu:   its slots
 * @buffers: its two for FF-A
 */
struct firmware {
	struct model optee;
	bool ffa;
	struct spmc spmc;
	unsigned int off;
	unsigned int pending;
	unsigned int stays;
	unsigned int keeps;
	unsigned int lacks;
	uint64_t time;
	uint64_t psci;
	unsigned int calls;
	uint64_t call[FIRMWARE_CALLS][18];
	const char *line;
	struct shim shim;
	struct shim_cpu *cpu;
	void *buffers;
};

/* All CPUs are off but the first, and nobody speaks FF-A. */
void firmware_init(struct firmware *f, enum model_build build);
void firmware_free(struct firmware *f);

#endif /* FIRMWARE_H */
