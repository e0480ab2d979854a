// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests: hibernation.
 */
#include <linux/suspend.h>
#include <kunit/device.h>
#include "virt_compat_sleep.h"
#include "virt_compat_test.h"

static void guest_is_removed_for_a_hibernated_kernel(struct kunit *test)
{
	struct virt_compat *vc = fake_guest(test);
	struct device *dev = vc->dev;

	optee_virt_compat_pm_event(vc, PM_RESTORE_PREPARE);
	FAKE_EXPECT_CALLS(test, { FAKE_VM_DESTROYED, FAKE_ID, 0 },
			  { OPTEE_SMC_CALLS_UID, 0, FAKE_ID });
	KUNIT_EXPECT_EQ(test, vc->guest.role, OPTEE_GUEST_NONE);

	optee_virt_compat_pm_event(vc, PM_POST_RESTORE);
	optee_virt_compat_pm_event(vc, PM_RESTORE_PREPARE);
	kunit_device_unregister(test, dev);
	FAKE_EXPECT_NO_CALLS(test);
}

static void guest_that_outlived_hibernation(struct kunit *test)
{
	struct virt_compat *vc = fake_guest(test);

	optee_virt_compat_pm_event(vc, PM_POST_HIBERNATION);
	FAKE_EXPECT_CALLS(test, { OPTEE_SMC_CALLS_UID, 0, FAKE_ID });
	KUNIT_EXPECT_EQ(test, vc->guest.role, OPTEE_GUEST_GUEST);
}

static void guest_that_was_lost_in_hibernation(struct kunit *test)
{
	struct virt_compat *vc = fake_guest(test);
	struct fake_optee *optee = test->priv;
	struct device *dev = vc->dev;

	optee->guests = 0;
	optee_virt_compat_pm_event(vc, PM_POST_HIBERNATION);
	FAKE_EXPECT_CALLS(test, { OPTEE_SMC_CALLS_UID, 0, FAKE_ID });
	KUNIT_EXPECT_EQ(test, vc->guest.role, OPTEE_GUEST_NONE);

	/* Another guest may have the id now. */
	fake_add_guest(optee, FAKE_ID);
	kunit_device_unregister(test, dev);
	FAKE_EXPECT_NO_CALLS(test);
}

static void events_that_are_none_of_ours(struct kunit *test)
{
	struct virt_compat *vc = fake_guest(test);

	optee_virt_compat_pm_event(vc, PM_HIBERNATION_PREPARE);
	optee_virt_compat_pm_event(vc, PM_SUSPEND_PREPARE);
	optee_virt_compat_pm_event(vc, PM_POST_SUSPEND);
	KUNIT_EXPECT_EQ(test, vc->guest.role, OPTEE_GUEST_GUEST);

	vc->guest.role = OPTEE_GUEST_PLAIN;
	optee_virt_compat_pm_event(vc, PM_RESTORE_PREPARE);
	optee_virt_compat_pm_event(vc, PM_POST_HIBERNATION);
	KUNIT_EXPECT_EQ(test, vc->guest.role, OPTEE_GUEST_PLAIN);
	FAKE_EXPECT_NO_CALLS(test);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(guest_is_removed_for_a_hibernated_kernel),
	KUNIT_CASE(guest_that_outlived_hibernation),
	KUNIT_CASE(guest_that_was_lost_in_hibernation),
	KUNIT_CASE(events_that_are_none_of_ours),
	{}
};

static struct kunit_suite suite = {
	.name = "optee_virt_compat_sleep",
	.init = fake_optee_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
