// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests: to announce, to tag and to leave.
 *
 * That a function which tags puts the id into a7 of a real call cannot be seen
 * here, where no call leaves the kernel: an OP-TEE built for virtualization does
 * not serve the driver otherwise.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/property.h>
#include <linux/string.h>
#include <kunit/device.h>
#include "optee_msg.h"
#include "virt_compat_test.h"

/*
 * An invoke function has no argument for its OP-TEE, and the guest is removed by
 * a thread that is not the test's.
 */
static struct fake_optee *fake;

/**
 * fake_add_guest() - Have a guest in OP-TEE
 * @optee: the OP-TEE, with room for it
 * @id:    the guest's id
 *
 * Context: Any.
 */
void fake_add_guest(struct fake_optee *optee, u32 id)
{
	optee->guest[optee->guests++] = id;
}

static unsigned int find_guest(const struct fake_optee *optee, u32 id)
{
	unsigned int n;

	for (n = 0; n < optee->guests && optee->guest[n] != id; n++)
		;

	return n;
}

/**
 * fake_has_guest() - Has OP-TEE a guest with this id?
 * @optee: the OP-TEE
 * @id:    the guest's id
 *
 * Context: Any.
 * Return: whether it has.
 */
bool fake_has_guest(const struct fake_optee *optee, u32 id)
{
	return find_guest(optee, id) < optee->guests;
}

static u32 command(struct fake_optee *optee, u32 fid, u32 id, u32 tag)
{
	if (tag || !id)
		return OPTEE_SMC_RETURN_ENOTAVAIL;

	if (fid == FAKE_VM_DESTROYED) {
		unsigned int n = find_guest(optee, id);

		if (n < optee->guests)
			optee->guest[n] = optee->guest[--optee->guests];
		return OPTEE_SMC_RETURN_OK;
	}

	if (optee->guests == optee->room)
		return OPTEE_SMC_RETURN_ENOTAVAIL;
	fake_add_guest(optee, id);

	return OPTEE_SMC_RETURN_OK;
}

static void answer(struct fake_optee *optee, u32 fid, u32 id, u32 tag,
		   struct arm_smccc_res *res)
{
	if (tag && !fake_has_guest(optee, tag)) {
		res->a0 = OPTEE_SMC_RETURN_ENOTAVAIL;
		return;
	}

	switch (fid) {
	case OPTEE_SMC_CALLS_UID:
		res->a0 = OPTEE_MSG_UID_0;
		res->a1 = OPTEE_MSG_UID_1;
		res->a2 = OPTEE_MSG_UID_2;
		res->a3 = OPTEE_MSG_UID_3;
		break;
	case OPTEE_SMC_CALL_GET_OS_REVISION:
		res->a0 = optee->major;
		res->a1 = optee->minor;
		break;
	case FAKE_VM_CREATED:
	case FAKE_VM_DESTROYED:
		res->a0 = command(optee, fid, id, tag);
		break;
	case OPTEE_SMC_CALL_WITH_ARG:
	case OPTEE_SMC_CALL_RETURN_FROM_RPC:
		res->a0 = tag ? optee->yielding[min(optee->yielded, 1u)] :
			  OPTEE_SMC_RETURN_ENOTAVAIL;
		res->a1 = 1;
		res->a2 = 2;
		res->a3 = 3;
		optee->yielded++;
		break;
	default:
		res->a0 = OPTEE_SMC_RETURN_UNKNOWN_FUNCTION;
	}
}

/**
 * fake_optee_invoke() - The driver's own function for calls, of the test's OP-TEE
 * @a0:  function id
 * @a1:  a1
 * @a2:  a2
 * @a3:  a3
 * @a4:  a4
 * @a5:  a5
 * @a6:  a6
 * @a7:  tag
 * @res: out: the answer
 *
 * Context: Any.
 */
void fake_optee_invoke(unsigned long a0, unsigned long a1, unsigned long a2,
		       unsigned long a3, unsigned long a4, unsigned long a5,
		       unsigned long a6, unsigned long a7,
		       struct arm_smccc_res *res)
{
	struct fake_optee *optee = fake;
	const struct fake_lie *lie = NULL;
	unsigned int n;

