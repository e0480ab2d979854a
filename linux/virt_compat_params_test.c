// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests: the command line and the attributes of a guest.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <kunit/device.h>
#include "virt_compat_params.h"
#include "virt_compat_test.h"

/**
 * struct text - a value of optee.vm_id
 * @text: as it is on the command line
 * @id:	  the guest id that it is, or 0
 */
struct text {
	const char *text;
	unsigned int id;
};

static const struct text texts[] = {
	{ "1", 1 },
	{ "7", 7 },
	{ "65535", 65535 },
	{ "0x10", 16 },
	{ "0xffff", 65535 },
	{ "7\n", 7 },
	{ "0", 0 },
	{ "65536", 0 },
	{ "0x10000", 0 },
	{ "4294967297", 0 },
	{ "-1", 0 },
	{ "", 0 },
	{ "text", 0 },
	{ "7 ", 0 },
	{ "7.0", 0 },
};

static void text_name(const struct text *text, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "\"%*pE\"", (int)strlen(text->text), text->text);
}

KUNIT_ARRAY_PARAM(text, texts, text_name);

static void vm_id_of_a_text(struct kunit *test)
{
	const struct text *text = test->param_value;
	unsigned int id = 99;
	const struct kernel_param param = { .arg = &id };

	/* An error would not stop a driver that is built in. */
	KUNIT_EXPECT_EQ(test, 0, optee_virt_compat_id_ops.set(text->text, &param));
	KUNIT_EXPECT_EQ(test, text->id, id);
}

static void vm_id_is_announced(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, optee_virt_compat_id, fake_guest(test)->guest.id);
}

static void vm_id_is_checked_before_any_call(struct kunit *test)
{
	struct device *dev = fake_device(test, "smc");

	KUNIT_EXPECT_PTR_EQ(test, &fake_optee_invoke,
			    optee_virt_compat_check_id(dev, fake_optee_invoke));
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-ENXIO),
			    optee_virt_compat_check_id(dev, ERR_PTR(-ENXIO)));
	FAKE_EXPECT_NO_CALLS(test);
}

static void threads_of_a_fresh_guest(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 0, optee_virt_compat_check_threads(fake_guest(test)));
	FAKE_EXPECT_NO_CALLS(test);
}

static void threads_of_an_inherited_guest(struct kunit *test)
{
	struct virt_compat *vc = fake_guest(test);

	vc->guest.note = OPTEE_GUEST_INHERITED;
	KUNIT_EXPECT_EQ(test, 0, optee_virt_compat_check_threads(vc));
	KUNIT_EXPECT_EQ(test, vc->guest.role, OPTEE_GUEST_GUEST);
	FAKE_EXPECT_CALLS(test, { OPTEE_SMC_CALL_WITH_ARG, 0, FAKE_ID });
}

static void threads_and_an_interrupt(struct kunit *test)
{
	struct virt_compat *vc = fake_guest(test);
	struct fake_optee *optee = test->priv;
	unsigned int n;

	vc->guest.note = OPTEE_GUEST_INHERITED;
	optee->yielding[0] = OPTEE_SMC_RETURN_RPC_FOREIGN_INTR;
	KUNIT_EXPECT_EQ(test, 0, optee_virt_compat_check_threads(vc));
	KUNIT_EXPECT_EQ(test, optee->calls, 2);
	KUNIT_EXPECT_EQ(test, optee->call[1].a[0], OPTEE_SMC_CALL_RETURN_FROM_RPC);
	for (n = 1; n <= 3; n++)
		KUNIT_EXPECT_EQ(test, optee->call[1].a[n], n);
	KUNIT_EXPECT_EQ(test, optee->call[1].a[7], FAKE_ID);
}

static void threads_are_all_stuck(struct kunit *test)
{
	struct virt_compat *vc = fake_guest(test);
	struct fake_optee *optee = test->priv;
	struct device *dev = vc->dev;

	vc->guest.note = OPTEE_GUEST_INHERITED;
	optee->yielding[0] = OPTEE_SMC_RETURN_ETHREAD_LIMIT;
	KUNIT_EXPECT_EQ(test, -EBUSY, optee_virt_compat_check_threads(vc));
	KUNIT_EXPECT_EQ(test, vc->guest.role, OPTEE_GUEST_NONE);

	/* It is not ours, and stays. */
	optee->calls = 0;
	kunit_device_unregister(test, dev);
	FAKE_EXPECT_NO_CALLS(test);
	KUNIT_EXPECT_TRUE(test, fake_has_guest(optee, FAKE_ID));
}

static void attributes_of_no_guest(struct kunit *test)
{
	struct device_attribute *attributes[] = {
		&optee_virt_compat_vm_role,
		&optee_virt_compat_vm_id,
		&optee_virt_compat_vm_conduit,
	};
	struct device *dev = fake_device(test, NULL);
	char *page = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	unsigned int n;

	KUNIT_ASSERT_NOT_NULL(test, page);
	for (n = 0; n < ARRAY_SIZE(attributes); n++) {
		KUNIT_EXPECT_EQ(test, 5, attributes[n]->show(dev, attributes[n], page));
		KUNIT_EXPECT_STREQ(test, "none\n", page);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(vm_id_of_a_text, text_gen_params),
	KUNIT_CASE(vm_id_is_announced),
	KUNIT_CASE(vm_id_is_checked_before_any_call),
	KUNIT_CASE(threads_of_a_fresh_guest),
	KUNIT_CASE(threads_of_an_inherited_guest),
	KUNIT_CASE(threads_and_an_interrupt),
	KUNIT_CASE(threads_are_all_stuck),
	KUNIT_CASE(attributes_of_no_guest),
	{}
};

static struct kunit_suite suite = {
	.name = "optee_virt_compat_params",
	.init = fake_optee_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
