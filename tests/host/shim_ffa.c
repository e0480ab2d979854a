// SPDX-License-Identifier: BSD-2-Clause
/* Tests of what the shim makes of FF-A, on model secure partitions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "firmware.h"
#include "shim_ffa.h"

#define TX		0x50000000ull
#define RX		0x50001000ull
#define NOBODY		0xffffffffffffffffull
#define SPMC_64		0x40000000ull
#define DENIED		((uint32_t)SPMC_DENIED)

/* A script by which the partitions refuse their @n-th call. */
#define REFUSES(n) ((struct spmc_lie[]){ \
	{ .first = (n), .last = (n), .regs = { SPMC_ERROR, 0, DENIED } }, { 0 } })

/* One of the kernel's calls, by each conduit in turn: its w0. */
static uint32_t kernel(struct firmware *f, uint64_t x[31])
{
	const uint64_t kept = x[30] = 0x3030;
	const enum shim_conduit conduit = f->calls % 2 ? SHIM_HVC : SHIM_SMC;

	call_dispatch(&f->cpu[1], conduit, 0, x);
	assert_int_equal(x[30], kept);

	return x[0];
}

static uint32_t ask(struct firmware *f, uint64_t fid, uint64_t a1, uint64_t a2,
		    uint64_t a4)
{
	uint64_t x[31] = { fid, a1, a2, [4] = a4 };

	return kernel(f, x);
}

/* What the kernel takes itself for. */
static unsigned int its_id(struct firmware *f)
{
	uint64_t x[31] = { SPMC_ID_GET };

	assert_int_equal(kernel(f, x), SPMC_SUCCESS);

	return x[2];
}

static uint32_t maps(struct firmware *f)
{
	return ask(f, SPMC_RXTX_MAP, TX, RX, 0);
}

/* The last call that the partitions have seen. */
static const unsigned long *seen(const struct firmware *f)
{
	assert_in_range(f->spmc.calls, 1, SPMC_MAX_RECORDED);

	return f->spmc.call[f->spmc.calls - 1];
}

static unsigned int guests(const struct firmware *f)
{
	return spmc_count(&f->spmc.partition[0], 7);
}

static int setup(void **state)
{
	static const struct model_lie nobody[MODEL_MAX_LIES] = {
		{ .fid = MODEL_CALLS_UID, .first = 1, .last = 1000, .res = { NOBODY } },
	};
	struct firmware *f;

	if (shim_setup(state))
		return -1;
	f = *state;
	model_script(&f->optee, nobody);
	f->ffa = true;

	return 0;
}

/* Its buffers are mapped. */
static int setup_guest(void **state)
{
	struct firmware *f;

	if (setup(state))
		return -1;
	f = *state;
	if (call_announce(&f->shim, 7) || its_id(f) != 7 || maps(f) != SPMC_SUCCESS)
		return -1;
	f->spmc.calls = 0;

	return 0;
}

static void announces_when_the_buffers_are_mapped(void **state)
{
	struct firmware *f = *state;

	assert_null(call_announce(&f->shim, 7));
	assert_int_equal(f->shim.guest.role, OPTEE_GUEST_NONE);
	assert_int_equal(ask(f, SPMC_DIRECT_REQ, SPMC_OPTEE, SPMC_CREATED, 0), SPMC_ERROR);
	assert_int_equal(its_id(f), 7);
	assert_int_equal(its_id(f), 7);
	assert_int_equal(guests(f), 0);
	assert_int_equal(f->spmc.mapped, 0);
	assert_int_equal(maps(f), SPMC_SUCCESS);
	assert_int_equal(f->spmc.mapped, TX);
	assert_int_equal(guests(f), 1);
	/* A request of the kernel's, and what it may not say. */
	assert_int_equal(ask(f, SPMC_DIRECT_REQ, 7 << 16 | SPMC_OPTEE, 0, 0), SPMC_DIRECT_RESP);
	assert_int_equal(ask(f, SPMC_DIRECT_REQ | SPMC_64, 7 << 16 | SPMC_OPTEE, SPMC_DESTROYED, 0),
			 SPMC_ERROR);
	assert_int_equal(guests(f), 1);
	assert_int_equal(maps(f), SPMC_ERROR);
	assert_int_equal(guests(f), 1);
}

