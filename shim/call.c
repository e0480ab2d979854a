// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the shim makes of the calls of the kernel above it.
 *
 * Most calls never come here: head.S tags those for a Trusted OS and passes the
 * rest on. Here are those whose arguments or answers have to change.
 *
 * Rules:
 *  - function ids and their owners, unknown functions, the SVE hint: SMC Calling
 *    Convention 1.5, DEN0028, 2.5;
 *  - PSCI functions, arguments and errors: DEN0022 F.b, 5.1 and 5.2;
 *  - OP-TEE's functions: optee_os 4.5.0, core/arch/arm/include/sm/optee_smc.h.
 */
#include <stddef.h>

#include "call.h"

#define FID_FAST		0x80000000u
#define FID_64			0x40000000u
#define FID_SVE_HINT		0x00010000u

#define UNKNOWN_FUNCTION	(~0ull)

#define PSCI_CPU_SUSPEND	PSCI(0x1)
#define PSCI_SYSTEM_OFF		PSCI(0x8)
#define PSCI_SYSTEM_RESET	PSCI(0x9)
#define PSCI_CPU_DEFAULT_SUSPEND PSCI(0xc)
#define PSCI_SYSTEM_SUSPEND	PSCI(0xe)
#define PSCI_SYSTEM_RESET2	PSCI(0x12)
#define PSCI_SYSTEM_OFF2	PSCI(0x15)
#define SDEI_FIRST		PSCI(0x20)
#define SDEI_LAST		PSCI(0x3f)

#define PSCI_SUCCESS		0
#define PSCI_INVALID_PARAMETERS	(-2ll)
#define PSCI_DENIED		(-3ll)
#define PSCI_INVALID_ADDRESS	(-9ll)
#define PSCI_AFFINITY_ON	0
#define PSCI_AFFINITY_OFF	1

#define OPTEE_EXCHANGE_CAPABILITIES	0xb2000009u

/* Highest owner of a service in EL3, and first of the trusted applications'. */
#define OWNER_TRUSTED_APP	48

static void guest_call(void *ctx, unsigned long fid, unsigned long a1,
		       unsigned long a7, unsigned long res[4])
{
	struct shim *shim = ctx;
	uint64_t r[18] = { [0] = fid, [1] = a1, [7] = a7 };
	unsigned int n;

	shim->smc(shim->ctx, r);
	for (n = 0; n < 4; n++)
		res[n] = r[n];
}

static uint32_t psci(struct shim *shim, uint32_t fid, uint64_t a1, uint64_t a2,
		     uint64_t a3)
{
	uint64_t r[18] = { fid | FID_64, a1, a2, a3 };

	shim->smc(shim->ctx, r);

	return r[0];
}

static uint32_t affinity_info(struct shim *shim, uint64_t mpidr)
{
	return psci(shim, PSCI_AFFINITY_INFO, mpidr, 0, 0);
}

static void wait_for(struct shim *shim, struct shim_cpu *cpu, uint32_t state)
{
	const uint64_t since = shim->now(shim->ctx);
	uint32_t answer;

	do {
		answer = affinity_info(shim, cpu->mpidr);
		if (answer == state)
			return;
	} while (shim->now(shim->ctx) - since < shim->second);
	cpu->lost = (struct shim_lost){ PSCI_AFFINITY_INFO, (int32_t)answer };
}

/* It finds what was written before; the SMC sends the event that it waits for. */
static void release(struct shim *shim, struct shim_cpu *cpu, uint64_t go)
{
	cpu->parked = 0;
	__atomic_store_n(&cpu->go, go, __ATOMIC_RELEASE);
	affinity_info(shim, cpu->mpidr);
}

static void start_once(struct shim *shim, struct shim_cpu *cpu)
{
	const uint32_t answer = psci(shim, PSCI_CPU_ON, cpu->mpidr, shim->park,
				     (uintptr_t)cpu);

	if (answer != PSCI_SUCCESS) {
		cpu->lost = (struct shim_lost){ PSCI_CPU_ON, (int32_t)answer };
		return;
	}
	wait_for(shim, cpu, PSCI_AFFINITY_ON);
	cpu->parked = !cpu->lost.function;
}

