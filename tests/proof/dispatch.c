// SPDX-License-Identifier: BSD-2-Clause
/*
 * shim/call.c and shim/ffa.c: any call of a kernel, on any CPU, with any answer of EL3.
 * Of core/ they have what answers.c proves: any outcome, no call of another kind.
 */
#include "call.h"
#include "main.h"
#include "model.h"
#include "proof.h"

#define ENTRY		0x42200100ull
#define UNKNOWN		(~0ull)
#define HINT		0x10000u
#define REGISTERS	31
#define PASSED		18

/**
 * struct el3 - who answers
 * @calls:    made in this call of the kernel
 * @in:	      registers of the first
 * @out:      the answer to it
 * @left:     optee_guest_leave() was called
 * @told:     ffa_guest_announce() was called
 * @removed:  ffa_guest_leave() was called, later than that
 * @time:     what the counter shows
 * @readings: of it
 */
struct el3 {
	unsigned int calls;
	uint64_t in[PASSED];
	uint64_t out[PASSED];
	bool left;
	bool told;
	bool removed;
	uint64_t time;
	unsigned int readings;
};

struct registers {
	uint64_t x[REGISTERS];
};

struct buffers {
	unsigned char byte[2 * FFA_BUFFER];
};

struct registers nondet_registers(void);
struct buffers nondet_buffers(void);
struct shim_ffa nondet_ffa(void);

static struct shim_cpu slots[CPUS];
static struct shim shim;
static struct buffers buffers;
static struct el3 el3;

/* What holds for any one of them holds for all. */
static unsigned int any_below(unsigned int limit)
{
	const unsigned int n = nondet_uint();

	assume(n < limit);

	return n;
}

static bool trusted_os(uint64_t x0)
{
	return (x0 >> 24 & 0x3f) >= 50;
}

static bool of_ffa(uint64_t x0)
{
	const uint32_t fid = x0 & 0xbffeffff;

	return fid >= 0x84000060 && fid <= 0x840000ef;
}

static bool in_slots(uint64_t context)
{
	unsigned int n;

	for (n = 0; n < CPUS; n++)
		if (context == (uintptr_t)&slots[n].on || context == (uintptr_t)&slots[n].resume)
			return true;

	return false;
}

/* PSCI comes back to EL2: to nobody but us. */
static void check_entry(const uint64_t r[PASSED])
{
	switch ((uint32_t)r[0] & ~0x40010000u) {
	case 0x84000001:
	case 0x84000003:
		if (r[2] == shim.park)
			break;
		prove(r[2] == ENTRY && in_slots(r[3]));
		prove(r[0] & 0x40000000);
		break;
	case 0x8400000c:
	case 0x8400000e:
		prove(r[1] == ENTRY && in_slots(r[2]));
		prove(r[0] & 0x40000000);
		break;
	default:
		prove(((uint32_t)r[0] & ~0x40010000u) < 0x84000020 ||
		      ((uint32_t)r[0] & ~0x40010000u) > 0x8400003f);
	}
}

static void smc(void *ctx, uint64_t r[PASSED])
{
	unsigned int n;

	(void)ctx;
	check_entry(r);
	el3.calls++;
	for (n = 0; n < PASSED; n++) {
		const uint64_t answer = nondet_register();

		if (el3.calls == 1) {
			el3.in[n] = r[n];
			el3.out[n] = answer;
		}
		r[n] = answer;
	}
}

/* Whoever waits reads it three times at most. */
static uint64_t now(void *ctx)
{
	(void)ctx;
	el3.time += ++el3.readings % 3 ? 1 : shim.second;

	return el3.time;
}

static void print(struct shim *from, const char *line)
{
	(void)from;
	prove(line);
}

