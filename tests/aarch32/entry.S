/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Enters a 32-bit kernel at EL1, as TF-A, which has started us at EL2, would if it
 * were built for one (Linux, Documentation/arch/arm/booting.rst). One CPU: PSCI's
 * CPU_ON would enter a second one as AArch64. x0 is the device tree, which has to
 * be out of the way of the kernel's first page tables.
 */
	.arch	armv8-a
	.text
	.global	_start
_start:
	ldr	w9, [x0, #4]		/* size, big-endian */
	rev	w9, w9
	ldr	x10, =TREE
	mov	x2, x10
copy:
	ldr	x11, [x0], #8
	str	x11, [x10], #8
	subs	x9, x9, #8
	b.gt	copy

	msr	hcr_el2, xzr		/* EL1 is AArch32, nothing is trapped */
	mov	x9, #3			/* timers and their counters are the kernel's */
	msr	cnthctl_el2, x9
	msr	cntvoff_el2, xzr
	mov	x9, #0x33ff		/* so is floating point */
	msr	cptr_el2, x9
	msr	hstr_el2, xzr
	mrs	x9, midr_el1
	msr	vpidr_el2, x9
	mrs	x9, mpidr_el1
	msr	vmpidr_el2, x9
	mrs	x9, s3_4_c12_c9_5	/* ICC_SRE_EL2: interrupts by registers */
	orr	x9, x9, #8
	orr	x9, x9, #1
	msr	s3_4_c12_c9_5, x9
	isb
	msr	s3_4_c12_c11_0, xzr	/* ICH_HCR_EL2 */

	ldr	x9, =0x00c50838		/* what is RES1, CP15BEN, nTWI, nTWE; MMU off */
	msr	sctlr_el1, x9
	mov	x9, #0x1d3		/* AArch32 SVC mode, all masked */
	msr	spsr_el2, x9
	ldr	x9, =KERNEL
	msr	elr_el2, x9
	mov	x0, xzr
	mov	w1, #-1
	eret