	if (optee->calls < FAKE_RECORDED)
		optee->call[optee->calls] = (struct fake_call){
			{ a0, a1, a2, a3, a4, a5, a6, a7 }, irqs_disabled()
		};
	optee->calls++;

	for (n = 0; n < FAKE_LIES; n++) {
		if (!optee->lie[n].first || optee->lie[n].fid != a0)
			continue;
		optee->lied[n]++;
		if (optee->lied[n] >= optee->lie[n].first &&
		    optee->lied[n] <= optee->lie[n].last)
			lie = &optee->lie[n];
	}

	if (optee->below == FAKE_TAGS)
		a7 = FAKE_OTHER;
	if (optee->below == FAKE_DROPS)
		a7 = 0;

	memset(res, 0, sizeof(*res));
	if (!lie || lie->effect)
		answer(optee, a0, a1, a7, res);
	if (lie)
		*res = (struct arm_smccc_res){ lie->a0 };
}

/**
 * fake_optee_init() - Give a test its OP-TEE
 * @test: the test; its priv is the struct fake_optee then
 *
 * Context: May sleep.
 * Return: 0 or an error.
 */
int fake_optee_init(struct kunit *test)
{
	struct fake_optee *optee;

	optee = kunit_kzalloc(test, sizeof(*optee), GFP_KERNEL);
	if (!optee)
		return -ENOMEM;

	optee->room = FAKE_ROOM;
	optee->major = 4;
	optee->minor = 5;
	optee->yielding[0] = OPTEE_SMC_RETURN_EBADADDR;
	optee->yielding[1] = OPTEE_SMC_RETURN_EBADADDR;
	test->priv = optee;
	fake = optee;

	return 0;
}

/**
 * fake_expect_calls() - Compare the calls since the last time
 * @test:     the test
 * @expected: the calls
 * @count:    their number
 *
 * Context: The test's.
 */
void fake_expect_calls(struct kunit *test, const struct fake_expected *expected,
		       unsigned int count)
{
	struct fake_optee *optee = test->priv;
	unsigned int n;

	KUNIT_EXPECT_EQ(test, optee->calls, count);
	for (n = 0; n < min3(optee->calls, count, FAKE_RECORDED); n++) {
		const unsigned long *a = optee->call[n].a;

		KUNIT_EXPECT_EQ_MSG(test, a[0], expected[n].fid, "call %u", n);
		KUNIT_EXPECT_EQ_MSG(test, a[1], expected[n].a1, "call %u", n);
		KUNIT_EXPECT_EQ_MSG(test, a[7], expected[n].a7, "call %u", n);
		KUNIT_EXPECT_EQ_MSG(test, a[2] | a[3] | a[4] | a[5] | a[6], 0, "call %u", n);
	}
	optee->calls = 0;
}

/**
 * fake_device() - A device of OP-TEE's, bound
 * @test:   the test
 * @method: its property method, or NULL for none
 *
 * Context: May sleep.
 * Return: the device, there until the test ends.
 */
struct device *fake_device(struct kunit *test, const char *method)
{
	const struct property_entry properties[] = {
		PROPERTY_ENTRY_STRING("method", method),
		{ }
	};
	struct device *dev = kunit_device_register(test, "optee");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	if (method)
		KUNIT_ASSERT_EQ(test, 0,
				device_create_managed_software_node(dev, properties, NULL));

	return dev;
}

/**
 * fake_guest() - A device that is a guest
 * @test: the test
 *
 * Context: May sleep.
 * Return: what the device is.
 */
struct virt_compat *fake_guest(struct kunit *test)
{
	struct fake_optee *optee = test->priv;
	struct device *dev = fake_device(test, "smc");
	struct virt_compat *vc;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, optee_virt_compat_enter(dev, fake_optee_invoke,
								   FAKE_CAPS));
	vc = optee_virt_compat_find(dev);
	KUNIT_ASSERT_NOT_NULL(test, vc);
	KUNIT_ASSERT_EQ(test, vc->guest.role, OPTEE_GUEST_GUEST);
	optee->calls = 0;

	return vc;
}

static void expect_removed(struct kunit *test)
{
	struct fake_optee *optee = test->priv;

	/* With all other CPUs held. */
	KUNIT_EXPECT_TRUE(test, optee->call[0].locked);
	FAKE_EXPECT_CALLS(test, { FAKE_VM_DESTROYED, FAKE_ID, 0 },
			  { OPTEE_SMC_CALLS_UID, 0, FAKE_ID });
	KUNIT_EXPECT_EQ(test, optee->guests, 0);
}