static void switch_off_parked(struct shim *shim)
{
	unsigned int n;

	for (n = 1; n < shim->cpus; n++) {
		if (!shim->cpu[n].parked)
			continue;
		release(shim, &shim->cpu[n], shim->off);
		wait_for(shim, &shim->cpu[n], PSCI_AFFINITY_OFF);
	}
}

/* They wait afterwards. Nonzero if one did not come back. */
static unsigned int start_others_once(struct shim *shim)
{
	unsigned int n, stuck = 0;

	for (n = 1; n < shim->cpus; n++) {
		start_once(shim, &shim->cpu[n]);
		stuck |= shim->cpu[n].lost.function == PSCI_AFFINITY_INFO;
	}

	return stuck;
}

static const char *announce(struct shim *shim, unsigned int id)
{
	const struct optee_guest_transport transport = { guest_call, shim };
	enum optee_guest_error err;

	err = optee_guest_enter(&shim->guest, &transport, shim->caps, id,
				OPTEE_GUEST_RECLAIM);
	if (err)
		return optee_guest_explain(err);

	shim->hidden = shim->caps & ~optee_guest_usable_caps(&shim->guest,
							     &transport, shim->caps);
	if (shim->guest.role == OPTEE_GUEST_GUEST)
		shim->hidden |= OPTEE_GUEST_CAP_VIRTUALIZATION;

	return NULL;
}

static int answers_by_smc(struct shim *shim)
{
	unsigned long res[4];

	guest_call(shim, OPTEE_GUEST_CALLS_UID, 0, 0, res);

	return (uint32_t)res[0] == OPTEE_GUEST_UID_0 &&
	       (uint32_t)res[1] == OPTEE_GUEST_UID_1 &&
	       (uint32_t)res[2] == OPTEE_GUEST_UID_2 &&
	       (uint32_t)res[3] == OPTEE_GUEST_UID_3;
}

static const char *exchange_capabilities(struct shim *shim)
{
	unsigned long res[4];

	/* A multiprocessor, which is what bit 0 of a1 being clear means. */
	guest_call(shim, OPTEE_EXCHANGE_CAPABILITIES, 0, 0, res);
	if ((uint32_t)res[0] != OPTEE_GUEST_RET_OK)
		return "OP-TEE exchanges no capabilities: report its version";
	shim->caps = res[1];

	return NULL;
}

/**
 * call_announce() - Become a guest of OP-TEE, if it is built for guests
 * @shim: its guest tells afterwards what we are to one that is called by SMC
 * @id:	  to announce, 1..65535; 1..32767 by FF-A
 *
 * All other CPUs are started once before, and are off again afterwards, or wait
 * for the kernel's CPU_ON if one of them does not come back: on some processors a
 * trusted application hangs on a CPU that is switched on for the first time after
 * the guest was made, see optee_guest_late_cpu_hangs(). Whether they are of this
 * kind only they themselves can tell.
 *
 * Where only FF-A is there the guest is made when the kernel has mapped its buffers,
 * and the CPUs wait in any case: optee_os 4.10 below TF-A 2.12 lets none be switched
 * off (spmd_cpu_off_handler(), services/std_svc/spmd/spmd_pm.c).
 *
 * Context: Before the kernel is started.
 * Return: a line that tells why it failed and what to do, or NULL.
 */
const char *call_announce(struct shim *shim, unsigned int id)
{
	const int by_smc = answers_by_smc(shim), by_ffa = ffa_find(shim);
	const int ffa_takes_id = id >= FFA_GUEST_ID_MIN && id <= FFA_GUEST_ID_MAX;
	const char *error = NULL;
	unsigned int stuck = 0;

	if (by_smc)
		error = exchange_capabilities(shim);
	else if (!by_ffa)
		error = "no OP-TEE answers: boot the kernel's own Image";
	else if (!ffa_takes_id)
		error = ffa_guest_explain(FFA_GUEST_EID);
	if (error)
		return error;

	if (!by_smc || (shim->caps & OPTEE_GUEST_CAP_VIRTUALIZATION &&
			optee_guest_id_valid(id)))
		stuck = start_others_once(shim);
	/*
	 * A CPU that OP-TEE keeps has TF-A's locks: no other could be switched off,
	 * or on again (psci_warmboot_entrypoint(), lib/psci/psci_common.c of 2.12).
	 */
	if (by_smc && !stuck)
		switch_off_parked(shim);
	if (by_smc)
		error = announce(shim, id);
	/* The kernel will use our memory: they must not stay there. */
	if (error)
		switch_off_parked(shim);
	else if (by_ffa && ffa_takes_id)
		shim->ffa.id = id;

	return error;
}

