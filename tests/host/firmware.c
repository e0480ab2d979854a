// SPDX-License-Identifier: BSD-2-Clause
/* Model of EL3 below the shim. */
#include <stdlib.h>
#include <string.h>

#include "firmware.h"

#define PSCI_AFFINITY_INFO_64	0xc4000004u

static uint64_t affinity_info(const struct firmware *f, uint64_t mpidr)
{
	unsigned int n;

	for (n = 0; n < FIRMWARE_CPUS; n++)
		if (FIRMWARE_MPIDR(n) == mpidr)
			return f->off >> n & 1;

	return -2;
}

static void smc(void *ctx, uint64_t r[18])
{
	struct firmware *f = ctx;
	unsigned long res[4];
	unsigned int n;

	memcpy(f->call[f->calls++ % FIRMWARE_CALLS], r, sizeof(f->call[0]));
	if ((uint32_t)r[0] == PSCI_AFFINITY_INFO_64) {
		r[0] = affinity_info(f, r[1]);
	} else if (((uint32_t)r[0] >> 24 & 0x3f) >= 50) {
		model_call(&f->optee, (uint32_t)r[0] & ~0x10000u, r[1], r[7], res);
		for (n = 0; n < 4; n++)
			r[n] = res[n];
	} else {
		r[0] = f->psci;
	}
}

static void print(struct shim *shim, const char *line)
{
	struct firmware *f = shim->ctx;

	f->said = line;
}

void firmware_init(struct firmware *f, enum model_build build)
{
	unsigned int n;

	memset(f, 0, sizeof(*f));
	model_init(&f->optee, build, MODEL_NATIVE);
	f->off = 0xe;
	f->cpu = aligned_alloc(SHIM_SLOT_SIZE, FIRMWARE_CPUS * sizeof(*f->cpu));
	if (!f->cpu)
		abort();
	memset(f->cpu, 0, FIRMWARE_CPUS * sizeof(*f->cpu));
	f->shim = (struct shim) {
		.smc = smc, .ctx = f, .print = print, .cpu = f->cpu,
		.cpus = FIRMWARE_CPUS, .entry = FIRMWARE_ENTRY,
		.start = FIRMWARE_START, .end = FIRMWARE_END,
	};
	for (n = 0; n < FIRMWARE_CPUS; n++) {
		f->cpu[n].mpidr = FIRMWARE_MPIDR(n);
		f->cpu[n].shim = &f->shim;
	}
}

void firmware_free(struct firmware *f)
{
	free(f->cpu);
}