static void plain_optee_is_sent_nothing(struct kunit *test)
{
	struct device *dev = fake_device(test, "smc");
	struct virt_compat *vc;

	KUNIT_EXPECT_PTR_EQ(test, &fake_optee_invoke,
			    optee_virt_compat_enter(dev, fake_optee_invoke,
						    FAKE_CAPS & ~OPTEE_SMC_SEC_CAP_VIRTUALIZATION));
	vc = optee_virt_compat_find(dev);
	KUNIT_ASSERT_NOT_NULL(test, vc);
	KUNIT_EXPECT_EQ(test, vc->guest.role, OPTEE_GUEST_PLAIN);
	KUNIT_EXPECT_EQ(test, optee_guest_tag(&vc->guest), 0);

	optee_virt_compat_shutdown(dev);
	kunit_device_unregister(test, dev);
	FAKE_EXPECT_NO_CALLS(test);
}

static void guest_is_announced(struct kunit *test)
{
	struct fake_optee *optee = test->priv;
	struct device *dev = fake_device(test, "smc");
	optee_invoke_fn *tagging;
	struct virt_compat *vc;

	KUNIT_EXPECT_NULL(test, optee_virt_compat_find(dev));
	tagging = optee_virt_compat_enter(dev, fake_optee_invoke, FAKE_CAPS);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, tagging);
	KUNIT_EXPECT_PTR_NE(test, tagging, &fake_optee_invoke);
	FAKE_EXPECT_CALLS(test, { OPTEE_SMC_CALLS_UID, 0, FAKE_STRANGER },
			  { OPTEE_SMC_CALLS_UID, 0, FAKE_ID },
			  { FAKE_VM_CREATED, FAKE_ID, 0 },
			  { OPTEE_SMC_CALLS_UID, 0, FAKE_ID });

	vc = optee_virt_compat_find(dev);
	KUNIT_ASSERT_NOT_NULL(test, vc);
	KUNIT_EXPECT_EQ(test, vc->guest.role, OPTEE_GUEST_GUEST);
	KUNIT_EXPECT_EQ(test, vc->guest.note, OPTEE_GUEST_FRESH);
	KUNIT_EXPECT_EQ(test, vc->guest.id, FAKE_ID);
	KUNIT_EXPECT_EQ(test, optee_guest_tag(&vc->guest), FAKE_ID);
	KUNIT_EXPECT_EQ(test, optee->guests, 1);
}

static void conduit_is_that_of_the_device(struct kunit *test)
{
	static const char * const methods[] = { "smc", "hvc" };
	optee_invoke_fn *tagging[2];
	unsigned int n;

	for (n = 0; n < 2; n++) {
		struct device *dev = fake_device(test, methods[n]);

		tagging[n] = optee_virt_compat_enter(dev, fake_optee_invoke, FAKE_CAPS);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, tagging[n]);
		KUNIT_EXPECT_PTR_NE(test, tagging[n], &fake_optee_invoke);
		KUNIT_EXPECT_STREQ(test, methods[n],
				   optee_virt_compat_conduit_name(optee_virt_compat_find(dev)));
		kunit_device_unregister(test, dev);
	}
	KUNIT_EXPECT_PTR_NE(test, tagging[0], tagging[1]);
}

static void earlier_guests_are_removed_first(struct kunit *test)
{
	struct fake_optee *optee = test->priv;
	struct device *dev = fake_device(test, "smc");

	fake_add_guest(optee, FAKE_ID);
	fake_add_guest(optee, FAKE_OTHER);
	fake_add_guest(optee, FAKE_ID);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, optee_virt_compat_enter(dev, fake_optee_invoke,
								   FAKE_CAPS));
	FAKE_EXPECT_CALLS(test, { OPTEE_SMC_CALLS_UID, 0, FAKE_STRANGER },
			  { OPTEE_SMC_CALLS_UID, 0, FAKE_ID },
			  { FAKE_VM_DESTROYED, FAKE_ID, 0 },
			  { OPTEE_SMC_CALLS_UID, 0, FAKE_ID },
			  { FAKE_VM_DESTROYED, FAKE_ID, 0 },
			  { OPTEE_SMC_CALLS_UID, 0, FAKE_ID },
			  { FAKE_VM_CREATED, FAKE_ID, 0 },
			  { OPTEE_SMC_CALLS_UID, 0, FAKE_ID });
	KUNIT_EXPECT_EQ(test, optee_virt_compat_find(dev)->guest.note, OPTEE_GUEST_RECLAIMED);
	KUNIT_EXPECT_EQ(test, optee->guests, 2);
	KUNIT_EXPECT_TRUE(test, fake_has_guest(optee, FAKE_OTHER));
}

