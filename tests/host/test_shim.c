// SPDX-License-Identifier: BSD-2-Clause
/*
 * Tests of what the shim is without its hardware: calls, PSCI, capabilities, the
 * device tree, registers of EL2, the image's header, page tables, load options.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libfdt.h>

#include "console.h"
#include "efi.h"
#include "el2.h"
#include "firmware.h"
#include "image.h"
#include "shim_ffa.h"
#include "tree.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define NOBODY		0xffffffffffffffffull
#define SVE_HINT	0x10000u
#define KERNEL		0x50000000ull

struct call {
	uint64_t x[31];
};

static struct call make(uint32_t fid, uint64_t a1, uint64_t a2, uint64_t a3)
{
	struct call call = { { fid, a1, a2, a3 } };
	unsigned int n;

	for (n = 4; n < 31; n++)
		call.x[n] = 0x1111111111111111ull * n;

	return call;
}

/* x4..x30 are the caller's. */
static void assert_kept(const struct call *call)
{
	unsigned int n;

	for (n = 4; n < 31; n++)
		assert_int_equal(call->x[n], 0x1111111111111111ull * n);
}

/* The @back-th call from the end that EL3 has seen. */
static const uint64_t *seen(const struct firmware *f, unsigned int back)
{
	assert_true(f->calls >= back && f->calls <= FIRMWARE_CALLS);

	return f->call[f->calls - back];
}

int shim_setup(void **state)
{
	struct firmware *f = malloc(sizeof(*f));

	if (!f)
		return -1;
	firmware_init(f, MODEL_VIRT_4_10);
	*state = f;

	return 0;
}

static int setup_guest(void **state)
{
	struct firmware *f;

	if (shim_setup(state))
		return -1;
	f = *state;
	if (call_announce(&f->shim, 7))
		return -1;
	f->calls = 0;

	return 0;
}

int shim_teardown(void **state)
{
	struct firmware *f = *state;

	assert_null(f->optee.panic);
	assert_null(f->spmc.halted);
	firmware_free(f);
	free(f);

	return 0;
}

static void announces_and_removes(void **state)
{
	struct firmware *f = *state;

	assert_null(call_announce(&f->shim, 7));
	assert_int_equal(f->shim.guest.role, OPTEE_GUEST_GUEST);
	assert_int_equal(model_count(&f->optee, 7), 1);
	assert_null(call_remove(&f->shim));
	assert_int_equal(model_count(&f->optee, 7), 0);
}

static void announces_nothing_to_a_plain_optee(void **state)
{
	struct firmware *f = *state;
	struct call call = make(MODEL_VM_CREATED, 1, 0, 0);

	f->optee.build = MODEL_PLAIN;
	assert_null(call_announce(&f->shim, 7));
	assert_int_equal(f->shim.guest.role, OPTEE_GUEST_PLAIN);
	f->calls = 0;
	call_dispatch(f->cpu, SHIM_SMC, 0, call.x);
	assert_int_equal(f->calls, 1);
	assert_int_equal(seen(f, 1)[7], 0x7777777777777777ull);
	assert_kept(&call);
}

static void tells_why_it_cannot_announce(void **state)
{
	static const struct model_lie nobody[MODEL_MAX_LIES] = {
		{ .fid = MODEL_CALLS_UID, .first = 1, .last = 1, .res = { NOBODY } },
	};
	struct firmware *f = *state;
	unsigned int n;

	assert_non_null(call_announce(&f->shim, 0));
	assert_int_equal(f->optee.added, 0);
	f->optee.slots = 0;
	assert_non_null(strstr(call_announce(&f->shim, 7), "no room"));

	/* An answer that is wrong in one of the UID's four words. */
	for (n = 0; n < 4; n++) {
		struct model_lie lie[MODEL_MAX_LIES] = {
			{ .fid = MODEL_CALLS_UID, .first = 1, .last = 1,
			  .res = { MODEL_UID_0, MODEL_UID_1, MODEL_UID_2,
				   MODEL_UID_3 } },
		};

		lie[0].res[n]++;
		model_script(&f->optee, n ? lie : nobody);
		assert_non_null(strstr(call_announce(&f->shim, 7), "no OP-TEE"));
	}
	model_script(&f->optee, (struct model_lie[MODEL_MAX_LIES]) {
		{ .fid = MODEL_EXCHANGE_CAPABILITIES, .first = 2, .last = 2,
		  .res = { MODEL_ENOTAVAIL } } });
	assert_non_null(strstr(call_announce(&f->shim, 7), "capabilities"));
}

/* Is this call of the shim one that starts or asks about CPU @n? */
static int is_of_cpu(const struct firmware *f, unsigned int call, uint32_t fid,
		     unsigned int n)
{
	const uint64_t *r = f->call[call];

	if (r[0] != fid || r[1] != FIRMWARE_MPIDR(n))
		return 0;

	return fid == 0xc4000003 ? r[2] == FIRMWARE_PARK && r[3] == (uintptr_t)&f->cpu[n] :
				   !r[2] && !r[3];
}

/* Where the shim's first VM_CREATED is among its calls. */
static unsigned int announced_at(const struct firmware *f)
{
	unsigned int n;

	for (n = 0; n < f->calls; n++)
		if (f->call[n][0] == MODEL_VM_CREATED)
			return n;

	return f->calls;
}

static void starts_all_cpus_before_it_announces(void **state)
{
	struct firmware *f = *state;
	unsigned int n, at = 3;

	f->psci = -4ull;
	assert_null(call_announce(&f->shim, 7));
	/* After CALLS_UID, FFA_VERSION and EXCHANGE_CAPABILITIES. */
	for (n = 1; n < FIRMWARE_CPUS; n++) {
		assert_true(is_of_cpu(f, at++, 0xc4000003, n));
		assert_true(is_of_cpu(f, at++, 0xc4000004, n));
		assert_true(is_of_cpu(f, at++, 0xc4000004, n));
	}
	for (n = 1; n < FIRMWARE_CPUS; n++) {
		assert_true(is_of_cpu(f, at++, 0xc4000004, n));
		assert_true(is_of_cpu(f, at++, 0xc4000004, n));
		assert_int_equal(f->cpu[n].go, FIRMWARE_OFF);
		assert_int_equal(f->cpu[n].parked, 0);
		assert_int_equal(f->cpu[n].lost.function, 0);
	}
	assert_int_equal(f->off, 0xe);
	assert_true(announced_at(f) > at);
	for (; at < f->calls; at++)
		assert_true((f->call[at][0] >> 24 & 0x3f) >= 50);
}

/* OP-TEE keeps CPU 2, so EL3 can switch no other one on or off. */
static void parks_cpus_if_one_does_not_come_back(void **state)
{
	struct firmware *f = *state;
	struct call call = make(0xc4000003, FIRMWARE_MPIDR(2), KERNEL, 0);
	unsigned int n;

	f->stays = 4;
	assert_null(call_announce(&f->shim, 7));
	assert_int_equal(f->shim.guest.role, OPTEE_GUEST_GUEST);
	assert_int_equal(f->cpu[1].lost.function, 0);
	assert_int_equal(f->cpu[1].parked, 1);
	for (n = 2; n < FIRMWARE_CPUS; n++) {
		assert_int_equal(f->cpu[n].lost.function, 0x84000004);
		assert_int_equal(f->cpu[n].lost.answer, 2);
		assert_int_equal(f->cpu[n].parked, 0);
	}
	assert_true(f->time < 30);

	f->calls = 0;
	call_dispatch(f->cpu, SHIM_SMC, 0, call.x);
	assert_int_equal(call.x[0], -3ull);
	assert_int_equal(f->calls, 0);
	assert_int_equal(f->cpu[2].on.entry, 0);
	assert_kept(&call);

	/* The one that waits is off for the kernel, and starts. */
	call = make(0xc4000004, FIRMWARE_MPIDR(1), 0, 0);
	call_dispatch(f->cpu, SHIM_SMC, 0, call.x);
	assert_int_equal(call.x[0], 1);
	assert_int_equal(f->calls, 0);
	call = make(0xc4000003, FIRMWARE_MPIDR(1), KERNEL, 9);
	call_dispatch(f->cpu, SHIM_SMC, 0, call.x);
	assert_int_equal(call.x[0], 0);
	assert_int_equal(f->cpu[1].go, FIRMWARE_ENTRY);
	assert_int_equal(f->cpu[1].on.entry, KERNEL);
	assert_int_equal(f->cpu[1].on.context, 9);
	assert_kept(&call);
	assert_int_equal(f->calls, 1);
	assert_int_equal(seen(f, 1)[0], 0xc4000004);

	/* From then on EL3 knows. */
	f->psci = -4ull;
	call = make(0xc4000003, FIRMWARE_MPIDR(1), KERNEL + 4, 9);
	call_dispatch(f->cpu, SHIM_SMC, 0, call.x);
	assert_int_equal(call.x[0], -4ull);
	assert_int_equal(f->cpu[1].on.entry, KERNEL);
	call = make(0x84000004, FIRMWARE_MPIDR(1), 0, 0);
	call_dispatch(f->cpu, SHIM_SMC, 0, call.x);
	assert_int_equal(seen(f, 1)[0], 0x84000004);
}

