// SPDX-License-Identifier: BSD-2-Clause
/*
 * Calls of firmware from the shell, for tests only.
 *
 * /sys/module/smccall/parameters/call: write up to eight hexadecimal numbers,
 * a0..a7 of an SMC, read a0..a3 of the answer back.
 *
 * /sys/module/smccall/parameters/registers: write smc or hvc, the operand of the
 * instruction, 0 or 1, and a0..a3; x4..x30 are filled with numbers that nobody
 * else has. Read a0..a3 of the answer back and those of x4..x30 that came back
 * otherwise.
 *
 * /sys/module/smccall/parameters/ticks: write how often, 1 to 256, and in
 * hexadecimal a0 and a7 of an SMC; read how many ticks of the system counter each
 * of them took.
 *
 * /sys/module/smccall/parameters/counters: read the physical counter and the
 * virtual one, which a hypervisor may have set back.
 */
#include <linux/arm-smccc.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/sysfs.h>
#include <asm/barrier.h>
#include <asm/sysreg.h>

#include "registers.h"

#define PATTERN(n)	(0x9e3779b97f4a7c15ul * ((n) + 1))

static struct arm_smccc_res answer;
static u64 registers[REGISTERS];
static u32 ticks[256];
static unsigned int ticks_taken;

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

/*
 * do_NAME(x): all registers but the stack pointer from x, the instruction, and
 * all of them back. Those that C code expects to find again are on the stack.
 */
#define ALL_REGISTERS_CALL(name, instruction) \
	asm("	.pushsection .text\n" \
	    "	.balign 4\n" \
	    "	.globl do_" #name "\n" \
	    "do_" #name ":\n" \
	    "	hint #34\n" \
	    "	stp x29, x30, [sp, #-128]!\n" \
	    "	stp x19, x20, [sp, #16]\n" \
	    "	stp x21, x22, [sp, #32]\n" \
	    "	stp x23, x24, [sp, #48]\n" \
	    "	stp x25, x26, [sp, #64]\n" \
	    "	stp x27, x28, [sp, #80]\n" \
	    "	stp x0, x18, [sp, #96]\n" \
	    "	mov x30, x0\n" \
	    "	ldp x0, x1, [x30]\n" \
	    "	ldp x2, x3, [x30, #16]\n" \
	    "	ldp x4, x5, [x30, #32]\n" \
	    "	ldp x6, x7, [x30, #48]\n" \
	    "	ldp x8, x9, [x30, #64]\n" \
	    "	ldp x10, x11, [x30, #80]\n" \
	    "	ldp x12, x13, [x30, #96]\n" \
	    "	ldp x14, x15, [x30, #112]\n" \
	    "	ldp x16, x17, [x30, #128]\n" \
	    "	ldp x18, x19, [x30, #144]\n" \
	    "	ldp x20, x21, [x30, #160]\n" \
	    "	ldp x22, x23, [x30, #176]\n" \
	    "	ldp x24, x25, [x30, #192]\n" \
	    "	ldp x26, x27, [x30, #208]\n" \
	    "	ldp x28, x29, [x30, #224]\n" \
	    "	ldr x30, [x30, #240]\n" \
	    "	" instruction "\n" \
	    "	str x30, [sp, #112]\n" \
	    "	ldr x30, [sp, #96]\n" \
	    "	stp x0, x1, [x30]\n" \
	    "	stp x2, x3, [x30, #16]\n" \
	    "	stp x4, x5, [x30, #32]\n" \
	    "	stp x6, x7, [x30, #48]\n" \
	    "	stp x8, x9, [x30, #64]\n" \
	    "	stp x10, x11, [x30, #80]\n" \
	    "	stp x12, x13, [x30, #96]\n" \
	    "	stp x14, x15, [x30, #112]\n" \
	    "	stp x16, x17, [x30, #128]\n" \
	    "	stp x18, x19, [x30, #144]\n" \
	    "	stp x20, x21, [x30, #160]\n" \
	    "	stp x22, x23, [x30, #176]\n" \
	    "	stp x24, x25, [x30, #192]\n" \
	    "	stp x26, x27, [x30, #208]\n" \
	    "	stp x28, x29, [x30, #224]\n" \
	    "	ldr x0, [sp, #112]\n" \
	    "	str x0, [x30, #240]\n" \
	    "	ldr x18, [sp, #104]\n" \
	    "	ldp x27, x28, [sp, #80]\n" \
	    "	ldp x25, x26, [sp, #64]\n" \
	    "	ldp x23, x24, [sp, #48]\n" \
	    "	ldp x21, x22, [sp, #32]\n" \
	    "	ldp x19, x20, [sp, #16]\n" \
	    "	ldp x29, x30, [sp], #128\n" \
	    "	ret\n" \
	    "	.popsection\n")