enum optee_guest_error
optee_guest_enter(struct optee_guest *guest, const struct optee_guest_transport *transport,
		  unsigned int caps, unsigned int id, enum optee_guest_policy policy)
{
	const unsigned int err = nondet_uint();

	prove(transport->ctx == &shim && policy == OPTEE_GUEST_RECLAIM);
	assume(err <= OPTEE_GUEST_EANSWER && (err || (id >= 1 && id <= 65535)));
	*guest = (struct optee_guest){ .id = id };
	if (!err)
		guest->role = !(caps & MODEL_CAP_VIRTUALIZATION) ? OPTEE_GUEST_PLAIN :
			      nondet_bool() ? OPTEE_GUEST_MEDIATED : OPTEE_GUEST_GUEST;
	el3.left = false;

	return err;
}

enum optee_guest_error
optee_guest_leave(struct optee_guest *guest, const struct optee_guest_transport *transport)
{
	prove(guest == &shim.guest && transport->ctx == &shim);
	el3.left = true;
	guest->role = OPTEE_GUEST_NONE;

	return nondet_bool() ? OPTEE_GUEST_OK : OPTEE_GUEST_ESTRANDED;
}

unsigned int
optee_guest_usable_caps(const struct optee_guest *guest,
			const struct optee_guest_transport *transport, unsigned int caps)
{
	prove(guest->role != OPTEE_GUEST_NONE && transport->ctx == &shim);

	return nondet_bool() ? caps : caps & ~MODEL_CAP_ASYNC_NOTIF;
}

enum ffa_guest_error
ffa_guest_announce(struct ffa_guest *guest, const struct ffa_guest_transport *transport,
		   unsigned int instance, unsigned int id,
		   const struct ffa_guest_partition *partitions, unsigned int count)
{
	const unsigned int err = nondet_uint();

	prove(guest == &shim.ffa.guest && transport->ctx == &shim && !instance);
	prove(id == shim.ffa.id && id >= 1 && id <= 32767);
	prove(partitions == shim.ffa.partition && count <= FFA_PARTITIONS);
	assume(err <= FFA_GUEST_ESTRANDED && (count || !err));
	guest->id = err || !count ? 0 : id;
	el3.told = true;
	el3.removed = false;

	return err;
}

enum ffa_guest_error
ffa_guest_leave(struct ffa_guest *guest, const struct ffa_guest_transport *transport)
{
	prove(guest == &shim.ffa.guest && transport->ctx == &shim);
	guest->id = 0;
	el3.removed = true;

	return nondet_bool() ? FFA_GUEST_EOK : FFA_GUEST_ESTRANDED;
}

const char *ffa_guest_explain(enum ffa_guest_error err)
{
	prove(err != FFA_GUEST_EOK);

	return "an error";
}

void shim_flush(uint64_t start, uint64_t size)
{
	prove(start >= shim.ffa.buffers && start + size <= shim.ffa.buffers + sizeof(buffers));
}

const char *optee_guest_explain(enum optee_guest_error err)
{
	prove(err != OPTEE_GUEST_OK);

	return "an error";
}

static void any_shim(void)
{
	const unsigned int role = nondet_uint();
	unsigned int n;

	assume(role <= OPTEE_GUEST_GUEST);
	el3 = (struct el3){ .time = nondet_register() };
	shim = (struct shim){
		.smc = smc, .now = now, .ctx = &el3, .print = print,
		.second = nondet_register(), .guest = { .role = role, .id = nondet_uint() },
		.caps = nondet_uint(), .hidden = nondet_uint(), .cpu = slots,
		.cpus = nondet_uint(), .entry = ENTRY, .park = ENTRY + 0x100,
		.off = ENTRY + 0x200, .start = ENTRY - 0x100, .end = ENTRY + 0xff00,
	};
	buffers = nondet_buffers();
	shim.ffa = nondet_ffa();
	shim.ffa.buffers = (uintptr_t)&buffers;
	assume(shim.ffa.id <= 32767 && shim.ffa.count <= FFA_PARTITIONS);
	assume(!shim.ffa.count || shim.ffa.id);
	assume(!shim.ffa.guest.id || (shim.ffa.count && shim.ffa.guest.id == shim.ffa.id));
	assume(shim.second && shim.second >> 60 == 0);
	assume(shim.cpus >= 1 && shim.cpus <= CPUS);
	assume(optee_guest_id_valid(shim.guest.id));
	/* call_announce() has hidden it, which announcement() proves. */
	if (role == OPTEE_GUEST_GUEST)
		shim.hidden |= MODEL_CAP_VIRTUALIZATION;
	for (n = 0; n < CPUS; n++) {
		slots[n].mpidr = nondet_register();
		slots[n].shim = &shim;
		slots[n].parked = nondet_bool();
		slots[n].lost = (struct shim_lost){ nondet_uint(), (int)nondet_uint() };
	}
}