/* Nothing of ours is left when the kernel gets the memory. */
static void parks_no_cpu_without_a_guest(void **state)
{
	struct firmware *f = *state;

	f->stays = 8;
	f->optee.slots = 0;
	assert_non_null(call_announce(&f->shim, 7));
	assert_int_equal(f->cpu[1].go, FIRMWARE_OFF);
	assert_int_equal(f->cpu[2].go, FIRMWARE_OFF);
	assert_int_equal(f->cpu[1].parked | f->cpu[2].parked, 0);
	assert_int_equal(f->cpu[3].go, 0);
}

static void gives_up_a_cpu_that_does_not_go_off_again(void **state)
{
	struct firmware *f = *state;
	struct call call = make(0xc4000003, FIRMWARE_MPIDR(2), KERNEL, 0);

	f->keeps = 4;
	assert_null(call_announce(&f->shim, 7));
	assert_int_equal(f->cpu[1].lost.function, 0);
	assert_int_equal(f->cpu[2].lost.function, 0x84000004);
	assert_int_equal(f->cpu[2].lost.answer, 0);
	assert_int_equal(f->cpu[3].lost.function, 0);
	call_dispatch(f->cpu, SHIM_SMC, 0, call.x);
	assert_int_equal(call.x[0], -3ull);
}

static void gives_up_a_cpu_that_does_not_start(void **state)
{
	struct firmware *f = *state;
	struct call call = make(0x84000003, FIRMWARE_MPIDR(1), KERNEL, 0);

	f->lacks = 2;
	assert_null(call_announce(&f->shim, 7));
	assert_int_equal(f->cpu[1].lost.function, 0x84000003);
	assert_int_equal(f->cpu[1].lost.answer, -2);
	assert_int_equal(f->cpu[2].lost.function, 0);
	call_dispatch(f->cpu, SHIM_HVC, 0, call.x);
	assert_int_equal(call.x[0], -3ull);
}

/* No guest will be made: the kernel's CPUs are not ours to start. */
static void starts_no_cpu_in_vain(void **state)
{
	static const struct {
		enum model_build build;
		unsigned int id, calls;
	} cases[] = {
		{ MODEL_PLAIN, 7, 3 }, { MODEL_VIRT_4_10, 0, 3 },
		{ MODEL_VIRT_4_10, 65536, 3 },
	};
	struct firmware *f = *state;
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(cases); n++) {
		f->optee.build = cases[n].build;
		f->calls = 0;
		call_announce(&f->shim, cases[n].id);
		assert_int_equal(f->calls, cases[n].calls);
	}
}

static void hides_notifications_that_halt_optee(void **state)
{
	static const enum model_build builds[] = { MODEL_VIRT_4_3, MODEL_VIRT_4_4 };
	struct firmware *f = *state;
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(builds); n++) {
		struct call call = make(MODEL_EXCHANGE_CAPABILITIES, 0, 0, 0);

		f->optee.build = builds[n];
		assert_null(call_announce(&f->shim, 7));
		assert_int_equal(f->shim.hidden, MODEL_CAP_VIRTUALIZATION |
						 MODEL_CAP_ASYNC_NOTIF);
		call_dispatch(f->cpu, SHIM_SMC, 0, call.x);
		assert_int_equal(call.x[0], MODEL_OK);
		assert_int_equal(call.x[1], 0xd5);
		assert_kept(&call);
	}
}

/* Somebody else tags: only what halts OP-TEE is hidden. */
static void hides_notifications_below_a_mediator(void **state)
{
	struct call call = make(MODEL_EXCHANGE_CAPABILITIES, 0, 0, 0);
	struct firmware *f = *state;

	model_init(&f->optee, MODEL_VIRT_4_4, MODEL_TAGS);
	assert_null(call_announce(&f->shim, 7));
	assert_int_equal(f->shim.guest.role, OPTEE_GUEST_MEDIATED);
	call_dispatch(f->cpu, SHIM_SMC, 0, call.x);
	assert_int_equal(call.x[1], 0xdd);
}

static void tags_what_is_for_a_trusted_os(void **state)
{
	static const uint32_t fids[] = {
		MODEL_CALL_WITH_ARG, MODEL_CALLS_UID, MODEL_CALLS_UID | SVE_HINT,
		MODEL_ENABLE_ASYNC_NOTIF, 0x3f000000, 0xf2000009, 0xb200000b,
	};
	struct firmware *f = *state;
	enum shim_conduit conduit;
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(fids); n++) {
		for (conduit = SHIM_SMC; conduit <= SHIM_HVC; conduit++) {
			struct call call = make(fids[n], 1, 2, 3);

			f->calls = 0;
			call_dispatch(f->cpu, conduit, 0, call.x);
			assert_int_equal(f->calls, 1);
			assert_int_equal(seen(f, 1)[0], fids[n]);
			assert_int_equal(seen(f, 1)[6], 0x6666666666666666ull);
			assert_int_equal(seen(f, 1)[7], 7);
			assert_kept(&call);
		}
	}
}

static void hides_virtualization(void **state)
{
	static const uint32_t hints[] = { 0, SVE_HINT };
	struct firmware *f = *state;
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(hints); n++) {
		struct call call = make(MODEL_EXCHANGE_CAPABILITIES | hints[n], 0, 0, 0);

		call_dispatch(f->cpu, SHIM_SMC, 0, call.x);
		assert_int_equal(call.x[0], MODEL_OK);
		assert_int_equal(call.x[1], 0xf5);
		assert_kept(&call);
	}

	/* What is no answer stays as it is. */
	struct call call = make(MODEL_EXCHANGE_CAPABILITIES, 0, 0, 0);

	f->optee.guests = 0;
	call_dispatch(f->cpu, SHIM_SMC, 0, call.x);
	assert_int_equal(call.x[0], MODEL_ENOTAVAIL);
	assert_int_equal(call.x[1], MODEL_POISON);
}

static void knows_no_hypervisor_calls(void **state)
{
	static const uint32_t fids[] = {
		MODEL_VM_CREATED, MODEL_VM_DESTROYED, MODEL_VM_DESTROYED | SVE_HINT,
		0xc4000020, 0x84000020, 0xc400003f,
	};
	struct firmware *f = *state;
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(fids); n++) {
		struct call call = make(fids[n], 7, 0, 0);

		call_dispatch(f->cpu, n % 2 ? SHIM_HVC : SHIM_SMC, 0, call.x);
		assert_int_equal(call.x[0], NOBODY);
		assert_kept(&call);
	}
	assert_int_equal(f->calls, 0);
	assert_int_equal(model_count(&f->optee, 7), 1);
}