/**
 * struct refusal - why the device cannot be a guest
 * @name:  of it
 * @below: who is below OP-TEE
 * @other: guests that others have
 * @ours:  an earlier guest has our id
 * @stays: a guest with our id is there in the end
 * @lie:   what is wrong with OP-TEE
 * @rc:    the error
 */
struct refusal {
	const char *name;
	enum fake_below below;
	unsigned int other;
	bool ours;
	bool stays;
	struct fake_lie lie[FAKE_LIES];
	int rc;
};

static const struct refusal refusals[] = {
	{
		.name = "a7 is dropped",
		.below = FAKE_DROPS,
		.rc = -EPERM,
	}, {
		.name = "VM_CREATED is filtered",
		.lie = { { FAKE_VM_CREATED, 1, 1, false, OPTEE_SMC_RETURN_UNKNOWN_FUNCTION } },
		.rc = -EPERM,
	}, {
		.name = "no room for another guest",
		.other = FAKE_ROOM,
		.rc = -ENOSPC,
	}, {
		.name = "earlier guest cannot be removed",
		.ours = true,
		.stays = true,
		.lie = { { FAKE_VM_DESTROYED, 1, 1, false, OPTEE_SMC_RETURN_ENOTAVAIL } },
		.rc = -EBUSY,
	}, {
		.name = "earlier guest is never gone",
		.ours = true,
		.stays = true,
		.lie = { { FAKE_VM_DESTROYED, 1, UINT_MAX, false, OPTEE_SMC_RETURN_OK } },
		.rc = -EBUSY,
	}, {
		.name = "guest is added but not served",
		.lie = { { OPTEE_SMC_CALLS_UID, 3, 3, false, OPTEE_SMC_RETURN_ENOTAVAIL } },
		.rc = -EPROTO,
	}, {
		.name = "guest is added but not served, and stays",
		.stays = true,
		.lie = { { OPTEE_SMC_CALLS_UID, 3, 3, false, OPTEE_SMC_RETURN_ENOTAVAIL },
			 { FAKE_VM_DESTROYED, 1, 1, false, OPTEE_SMC_RETURN_ENOTAVAIL } },
		.rc = -EBUSY,
	}, {
		.name = "nonsense answer to the question for a guest",
		.lie = { { OPTEE_SMC_CALLS_UID, 2, 2, false, FAKE_NONSENSE } },
		.rc = -EPROTO,
	}, {
		.name = "nonsense answer to VM_CREATED",
		.lie = { { FAKE_VM_CREATED, 1, 1, false, FAKE_NONSENSE } },
		.rc = -EPROTO,
	}, {
		.name = "nonsense answer to VM_CREATED that adds a guest",
		.lie = { { FAKE_VM_CREATED, 1, 1, true, FAKE_NONSENSE } },
		.rc = -EPROTO,
	}
};

KUNIT_ARRAY_PARAM_DESC(refusal, refusals, name);

static void refused_probe_leaves_nothing(struct kunit *test)
{
	const struct refusal *refusal = test->param_value;
	struct fake_optee *optee = test->priv;
	struct device *dev = fake_device(test, "smc");
	unsigned int n;

	optee->below = refusal->below;
	memcpy(optee->lie, refusal->lie, sizeof(optee->lie));
	for (n = 0; n < refusal->other; n++)
		fake_add_guest(optee, FAKE_OTHER);
	if (refusal->ours)
		fake_add_guest(optee, FAKE_ID);

	KUNIT_EXPECT_EQ(test, refusal->rc,
			PTR_ERR_OR_ZERO(optee_virt_compat_enter(dev, fake_optee_invoke,
								FAKE_CAPS)));
	KUNIT_EXPECT_EQ(test, refusal->stays, fake_has_guest(optee, FAKE_ID));
	KUNIT_EXPECT_EQ(test, optee->guests, refusal->other + refusal->stays);
	for (n = 0; n < min(optee->calls, FAKE_RECORDED); n++) {
		unsigned long fid = optee->call[n].a[0];

		KUNIT_EXPECT_TRUE(test, fid == OPTEE_SMC_CALLS_UID ||
				  fid == FAKE_VM_CREATED || fid == FAKE_VM_DESTROYED);
	}

	optee->calls = 0;
	optee_virt_compat_shutdown(dev);
	kunit_device_unregister(test, dev);
	FAKE_EXPECT_NO_CALLS(test);
}

