// SPDX-License-Identifier: BSD-2-Clause
/* Model of EL3 below the shim. */
#include <stdlib.h>
#include <string.h>

#include "firmware.h"
#include "main.h"

#define PSCI_CPU_ON_64		0xc4000003u
#define PSCI_AFFINITY_INFO_64	0xc4000004u

#define PSCI_INVALID_PARAMETERS	(-2)
#define PSCI_ALREADY_ON		(-4)
#define PSCI_ON			0
#define PSCI_ON_PENDING		2

/* Of a second, in readings of the counter. */
#define SECOND			10

static unsigned int bit_of(uint64_t mpidr)
{
	unsigned int n;

	for (n = 0; n < FIRMWARE_CPUS; n++)
		if (FIRMWARE_MPIDR(n) == mpidr)
			return 1 << n;

	return 0;
}

static uint64_t affinity_info(struct firmware *f, uint64_t mpidr)
{
	const unsigned int cpu = bit_of(mpidr);
	unsigned int n;

	if (!cpu)
		return PSCI_INVALID_PARAMETERS;
	/* One that stays in OP-TEE has EL3's locks. */
	if (f->pending & cpu) {
		if (!(f->pending & f->stays))
			f->pending &= ~cpu;
		return PSCI_ON_PENDING;
	}
	/* It needs the time between two questions. */
	for (n = 0; n < FIRMWARE_CPUS; n++) {
		if (cpu == 1u << n && f->cpu[n].go == FIRMWARE_OFF && !(f->keeps & cpu) &&
		    !(f->off & cpu)) {
			f->off |= cpu;
			return PSCI_ON;
		}
	}

	return !!(f->off & cpu);
}

/* A CPU that is to wait. */
static uint64_t cpu_on(struct firmware *f, uint64_t mpidr)
{
	const unsigned int cpu = bit_of(mpidr);

	if (!cpu || f->lacks & cpu)
		return PSCI_INVALID_PARAMETERS;
	if (!(f->off & cpu))
		return PSCI_ALREADY_ON;
	f->off &= ~cpu;
	f->pending |= cpu;

	return 0;
}

static void ffa(struct spmc *s, uint64_t r[18])
{
	unsigned long regs[8];
	unsigned int n;

	for (n = 0; n < 8; n++)
		regs[n] = r[n];
	spmc_call(s, regs);
	for (n = 0; n < 8; n++)
		r[n] = regs[n];
}

/* Here all memory is coherent. */
void shim_flush(uint64_t start, uint64_t size)
{
	(void)start;
	(void)size;
}

static void smc(void *ctx, uint64_t r[18])
{
	struct firmware *f = ctx;
	const uint32_t function = (uint32_t)r[0] & ~0x40000000u;
	unsigned long res[4];
	unsigned int n;

	memcpy(f->call[f->calls++ % FIRMWARE_CALLS], r, sizeof(f->call[0]));
	if ((uint32_t)r[0] == PSCI_AFFINITY_INFO_64) {
		r[0] = affinity_info(f, r[1]);
	} else if ((uint32_t)r[0] == PSCI_CPU_ON_64 && r[2] == FIRMWARE_PARK) {
		r[0] = cpu_on(f, r[1]);
	} else if (((uint32_t)r[0] >> 24 & 0x3f) >= 50) {
		model_call(&f->optee, (uint32_t)r[0] & ~0x10000u, r[1], r[7], res);
		for (n = 0; n < 4; n++)
			r[n] = res[n];
	} else if (f->ffa && function >= 0x84000060 && function <= 0x840000ef) {
		ffa(&f->spmc, r);
	} else {
		r[0] = f->psci;
	}
}

static uint64_t now(void *ctx)
{
	struct firmware *f = ctx;

	return f->time++;
}

static void print(struct shim *shim, const char *line)
{
	struct firmware *f = shim->ctx;

	f->line = line;
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
	spmc_init(&f->spmc, true);
	f->spmc.mapped = 0;
	f->buffers = aligned_alloc(FFA_BUFFER, 2 * FFA_BUFFER);
	if (!f->buffers)
		abort();
	f->shim = (struct shim) {
		.smc = smc, .now = now, .ctx = f, .print = print, .second = SECOND,
		.cpu = f->cpu, .cpus = FIRMWARE_CPUS, .entry = FIRMWARE_ENTRY,
		.park = FIRMWARE_PARK, .off = FIRMWARE_OFF, .start = FIRMWARE_START, .end = FIRMWARE_END,
		.ffa.buffers = (uintptr_t)f->buffers,
	};
	for (n = 0; n < FIRMWARE_CPUS; n++) {
		f->cpu[n].mpidr = FIRMWARE_MPIDR(n);
		f->cpu[n].shim = &f->shim;
	}
}

void firmware_free(struct firmware *f)
{
	free(f->buffers);
	free(f->cpu);
}