static void passes_the_rest_on(void **state)
{
	static const struct {
		uint32_t fid;
		enum shim_conduit conduit;
		unsigned int operand;
		unsigned int passed;
	} cases[] = {
		{ 0x80000000, SHIM_SMC, 0, 1 }, { 0x80000000, SHIM_HVC, 0, 1 },
		{ 0x82000000, SHIM_SMC, 0, 1 }, { 0x83000000, SHIM_HVC, 0, 1 },
		{ 0x84000000, SHIM_SMC, 0, 1 }, { 0x84000000, SHIM_HVC, 0, 1 },
		{ 0x84000005, SHIM_SMC, 0, 1 }, { 0x84000050, SHIM_HVC, 0, 1 },
		{ 0x85000000, SHIM_SMC, 0, 1 }, { 0x85000000, SHIM_HVC, 0, 0 },
		{ 0x86000000, SHIM_SMC, 0, 1 }, { 0x86000000, SHIM_HVC, 0, 0 },
		{ 0xaf000000, SHIM_SMC, 0, 1 }, { 0xaf000000, SHIM_HVC, 0, 0 },
		{ 0xb0000000, SHIM_SMC, 0, 1 }, { 0xb0000000, SHIM_HVC, 0, 1 },
		{ 0xb1000000, SHIM_HVC, 0, 1 },
		{ 0x80000000, SHIM_SMC, 1, 0 }, { 0x80000000, SHIM_HVC, 1, 0 },
		{ MODEL_CALLS_UID, SHIM_SMC, 0xffff, 0 },
	};
	struct firmware *f = *state;
	unsigned int n;

	f->psci = 5;
	for (n = 0; n < ARRAY_SIZE(cases); n++) {
		struct call call = make(cases[n].fid, 1, 2, 3);

		f->calls = 0;
		call_dispatch(f->cpu, cases[n].conduit, cases[n].operand, call.x);
		assert_int_equal(f->calls, cases[n].passed);
		assert_int_equal(call.x[0], cases[n].passed ? 5 : NOBODY);
		assert_kept(&call);
		if (f->calls)
			assert_int_equal(seen(f, 1)[7], 0x7777777777777777ull);
	}
}

static void switches_a_cpu_on_through_itself(void **state)
{
	struct firmware *f = *state;
	struct call call = make(0xc4000003, FIRMWARE_MPIDR(2), KERNEL,
				0xabcdef0123456789);

	call_dispatch(f->cpu, SHIM_SMC, 0, call.x);
	assert_int_equal(call.x[0], 0);
	assert_int_equal(seen(f, 1)[0], 0xc4000003);
	assert_int_equal(seen(f, 1)[1], FIRMWARE_MPIDR(2));
	assert_int_equal(seen(f, 1)[2], FIRMWARE_ENTRY);
	assert_int_equal(seen(f, 1)[3], (uintptr_t)&f->cpu[2].on);
	assert_int_equal(f->cpu[2].on.entry, KERNEL);
	assert_int_equal(f->cpu[2].on.context, 0xabcdef0123456789);
	assert_kept(&call);
}

static void switches_a_cpu_on_by_a_32_bit_call(void **state)
{
	struct firmware *f = *state;
	struct call call = make(0x84000003 | SVE_HINT, 0xffffffff00000001,
				0xffffffff00000000 | KERNEL, 0xffffffff00000009);

	call_dispatch(f->cpu, SHIM_HVC, 0, call.x);
	assert_int_equal(seen(f, 1)[0], 0xc4000003);
	assert_int_equal(seen(f, 1)[1], FIRMWARE_MPIDR(1));
	assert_int_equal(f->cpu[1].on.entry, KERNEL);
	assert_int_equal(f->cpu[1].on.context, 9);
}

static void keeps_the_start_of_a_cpu_that_is_on(void **state)
{
	struct firmware *f = *state;
	struct call call = make(0xc4000003, FIRMWARE_MPIDR(1), KERNEL, 1);

	f->off = 0;
	f->psci = -4ull;
	call_dispatch(f->cpu, SHIM_SMC, 0, call.x);
	assert_int_equal(call.x[0], -4ull);
	assert_int_equal(seen(f, 1)[2], FIRMWARE_ENTRY);
	assert_int_equal(f->cpu[1].on.entry, 0);
}

static void refuses_to_start_where_it_cannot(void **state)
{
	static const struct {
		uint32_t fid;
		uint64_t a1, a2, answer;
	} cases[] = {
		{ 0xc4000003, 77, KERNEL, -2ull },
		{ 0xc4000003, 1, FIRMWARE_START, -9ull },
		{ 0xc4000003, 1, FIRMWARE_END - 4, -9ull },
		{ 0xc4000003, 1, KERNEL + 2, -9ull },
		{ 0xc4000001, 0, FIRMWARE_START + 4, -9ull },
		{ 0xc400000e, KERNEL + 1, 0, -9ull },
	};
	struct firmware *f = *state;
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(cases); n++) {
		struct call call = make(cases[n].fid, cases[n].a1, cases[n].a2, 0);

		call_dispatch(f->cpu, SHIM_SMC, 0, call.x);
		assert_int_equal(call.x[0], cases[n].answer);
		assert_kept(&call);
	}
	assert_int_equal(f->calls, 0);
}

static void resumes_a_cpu_through_itself(void **state)
{
	static const struct {
		uint32_t fid, passed;
		unsigned int at;
	} cases[] = {
		{ 0xc4000001, 0xc4000001, 2 }, { 0x84000001, 0xc4000001, 2 },
		{ 0xc400000c, 0xc400000c, 1 }, { 0x8400000c, 0xc400000c, 1 },
		{ 0xc400000e, 0xc400000e, 1 }, { 0x8400000e | SVE_HINT, 0xc400000e, 1 },
	};
	struct firmware *f = *state;
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(cases); n++) {
		struct call call = make(cases[n].fid, 0x10000, 0x10004, 0x10008);
		const unsigned int at = cases[n].at;

		call_dispatch(&f->cpu[1], SHIM_SMC, 0, call.x);
		assert_int_equal(seen(f, 1)[0], cases[n].passed);
		if (at == 2)
			assert_int_equal(seen(f, 1)[1], 0x10000);
		assert_int_equal(seen(f, 1)[at], FIRMWARE_ENTRY);
		assert_int_equal(seen(f, 1)[at + 1], (uintptr_t)&f->cpu[1].resume);
		assert_int_equal(f->cpu[1].resume.entry, 0x10000 + 4 * (at - 1));
		assert_int_equal(f->cpu[1].resume.context, 0x10000 + 4 * at);
		assert_kept(&call);
	}
}

static void removes_the_guest_when_the_machine_ends(void **state)
{
	static const uint32_t fids[] = {
		0x84000008, 0x84000009, 0x84000012, 0xc4000012, 0x84000015, 0xc4000015,
	};
	struct firmware *f = *state;
	unsigned int n;

	/* None of them ends this machine: there must be a guest again. */
	for (n = 0; n < ARRAY_SIZE(fids); n++) {
		struct call call = make(fids[n], 0, 0, 0);

		f->line = NULL;
		call_dispatch(f->cpu, SHIM_SMC, 0, call.x);
		assert_int_equal(f->optee.removed, n + 1);
		assert_int_equal(f->optee.added, n + 2);
		assert_int_equal(model_count(&f->optee, 7), 1);
		assert_non_null(f->line);
		assert_kept(&call);
	}
}

static void tells_why_it_cannot_remove(void **state)
{
	struct firmware *f = *state;
	struct call call = make(0x84000008, 0, 0, 0);

	model_script(&f->optee, (struct model_lie[MODEL_MAX_LIES]) {
		{ .fid = MODEL_VM_DESTROYED, .first = 1, .last = 99,
		  .res = { MODEL_ENOTAVAIL } } });
	call_dispatch(f->cpu, SHIM_SMC, 0, call.x);
	assert_non_null(f->line);
	assert_int_equal(f->psci, call.x[0]);
}

static void ends_a_machine_that_is_no_guest(void **state)
{
	struct firmware *f = *state;
	struct call call = make(0x84000008, 0, 0, 0);

	call_dispatch(f->cpu, SHIM_SMC, 0, call.x);
	assert_int_equal(f->calls, 1);
	assert_null(f->line);
}

/* Without any feature nothing is set that would be reserved. */
static void plans_for_the_plainest_processor(void **state)
{
	uint64_t id[EL2_IDS] = { 0 }, value[EL2_REGISTERS];
	unsigned int n;

	(void)state;
	assert_int_equal(el2_has(id), 0);
	el2_plan(id, value);
	for (n = 0; n < EL2_REGISTERS; n++) {
		switch (n) {
		case EL2_HCR:
			assert_int_equal(value[n], 1ull << 31 | 1 << 19);
			break;
		case EL2_CPTR:
			assert_int_equal(value[n], 0x33ff);
			break;
		case EL2_SCTLR:
			assert_int_equal(value[n], 0x30c51830);
			break;
		default:
			assert_int_equal(value[n], 0);
		}
	}
}