/* Nothing was sent: the kernel has this answer from us. */
static void check_answered(const uint64_t x[REGISTERS], const uint64_t before[REGISTERS],
			   uint64_t answer)
{
	const unsigned int n = any_below(REGISTERS);

	prove(!el3.calls && x[n] == (n ? before[n] : answer));
}

/* It went to EL3, with this in x7, and the kernel has EL3's answer. */
static void check_passed(const uint64_t x[REGISTERS], const uint64_t before[REGISTERS],
			 uint64_t tag)
{
	const unsigned int n = any_below(PASSED);

	prove(el3.calls == 1);
	prove(el3.in[7] == (tag ? tag : before[7]));
	prove(x[7] == (tag ? before[7] : el3.out[7]));
	prove(el3.in[n] == (n == 7 && tag ? tag : before[n]));
	prove(n == 1 || x[n] == (n == 7 && tag ? before[n] : el3.out[n]));
}

static void check_trusted_os(const uint64_t x[REGISTERS], const uint64_t before[REGISTERS],
			     uint64_t tag)
{
	const uint32_t fid = before[0];
	const uint32_t plain = fid & 0x80000000 ? fid & ~HINT : fid;
	const bool caps = plain == MODEL_EXCHANGE_CAPABILITIES && (uint32_t)x[0] == MODEL_OK;

	if (tag && (plain == MODEL_VM_CREATED || plain == MODEL_VM_DESTROYED)) {
		check_answered(x, before, UNKNOWN);
		return;
	}
	check_passed(x, before, tag);
	prove(x[1] == (caps ? el3.out[1] & ~(uint64_t)shim.hidden : el3.out[1]));
	prove(!caps || !tag || !(x[1] & MODEL_CAP_VIRTUALIZATION));
}

/* No call of the kernel's speaks for a hypervisor, or of another instance than ours. */
static void check_ffa(const uint64_t x[REGISTERS], const uint64_t before[REGISTERS],
		      const struct shim_ffa *was)
{
	const unsigned int n = any_below(PASSED);
	unsigned int changed = PASSED;
	uint64_t to = 0;

	prove(!shim.ffa.guest.id || shim.ffa.guest.id == was->id);
	if (!was->id) {
		check_passed(x, before, 0);
		prove(x[1] == el3.out[1] && !el3.told && !el3.removed);
		return;
	}
	switch ((uint32_t)before[0] & ~(HINT | 0x40000000)) {
	case 0x84000069:
		prove(el3.calls && (n == 2 || x[n] == el3.out[n]));
		prove(was->count || !(uint16_t)el3.out[2] || x[2] == el3.out[2]);
		prove((uint32_t)x[0] != 0x84000061 || !shim.ffa.id || x[2] == shim.ffa.id);
		prove(was->count || (uint32_t)x[0] != 0x84000061 ||
		      !shim.ffa.id == !shim.ffa.count);
		prove(!was->count || el3.calls == 1);
		prove(!el3.told && !el3.removed);
		return;
	case 0x84000066:
		prove(el3.calls && el3.in[n] == before[n]);
		prove(el3.told == ((uint32_t)el3.out[0] == 0x84000061));
		prove(el3.calls == 1 || (uint32_t)x[0] == 0x84000060);
		return;
	case 0x84000067:
		prove(el3.removed && !shim.ffa.guest.id);
		changed = 1;
		break;
	case 0x84000065:
		changed = 1;
		break;
	case 0x8400006f:
		if (before[2] & 0x80000000) {
			prove(!el3.calls && (uint32_t)x[0] == 0x84000060);
			return;
		}
		break;
	case 0x8400007b:
		changed = 4;
		to = (uint64_t)was->guest.id << 16;
		break;
	case 0x84000082:
		changed = 2;
		to = before[2] & 5;
		break;
	}
	prove(el3.calls == 1 && !el3.told);
	prove(el3.in[n] == (n == changed ? to : before[n]));
	prove(x[n] == el3.out[n]);
}