static void starts_all_cpus_once_and_has_them_wait(void **state)
{
	struct firmware *f = *state;
	uint64_t x[31] = { 0xc4000004, FIRMWARE_MPIDR(1) };
	unsigned int n;

	assert_null(call_announce(&f->shim, 7));
	for (n = 1; n < FIRMWARE_CPUS; n++)
		assert_int_equal(f->cpu[n].parked, 1);
	assert_int_equal(kernel(f, x), 1);
	assert_int_equal(ask(f, 0xc4000003, FIRMWARE_MPIDR(1), TX, 0), 0);
	assert_int_equal(f->cpu[1].go, FIRMWARE_ENTRY);
	assert_int_equal(f->cpu[1].on.entry, TX);
}

static void nobody_asks(void **state)
{
	struct firmware *f = *state;

	f->spmc.partition[0].wants = 0;
	assert_null(call_announce(&f->shim, 7));
	assert_int_equal(its_id(f), 0);
	assert_int_equal(maps(f), SPMC_SUCCESS);
	assert_int_equal(ask(f, SPMC_MEM_FRAG_TX, 1, 2, 5), SPMC_SUCCESS);
	assert_int_equal(seen(f)[4], 5);
	assert_null(call_remove(&f->shim));
	assert_int_equal(guests(f), 0);
}

static void somebody_else_announces(void **state)
{
	struct firmware *f = *state;

	f->spmc.instance = 3;
	assert_null(call_announce(&f->shim, 7));
	f->spmc.calls = 0;
	assert_int_equal(its_id(f), 3);
	assert_int_equal(f->spmc.calls, 1);
	assert_int_equal(maps(f), SPMC_SUCCESS);
	assert_int_equal(guests(f), 0);
}

static void no_id_is_given(void **state)
{
	struct firmware *f = *state;

	assert_null(call_announce(&f->shim, 7));
	f->spmc.script = REFUSES(f->spmc.calls + 1);
	assert_int_equal(ask(f, SPMC_ID_GET, 0, 0, 0), SPMC_ERROR);
	f->spmc.script = NULL;
	assert_int_equal(its_id(f), 7);
}

static void ff_a_is_not_there(void **state)
{
	struct firmware *f = *state;

	f->spmc.minor = 0;
	assert_non_null(strstr(call_announce(&f->shim, 7), "no OP-TEE answers"));
	f->ffa = false;
	f->psci = NOBODY;
	assert_non_null(strstr(call_announce(&f->shim, 7), "no OP-TEE answers"));
	assert_int_equal(ask(f, SPMC_ID_GET, 0, 0, 0), (uint32_t)NOBODY);
	assert_int_equal(f->cpu[1].parked, 0);
}

static void ids_that_no_vm_has_are_refused(void **state)
{
	struct firmware *f = *state;

	assert_non_null(strstr(call_announce(&f->shim, 0), "1..32767"));
	assert_non_null(strstr(call_announce(&f->shim, 0x8000), "1..32767"));
	assert_int_equal(f->cpu[1].parked, 0);
}

static void serves_an_optee_that_is_called_by_smc_as_well(void **state)
{
	struct firmware *f = *state;
	uint64_t x[31] = { MODEL_CALL_WITH_ARG };

	model_script(&f->optee, (struct model_lie[MODEL_MAX_LIES]){ { 0 } });
	assert_null(call_announce(&f->shim, 7));
	assert_int_equal(f->shim.guest.role, OPTEE_GUEST_GUEST);
	assert_int_equal(f->cpu[1].parked, 0);
	assert_int_equal(its_id(f), 7);
	assert_int_equal(maps(f), SPMC_SUCCESS);
	assert_int_equal(guests(f), 1);
	call_dispatch(f->cpu, SHIM_SMC, 0, x);
	assert_int_equal(f->call[(f->calls - 1) % FIRMWARE_CALLS][7], 7);
	assert_null(call_remove(&f->shim));
	assert_int_equal(guests(f), 0);
	assert_int_equal(model_count(&f->optee, 7), 0);

	/* An id that only one of them takes. */
	assert_null(call_announce(&f->shim, 0x8000));
	assert_int_equal(f->shim.guest.role, OPTEE_GUEST_GUEST);
}