static void plans_for_every_feature(void **state)
{
	/* A field's register and shift; its value; what follows. */
	static const struct {
		unsigned int id, shift, field, has, reg;
		uint64_t set, clear;
	} cases[] = {
		{ EL2_PFR0, 12, 1, EL2_HAS_EL3, EL2_HCR, 0, 0 },
		{ EL2_PFR0, 24, 1, EL2_HAS_GIC, EL2_HCR, 0, 0 },
		{ EL2_PFR0, 32, 1, EL2_HAS_SVE, EL2_CPTR, 0, 1 << 8 },
		{ EL2_PFR0, 44, 1, EL2_HAS_AMU, EL2_CPTR, 0, 1 << 30 },
		{ EL2_PFR0, 56, 1, 0, EL2_HCR, 0, 1ull << 53 },
		{ EL2_PFR0, 56, 2, 0, EL2_HCR, 1ull << 53, 0 },
		{ EL2_PFR0, 28, 2, 0, EL2_HCR, 1ull << 47, 0 },
		{ EL2_PFR1, 8, 1, 0, EL2_HCR, 0, 1ull << 56 },
		{ EL2_PFR1, 8, 2, 0, EL2_HCR, 1ull << 56, 0 },
		{ EL2_PFR1, 24, 1, EL2_HAS_SME, EL2_CPTR, 0, 1 << 12 },
		{ EL2_PFR1, 24, 1, EL2_HAS_SME, EL2_SCTLR, 1ull << 60, 0 },
		{ EL2_PFR1, 24, 1, EL2_HAS_SME, EL2_HFGWTR, 3ull << 54, 0 },
		{ EL2_PFR1, 24, 1, EL2_HAS_SME, EL2_SMCR, 0xf, 1 << 30 },
		{ EL2_PFR1, 24, 2, EL2_HAS_SME, EL2_SMCR, 0xf | 1 << 30, 0 },
		{ EL2_PFR1, 44, 1, 0, EL2_HCRX, 1 << 22, 0 },
		{ EL2_PFR1, 44, 1, 0, EL2_HFGITR, 7ull << 57, 0 },
		{ EL2_PFR1, 48, 1, 0, EL2_HFGRTR, 1ull << 56, 0 },
		{ EL2_PFR1, 60, 1, 0, EL2_HFGWTR2, 1, 0 },
		{ EL2_PFR2, 32, 1, 0, EL2_HCRX, 1 << 23, 0 },
		{ EL2_ISAR1, 4, 1, 0, EL2_HCR, 3ull << 40, 0 },
		{ EL2_ISAR1, 8, 3, 0, EL2_HCR, 3ull << 40, 0 },
		{ EL2_ISAR2, 12, 5, 0, EL2_HCR, 3ull << 40, 0 },
		{ EL2_ISAR1, 60, 3, 0, EL2_HCRX, 7, 0 },
		{ EL2_ISAR1, 60, 3, 0, EL2_HFGRTR, 1ull << 50, 0 },
		{ EL2_ISAR2, 16, 1, 0, EL2_HCRX, 1 << 11, 1 << 10 },
		{ EL2_MMFR1, 16, 1, EL2_HAS_LOR, EL2_HCR, 0, 0 },
		{ EL2_MMFR1, 40, 1, EL2_HAS_HCRX, EL2_HCR, 0, 0 },
		{ EL2_MMFR0, 56, 1, EL2_HAS_FGT, EL2_HCR, 0, 0 },
		{ EL2_MMFR0, 56, 2, EL2_HAS_FGT | EL2_HAS_FGT2, EL2_HCR, 0, 0 },
		{ EL2_MMFR3, 0, 1, 0, EL2_HCRX, 1 << 14, 0 },
		{ EL2_MMFR3, 4, 1, 0, EL2_HCRX, 1 << 15, 0 },
		{ EL2_MMFR3, 8, 1, 0, EL2_HFGRTR, 3ull << 57, 0 },
		{ EL2_MMFR3, 16, 1, 0, EL2_HFGRTR, 3ull << 59, 0 },
		{ EL2_MMFR3, 24, 1, 0, EL2_HFGWTR, 3ull << 62, 0 },
		{ EL2_MMFR3, 32, 1, 0, EL2_HCRX, 1 << 17, 0 },
		{ EL2_MMFR4, 24, 0xf, EL2_VHE_ONLY, EL2_HCR, 0, 1ull << 34 },
		{ EL2_SMFR0, 60, 8, 0, EL2_SMCR, 1ull << 31, 0 },
		{ EL2_DFR0, 0, 11, 0, EL2_HDFGRTR2, 1 << 5, 0 },
		{ EL2_DFR0, 8, 6, EL2_HAS_PMU, EL2_HDFGRTR2, 0, 1 << 2 },
		{ EL2_DFR0, 8, 9, EL2_HAS_PMU, EL2_HDFGWTR2, 7 << 2, 0 },
		{ EL2_DFR0, 8, 0xf, 0, EL2_HDFGWTR2, 0, 7 << 2 },
		{ EL2_DFR0, 32, 1, EL2_HAS_SPE, EL2_MDCR, 3 << 12, 0 },
		{ EL2_DFR0, 32, 1, EL2_HAS_SPE, EL2_PMSCR, 5 << 4, 0 },
		{ EL2_DFR0, 32, 3, EL2_HAS_SPE, EL2_HDFGRTR, 1ull << 62, 0 },
		{ EL2_DFR0, 44, 1, EL2_HAS_TRBE, EL2_MDCR, 3 << 24, 0 },
		{ EL2_DFR0, 52, 1, EL2_HAS_BRBE, EL2_BRBCR, 3 << 3, 0 },
		{ EL2_DFR0, 52, 1, EL2_HAS_BRBE, EL2_HFGITR, 3ull << 55, 0 },
		{ EL2_DFR0, 52, 1, EL2_HAS_BRBE, EL2_HDFGRTR, 7ull << 59, 0 },
		{ EL2_DFR0, 52, 1, EL2_HAS_BRBE, EL2_HDFGWTR, 3ull << 60, 1ull << 59 },
		{ EL2_PMCR, 11, 6, 0, EL2_MDCR, 6, 0 },
		{ EL2_PMSIDR, 4, 8, 0, EL2_HDFGWTR2, 1 << 19, 0 },
	};
	unsigned int n;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(cases); n++) {
		uint64_t id[EL2_IDS] = { 0 }, value[EL2_REGISTERS];

		id[cases[n].id] = (uint64_t)cases[n].field << cases[n].shift;
		assert_int_equal(el2_has(id), cases[n].has);
		el2_plan(id, value);
		assert_int_equal(value[cases[n].reg] & cases[n].set, cases[n].set);
		assert_int_equal(value[cases[n].reg] & cases[n].clear, 0);
	}
}

static void leaves_el3_its_buffers(void **state)
{
	uint64_t id[EL2_IDS] = {
		[EL2_DFR0] = 1ull << 32 | 1ull << 44,
		[EL2_PMBIDR] = 1 << 4,
		[EL2_TRBIDR] = 1 << 4,
	};
	uint64_t value[EL2_REGISTERS];

	(void)state;
	el2_plan(id, value);
	assert_int_equal(value[EL2_PMSCR], 0);
	assert_int_equal(value[EL2_MDCR], 3 << 12);
}

#define TREE_SIZE	8192

/**
 * struct board - what make_tree() puts into a device tree
 * @path:     stdout-path, NULL for none
 * @uart:     compatible of the console
 * @psci:     compatible of PSCI, NULL for no node
 * @firmware: PSCI is below /firmware
 * @method:   enable-method of the second CPU, NULL for none
 * @ranges:   0 for none in the console's bus, 1 for an empty one, 2 for a mapping
 * @reserved: cells of a /reserved-memory that is there, 0 for none
 * @cells:    cells of the root, 0 for none
 */
struct board {
	const char *path;
	const char *uart;
	const char *psci;
	const char *method;
	int firmware;
	unsigned int ranges;
	unsigned int reserved;
	unsigned int cells;
};

static const struct board good = {
	.path = "serial0:115200n8", .uart = "arm,pl011", .psci = "arm,psci-1.0",
	.method = "psci", .ranges = 1, .cells = 2,
};