static void unbound_device_leaves(struct kunit *test)
{
	kunit_device_unregister(test, fake_guest(test)->dev);
	expect_removed(test);
}

static int announce_and_fail(struct device *dev)
{
	optee_invoke_fn *tagging = optee_virt_compat_enter(dev, fake_optee_invoke, FAKE_CAPS);

	/* The device is bound if this was no guest: then the test fails. */
	return tagging == fake_optee_invoke || IS_ERR(tagging) ? 0 : -ENODEV;
}

static void failed_probe_leaves(struct kunit *test)
{
	struct fake_optee *optee = test->priv;
	struct device_driver *driver = kunit_driver_create(test, "fails");
	struct device *dev;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, driver);
	driver->probe = announce_and_fail;
	dev = kunit_device_register_with_driver(test, "optee", driver);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	KUNIT_EXPECT_FALSE(test, device_is_bound(dev));
	KUNIT_EXPECT_NULL(test, optee_virt_compat_find(dev));
	KUNIT_EXPECT_EQ(test, optee->calls, 4 + 2);
	memmove(optee->call, optee->call + 4, 2 * sizeof(optee->call[0]));
	optee->calls -= 4;
	expect_removed(test);
}

static void shutdown_leaves_once(struct kunit *test)
{
	struct virt_compat *vc = fake_guest(test);
	struct device *dev = vc->dev;

	optee_virt_compat_shutdown(dev);
	expect_removed(test);
	KUNIT_EXPECT_EQ(test, vc->guest.role, OPTEE_GUEST_NONE);

	optee_virt_compat_shutdown(dev);
	kunit_device_unregister(test, dev);
	FAKE_EXPECT_NO_CALLS(test);
}

static void shutdown_of_an_unbound_device(struct kunit *test)
{
	optee_virt_compat_shutdown(fake_device(test, "smc"));
	FAKE_EXPECT_NO_CALLS(test);
}

static void guest_that_cannot_be_removed(struct kunit *test)
{
	struct virt_compat *vc = fake_guest(test);
	struct fake_optee *optee = test->priv;
	struct device *dev = vc->dev;

	optee->lie[0] = (struct fake_lie){ FAKE_VM_DESTROYED, 1, UINT_MAX, false,
					   OPTEE_SMC_RETURN_ENOTAVAIL };
	optee_virt_compat_shutdown(dev);
	FAKE_EXPECT_CALLS(test, { FAKE_VM_DESTROYED, FAKE_ID, 0 });
	KUNIT_EXPECT_EQ(test, vc->guest.role, OPTEE_GUEST_NONE);
	KUNIT_EXPECT_EQ(test, vc->guest.answer, OPTEE_SMC_RETURN_ENOTAVAIL);

	kunit_device_unregister(test, dev);
	FAKE_EXPECT_NO_CALLS(test);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(plain_optee_is_sent_nothing),
	KUNIT_CASE(guest_is_announced),
	KUNIT_CASE(conduit_is_that_of_the_device),
	KUNIT_CASE(earlier_guests_are_removed_first),
	KUNIT_CASE_PARAM(refused_probe_leaves_nothing, refusal_gen_params),
	KUNIT_CASE(unbound_device_leaves),
	KUNIT_CASE(failed_probe_leaves),
	KUNIT_CASE(shutdown_leaves_once),
	KUNIT_CASE(shutdown_of_an_unbound_device),
	KUNIT_CASE(guest_that_cannot_be_removed),
	{}
};

static struct kunit_suite suite = {
	.name = "optee_virt_compat",
	.init = fake_optee_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
