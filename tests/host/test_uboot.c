// SPDX-License-Identifier: BSD-2-Clause
/*
 * Tests of u-boot/ on a model OP-TEE: the same files as in U-Boot, between a
 * stub of its driver model and core/.
 */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "optee_guest.h"
#include "stub.h"
#include "virt_compat.h"

/* Of ID_AA64PFR0_EL1, for AArch64 alone (Arm ARM DDI 0487). */
#define EL2		(1ul << 8)
#define EL3		(1ul << 12)
#define EL2_AND_EL3	(EL2 | EL3)

struct udevice machine;

static struct optee_virt_compat compat;

void stub_log(bool error, const char *format, ...)
{
	va_list args;

	machine.errors += error;
	va_start(args, format);
	machine.logged += vsnprintf(machine.log + machine.logged,
				    sizeof(machine.log) - machine.logged,
				    format, args);
	va_end(args);
	assert_true(machine.logged < sizeof(machine.log));
}

static void call(unsigned long a0, unsigned long a1, unsigned long a7,
		 struct arm_smccc_res *res)
{
	unsigned long answer[4];

	model_call(&machine.model, a0, a1, a7, answer);
	*res = (struct arm_smccc_res){
		answer[0], answer[1], answer[2], answer[3]
	};
}

void arm_smccc_smc(unsigned long a0, unsigned long a1, unsigned long a2,
		   unsigned long a3, unsigned long a4, unsigned long a5,
		   unsigned long a6, unsigned long a7,
		   struct arm_smccc_res *res)
{
	assert_int_equal(a2 | a3 | a4 | a5 | a6, 0);
	machine.smcs++;
	call(a0, a1, a7, res);
}

/* The driver's own function for a tree that says "hvc". */
static void driver_hvc(unsigned long a0, unsigned long a1, unsigned long a2,
		       unsigned long a3, unsigned long a4, unsigned long a5,
		       unsigned long a6, unsigned long a7,
		       struct arm_smccc_res *res)
{
	assert_int_equal(a2 | a3 | a4 | a5 | a6, 0);
	machine.hvcs++;
	if (machine.hvc)
		call(a0, a1, a7, res);
	else
		res->a0 = MODEL_UNKNOWN;
}

static int set_up(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof(machine));
	memset(&compat, 0, sizeof(compat));
	machine.plat = &compat;
	machine.method = "smc";
	machine.psci = "smc";
	machine.psci_is = "arm,psci-1.0";
	machine.el = 2;
	machine.pfr0 = EL2_AND_EL3;
	model_init(&machine.model, MODEL_VIRT_4_5, MODEL_NATIVE);

	return 0;
}

static optee_invoke_fn *prepare(void)
{
	bool hvc = machine.method && !strcmp(machine.method, "hvc");

	return optee_virt_compat_prepare(&machine, hvc ? driver_hvc :
						   arm_smccc_smc);
}

/* The driver's probe as far as the glue is in it; its own rest returns @ret. */
static int probe(int ret)
{
	unsigned long res[4];

	prepare();
	model_smc(&machine.model, MODEL_EXCHANGE_CAPABILITIES, 0, 0, res);
	if (!optee_virt_compat_enter(&machine, res[1]))
		ret = -ENODEV;

	return optee_virt_compat_end_probe(&machine, ret);
}

static void assert_logged(const char *text)
{
	if (!strstr(machine.log, text))
		fail_msg("not \"%s\" in the log: %s", text, machine.log);
}

static void announces_tags_and_leaves(void **state)
{
	u32 a7 = 0;

	(void)state;
	assert_int_equal(probe(0), 0);
	assert_logged("guest 1, conduit smc\n");
	assert_int_equal(model_count(&machine.model, 1), 1);
	assert_true(optee_virt_compat_tag(&machine, &a7));
	assert_int_equal(a7, 1);

	assert_int_equal(optee_virt_compat_remove(&machine), 0);
	assert_int_equal(machine.errors, 0);
	assert_int_equal(model_count(&machine.model, 1), 0);
}

