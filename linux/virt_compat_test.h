/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small OP-TEE for KUnit tests, of which no call leaves the kernel.
 */
#ifndef VIRT_COMPAT_TEST_H
#define VIRT_COMPAT_TEST_H

#include <kunit/test.h>
#include "optee_smc.h"
#include "virt_compat.h"

/* optee_os 4.5.0, core/arch/arm/include/sm/optee_smc.h */
#define FAKE_VM_CREATED		OPTEE_SMC_FAST_CALL_VAL(13)
#define FAKE_VM_DESTROYED	OPTEE_SMC_FAST_CALL_VAL(14)

/* The tests are for a driver without parameters. */
#define FAKE_ID		CONFIG_OPTEE_VIRT_COMPAT_VM_ID
/* Nobody's, and two ids that are neither ours nor nobody's. */
#define FAKE_STRANGER	(FAKE_ID == 0xffff ? 0xfffe : 0xffff)
#define FAKE_OTHER	(FAKE_ID == 0x1000 ? 0x1001 : 0x1000)

#define FAKE_CAPS	(OPTEE_SMC_SEC_CAP_DYNAMIC_SHM | \
			 OPTEE_SMC_SEC_CAP_VIRTUALIZATION | \
			 OPTEE_SMC_SEC_CAP_ASYNC_NOTIF)

#define FAKE_ROOM	4
#define FAKE_RECORDED	32u
#define FAKE_LIES	2

/* An answer that OP-TEE does not have. */
#define FAKE_NONSENSE	0x5a5a

/**
 * enum fake_below - who is between the kernel and OP-TEE
 * @FAKE_NATIVE:  nobody
 * @FAKE_TAGS:	  a hypervisor that puts in a guest's id
 * @FAKE_DROPS:	  a hypervisor that puts in 0, its own id
 */
enum fake_below {
	FAKE_NATIVE,
	FAKE_TAGS,
	FAKE_DROPS,
};

/**
 * struct fake_lie - an answer that OP-TEE would not give
 * @fid:    the function
 * @first:  the first of its calls that gets it, from 1 on; 0 for no lie
 * @last:   the last one
 * @effect: the call has its effect all the same
 * @a0:	    the answer
 */
struct fake_lie {
	u32 fid;
	unsigned int first;
	unsigned int last;
	bool effect;
	u32 a0;
};

/**
 * struct fake_call - a call as it came
 * @a:	    a0..a7
 * @locked: no other code can run on this CPU meanwhile
 */
struct fake_call {
	unsigned long a[8];
	bool locked;
};

/**
 * struct fake_optee - an OP-TEE built for virtualization, and who is below
 * @below:    who is below
 * @room:     guests that there is room for, at most FAKE_ROOM
 * @guests:   number of guests in @guest
 * @guest:    their ids
 * @major:    of OP-TEE's version
 * @minor:    of OP-TEE's version
 * @yielding: a0 of the answers to the first yielding call and to the others
 * @yielded:  yielding calls so far
 * @lie:      what is answered instead of that
 * @lied:     calls so far to the function of each lie
 * @calls:    number of calls
 * @call:     the first of them
 */
struct fake_optee {
	enum fake_below below;
	unsigned int room;
	unsigned int guests;
	u32 guest[FAKE_ROOM];
	u32 major;
	u32 minor;
	u32 yielding[2];
	unsigned int yielded;
	struct fake_lie lie[FAKE_LIES];
	unsigned int lied[FAKE_LIES];
	unsigned int calls;
	struct fake_call call[FAKE_RECORDED];
};

/* What is expected of a call: all other arguments are 0. */
struct fake_expected {
	u32 fid;
	u32 a1;
	u32 a7;
};

/* These calls came since the last time, in this order and no others. */
#define FAKE_EXPECT_CALLS(test, ...) do {				\
	const struct fake_expected fake_expected[] = { __VA_ARGS__ };	\
									\
	fake_expect_calls(test, fake_expected,				\
			  ARRAY_SIZE(fake_expected));			\
} while (0)

#define FAKE_EXPECT_NO_CALLS(test)	fake_expect_calls(test, NULL, 0)

int fake_optee_init(struct kunit *test);
void fake_optee_invoke(unsigned long a0, unsigned long a1, unsigned long a2,
		       unsigned long a3, unsigned long a4, unsigned long a5,
		       unsigned long a6, unsigned long a7,
		       struct arm_smccc_res *res);
void fake_add_guest(struct fake_optee *optee, u32 id);
bool fake_has_guest(const struct fake_optee *optee, u32 id);
void fake_expect_calls(struct kunit *test, const struct fake_expected *expected,
		       unsigned int count);
struct device *fake_device(struct kunit *test, const char *method);
struct virt_compat *fake_guest(struct kunit *test);

#endif /* VIRT_COMPAT_TEST_H */
