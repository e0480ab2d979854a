/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry of the mediator, and of its exceptions. One CPU, no stage 2, MMU off at
 * EL2. The kernel runs at EL1 and may use whatever it likes.
 */
	.arch	armv8-a
	.text
	.global	_start
_start:
	adr	x9, vectors
	msr	vbar_el2, x9
	adr	x9, stack_end
	mov	sp, x9

	/* EL1 is AArch64; its SMCs come to us. */
	mov	x9, #(1 << 31 | 1 << 19)
	msr	hcr_el2, x9
	/* Timers and their counters are the kernel's. */
	mov	x9, #3
	msr	cnthctl_el2, x9
	msr	cntvoff_el2, xzr
	/* So are floating point and debug. */
	mov	x9, #0x33ff
	msr	cptr_el2, x9
	msr	hstr_el2, xzr
	mrs	x9, pmcr_el0
	ubfx	x9, x9, #11, #5
	msr	mdcr_el2, x9
	mrs	x9, midr_el1
	msr	vpidr_el2, x9
	mrs	x9, mpidr_el1
	msr	vmpidr_el2, x9
	/* And the system registers of the interrupt controller. */
	mrs	x9, s3_4_c12_c9_5	/* ICC_SRE_EL2 */
	orr	x9, x9, #8
	orr	x9, x9, #1
	msr	s3_4_c12_c9_5, x9
	isb
	msr	s3_4_c12_c11_0, xzr	/* ICH_HCR_EL2 */

	ldr	x9, =0x30d00800		/* reset value, MMU off */
	msr	sctlr_el1, x9
	mov	x9, #0x3c5		/* EL1h, all masked */
	msr	spsr_el2, x9
	ldr	x9, =KERNEL
	msr	elr_el2, x9
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	eret

	.macro	vector, handler
	.balign	0x80
	b	\handler
	.endm

	.balign	0x800
vectors:
	.rept	8
	vector	stop
	.endr
	vector	call		/* synchronous, from AArch64 below */
	.rept	7
	vector	stop
	.endr

stop:
	wfe
	b	stop

call:
	sub	sp, sp, #256
	stp	x0, x1, [sp, #0]
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x30, [sp, #144]
	mrs	x0, esr_el2
	lsr	x0, x0, #26
	cmp	x0, #0x17		/* SMC, which is to be stepped over */
	b.ne	stop
	mrs	x0, elr_el2
	add	x0, x0, #4
	msr	elr_el2, x0
	mov	x0, sp
	bl	mediate
	ldp	x0, x1, [sp, #0]
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x30, [sp, #144]
	add	sp, sp, #256
	eret

	/* void forward(unsigned long x[8]): by SMC, all eight come back */
	.global	forward
forward:
	mov	x16, x0
	ldp	x0, x1, [x16, #0]
	ldp	x2, x3, [x16, #16]
	ldp	x4, x5, [x16, #32]
	ldp	x6, x7, [x16, #48]
	stp	x16, x30, [sp, #-16]!
	smc	#0
	ldp	x16, x30, [sp], #16
	stp	x0, x1, [x16, #0]
	stp	x2, x3, [x16, #16]
	stp	x4, x5, [x16, #32]
	stp	x6, x7, [x16, #48]
	ret

	.balign	16
stack:
	.skip	4096
stack_end:
