// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests: which conduit reaches OP-TEE.
 *
 * What a machine executes is its own: the device's tests go by that, the choice
 * itself is tried for all machines.
 */
#include <linux/err.h>
#include <asm/virt.h>
#include <kunit/device.h>
#include "optee_guest_conduit.h"
#include "optee_msg.h"
#include "virt_compat_conduit.h"
#include "virt_compat_test.h"

static bool uses_hvc(struct device *dev, optee_invoke_fn *invoke_fn)
{
	const struct virt_compat vc = { .dev = dev, .invoke = { invoke_fn } };

	return optee_virt_compat_uses_hvc(&vc);
}

static void conduit_of_smc_is_obeyed(struct kunit *test)
{
	struct device *dev = fake_device(test, "smc");

	KUNIT_EXPECT_PTR_EQ(test, &fake_optee_invoke,
			    optee_virt_compat_conduit(dev, fake_optee_invoke));
	KUNIT_EXPECT_FALSE(test, uses_hvc(dev, fake_optee_invoke));
	FAKE_EXPECT_NO_CALLS(test);
}

static void conduit_of_an_error_is_that_error(struct kunit *test)
{
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-ENXIO),
			    optee_virt_compat_conduit(fake_device(test, "hvc"),
						      ERR_PTR(-ENXIO)));
}

static void conduit_of_hvc_that_reaches_optee(struct kunit *test)
{
	struct device *dev = fake_device(test, "hvc");

	if (!is_hyp_mode_available() || is_kernel_in_hyp_mode())
		kunit_skip(test, "this kernel was not entered at EL2, or is there");

	KUNIT_EXPECT_PTR_EQ(test, &fake_optee_invoke,
			    optee_virt_compat_conduit(dev, fake_optee_invoke));
	KUNIT_EXPECT_TRUE(test, uses_hvc(dev, fake_optee_invoke));
	FAKE_EXPECT_CALLS(test, { OPTEE_SMC_CALLS_UID, 0, 0 });
}

static void conduit_of_hvc_at_el2(struct kunit *test)
{
	struct device *dev = fake_device(test, "hvc");
	optee_invoke_fn *invoke_fn;

	if (!is_kernel_in_hyp_mode())
		kunit_skip(test, "this kernel is not at EL2");

	invoke_fn = optee_virt_compat_conduit(dev, fake_optee_invoke);
	KUNIT_EXPECT_PTR_NE(test, &fake_optee_invoke, invoke_fn);
	KUNIT_EXPECT_FALSE(test, uses_hvc(dev, invoke_fn));
	FAKE_EXPECT_NO_CALLS(test);
}

static void choose_conduit(struct kunit *test)
{
	struct fake_lie silent = { OPTEE_SMC_CALLS_UID, 1, 1, false, FAKE_NONSENSE };
	struct optee_guest_invoke invoke = { fake_optee_invoke };
	struct fake_optee *optee = test->priv;
	unsigned int n;

	for (n = 0; n < 16; n++) {
		bool smc_answers = n & 1, hvc_answers = n & 2;
		struct optee_guest_conduits conduits = {
			.smc = { optee_guest_invoke, &invoke },
			.hvc = { optee_guest_invoke, &invoke },
			.smc_safe = n & 4,
			.hvc_safe = n & 8,
		};
		enum optee_guest_conduit expected = OPTEE_GUEST_NO_CONDUIT;
		unsigned int calls = 0;

		if (conduits.hvc_safe) {
			/* HVC is asked first, and SMC if that does not answer. */
			expected = conduits.smc_safe && !hvc_answers && smc_answers ?
				   OPTEE_GUEST_SMC : OPTEE_GUEST_HVC;
			calls = conduits.smc_safe && !hvc_answers ? 2 : 1;
		} else if (conduits.smc_safe) {
			expected = OPTEE_GUEST_SMC;
		}

		memset(optee->lie, 0, sizeof(optee->lie));
		memset(optee->lied, 0, sizeof(optee->lied));
		if (!hvc_answers)
			optee->lie[0] = silent;
		if (!smc_answers)
			optee->lie[1] = (struct fake_lie){ OPTEE_SMC_CALLS_UID, 2, 2, false,
							   FAKE_NONSENSE };
		optee->calls = 0;
		KUNIT_EXPECT_EQ_MSG(test, expected, optee_guest_choose_conduit(&conduits),
				    "case %u", n);
		KUNIT_EXPECT_EQ_MSG(test, calls, optee->calls, "case %u", n);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(conduit_of_smc_is_obeyed),
	KUNIT_CASE(conduit_of_an_error_is_that_error),
	KUNIT_CASE(conduit_of_hvc_that_reaches_optee),
	KUNIT_CASE(conduit_of_hvc_at_el2),
	KUNIT_CASE(choose_conduit),
	{}
};

static struct kunit_suite suite = {
	.name = "optee_virt_compat_conduit",
	.init = fake_optee_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