/**
 * call_remove() - Remove the guest that call_announce() announced
 * @shim: the shim
 *
 * Context: After the kernel's last other call.
 * Return: a line that tells why it failed and what to do, or NULL.
 */
const char *call_remove(struct shim *shim)
{
	const struct optee_guest_transport transport = { guest_call, shim };
	enum optee_guest_error err = optee_guest_leave(&shim->guest, &transport);
	const char *error = ffa_remove(shim);

	return err ? optee_guest_explain(err) : error;
}

/* The function, as the specifications write it. */
static uint32_t function(const uint64_t x[31])
{
	uint32_t fid = x[0];

	return fid & FID_FAST ? fid & ~FID_SVE_HINT : fid;
}

/* An argument of a 32-bit call is the lower half of its register. */
static uint64_t argument(const uint64_t x[31], unsigned int n)
{
	return function(x) & FID_64 ? x[n] : (uint32_t)x[n];
}

static struct shim_cpu *find_cpu(struct shim *shim, uint64_t mpidr)
{
	unsigned int n;

	for (n = 0; n < shim->cpus; n++)
		if (shim->cpu[n].mpidr == mpidr)
			return &shim->cpu[n];

	return NULL;
}

/* May EL1 go on at this address? EL3 looks only at ours. */
static int entry_valid(const struct shim *shim, uint64_t entry)
{
	return !(entry & 3) && (entry < shim->start || entry >= shim->end);
}

/*
 * PSCI's calls with an entry address come back at EL2: they have to come back
 * to us. Our addresses may need 64 bits, even if the kernel's call has 32.
 */
static void cpu_on(struct shim *shim, uint64_t x[31])
{
	struct shim_cpu *cpu = find_cpu(shim, argument(x, 1));
	const struct shim_start start = { argument(x, 2), argument(x, 3) };

	if (!cpu) {
		x[0] = PSCI_INVALID_PARAMETERS;
		return;
	}
	if (!entry_valid(shim, start.entry)) {
		x[0] = PSCI_INVALID_ADDRESS;
		return;
	}
	if (cpu->lost.function) {
		x[0] = PSCI_DENIED;
		return;
	}
	if (cpu->parked) {
		cpu->on = start;
		release(shim, cpu, shim->entry);
		x[0] = PSCI_SUCCESS;
		return;
	}
	/*
	 * Where a CPU starts that is on its way already must stay; EL3 answers
	 * ALREADY_ON or ON_PENDING. Nobody switches one CPU on from two others at
	 * the same time, so this needs no lock. With the caches off there is none.
	 */
	if (affinity_info(shim, cpu->mpidr) == PSCI_AFFINITY_OFF)
		cpu->on = start;

	x[0] = PSCI_CPU_ON | FID_64;
	x[1] = cpu->mpidr;
	x[2] = shim->entry;
	x[3] = (uintptr_t)&cpu->on;
	shim->smc(shim->ctx, x);
}

/* For the kernel a CPU that is parked is off. */
static void affinity(struct shim *shim, uint64_t x[31])
{
	const struct shim_cpu *cpu = find_cpu(shim, argument(x, 1));

	if (cpu && cpu->parked)
		x[0] = PSCI_AFFINITY_OFF;
	else
		shim->smc(shim->ctx, x);
}

/* @n: the argument that is the entry address; the one behind is the context. */
static void suspend(struct shim_cpu *cpu, uint64_t x[31], unsigned int n)
{
	const struct shim_start start = { argument(x, n), argument(x, n + 1) };
	unsigned int i;

	if (!entry_valid(cpu->shim, start.entry)) {
		x[0] = PSCI_INVALID_ADDRESS;
		return;
	}
	cpu->resume = start;
	for (i = 1; i < n; i++)
		x[i] = argument(x, i);
	x[0] = function(x) | FID_64;
	x[n] = cpu->shim->entry;
	x[n + 1] = (uintptr_t)&cpu->resume;
	/* Standby and an early wake-up come back here, a power-down does not. */
	cpu->shim->smc(cpu->shim->ctx, x);
}