ALL_REGISTERS_CALL(smc_0, "smc #0");
ALL_REGISTERS_CALL(smc_1, "smc #1");
ALL_REGISTERS_CALL(hvc_0, "hvc #0");
ALL_REGISTERS_CALL(hvc_1, "hvc #1");

static int registers_set(const char *val, const struct kernel_param *kp)
{
	static void (*const calls[])(u64 x[REGISTERS]) = {
		do_smc_0, do_smc_1, do_hvc_0, do_hvc_1,
	};
	unsigned int a[4] = { }, operand, n;
	unsigned long flags;
	char conduit;

	if (sscanf(val, "%c%*2s %u %x %x %x %x", &conduit, &operand, &a[0],
		   &a[1], &a[2], &a[3]) < 3 ||
	    (conduit != 's' && conduit != 'h') || operand > 1)
		return -EINVAL;

	for (n = 0; n < REGISTERS; n++)
		registers[n] = n < ARRAY_SIZE(a) ? a[n] : PATTERN(n);
	local_irq_save(flags);
	calls[(conduit == 'h') * 2 + operand](registers);
	local_irq_restore(flags);

	return 0;
}

static int registers_get(char *buf, const struct kernel_param *kp)
{
	int n, length = sysfs_emit(buf, "0x%llx 0x%llx 0x%llx 0x%llx",
				   registers[0], registers[1], registers[2],
				   registers[3]);

	for (n = 4; n < REGISTERS; n++)
		if (registers[n] != PATTERN(n))
			length += sysfs_emit_at(buf, length, " x%d", n);

	return length + sysfs_emit_at(buf, length, "\n");
}

static u64 count(void)
{
	isb();

	return read_sysreg(cntvct_el0);
}

static int ticks_set(const char *val, const struct kernel_param *kp)
{
	unsigned int number, a0, a7, n;
	unsigned long flags;
	u64 start;

	if (sscanf(val, "%u %x %x", &number, &a0, &a7) != 3 || !number ||
	    number > ARRAY_SIZE(ticks))
		return -EINVAL;

	for (n = 0; n < number; n++) {
		local_irq_save(flags);
		start = count();
		arm_smccc_smc(a0, 0, 0, 0, 0, 0, 0, a7, &answer);
		ticks[n] = count() - start;
		local_irq_restore(flags);
	}
	ticks_taken = number;

	return 0;
}

static int ticks_get(char *buf, const struct kernel_param *kp)
{
	int n, length = 0;

	for (n = 0; n < ticks_taken; n++)
		length += sysfs_emit_at(buf, length, "%u\n", ticks[n]);

	return length;
}

static int counters_get(char *buf, const struct kernel_param *kp)
{
	unsigned long flags;
	u64 physical, virtual;

	local_irq_save(flags);
	virtual = count();
	physical = read_sysreg(cntpct_el0);
	local_irq_restore(flags);

	return sysfs_emit(buf, "%llu %llu\n", physical, virtual);
}

static const struct kernel_param_ops call_ops = {
	.set = call_set,
	.get = call_get,
};

static const struct kernel_param_ops registers_ops = {
	.set = registers_set,
	.get = registers_get,
};

static const struct kernel_param_ops ticks_ops = {
	.set = ticks_set,
	.get = ticks_get,
};

static const struct kernel_param_ops counters_ops = {
	.get = counters_get,
};

module_param_cb(call, &call_ops, NULL, 0600);
MODULE_PARM_DESC(call, "a0..a7 to send, a0..a3 of the answer");
module_param_cb(registers, &registers_ops, NULL, 0600);
MODULE_PARM_DESC(registers, "conduit, operand and a0..a3, what came back");
module_param_cb(ticks, &ticks_ops, NULL, 0600);
MODULE_PARM_DESC(ticks, "how often, a0 and a7 to send, how long each took");
module_param_cb(counters, &counters_ops, NULL, 0400);
MODULE_PARM_DESC(counters, "the physical counter and the virtual one");

MODULE_DESCRIPTION("Calls of firmware from the shell");
MODULE_LICENSE("Dual BSD/GPL");