static void no_guest_by_smc_is_none_by_ff_a(void **state)
{
	struct firmware *f = *state;

	model_script(&f->optee, (struct model_lie[MODEL_MAX_LIES]){ { 0 } });
	f->optee.slots = 0;
	assert_non_null(strstr(call_announce(&f->shim, 7), "no room"));
	assert_int_equal(its_id(f), 0);
}

static void no_room(void **state)
{
	struct firmware *f = *state;

	f->spmc.partition[0].slots = 0;
	assert_null(call_announce(&f->shim, 7));
	assert_int_equal(its_id(f), 7);
	assert_int_equal(maps(f), SPMC_ERROR);
	assert_non_null(strstr(f->line, "no room for a guest"));
	assert_int_equal(f->spmc.mapped, 0);
}

static void others_buffers_are_mapped(void **state)
{
	struct firmware *f = *state;

	f->spmc.mapped = TX;
	assert_null(call_announce(&f->shim, 7));
	assert_int_equal(its_id(f), 0);
	assert_non_null(strstr(f->line, "buffers are mapped"));
	f->line = NULL;
	assert_int_equal(its_id(f), 0);
	assert_null(f->line);
}

static void buffers_that_stay_mapped(void **state)
{
	struct firmware *f = *state;

	/* VERSION and ID_GET, and RXTX_MAP, PARTITION_INFO_GET, RX_RELEASE of the shim's. */
	assert_null(call_announce(&f->shim, 7));
	f->spmc.script = REFUSES(6);
	assert_int_equal(its_id(f), 0);
	assert_non_null(strstr(f->line, "stay mapped"));

	/* After VM_CREATED, which is refused. */
	f->spmc.mapped = 0;
	f->spmc.partition[0].slots = 0;
	f->shim.ffa.id = 7;
	f->spmc.calls = 0;
	f->spmc.script = REFUSES(8);
	assert_int_equal(its_id(f), 7);
	assert_int_equal(maps(f), SPMC_ERROR);
	assert_non_null(strstr(f->line, "stay mapped"));
	f->spmc.script = NULL;
}

static void more_partitions_than_there_is_room_for(void **state)
{
	struct firmware *f = *state;
	unsigned int n;

	f->spmc.count = FFA_PARTITIONS + 1;
	for (n = 0; n < f->spmc.count; n++)
		f->spmc.partition[n] = (struct spmc_partition){
			.id = SPMC_OPTEE + n, .wants = n ? 0xc0 : 0, .slots = 1,
		};
	assert_null(call_announce(&f->shim, 7));
	assert_int_equal(its_id(f), 7);
	assert_int_equal(maps(f), SPMC_SUCCESS);
	assert_int_equal(spmc_count(&f->spmc.partition[0], 7), 0);
	for (n = 1; n < f->spmc.count; n++)
		assert_int_equal(spmc_count(&f->spmc.partition[n], 7), 1);

	assert_null(call_remove(&f->shim));
	f->spmc.mapped = 0;
	f->shim.ffa.count = 0;
	f->spmc.partition[0].wants = 0x40;
	assert_int_equal(its_id(f), 0);
	assert_non_null(strstr(f->line, "more partitions"));
}

/* By the honest one's hand nothing is left behind, whatever is answered. */
static void odd_lists_of_partitions(void **state)
{
	static const unsigned long answers[][4] = {
		{ SPMC_ERROR, 0, DENIED }, { SPMC_SUCCESS, 0, 1, 0 }, { SPMC_SUCCESS, 0, 1, 7 },
		{ SPMC_SUCCESS, 0, 171, 24 }, { SPMC_SUCCESS, 0, 0xffffffff, 8 },
		{ SPMC_SUCCESS, 0, 1, 0xffffffff }, { SPMC_SUCCESS, 0, 0, 24 },
	};
	struct firmware *f = *state;
	unsigned int n;

	assert_null(call_announce(&f->shim, 7));
	for (n = 0; n < sizeof(answers) / sizeof(answers[0]); n++) {
		struct spmc_lie lies[2] = { { .first = 3, .last = 3, .effect = true } };

		memcpy(lies[0].regs, answers[n], sizeof(answers[n]));
		f->spmc.script = lies;
		f->spmc.calls = 0;
		f->shim.ffa.id = 7;
		assert_int_equal(its_id(f), 0);
		assert_int_equal(f->spmc.mapped, 0);
	}
	f->spmc.script = NULL;
}

