// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests: OP-TEE in a crash kernel, without optee.vm_kdump.
 */
#include <linux/crash_dump.h>
#include <linux/errno.h>
#include "virt_compat_kdump.h"
#include "virt_compat_params.h"
#include "virt_compat_test.h"

#ifdef CONFIG_CRASH_DUMP
static void end_crash_kernel(void *data)
{
	elfcorehdr_addr = ELFCORE_ADDR_MAX;
}

/* Let this pass for a crash kernel, until the test ends. */
static void crash_kernel(struct kunit *test)
{
	if (is_kdump_kernel())
		kunit_skip(test, "this is a crash kernel");

	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, end_crash_kernel, NULL));
	elfcorehdr_addr = ELFCORE_ADDR_ERR;
}
#else
static void crash_kernel(struct kunit *test)
{
	kunit_skip(test, "no kernel of this configuration is a crash kernel");
}
#endif

static int registers(void)
{
	return -EXDEV;
}

static const enum optee_guest_role roles[] = {
	OPTEE_GUEST_PLAIN,
	OPTEE_GUEST_MEDIATED,
	OPTEE_GUEST_GUEST,
};

static void role_name(const enum optee_guest_role *role, char *desc)
{
	strscpy(desc, optee_guest_role_name(*role), KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(role, roles, role_name);

static void other_kernel_is_not_refused(struct kunit *test)
{
	const enum optee_guest_role *role = test->param_value;
	struct virt_compat *vc = fake_guest(test);

	if (is_kdump_kernel())
		kunit_skip(test, "this is a crash kernel");

	KUNIT_EXPECT_FALSE(test, optee_virt_compat_refuses_kdump());
	KUNIT_EXPECT_EQ(test, -EXDEV, optee_virt_compat_ffa_register(registers));
	KUNIT_EXPECT_EQ(test, optee_virt_compat_policy(), optee_virt_compat_kdump_policy(vc->dev));
	vc->guest.role = *role;
	KUNIT_EXPECT_EQ(test, 0, optee_virt_compat_check_kdump(vc));
	vc->guest.role = OPTEE_GUEST_GUEST;
}

static void crash_kernel_is_refused(struct kunit *test)
{
	crash_kernel(test);
	KUNIT_EXPECT_TRUE(test, optee_virt_compat_refuses_kdump());
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, optee_virt_compat_ffa_register(registers));
}

static void crash_kernel_gets_a_fresh_guest_or_nothing(struct kunit *test)
{
	const enum optee_guest_role *role = test->param_value;
	struct virt_compat *vc = fake_guest(test);

	crash_kernel(test);
	KUNIT_EXPECT_EQ(test, OPTEE_GUEST_RECLAIM, optee_virt_compat_kdump_policy(vc->dev));
	vc->guest.role = *role;
	KUNIT_EXPECT_EQ(test, *role == OPTEE_GUEST_GUEST ? 0 : -ENODEV,
			optee_virt_compat_check_kdump(vc));
	vc->guest.role = OPTEE_GUEST_GUEST;
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(other_kernel_is_not_refused, role_gen_params),
	KUNIT_CASE(crash_kernel_is_refused),
	KUNIT_CASE_PARAM(crash_kernel_gets_a_fresh_guest_or_nothing, role_gen_params),
	{}
};

static struct kunit_suite suite = {
	.name = "optee_virt_compat_kdump",
	.init = fake_optee_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