static void keeps_the_guest_on_request(void **state)
{
	(void)state;
	machine.keep = true;
	assert_int_equal(probe(0), 0);
	assert_int_equal(optee_virt_compat_remove(&machine), 0);
	assert_logged("guest 1 stays for the next stage\n");
	assert_int_equal(model_count(&machine.model, 1), 1);
	assert_int_equal(machine.model.removed, 0);
}

static void keeps_nothing_on_plain(void **state)
{
	(void)state;
	machine.keep = true;
	model_init(&machine.model, MODEL_PLAIN, MODEL_NATIVE);
	assert_int_equal(probe(0), 0);
	assert_int_equal(optee_virt_compat_remove(&machine), 0);
	assert_null(strstr(machine.log, "stays"));
	assert_int_equal(machine.smcs, 0);
}

static void calls_after_the_end_are_not_sent(void **state)
{
	u32 a7;

	(void)state;
	assert_false(optee_virt_compat_tag(&machine, &a7));
	assert_int_equal(probe(0), 0);
	optee_virt_compat_remove(&machine);
	assert_false(optee_virt_compat_tag(&machine, &a7));
}

static void comes_back_after_the_end(void **state)
{
	int keep;

	for (keep = 0; keep < 2; keep++) {
		set_up(state);
		machine.keep = keep;
		assert_int_equal(probe(0), 0);
		optee_virt_compat_remove(&machine);
		assert_int_equal(probe(0), 0);
		assert_int_equal(model_count(&machine.model, 1), 1);
		assert_int_equal(!!strstr(machine.log,
					  "guest 1: left behind by an earlier system"), keep);
	}
}

static void a_failed_probe_leaves_no_guest(void **state)
{
	u32 a7;

	(void)state;
	assert_int_equal(probe(-EIO), -EIO);
	assert_int_equal(machine.model.added, 1);
	assert_int_equal(model_count(&machine.model, 1), 0);
	assert_false(optee_virt_compat_tag(&machine, &a7));
}

static void plain_sends_nothing_and_tags_nothing(void **state)
{
	u32 a7 = 99;

	(void)state;
	model_init(&machine.model, MODEL_PLAIN, MODEL_NATIVE);
	assert_int_equal(probe(0), 0);
	assert_logged("plain, conduit smc\n");
	assert_true(optee_virt_compat_tag(&machine, &a7));
	assert_int_equal(a7, 0);
	optee_virt_compat_remove(&machine);
	assert_int_equal(machine.smcs + machine.hvcs, 0);
}

static void mediator_tags_for_us(void **state)
{
	static const enum model_mediator mediators[] = {
		MODEL_TAGS, MODEL_TAGS_AND_FILTERS, MODEL_OBLIGES,
	};
	size_t n;
	u32 a7;

	for (n = 0; n < ARRAY_SIZE(mediators); n++) {
		set_up(state);
		model_init(&machine.model, MODEL_VIRT_4_5, mediators[n]);
		assert_int_equal(probe(0), 0);
		assert_logged("mediated, conduit smc\n");
		assert_int_equal(machine.errors, 0);
		a7 = 99;
		assert_true(optee_virt_compat_tag(&machine, &a7));
		assert_int_equal(a7, 0);
		optee_virt_compat_remove(&machine);
		assert_int_equal(model_count(&machine.model, MODEL_CLIENT), 1);
	}
}

static void every_error_is_one_line_and_no_guest(void **state)
{
	static const struct {
		struct model_lie script[MODEL_MAX_LIES];
		enum model_mediator mediator;
		unsigned int slots;
		unsigned int there;
		const char *line;
		bool stranded;
	} cases[] = {
		{ .line = "no room for a first guest" },
		{ .slots = 1, .there = 2, .line = "no room for another guest" },
		{ .slots = 2, .mediator = MODEL_DROPS, .line = "drops a7" },
		{ .slots = 2, .mediator = MODEL_FILTERS,
		  .line = "VM_CREATED is filtered" },
		{ .slots = 2, .line = "an answer that OP-TEE",
		  .script = { { MODEL_VM_CREATED, 3, 3, true, { 3 } } } },
		{ .slots = 2, .line = "refuses its calls",
		  .script = { { MODEL_CALLS_UID, 4, 4, false, { 7 } } } },
		{ .slots = 2, .line = "does not remove",
		  .script = { { MODEL_CALLS_UID, 4, 4, false, { 7 } },
			      { MODEL_VM_DESTROYED, 5, 5, false, { 7 } } },
		  .stranded = true },
	};
	size_t n;

	for (n = 0; n < ARRAY_SIZE(cases); n++) {
		set_up(state);
		model_init(&machine.model, MODEL_VIRT_4_5, cases[n].mediator);
		machine.model.slots = cases[n].slots;
		if (cases[n].there)
			model_smc(&machine.model, MODEL_VM_CREATED, cases[n].there,
				  0, (unsigned long[4]){ 0 });
		model_script(&machine.model, cases[n].script);
		assert_int_equal(probe(0), -ENODEV);
		assert_logged(cases[n].line);
		assert_int_equal(machine.errors, 1);
		assert_int_equal(model_count(&machine.model, 1),
				 cases[n].stranded);
	}
}