static void make_tree(void *fdt, const struct board *board)
{
	int bus, uart, cpus, node, n;

	assert_int_equal(fdt_create_empty_tree(fdt, TREE_SIZE), 0);
	if (board->cells) {
		fdt_setprop_u32(fdt, 0, "#address-cells", board->cells);
		fdt_setprop_u32(fdt, 0, "#size-cells", board->cells);
	}

	bus = fdt_add_subnode(fdt, 0, "bus");
	fdt_setprop_u32(fdt, bus, "#address-cells", 1);
	if (board->ranges == 1)
		fdt_setprop(fdt, bus, "ranges", NULL, 0);
	if (board->ranges == 2)
		fdt_setprop_u32(fdt, bus, "ranges", 1);
	uart = fdt_add_subnode(fdt, bus, "uart@9000000");
	if (board->uart)
		fdt_setprop_string(fdt, uart, "compatible", board->uart);
	fdt_setprop_u32(fdt, uart, "reg", 0x9000000);
	fdt_appendprop_u32(fdt, uart, "reg", 0x1000);

	node = fdt_add_subnode(fdt, 0, "aliases");
	fdt_setprop_string(fdt, node, "serial0", "/bus/uart@9000000");
	node = fdt_add_subnode(fdt, 0, "chosen");
	if (board->path)
		fdt_setprop_string(fdt, node, "stdout-path", board->path);
	if (board->psci) {
		node = board->firmware ? fdt_add_subnode(fdt, 0, "firmware") : 0;
		node = fdt_add_subnode(fdt, node, "psci");
		fdt_setprop_string(fdt, node, "compatible", board->psci);
	}
	if (board->reserved) {
		node = fdt_add_subnode(fdt, 0, "reserved-memory");
		fdt_setprop_u32(fdt, node, "#address-cells", board->reserved);
		fdt_setprop_u32(fdt, node, "#size-cells", board->reserved);
		fdt_setprop(fdt, node, "ranges", NULL, 0);
	}

	cpus = fdt_add_subnode(fdt, 0, "cpus");
	fdt_setprop_u32(fdt, cpus, "#address-cells", 2);
	for (n = 0; n < 3; n++) {
		static const char *const names[] = { "cache", "cpu@1", "cpu@0" };

		int cpu = fdt_add_subnode(fdt, cpus, names[n]);

		if (!n)
			continue;
		fdt_setprop_string(fdt, cpu, "device_type", "cpu");
		fdt_setprop_u64(fdt, cpu, "reg", FIRMWARE_MPIDR(n + 1));
		if (n == 2 && board->method)
			fdt_setprop_string(fdt, cpu, "enable-method", board->method);
	}
}

static void finds_the_console(void **state)
{
	static const struct {
		struct board board;
		uint64_t uart;
	} cases[] = {
		{ { "serial0:115200n8", "arm,pl011", .ranges = 1, .cells = 2 },
		  0x9000000 },
		{ { "/bus/uart@9000000", "arm,sbsa-uart", .ranges = 1 }, 0x9000000 },
		{ { NULL, "arm,pl011", .ranges = 1 }, 0 },
		{ { "", "arm,pl011", .ranges = 1 }, 0 },
		{ { "serial1", "arm,pl011", .ranges = 1 }, 0 },
		{ { "/nowhere", "arm,pl011", .ranges = 1 }, 0 },
		{ { "/", "arm,pl011", .ranges = 1 }, 0 },
		{ { "serial0", "vendor,uart", .ranges = 1 }, 0 },
		{ { "serial0", NULL, .ranges = 1 }, 0 },
		{ { "serial0", "arm,pl011", .ranges = 0 }, 0 },
		{ { "serial0", "arm,pl011", .ranges = 2 }, 0 },
	};
	unsigned char fdt[TREE_SIZE] __attribute__((aligned(8)));
	struct console console;
	unsigned int n;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(cases); n++) {
		make_tree(fdt, &cases[n].board);
		console_find(fdt, &console);
		assert_int_equal(console.base, cases[n].uart);
	}
	/* A console without an address. */
	make_tree(fdt, &good);
	fdt_delprop(fdt, fdt_path_offset(fdt, "serial0"), "reg");
	console_find(fdt, &console);
	assert_int_equal(console.base, 0);
	/* One whose registers are the other way round. */
	make_tree(fdt, &good);
	fdt_setprop_empty(fdt, fdt_path_offset(fdt, "serial0"), "big-endian");
	console_find(fdt, &console);
	assert_int_equal(console.base, 0);
}

/* Addresses of the console's bus, of the one above it, and sizes have these cells. */
static void translates_addresses(void **state)
{
	static const struct {
		unsigned int cells, above, size, length;
		uint32_t ranges[12];
		uint64_t address;
	} cases[] = {
		/* From 0x9000000 on; from 0x8000000 on, to the last byte. */
		{ 1, 1, 1, 3, { 0x9000000, 0x30000000, 0x10000 }, 0x30000000 },
		{ 1, 2, 1, 4, { 0x8000000, 0x1, 0x30000000, 0x1000001 }, 0x131000000 },
		{ 2, 2, 2, 6, { 0, 0x9000000, 2, 0, 0, 1 }, 0x200000000 },
		{ 2, 1, 1, 4, { 0, 0, 0x80000000, 0x10000000 }, 0x89000000 },
		/* The second entry is the one; the first one that fits is. */
		{ 1, 1, 1, 6, { 0, 0x10000000, 0x9000000,
				0x9000000, 0x40000000, 0x1000 }, 0x40000000 },
		{ 1, 1, 1, 6, { 0x9000000, 0x40000000, 0x1000,
				0x9000000, 0x50000000, 0x1000 }, 0x40000000 },
		/* One byte short, before, behind, an entry that is cut off. */
		{ 1, 1, 1, 3, { 0x8000000, 0x10000000, 0x1000000 }, 0 },
		{ 1, 1, 1, 3, { 0x9000001, 0x10000000, 0x1000000 }, 0 },
		{ 1, 1, 1, 2, { 0x9000000, 0x10000000 }, 0 },
		/* Cells that no processor's address has. */
		{ 1, 3, 1, 5, { 0x9000000, 0, 0, 0, 0x1000 }, 0 },
		{ 1, 1, 0, 2, { 0x9000000, 0 }, 0 },
		{ 3, 1, 1, 5, { 0, 0, 0x9000000, 0, 0x1000 }, 0 },
	};
	unsigned char fdt[TREE_SIZE] __attribute__((aligned(8)));
	struct console console;
	unsigned int n, i;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(cases); n++) {
		int bus, uart;

		make_tree(fdt, &good);
		fdt_setprop_u32(fdt, 0, "#address-cells", cases[n].above);
		bus = fdt_path_offset(fdt, "/bus");
		fdt_setprop_u32(fdt, bus, "#address-cells", cases[n].cells);
		fdt_setprop_u32(fdt, bus, "#size-cells", cases[n].size);
		fdt_delprop(fdt, bus, "ranges");
		for (i = 0; i < cases[n].length; i++)
			fdt_appendprop_u32(fdt, bus, "ranges", cases[n].ranges[i]);
		uart = fdt_path_offset(fdt, "serial0");
		if (cases[n].cells == 2)
			fdt_setprop_u64(fdt, uart, "reg", 0x9000000);
		console_find(fdt, &console);
		assert_int_equal(console.base, cases[n].address);
	}
}

/*
 * Where a character goes, and what lets it go, by kind. The numbers are the
 * drivers' own, again: a slip in the shim's table shows.
 */
