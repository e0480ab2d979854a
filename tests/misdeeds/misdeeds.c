// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the kernel's checkers report, done on purpose, for tests only: a checker
 * that is silent about these is not there.
 *
 * /sys/module/misdeeds/parameters/commit: write the name of one.
 */
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timer.h>

/* More than one: the last may be remembered by a stack. */
static noinline void leak(void)
{
	int n;

	for (n = 0; n < 8; n++) {
		void *lost = kmalloc(64, GFP_KERNEL);

		OPTIMIZER_HIDE_VAR(lost);
	}
}

static noinline void use_after_free(void)
{
	u8 *freed = kzalloc(64, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(freed);
	kfree(freed);
	READ_ONCE(*freed);
}

static noinline void shift(void)
{
	unsigned int by = 32;

	OPTIMIZER_HIDE_VAR(by);
	by = 1u << by;
	OPTIMIZER_HIDE_VAR(by);
}

static noinline void sleep_in_atomic(void)
{
	preempt_disable();
	might_sleep();
	preempt_enable();
}

static void never(struct timer_list *timer)
{
}

static noinline void free_active(void)
{
	struct timer_list *timer = kzalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, never, 0);
	mod_timer(timer, jiffies + 3600 * HZ);
	kfree(timer);
}

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);

static void lock_both(struct mutex *a, struct mutex *b)
{
	mutex_lock(a);
	mutex_lock(b);
	mutex_unlock(b);
	mutex_unlock(a);
}

static noinline void lock_order(void)
{
	lock_both(&first, &second);
	lock_both(&second, &first);
}

static const struct {
	const char *name;
	void (*commit)(void);
} misdeeds[] = {
	{ "leak", leak },
	{ "use-after-free", use_after_free },
	{ "shift", shift },
	{ "sleep-in-atomic", sleep_in_atomic },
	{ "free-active", free_active },
	{ "lock-order", lock_order },
};

static int commit_set(const char *val, const struct kernel_param *kp)
{
	size_t n;

	for (n = 0; n < ARRAY_SIZE(misdeeds); n++) {
		if (sysfs_streq(val, misdeeds[n].name)) {
			misdeeds[n].commit();
			return 0;
		}
	}

	return -EINVAL;
}

static const struct kernel_param_ops commit_ops = {
	.set = commit_set,
};

module_param_cb(commit, &commit_ops, NULL, 0200);
MODULE_PARM_DESC(commit, "the misdeed to commit");

MODULE_DESCRIPTION("What the kernel's checkers report");
MODULE_LICENSE("Dual BSD/GPL");