static void a_leave_that_fails_is_one_line(void **state)
{
	static const struct model_lie script[MODEL_MAX_LIES] = {
		{ MODEL_VM_DESTROYED, 1, 1, false, { 7 } },
	};

	(void)state;
	assert_int_equal(probe(0), 0);
	model_script(&machine.model, script);
	assert_int_equal(optee_virt_compat_remove(&machine), 0);
	assert_int_equal(machine.errors, 1);
	assert_logged("does not remove the guest");
}

static void unsure_mediator_is_one_warning(void **state)
{
	static const struct model_lie script[MODEL_MAX_LIES] = {
		{ MODEL_CALLS_UID, 1, 3, false, { 5 } },
		{ MODEL_VM_DESTROYED, 4, 5, false, { 7 } },
	};

	(void)state;
	model_script(&machine.model, script);
	assert_int_equal(probe(0), 0);
	assert_logged("answers for OP-TEE in an unknown manner (answer 0x5)");
	assert_int_equal(machine.model.added, 0);
}

static void refusal_is_no_bad_parameter(void **state)
{
	(void)state;
	assert_int_equal(probe(0), 0);
	assert_int_equal(optee_virt_compat_result(&machine, MODEL_OK,
						  TEE_SUCCESS), TEE_SUCCESS);
	assert_int_equal(optee_virt_compat_result(&machine, 4,
						  TEE_ERROR_BAD_PARAMETERS),
			 TEE_ERROR_BAD_PARAMETERS);
	assert_int_equal(machine.errors, 0);
	assert_int_equal(optee_virt_compat_result(&machine, MODEL_ENOTAVAIL,
						  TEE_ERROR_BAD_PARAMETERS),
			 TEE_ERROR_COMMUNICATION);
	assert_logged("it has no guest 1");
	assert_int_equal(machine.errors, 1);
}

static void chooses_the_conduit(void **state)
{
	static const struct {
		const char *method;
		const char *psci;
		unsigned int el;
		unsigned long pfr0;
		bool hvc;
		const char *conduit;
		unsigned int hvcs;
	} cases[] = {
		/* A tree that says "smc" is obeyed, whatever the machine. */
		{ "smc", "hvc", 1, 0, true, "smc", 0 },
		{ "smc", NULL, 3, EL2_AND_EL3, false, "smc", 0 },
		/* At EL2 an HVC is never tried. */
		{ "hvc", "smc", 2, EL2_AND_EL3, false, "smc", 0 },
		{ "hvc", "hvc", 2, EL2_AND_EL3, true, "smc", 0 },
		{ "hvc", "smc", 2, 0, false, "smc", 0 },
		/* At EL1 what is safe is tried. */
		{ "hvc", "smc", 1, EL2_AND_EL3, false, "smc", 1 },
		{ "hvc", "hvc", 1, EL2_AND_EL3, true, "hvc", 1 },
		{ "hvc", "hvc", 1, 0, true, "hvc", 1 },
		{ "hvc", "smc", 1, EL3, false, "smc", 0 },
		{ "hvc", NULL, 1, EL3, false, "smc", 0 },
		{ "hvc", NULL, 1, EL2, true, "hvc", 1 },
		/* Neither is safe. */
		{ "hvc", NULL, 1, 0, true, NULL, 0 },
		{ "hvc", "smc", 3, EL2_AND_EL3, true, NULL, 0 },
	};
	size_t n;

	for (n = 0; n < ARRAY_SIZE(cases); n++) {
		optee_invoke_fn *invoke_fn;

		set_up(state);
		machine.method = cases[n].method;
		machine.psci = cases[n].psci;
		machine.el = cases[n].el;
		machine.pfr0 = cases[n].pfr0;
		machine.hvc = cases[n].hvc;
		invoke_fn = prepare();
		assert_int_equal(machine.hvcs, cases[n].hvcs);
		if (!cases[n].conduit) {
			assert_int_equal(PTR_ERR(invoke_fn), -ENODEV);
			assert_int_equal(machine.errors, 1);
			continue;
		}
		assert_string_equal(compat.conduit, cases[n].conduit);
		assert_ptr_equal(invoke_fn, compat.invoke_fn);
		assert_int_equal(invoke_fn == driver_hvc,
				 !strcmp(cases[n].conduit, "hvc"));
		assert_int_equal(!!strstr(machine.log, "fix the property"),
				 !!strcmp(cases[n].method, cases[n].conduit));
	}
}