static void sends_by_every_kind_of_uart(void **state)
{
	static const struct {
		const char *compatible;
		int shift, width;
		unsigned int data, status, status_width;
		uint32_t busy, ready;
		struct {
			unsigned int at;
			uint32_t value;
		} before[2];
	} cases[] = {
		{ "arm,pl011", -1, -1, 0, 0x18, 4, 0x20, 0x90, {} },
		{ "arm,sbsa-uart", -1, -1, 0, 0x18, 4, 0x20, 0, {} },
		{ "snps,dw-apb-uart", 2, 4, 0, 0x14, 4, 0, 0x60, {} },
		{ "snps,dw-apb-uart", 2, 1, 0, 0x14, 1, 0, 0x60, {} },
		{ "ns16550a", -1, -1, 0, 5, 1, 0x40, 0x20, {} },
		{ "ns16550", 1, -1, 0, 10, 1, 0, 0x20, {} },
		{ "nvidia,tegra20-uart", 2, -1, 0, 0x14, 1, 0, 0x20, {} },
		{ "ti,am654-uart", -1, -1, 0, 0x14, 1, 0, 0x20, {} },
		{ "mediatek,mt6577-uart", -1, -1, 0, 0x14, 4, 0, 0x20, {} },
		{ "brcm,bcm2835-aux-uart", -1, -1, 0, 0x14, 4, 0, 0x60, {} },
		{ "fsl,imx6q-uart", -1, -1, 0x40, 0xb4, 4, 0x10, 0x60, {} },
		{ "fsl,imx7ulp-lpuart", -1, -1, 0x1c, 0x14, 4, 0, 0xc00000, {} },
		{ "fsl,imx8qxp-lpuart", -1, -1, 0x1c, 0x14, 4, 0, 0xc00000, {} },
		{ "amlogic,meson-ao-uart", -1, -1, 0, 0xc, 4, 0x200000, 0x400000, {} },
		{ "qcom,msm-uartdm", -1, -1, 0x70, 8, 4, 4, 0xc, { { 0x40, 1 } } },
		{ "qcom,geni-debug-uart", -1, -1, 0x700, 0x40, 4, 1, 0x1000,
		  { { 0x270, 1 }, { 0x600, 0x8000000 } } },
		{ "cdns,uart-r1p12", -1, -1, 0x30, 0x2c, 4, 0x10, 8, {} },
		{ "renesas,scif", -1, -1, 0xc, 0x1c, 2, 0x100, 0x1f, {} },
		{ "renesas,scif-r9a07g044", -1, -1, 6, 0xe, 2, 0x1000, 0, {} },
		{ "marvell,armada-3700-uart", -1, -1, 4, 0xc, 4, 0x800, 0x2000, {} },
	};
	unsigned char fdt[TREE_SIZE] __attribute__((aligned(8)));
	uint32_t registers[0x800 / sizeof(uint32_t)];
	unsigned char *base = (unsigned char *)registers;
	struct console console;
	unsigned int n, i;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(cases); n++) {
		struct board board = good;
		int uart;

		board.uart = cases[n].compatible;
		make_tree(fdt, &board);
		uart = fdt_path_offset(fdt, "serial0");
		if (cases[n].shift >= 0)
			fdt_setprop_u32(fdt, uart, "reg-shift", cases[n].shift);
		if (cases[n].width >= 0)
			fdt_setprop_u32(fdt, uart, "reg-io-width", cases[n].width);
		console_find(fdt, &console);
		assert_int_equal(console.base, 0x9000000);

		console.base = (uintptr_t)base;
		memset(registers, 0, sizeof(registers));
		memcpy(base + cases[n].status, &cases[n].busy, cases[n].status_width);
		assert_false(console_put(&console, 'x'));
		assert_int_equal(base[cases[n].data], 0);
		memcpy(base + cases[n].status, &cases[n].ready, cases[n].status_width);
		assert_true(console_put(&console, 'x'));

		/* Nothing else is written. */
		assert_int_equal(base[cases[n].data], 'x');
		base[cases[n].data] = 0;
		memset(base + cases[n].status, 0, cases[n].status_width);
		for (i = 0; i < 2 && cases[n].before[i].at; i++) {
			uint32_t *reg = &registers[cases[n].before[i].at / 4];

			assert_int_equal(*reg, cases[n].before[i].value);
			*reg = 0;
		}
		for (i = 0; i < ARRAY_SIZE(registers); i++)
			assert_int_equal(registers[i], 0);
	}
}

static void refuses_odd_registers(void **state)
{
	static const struct {
		unsigned int shift, width;
	} cases[] = { { 5, 1 }, { 0, 0 }, { 2, 2 }, { 2, 8 }, { 0xffffffff, 4 } };
	unsigned char fdt[TREE_SIZE] __attribute__((aligned(8)));
	struct board board = good;
	struct console console;
	unsigned int n;

	(void)state;
	board.uart = "ns16550a";
	for (n = 0; n < ARRAY_SIZE(cases); n++) {
		int uart;

		make_tree(fdt, &board);
		uart = fdt_path_offset(fdt, "serial0");
		fdt_setprop_u32(fdt, uart, "reg-shift", cases[n].shift);
		fdt_setprop_u32(fdt, uart, "reg-io-width", cases[n].width);
		console_find(fdt, &console);
		assert_int_equal(console.base, 0);
	}
}

static void goes_through_the_cpus(void **state)
{
	unsigned char fdt[TREE_SIZE] __attribute__((aligned(8)));
	uint64_t mpidr, all = 0;
	int node, n = 0;

	(void)state;
	make_tree(fdt, &good);
	for (node = tree_next_cpu(fdt, 0, &mpidr); node > 0;
	     node = tree_next_cpu(fdt, node, &mpidr), n++)
		all |= mpidr == FIRMWARE_MPIDR(2) ? 1 :
		       mpidr == FIRMWARE_MPIDR(3) ? 2 : 4;
	assert_int_equal(n, 2);
	assert_int_equal(all, 3);
}

static void asks_for_psci(void **state)
{
	static const struct {
		const char *psci, *method;
		int good;
	} cases[] = {
		{ "arm,psci-1.0", "psci", 1 }, { "arm,psci-0.2", NULL, 1 },
		{ "arm,psci", "psci", 0 }, { NULL, "psci", 0 },
		{ "arm,psci-1.0", "spin-table", 0 }, { "arm,psci-1.0", "pscj", 0 },
	};
	unsigned char fdt[TREE_SIZE] __attribute__((aligned(8)));
	struct board board = good;
	unsigned int n;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(cases); n++) {
		board.psci = cases[n].psci;
		board.method = cases[n].method;
		for (board.firmware = 0; board.firmware < 2; board.firmware++) {
			make_tree(fdt, &board);
			assert_int_equal(!tree_psci(fdt), cases[n].good);
		}
	}
}

static void reserves_memory(void **state)
{
	static const struct {
		unsigned int root, there;
		int address, size;
	} cases[] = {
		{ 2, 0, 2, 2 }, { 2, 2, 2, 2 }, { 1, 0, 1, 1 }, { 2, 1, 1, 1 },
		{ 0, 0, 2, 1 },
	};
	unsigned char fdt[TREE_SIZE] __attribute__((aligned(8)));
	struct board board = good;
	const fdt32_t *reg;
	unsigned int n;
	int length;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(cases); n++) {
		int node;

		board.cells = cases[n].root;
		board.reserved = cases[n].there;
		make_tree(fdt, &board);
		assert_null(tree_reserve(fdt, 0x42200000, 0x10000));

		node = fdt_path_offset(fdt, "/reserved-memory/optee-shim@42200000");
		assert_true(node > 0);
		assert_non_null(fdt_getprop(fdt, node, "no-map", NULL));
		reg = fdt_getprop(fdt, node, "reg", &length);
		assert_int_equal(length, 4 * (cases[n].address + cases[n].size));
		assert_int_equal(fdt32_ld(&reg[cases[n].address - 1]), 0x42200000);
		assert_int_equal(fdt32_ld(&reg[cases[n].address + cases[n].size - 1]),
				 0x10000);
		assert_non_null(fdt_getprop(fdt, fdt_parent_offset(fdt, node), "ranges",
					    NULL));
	}
}

static void tells_why_it_cannot_reserve(void **state)
{
	unsigned char fdt[TREE_SIZE] __attribute__((aligned(8)));
	struct board board = good;

	(void)state;
	board.reserved = 3;
	make_tree(fdt, &board);
	assert_non_null(tree_reserve(fdt, 0x42200000, 0x10000));

	board.reserved = 1;
	make_tree(fdt, &board);
	assert_non_null(tree_reserve(fdt, 0x142200000, 0x10000));

	/* No room for the node, then none for its parent. */
	board.reserved = 2;
	make_tree(fdt, &board);
	fdt_pack(fdt);
	assert_non_null(tree_reserve(fdt, 0x42200000, 0x10000));
	board.reserved = 0;
	make_tree(fdt, &board);
	fdt_pack(fdt);
	assert_non_null(tree_reserve(fdt, 0x42200000, 0x10000));
}

