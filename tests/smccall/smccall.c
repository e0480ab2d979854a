// SPDX-License-Identifier: BSD-2-Clause
/*
 * Any SMC from the shell, for tests only: write up to eight hexadecimal numbers,
 * a0..a7, to /sys/module/smccall/parameters/call, read a0..a3 of the answer back.
 */
#include <linux/arm-smccc.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

static struct arm_smccc_res answer;

static int call_set(const char *val, const struct kernel_param *kp)
{
	unsigned int a[8] = { };

	if (sscanf(val, "%x %x %x %x %x %x %x %x", &a[0], &a[1], &a[2], &a[3],
		   &a[4], &a[5], &a[6], &a[7]) < 1)
		return -EINVAL;

	arm_smccc_smc(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], &answer);

	return 0;
}

static int call_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "0x%x 0x%x 0x%x 0x%x\n", (u32)answer.a0,
			  (u32)answer.a1, (u32)answer.a2, (u32)answer.a3);
}

static const struct kernel_param_ops call_ops = {
	.set = call_set,
	.get = call_get,
};

module_param_cb(call, &call_ops, NULL, 0600);
MODULE_PARM_DESC(call, "a0..a7 to send, a0..a3 of the answer");

MODULE_DESCRIPTION("SMC calls from the shell");
MODULE_LICENSE("Dual BSD/GPL");