/* The node may be anywhere, and the tree may be as old as PSCI. */
static void finds_psci_by_compatible(void **state)
{
	static const struct {
		const char *compatible;
		bool psci;
	} cases[] = {
		{ "arm,psci-1.0", true },
		{ "arm,psci-0.2", true },
		{ "arm,psci", true },
		{ "xen,xen", false },
	};
	size_t n;

	for (n = 0; n < ARRAY_SIZE(cases); n++) {
		set_up(state);
		machine.method = "hvc";
		machine.psci = "hvc";
		machine.psci_is = cases[n].compatible;
		machine.el = 1;
		machine.pfr0 = 0;
		machine.hvc = true;
		assert_int_equal(prepare() == driver_hvc, cases[n].psci);
		assert_int_equal(machine.errors, !cases[n].psci);
	}
}

static void what_the_driver_refuses_is_left_alone(void **state)
{
	optee_invoke_fn *refused = ERR_PTR(-ENXIO);

	(void)state;
	machine.method = NULL;
	assert_ptr_equal(optee_virt_compat_prepare(&machine, refused), refused);
	assert_int_equal(machine.smcs + machine.logged, 0);
}

static void command_shows_guests_and_changes_nothing(void **state)
{
	unsigned long res[4];

	(void)state;
	assert_int_equal(probe(0), 0);
	model_smc(&machine.model, MODEL_VM_CREATED, 9, 0, res);
	machine.model.calls = 0;
	assert_int_equal(optee_command(), CMD_RET_SUCCESS);
	assert_logged("role     guest\nconduit  smc\nid       1\n"
		      "guests   1 9 of 1..255\n");
	assert_int_equal(machine.model.guests, 2);
}

static void command_on_plain_sends_nothing(void **state)
{
	(void)state;
	model_init(&machine.model, MODEL_PLAIN, MODEL_NATIVE);
	assert_int_equal(probe(0), 0);
	assert_int_equal(optee_command(), CMD_RET_SUCCESS);
	assert_logged("role     plain\n");
	assert_int_equal(machine.smcs, 0);
}

static void command_without_optee_fails(void **state)
{
	(void)state;
	machine.probe = -ENOENT;
	assert_int_equal(optee_command(), CMD_RET_FAILURE);
	assert_logged("error -2");
}

#define test(name)	cmocka_unit_test_setup(name, set_up)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		test(announces_tags_and_leaves),
		test(keeps_the_guest_on_request),
		test(keeps_nothing_on_plain),
		test(calls_after_the_end_are_not_sent),
		test(comes_back_after_the_end),
		test(a_failed_probe_leaves_no_guest),
		test(plain_sends_nothing_and_tags_nothing),
		test(mediator_tags_for_us),
		test(every_error_is_one_line_and_no_guest),
		test(a_leave_that_fails_is_one_line),
		test(unsure_mediator_is_one_warning),
		test(refusal_is_no_bad_parameter),
		test(chooses_the_conduit),
		test(finds_psci_by_compatible),
		test(what_the_driver_refuses_is_left_alone),
		test(command_shows_guests_and_changes_nothing),
		test(command_on_plain_sends_nothing),
		test(command_without_optee_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