static void checks_a_tree(void **state)
{
	unsigned char fdt[TREE_SIZE] __attribute__((aligned(8)));

	(void)state;
	make_tree(fdt, &good);
	assert_null(tree_check(fdt, TREE_SIZE + TREE_SLACK));
	assert_null(tree_sound(fdt));
	assert_non_null(tree_check(fdt, TREE_SIZE + TREE_SLACK - 1));
	fdt[0] = 0;
	assert_non_null(tree_check(fdt, TREE_SIZE + TREE_SLACK));

	make_tree(fdt, &good);
	assert_non_null(tree_check(fdt + 4, TREE_SIZE + TREE_SLACK));
	fdt_set_off_mem_rsvmap(fdt, fdt_off_mem_rsvmap(fdt) + 4);
	assert_non_null(tree_sound(fdt));

	/* Blocks in another order, and one longer than the tree. */
	make_tree(fdt, &good);
	fdt_set_off_mem_rsvmap(fdt, fdt_off_dt_struct(fdt) + 8);
	assert_non_null(tree_sound(fdt));
	make_tree(fdt, &good);
	fdt_set_off_dt_strings(fdt, fdt_off_dt_struct(fdt));
	assert_non_null(tree_sound(fdt));
	make_tree(fdt, &good);
	fdt_set_size_dt_strings(fdt, TREE_SIZE);
	assert_non_null(tree_sound(fdt));
	make_tree(fdt, &good);
	fdt_set_version(fdt, 16);
	assert_non_null(tree_sound(fdt));
}

#define IMAGE_BYTES	4096

static void make_image(unsigned char *image)
{
	const struct image_header header = {
		.text_offset = 0x80000, .image_size = 0x2d40000, .flags = 0xa,
		.magic = IMAGE_MAGIC,
	};

	memset(image, 0, IMAGE_BYTES);
	memcpy(image, &header, sizeof(header));
}

static void wraps_an_image(void **state)
{
	unsigned char image[IMAGE_BYTES];
	struct shim_header header = { .params.magic = SHIM_MAGIC };

	(void)state;
	make_image(image);
	assert_null(image_wrap(&header, image, sizeof(image), 65535));
	assert_int_equal(header.params.vm_id, 65535);
	assert_int_equal(header.params.kernel_offset, 0x280000);
	assert_int_equal(header.params.tree_offset, 0x3000000);
	assert_int_equal(header.image.image_size, 0x3200000);
	assert_int_equal(header.image.flags, 0xa);

	assert_non_null(strstr(image_wrap(&header, image, sizeof(image), 0), "1..65535"));
	assert_non_null(strstr(image_wrap(&header, image, sizeof(image), 65536), "1..65535"));
	assert_non_null(image_wrap(&header, image, 10, 1));
}

static void refuses_what_is_no_image(void **state)
{
	static const struct {
		size_t at, length, size;
		const char *bytes, *tells;
	} cases[] = {
		{ 0, 2, IMAGE_BYTES, "\x1f\x8b", "gunzip" },
		{ 4, 4, IMAGE_BYTES, "zimg", "zboot" },
		{ 0, 4, IMAGE_BYTES, "\x28\xb5\x2f\xfd", "compressed" },
		{ 0, 5, IMAGE_BYTES, "\xfd\67zXZ", "compressed" },
		{ 0, 4, IMAGE_BYTES, "\x04\x22\x4d\x18", "compressed" },
		{ 0, 4, IMAGE_BYTES, "\x02\x21\x4c\x18", "compressed" },
		{ 0, 3, IMAGE_BYTES, "BZh", "compressed" },
		{ 0, 4, IMAGE_BYTES, "\x27\x05\x19\x56", "uImage" },
		{ 0, 4, IMAGE_BYTES, "\xd0\x0d\xfe\xed", "FIT" },
		{ 0, 4, IMAGE_BYTES, "\177ELF", "ELF" },
		{ 0, 0, 63, "", "too short" },
		{ 0, 0, 0, "", "too short" },
		{ 56, 1, IMAGE_BYTES, "B", "no arm64 Image" },
		{ 64, 8, IMAGE_BYTES, "oteeshim", "wrapped already" },
		{ 16, 4, IMAGE_BYTES, "\0\0\0\0", "3.17" },
		{ 16, 4, IMAGE_BYTES, "\0\1\0\0", "shorter" },
		{ 22, 1, IMAGE_BYTES, "\1", "impossible" },
		{ 10, 1, IMAGE_BYTES, "\x20", "impossible" },
	};
	unsigned char image[IMAGE_BYTES];
	unsigned int n;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(cases); n++) {
		const char *tells;

		make_image(image);
		memcpy(image + cases[n].at, cases[n].bytes, cases[n].length);
		tells = image_refuse(image, cases[n].size);
		assert_non_null(tells);
		assert_non_null(strstr(tells, cases[n].tells));
	}
	make_image(image);
	assert_null(image_refuse(image, 64));
	assert_null(image_refuse(image, sizeof(image)));
}

/* Fields of TCR_EL2 and where TCR_EL1 has them. */
static void converts_tcr(void **state)
{
	static const struct {
		uint64_t el2, el1;
	} fields[] = {
		{ 0x3f, 0x3f003f },			/* T0SZ, also as T1SZ */
		{ 0xff00, 0xff00 },			/* IRGN0, ORGN0, SH0, TG0 */
		{ 7ull << 16, 7ull << 32 },		/* IPS */
		{ 1ull << 20, 1ull << 37 },		/* TBI0 */
		{ 1ull << 21, 1ull << 39 },		/* HA */
		{ 1ull << 22, 1ull << 40 },		/* HD */
		{ 1ull << 24, 1ull << 41 },		/* HPD0 */
		{ 15ull << 25, 15ull << 43 },		/* HWU059..HWU062 */
		{ 1ull << 29, 1ull << 51 },		/* TBID0 */
		{ 1ull << 30, 1ull << 57 },		/* TCMA0 */
		{ 1ull << 33, 1ull << 60 },		/* MTX0 */
		{ 1ull << 31 | 1ull << 23 | 0x800c0, 0 },	/* RES1, RES0 */
	};
	/* EPD1, and 4 KiB for what it switches off. */
	const uint64_t always = 1ull << 23 | 2ull << 30;
	unsigned int n;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(fields); n++)
		assert_int_equal(regime_tcr(fields[n].el2), always | fields[n].el1);
}

static void converts_sctlr(void **state)
{
	(void)state;
	/* As U-Boot and EDK2 have it: M, C, I, and RES1 of EL2. */
	assert_int_equal(regime_sctlr(0x30c51835 & ~0x30ull), 0x30d01805);
	/* A, SA, WXN, EE and the keys of signed addresses are kept, nothing else is. */
	assert_int_equal(regime_sctlr(NOBODY), 0xfad8380f | 0x30d00800);
}

#define TABLES		4
#define TABLE_ENTRIES	512
#define PAGE_DESCRIPTOR	3ull
#define BLOCK		1ull
#define ATTRIBUTE(n)	(1ull << (n))

/* One way through all levels: entry 1 of each is the table of the next. */
static uint64_t (*make_tables(void))[TABLE_ENTRIES]
{
	uint64_t (*table)[TABLE_ENTRIES] = aligned_alloc(4096, TABLES * sizeof(*table));
	unsigned int n;

	assert_non_null(table);
	memset(table, 0, TABLES * sizeof(*table));
	for (n = 0; n < TABLES - 1; n++)
		table[n][1] = (uintptr_t)table[n + 1] | PAGE_DESCRIPTOR;

	return table;
}