static void says_what_a_physical_instance_says(void **state)
{
	struct firmware *f = *state;

	assert_int_equal(ask(f, SPMC_MEM_FRAG_TX, 1, 2, 0), SPMC_SUCCESS);
	assert_int_equal(seen(f)[4], 7 << 16);
	assert_int_equal(ask(f, SPMC_NOTIFICATION_GET, 7, 0xf, 0), SPMC_SUCCESS);
	assert_int_equal(seen(f)[1], 7);
	assert_int_equal(seen(f)[2], 5);
	f->spmc.full = true;
	assert_int_equal(ask(f, SPMC_RX_RELEASE, 7, 0, 0), SPMC_SUCCESS);
	assert_int_equal(seen(f)[1], 0);
	/* A function that has nothing to do with it. */
	assert_int_equal(ask(f, SPMC_VERSION, 0x10002, 0, 0), 0x10002);
	assert_int_equal(seen(f)[1], 0x10002);
}

static void removes_before_the_buffers_go(void **state)
{
	struct firmware *f = *state;

	assert_int_equal(ask(f, SPMC_RXTX_UNMAP, 7 << 16, 0, 0), SPMC_SUCCESS);
	assert_int_equal(guests(f), 0);
	assert_int_equal(maps(f), SPMC_SUCCESS);
	assert_int_equal(guests(f), 1);

	f->spmc.script = REFUSES(f->spmc.calls + 1);
	assert_int_equal(ask(f, SPMC_RXTX_UNMAP, 7 << 16, 0, 0), SPMC_SUCCESS);
	assert_non_null(strstr(f->line, "keeps the guest"));
}

static void removes_at_the_end(void **state)
{
	struct firmware *f = *state;

	/* It ends, and then it does not. */
	assert_int_equal(ask(f, 0x84000008, 0, 0, 0), 0);
	assert_int_equal(f->spmc.call[0][2], SPMC_DESTROYED);
	assert_int_equal(f->spmc.call[1][2], SPMC_CREATED);
	assert_non_null(strstr(f->line, "a new guest"));
	assert_int_equal(guests(f), 1);

	f->spmc.calls = 0;
	f->spmc.script = REFUSES(2);
	assert_int_equal(ask(f, 0x84000009, 0, 0, 0), 0);
	assert_non_null(strstr(f->line, "no room"));
	assert_int_equal(guests(f), 0);
	f->spmc.script = NULL;
}

#define FRESH(test)	cmocka_unit_test_setup_teardown(test, setup, shim_teardown)
#define GUEST(test)	cmocka_unit_test_setup_teardown(test, setup_guest, shim_teardown)

int shim_ffa_tests(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(announces_when_the_buffers_are_mapped),
		FRESH(starts_all_cpus_once_and_has_them_wait),
		FRESH(nobody_asks),
		FRESH(somebody_else_announces),
		FRESH(no_id_is_given),
		FRESH(ff_a_is_not_there),
		FRESH(ids_that_no_vm_has_are_refused),
		FRESH(serves_an_optee_that_is_called_by_smc_as_well),
		FRESH(no_guest_by_smc_is_none_by_ff_a),
		FRESH(no_room),
		FRESH(others_buffers_are_mapped),
		FRESH(buffers_that_stay_mapped),
		FRESH(more_partitions_than_there_is_room_for),
		FRESH(odd_lists_of_partitions),
		GUEST(says_what_a_physical_instance_says),
		GUEST(removes_before_the_buffers_go),
		GUEST(removes_at_the_end),
	};

	return cmocka_run_group_tests_name("shim, FF-A", tests, NULL, NULL);
}
