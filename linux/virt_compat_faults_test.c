// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests: faults of OP-TEE versions.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/smp.h>
#include <asm/cputype.h>
#include <kunit/device.h>
#include "optee_guest_faults.h"
#include "optee_guest_faults_cpus.h"
#include "virt_compat_faults.h"
#include "virt_compat_test.h"

/**
 * struct version - of OP-TEE
 * @name:  of it
 * @major: its first number
 * @minor: its second number
 * @halts: when asynchronous notifications are enabled
 */
struct version {
	const char *name;
	u32 major;
	u32 minor;
	bool halts;
};

static const struct version versions[] = {
	{ "3.3", 3, 3, false },
	{ "3.20", 3, 20, false },
	{ "4.2", 4, 2, false },
	{ "4.3", 4, 3, true },
	{ "4.4", 4, 4, true },
	{ "4.5", 4, 5, false },
	{ "4.10", 4, 10, false },
	{ "5.4", 5, 4, false },
};

KUNIT_ARRAY_PARAM_DESC(version, versions, name);

static void usable_caps_of_a_version(struct kunit *test)
{
	const struct version *version = test->param_value;
	struct virt_compat *vc = fake_guest(test);
	struct fake_optee *optee = test->priv;

	optee->major = version->major;
	optee->minor = version->minor;
	KUNIT_EXPECT_EQ(test, optee_virt_compat_usable_caps(vc->dev, FAKE_CAPS),
			version->halts ? FAKE_CAPS & ~OPTEE_SMC_SEC_CAP_ASYNC_NOTIF : FAKE_CAPS);
	FAKE_EXPECT_CALLS(test, { OPTEE_SMC_CALL_GET_OS_REVISION, 0, FAKE_ID });

	/* Somebody below tags. */
	vc->guest.role = OPTEE_GUEST_MEDIATED;
	optee_virt_compat_usable_caps(vc->dev, FAKE_CAPS);
	FAKE_EXPECT_CALLS(test, { OPTEE_SMC_CALL_GET_OS_REVISION, 0, 0 });
}

static void usable_caps_that_need_no_question(struct kunit *test)
{
	const u32 few = FAKE_CAPS & ~OPTEE_SMC_SEC_CAP_ASYNC_NOTIF;
	struct virt_compat *vc = fake_guest(test);

	KUNIT_EXPECT_EQ(test, few, optee_virt_compat_usable_caps(vc->dev, few));
	vc->guest.role = OPTEE_GUEST_PLAIN;
	KUNIT_EXPECT_EQ(test, FAKE_CAPS, optee_virt_compat_usable_caps(vc->dev, FAKE_CAPS));
	FAKE_EXPECT_NO_CALLS(test);
}

static void usable_caps_of_a_driver_switched_off(struct kunit *test)
{
	struct device *dev = fake_device(test, "smc");

	KUNIT_EXPECT_EQ(test, FAKE_CAPS, optee_virt_compat_usable_caps(dev, FAKE_CAPS));
	FAKE_EXPECT_NO_CALLS(test);
}

/**
 * struct processor - a MIDR_EL1
 * @name:  of the processor
 * @midr:  MIDR_EL1
 * @hangs: in a guest that was made before it was on
 */
struct processor {
	const char *name;
	u32 midr;
	bool hangs;
};

static const struct processor processors[] = {
	{ "Cortex-A53", 0x410fd034, false },
	{ "Cortex-A57", 0x411fd070, false },
	{ "Cortex-A72 r0p3", 0x410fd083, false },
	{ "Cortex-A72 r1p0", 0x411fd080, true },
	{ "Cortex-A76", 0x414fd0b1, true },
	{ "Neoverse N1", 0x413fd0c1, true },
	{ "Neoverse N2", 0x410fd490, true },
	{ "not of Arm's", 0x510fd0c1, false },
};

KUNIT_ARRAY_PARAM_DESC(processor, processors, name);

static void late_cpu_of_a_processor(struct kunit *test)
{
	const struct processor *processor = test->param_value;

	KUNIT_EXPECT_EQ(test, processor->hangs, !!optee_guest_late_cpu_hangs(processor->midr));
}

static void read_hangs(void *hangs)
{
	*(bool *)hangs = optee_guest_late_cpu_hangs(read_cpuid_id());
}

static void bring_cpu_back(void *cpu)
{
	add_cpu((unsigned long)cpu);
}

static unsigned int spare_cpu(struct kunit *test)
{
	unsigned int cpu = cpumask_last(cpu_online_mask);

	if (!IS_ENABLED(CONFIG_HOTPLUG_CPU) || !cpu)
		kunit_skip(test, "no CPU can be switched off");
	/* Done after the device has gone. */
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bring_cpu_back,
							   (void *)(unsigned long)cpu));

	return cpu;
}

static void late_cpu_that_was_on(struct kunit *test)
{
	unsigned int cpu = spare_cpu(test);

	fake_guest(test);
	KUNIT_ASSERT_EQ(test, 0, remove_cpu(cpu));
	KUNIT_EXPECT_EQ(test, 0, add_cpu(cpu));
	KUNIT_EXPECT_TRUE(test, cpu_online(cpu));
}

static void late_cpu_that_was_off(struct kunit *test)
{
	unsigned int cpu = spare_cpu(test);
	struct virt_compat *vc;
	bool hangs = false;

	KUNIT_ASSERT_EQ(test, 0, smp_call_function_single(cpu, read_hangs, &hangs, 1));
	KUNIT_ASSERT_EQ(test, 0, remove_cpu(cpu));
	vc = fake_guest(test);
	KUNIT_EXPECT_EQ(test, hangs ? -EPERM : 0, add_cpu(cpu));
	KUNIT_EXPECT_EQ(test, !hangs, cpu_online(cpu));

	/* Without the guest it may come; 1 is for a CPU that is on. */
	kunit_device_unregister(test, vc->dev);
	KUNIT_EXPECT_EQ(test, hangs ? 0 : 1, add_cpu(cpu));
}

static void late_cpu_of_an_inherited_guest(struct kunit *test)
{
	struct virt_compat *vc = fake_guest(test);
	bool hangs = false;
	int cpu;

	for_each_online_cpu(cpu) {
		bool this = false;

		KUNIT_ASSERT_EQ(test, 0, smp_call_function_single(cpu, read_hangs, &this, 1));
		hangs |= cpu != 0 && this;
	}
	KUNIT_EXPECT_EQ(test, 0, optee_virt_compat_check_cpus(vc));
	vc->guest.note = OPTEE_GUEST_INHERITED;
	KUNIT_EXPECT_EQ(test, hangs ? -EBUSY : 0, optee_virt_compat_check_cpus(vc));
	KUNIT_EXPECT_EQ(test, vc->guest.role, hangs ? OPTEE_GUEST_NONE : OPTEE_GUEST_GUEST);
	FAKE_EXPECT_NO_CALLS(test);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(usable_caps_of_a_version, version_gen_params),
	KUNIT_CASE(usable_caps_that_need_no_question),
	KUNIT_CASE(usable_caps_of_a_driver_switched_off),
	KUNIT_CASE_PARAM(late_cpu_of_a_processor, processor_gen_params),
	KUNIT_CASE(late_cpu_that_was_on),
	KUNIT_CASE(late_cpu_that_was_off),
	KUNIT_CASE(late_cpu_of_an_inherited_guest),
	{}
};

static struct kunit_suite suite = {
	.name = "optee_virt_compat_faults",
	.init = fake_optee_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