/* The machine ends. If it does not, OP-TEE is still needed. */
static void system_end(struct shim *shim, uint64_t x[31])
{
	const unsigned int id = optee_guest_tag(&shim->guest);
	const unsigned int by_ffa = shim->ffa.guest.id;
	const char *error = call_remove(shim);

	if (error)
		shim->print(shim, error);
	shim->smc(shim->ctx, x);
	if (!id && !by_ffa)
		return;
	error = id ? announce(shim, id) : NULL;
	if (by_ffa && !error)
		error = ffa_announce(shim);
	shim->print(shim, error ? error :
		    "the machine goes on: a new guest, without sessions");
}

static void standard_secure(struct shim_cpu *cpu, uint64_t x[31])
{
	struct shim *shim = cpu->shim;
	uint32_t fid = function(x);

	switch (fid & ~FID_64) {
	case PSCI_CPU_ON:
		cpu_on(shim, x);
		break;
	case PSCI_AFFINITY_INFO:
		affinity(shim, x);
		break;
	case PSCI_CPU_SUSPEND:
		suspend(cpu, x, 2);
		break;
	case PSCI_CPU_DEFAULT_SUSPEND:
	case PSCI_SYSTEM_SUSPEND:
		suspend(cpu, x, 1);
		break;
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_SYSTEM_RESET2:
	case PSCI_SYSTEM_OFF2:
		system_end(shim, x);
		break;
	case SDEI_FIRST ... SDEI_LAST:
		/* EL3 would enter the kernel's handlers at EL2, DEN0054. */
		x[0] = UNKNOWN_FUNCTION;
		break;
	case FFA_FIRST ... FFA_LAST:
		ffa_dispatch(shim, fid, x);
		break;
	default:
		shim->smc(shim->ctx, x);
	}
}

static void trusted_os(struct shim *shim, uint64_t x[31])
{
	const uint32_t fid = function(x);
	const uint64_t tag = optee_guest_tag(&shim->guest);
	const uint64_t a7 = x[7];

	if (tag && (fid == OPTEE_GUEST_VM_CREATED ||
		    fid == OPTEE_GUEST_VM_DESTROYED)) {
		x[0] = UNKNOWN_FUNCTION;
		return;
	}

	if (tag)
		x[7] = tag;
	shim->smc(shim->ctx, x);
	if (tag)
		x[7] = a7;
	if (fid == OPTEE_EXCHANGE_CAPABILITIES &&
	    (uint32_t)x[0] == OPTEE_GUEST_RET_OK)
		x[1] &= ~(uint64_t)shim->hidden;
}

/**
 * call_dispatch() - Do one call of the kernel
 * @cpu:       that it is made on
 * @conduit:   instruction
 * @immediate: its operand
 * @x:	       x0..x30, the answer replaces the arguments
 *
 * An SMC goes where it would without us. An HVC reaches the services in EL3 too,
 * so that a device tree with "hvc" is right; those of a hypervisor it does
 * not find.
 *
 * Context: EL2, interrupts masked; on several CPUs at a time.
 */
void call_dispatch(struct shim_cpu *cpu, enum shim_conduit conduit,
		   unsigned int immediate, uint64_t x[31])
{
	unsigned int owner = (uint32_t)x[0] >> FID_OWNER_SHIFT &
			     ((1 << FID_OWNER_BITS) - 1);

	/* DEN0028: the operand is 0; another one we could not pass on. */
	if (immediate)
		x[0] = UNKNOWN_FUNCTION;
	else if (owner >= OWNER_TRUSTED_OS)
		trusted_os(cpu->shim, x);
	else if (owner == OWNER_STANDARD_SECURE)
		standard_secure(cpu, x);
	else if (conduit == SHIM_SMC || owner < OWNER_STANDARD_SECURE ||
		 owner >= OWNER_TRUSTED_APP)
		cpu->shim->smc(cpu->shim->ctx, x);
	else
		x[0] = UNKNOWN_FUNCTION;
}
