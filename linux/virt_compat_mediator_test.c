// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests: somebody below tags the calls, or ought to.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/string.h>
#include <kunit/device.h>
#include "virt_compat_test.h"

/**
 * struct mediation - who tags our calls
 * @name: of it
 * @lie:  what it answers for OP-TEE
 * @note: what is remarkable about it
 */
struct mediation {
	const char *name;
	struct fake_lie lie[FAKE_LIES];
	enum optee_guest_note note;
};

static const struct mediation mediations[] = {
	{
		.name = "hides nothing",
		.note = OPTEE_GUEST_FRESH,
	}, {
		.name = "filters VM_CREATED and VM_DESTROYED",
		.lie = { { FAKE_VM_CREATED, 1, UINT_MAX, false,
			   OPTEE_SMC_RETURN_UNKNOWN_FUNCTION },
			 { FAKE_VM_DESTROYED, 1, UINT_MAX, false,
			   OPTEE_SMC_RETURN_UNKNOWN_FUNCTION } },
		.note = OPTEE_GUEST_FRESH,
	}, {
		.name = "answers both with OK",
		.lie = { { FAKE_VM_CREATED, 1, UINT_MAX, false, OPTEE_SMC_RETURN_OK },
			 { FAKE_VM_DESTROYED, 1, UINT_MAX, false, OPTEE_SMC_RETURN_OK } },
		.note = OPTEE_GUEST_FRESH,
	}, {
		.name = "answers VM_DESTROYED with nonsense",
		.lie = { { FAKE_VM_DESTROYED, 1, UINT_MAX, false, FAKE_NONSENSE } },
		.note = OPTEE_GUEST_UNSURE,
	}
};

KUNIT_ARRAY_PARAM_DESC(mediation, mediations, name);

static void mediated_device_neither_announces_nor_tags(struct kunit *test)
{
	const struct mediation *mediation = test->param_value;
	struct fake_optee *optee = test->priv;
	struct device *dev = fake_device(test, "smc");
	struct virt_compat *vc;

	optee->below = FAKE_TAGS;
	fake_add_guest(optee, FAKE_OTHER);
	memcpy(optee->lie, mediation->lie, sizeof(optee->lie));

	KUNIT_EXPECT_PTR_EQ(test, &fake_optee_invoke,
			    optee_virt_compat_enter(dev, fake_optee_invoke, FAKE_CAPS));
	vc = optee_virt_compat_find(dev);
	KUNIT_ASSERT_NOT_NULL(test, vc);
	KUNIT_EXPECT_EQ(test, vc->guest.role, OPTEE_GUEST_MEDIATED);
	KUNIT_EXPECT_EQ(test, vc->guest.note, mediation->note);
	KUNIT_EXPECT_EQ(test, optee_guest_tag(&vc->guest), 0);
	KUNIT_EXPECT_EQ(test, optee->guests, 1);

	optee->calls = 0;
	optee_virt_compat_shutdown(dev);
	kunit_device_unregister(test, dev);
	FAKE_EXPECT_NO_CALLS(test);
}

static void mediator_is_recognised_by_these_calls(struct kunit *test)
{
	struct fake_optee *optee = test->priv;
	struct device *dev = fake_device(test, "smc");

	optee->below = FAKE_TAGS;
	fake_add_guest(optee, FAKE_OTHER);
	KUNIT_EXPECT_PTR_EQ(test, &fake_optee_invoke,
			    optee_virt_compat_enter(dev, fake_optee_invoke, FAKE_CAPS));
	FAKE_EXPECT_CALLS(test, { OPTEE_SMC_CALLS_UID, 0, FAKE_STRANGER },
			  { OPTEE_SMC_CALLS_UID, 0, FAKE_STRANGER - 1 },
			  { OPTEE_SMC_CALLS_UID, 0, FAKE_STRANGER - 2 },
			  { FAKE_VM_DESTROYED, FAKE_STRANGER, 0 },
			  { FAKE_VM_DESTROYED, FAKE_STRANGER, 0 });
}

static void dropped_a7_is_found_by_the_lack_of_room(struct kunit *test)
{
	struct fake_optee *optee = test->priv;
	struct device *dev = fake_device(test, "smc");

	optee->below = FAKE_DROPS;
	optee->room = 1;
	KUNIT_EXPECT_EQ(test, -EPERM,
			PTR_ERR_OR_ZERO(optee_virt_compat_enter(dev, fake_optee_invoke,
								FAKE_CAPS)));
	FAKE_EXPECT_CALLS(test, { OPTEE_SMC_CALLS_UID, 0, FAKE_STRANGER },
			  { OPTEE_SMC_CALLS_UID, 0, FAKE_STRANGER - 1 },
			  { OPTEE_SMC_CALLS_UID, 0, FAKE_STRANGER - 2 },
			  { FAKE_VM_DESTROYED, FAKE_STRANGER, 0 },
			  { FAKE_VM_CREATED, FAKE_STRANGER, 0 },
			  { FAKE_VM_CREATED, FAKE_STRANGER, 0 },
			  { FAKE_VM_DESTROYED, FAKE_STRANGER, 0 },
			  { FAKE_VM_DESTROYED, FAKE_STRANGER, 0 });
	KUNIT_EXPECT_EQ(test, optee->guests, 0);
}

static void no_room_for_a_first_guest(struct kunit *test)
{
	struct fake_optee *optee = test->priv;
	struct device *dev = fake_device(test, "smc");

	optee->room = 0;
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			PTR_ERR_OR_ZERO(optee_virt_compat_enter(dev, fake_optee_invoke,
								FAKE_CAPS)));
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(mediated_device_neither_announces_nor_tags, mediation_gen_params),
	KUNIT_CASE(mediator_is_recognised_by_these_calls),
	KUNIT_CASE(dropped_a7_is_found_by_the_lack_of_room),
	KUNIT_CASE(no_room_for_a_first_guest),
	{}
};

static struct kunit_suite suite = {
	.name = "optee_virt_compat_mediator",
	.init = fake_optee_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