static void checks_page_tables(void **state)
{
	static const struct {
		uint64_t tables, leaf;
		int good;
	} cases[] = {
		{ 0, 0, 1 },
		/* What only the other level has in force: AP[1], PXN. */
		{ 0, ATTRIBUTE(6), 0 },
		{ 0, ATTRIBUTE(53), 0 },
		{ ATTRIBUTE(59), 0, 0 },
		/* Nothing is executed there at EL2 either. */
		{ 0, ATTRIBUTE(6) | ATTRIBUTE(54), 1 },
		{ 0, ATTRIBUTE(53) | ATTRIBUTE(54), 1 },
		{ ATTRIBUTE(60), ATTRIBUTE(6), 1 },
		{ ATTRIBUTE(59) | ATTRIBUTE(60), 0, 1 },
		/* Nothing is written there. */
		{ 0, ATTRIBUTE(6) | ATTRIBUTE(7), 1 },
		{ ATTRIBUTE(62), ATTRIBUTE(6), 1 },
		{ ATTRIBUTE(62), ATTRIBUTE(53), 0 },
	};
	/* The most and the least address bits that start at a level. */
	static const unsigned int t0sz[][2] = { { 16, 24 }, { 25, 33 }, { 34, 39 } };
	uint64_t (*table)[TABLE_ENTRIES] = make_tables();
	unsigned int n, start, level, size;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(cases); n++) {
		for (start = 0; start < ARRAY_SIZE(t0sz); start++) {
			const uint64_t ttbr = (uintptr_t)table[start] | 1;	/* CnP */

			for (level = start + 1; level < TABLES; level++) {
				uint64_t *leaf = &table[level][0];

				*leaf = cases[n].leaf |
					(level == TABLES - 1 ? PAGE_DESCRIPTOR : BLOCK);
				table[level - 1][1] |= cases[n].tables;
				for (size = 0; size < 2; size++)
					assert_int_equal(!regime_check(t0sz[start][size],
								       ttbr),
							 cases[n].good);
				table[level - 1][1] &= ~cases[n].tables;
				*leaf = 0;
			}
		}
	}
	free(table);
}

static void looks_at_all_entries(void **state)
{
	uint64_t (*table)[TABLE_ENTRIES] = make_tables();
	const uint64_t ttbr = (uintptr_t)table;

	(void)state;
	table[3][511] = ATTRIBUTE(6) | PAGE_DESCRIPTOR;
	assert_non_null(regime_check(16, ttbr));
	/* Not valid: whatever it says. */
	table[3][511] &= ~1ull;
	assert_null(regime_check(16, ttbr));
	table[0][511] = ATTRIBUTE(6) | BLOCK;
	assert_non_null(regime_check(16, ttbr));
	/* The table is shorter than that. */
	assert_null(regime_check(17, ttbr));
	table[0][255] = ATTRIBUTE(6) | BLOCK;
	assert_non_null(regime_check(17, ttbr));
	table[0][255] = 0;

	/* TCR_EL2.HPD: what tables say has no effect. */
	table[0][1] |= ATTRIBUTE(59);
	table[3][0] = PAGE_DESCRIPTOR;
	assert_non_null(regime_check(17, ttbr));
	assert_null(regime_check(17 | 1 << 24, ttbr));
	free(table);
}

static void refuses_other_page_tables(void **state)
{
	static const uint64_t tcrs[] = {
		15, 40, 25 | 1 << 14, 25 | 2 << 14, 25 | 1ull << 32,
	};
	unsigned int n;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(tcrs); n++)
		assert_non_null(strstr(regime_check(tcrs[n], 0), "4 KiB"));
}

/* ASCII as load options; what is behind the end is no part of them. */
static int find_next(const char *options, unsigned int characters, uint16_t *text,
		     struct next *next)
{
	unsigned int n;

	for (n = 0; n <= strlen(options); n++)
		text[n] = options[n];

	return next_find(text, characters * 2, next);
}

static void finds_the_next_image(void **state)
{
	static const struct {
		const char *options;
		unsigned int start, length, size;
	} cases[] = {
		{ "\\a.efi", 0, 6, 12 },
		{ "\\a.efi b c", 0, 6, 20 },
		{ "fs0:\\shim.efi \\EFI\\a.efi", 14, 10, 20 },
		{ " \\a", 1, 2, 4 },
	};
	static const char *const none[] = { "", " ", "a.efi", "fs0:\\a", "a\\b c\\d" };
	struct next next;
	uint16_t text[64];
	unsigned int n;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(cases); n++) {
		assert_true(find_next(cases[n].options, 64, text, &next));
		assert_ptr_equal(next.path, text + cases[n].start);
		assert_int_equal(next.length, cases[n].length);
		assert_int_equal(next.size, cases[n].size);
	}
	for (n = 0; n < ARRAY_SIZE(none); n++)
		assert_false(find_next(none[n], 64, text, &next));
	assert_true(find_next("\\a.efi", 3, text, &next));
	assert_int_equal(next.length, 3);
	assert_false(find_next("\\a.efi", 0, text, &next));
	assert_false(next_find(NULL, 0, &next));
}

static void names_the_next_image(void **state)
{
	static const unsigned char device[] = {
		1, 4, 6, 0, 0xaa, 0xbb, 4, 1, 5, 0, 0xcc, 0x7f, 0xff, 4, 0,
	};
	static const unsigned char file[] = {
		4, 4, 10, 0, '\\', 0, 'a', 0, 0, 0, 0x7f, 0xff, 4, 0,
	};
	static const unsigned char damaged[] = { 1, 4, 3, 0 };
	const uint16_t name[] = { '\\', 'a' };
	const struct next next = { name, 2, 4 };
	unsigned char path[11 + sizeof(file)];

	(void)state;
	assert_int_equal(next_device_path(device, &next, NULL), sizeof(path));
	assert_int_equal(next_device_path(device, &next, path), sizeof(path));
	assert_memory_equal(path, device, 11);
	assert_memory_equal(path + 11, file, sizeof(file));
	assert_int_equal(next_device_path(damaged, &next, path), sizeof(file));
	assert_memory_equal(path, file, sizeof(file));
}

#define FRESH(test)	cmocka_unit_test_setup_teardown(test, shim_setup, shim_teardown)
#define GUEST(test)	cmocka_unit_test_setup_teardown(test, setup_guest, shim_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		FRESH(announces_and_removes),
		FRESH(announces_nothing_to_a_plain_optee),
		FRESH(tells_why_it_cannot_announce),
		FRESH(starts_all_cpus_before_it_announces),
		FRESH(parks_cpus_if_one_does_not_come_back),
		FRESH(parks_no_cpu_without_a_guest),
		FRESH(gives_up_a_cpu_that_does_not_go_off_again),
		FRESH(gives_up_a_cpu_that_does_not_start),
		FRESH(starts_no_cpu_in_vain),
		FRESH(hides_notifications_that_halt_optee),
		FRESH(hides_notifications_below_a_mediator),
		GUEST(tags_what_is_for_a_trusted_os),
		GUEST(hides_virtualization),
		GUEST(knows_no_hypervisor_calls),
		GUEST(passes_the_rest_on),
		GUEST(switches_a_cpu_on_through_itself),
		GUEST(switches_a_cpu_on_by_a_32_bit_call),
		GUEST(keeps_the_start_of_a_cpu_that_is_on),
		GUEST(refuses_to_start_where_it_cannot),
		GUEST(resumes_a_cpu_through_itself),
		GUEST(removes_the_guest_when_the_machine_ends),
		GUEST(tells_why_it_cannot_remove),
		FRESH(ends_a_machine_that_is_no_guest),
		cmocka_unit_test(plans_for_the_plainest_processor),
		cmocka_unit_test(plans_for_every_feature),
		cmocka_unit_test(leaves_el3_its_buffers),
		cmocka_unit_test(finds_the_console),
		cmocka_unit_test(translates_addresses),
		cmocka_unit_test(sends_by_every_kind_of_uart),
		cmocka_unit_test(refuses_odd_registers),
		cmocka_unit_test(goes_through_the_cpus),
		cmocka_unit_test(asks_for_psci),
		cmocka_unit_test(reserves_memory),
		cmocka_unit_test(tells_why_it_cannot_reserve),
		cmocka_unit_test(checks_a_tree),
		cmocka_unit_test(wraps_an_image),
		cmocka_unit_test(refuses_what_is_no_image),
		cmocka_unit_test(converts_tcr),
		cmocka_unit_test(converts_sctlr),
		cmocka_unit_test(checks_page_tables),
		cmocka_unit_test(looks_at_all_entries),
		cmocka_unit_test(refuses_other_page_tables),
		cmocka_unit_test(finds_the_next_image),
		cmocka_unit_test(names_the_next_image),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);

	return cmocka_run_group_tests_name("shim", tests, NULL, NULL) + shim_ffa_tests();
}