static void check_psci(const uint64_t x[REGISTERS], const uint64_t before[REGISTERS],
		       uint64_t tag)
{
	const uint32_t fid = before[0];

	switch (fid & 0x80000000 ? fid & ~(HINT | 0x40000000) : 0) {
	case 0x84000008:
	case 0x84000009:
	case 0x84000012:
	case 0x84000015:
		/* The guest is removed before, and there is one again if we come back. */
		prove(el3.calls == 1 && el3.in[0] == before[0]);
		prove(el3.left == !tag);
		prove(!shim.ffa.guest.id || el3.told);
		break;
	case 0x84000001:
	case 0x84000003:
	case 0x84000004:
	case 0x8400000c:
	case 0x8400000e:
		prove(!el3.left);
		break;
	case 0x84000020 ... 0x8400003f:
		check_answered(x, before, UNKNOWN);
		break;
	default:
		if (fid & 0x80000000 || fid & 0x04000000) {
			check_passed(x, before, 0);
			prove(x[1] == el3.out[1]);
		}
	}
}

static void one_call(bool by_ffa)
{
	struct shim_cpu *cpu = nondet_bool() ? &slots[0] : &slots[1];
	const unsigned int n = any_below(REGISTERS);
	const enum shim_conduit conduit = nondet_bool() ? SHIM_HVC : SHIM_SMC;
	const unsigned int immediate = nondet_bool() ? nondet_uint() : 0;
	struct registers regs = nondet_registers();
	const struct registers saved = regs;
	const uint64_t *before = saved.x;
	uint64_t *x = regs.x, tag;
	struct shim_ffa was;
	unsigned int owner;

	any_shim();
	was = shim.ffa;
	assume(of_ffa(x[0]) == by_ffa);
	assume(cpu == slots || shim.cpus > 1);
	tag = optee_guest_tag(&shim.guest);
	owner = x[0] >> 24 & 0x3f;

	call_dispatch(cpu, conduit, immediate, x);

	prove(n < PASSED || x[n] == before[n]);
	prove(cpu->shim == &shim);
	if (immediate) {
		check_answered(x, before, UNKNOWN);
	} else if (trusted_os(before[0])) {
		check_trusted_os(x, before, tag);
	} else if (by_ffa) {
		check_ffa(x, before, &was);
	} else if (owner == 4) {
		check_psci(x, before, tag);
	} else if (conduit == SHIM_HVC && owner > 4 && owner < 48) {
		check_answered(x, before, UNKNOWN);
	} else {
		check_passed(x, before, 0);
		prove(x[1] == el3.out[1]);
	}
}

void dispatch(void)
{
	one_call(false);
}

void ffa(void)
{
	one_call(true);
}

void announcement(void)
{
	const char *error;
	unsigned int n;

	any_shim();
	for (n = 0; n < CPUS; n++) {
		slots[n].parked = 0;
		slots[n].lost.function = 0;
	}
	shim.hidden = 0;
	shim.guest.role = OPTEE_GUEST_NONE;
	shim.ffa = (struct shim_ffa){ .buffers = shim.ffa.buffers };
	error = call_announce(&shim, nondet_uint());
	prove(el3.in[0] == MODEL_CALLS_UID && !el3.in[7]);
	for (n = 0; n < CPUS; n++) {
		prove(!error || !slots[n].parked);
		prove(!slots[n].parked || n < shim.cpus);
	}
	prove(error || shim.guest.role != OPTEE_GUEST_NONE || shim.ffa.id);
	prove(shim.ffa.id <= 32767);
	prove(error || shim.guest.role != OPTEE_GUEST_GUEST ||
	      shim.hidden & MODEL_CAP_VIRTUALIZATION);
}
