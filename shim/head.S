/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Entry, the path into and out of EL1, exceptions.
 *
 * What EL2's own registers hold while EL1 runs:
 *	TPIDR_EL2	address of this CPU's slot and the id that tags its calls,
 *			see layout.h
 *	SP_EL2		nothing; during a call the caller's x7
 *	VBAR_EL2	vectors
 *	VTTBR_EL2	0 on all CPUs: even without a second stage its VMID is part of
 *			EL1's TLB entries, so it cannot park a register
 *
 * The MMU and the data cache of EL2 are off. So are they in every CPU's first
 * instructions at EL2; with them on, the slots would have to be kept coherent with
 * those. It costs nothing where it matters: a tagged call touches no memory, and
 * instructions are fetched through the cache (SCTLR_EL2.I).
 */
#include "layout.h"

	.macro	return_to_el1
	eret
	/* No speculation past the return. */
	dsb	nsh
	isb
	.endm

	/* Between x0..x17 and where x30 points to. */
	.macro	move_x0_x17, op
	\op	x0, x1, [x30, #0]
	\op	x2, x3, [x30, #16]
	\op	x4, x5, [x30, #32]
	\op	x6, x7, [x30, #48]
	\op	x8, x9, [x30, #64]
	\op	x10, x11, [x30, #80]
	\op	x12, x13, [x30, #96]
	\op	x14, x15, [x30, #112]
	\op	x16, x17, [x30, #128]
	.endm

	.section .head, "ax"
	.globl	_start
_start:
	b	boot			/* code0 */
	.long	0			/* code1 */
	.quad	0			/* text_offset */
	.quad	__image_size		/* replaced when a kernel is wrapped */
	.quad	0xa			/* flags: 4 KiB pages, anywhere */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0			/* no EFI stub */
	.if	. - _start - SHIM_PARAMS
	.error	"struct image_header has another size"
	.endif
	.ascii	"oteeshim"
	.quad	0, 0, 0			/* struct shim_params */

	.section .text.boot, "ax"
/* x0 = device tree, at EL2 or, if there is none, EL1; MMU off */
boot:
	mov	x19, x0
	adrp	x20, __slots
	add	x20, x20, :lo12:__slots
	add	sp, x20, #SHIM_SLOT_SIZE
	mrs	x3, CurrentEL
	ubfx	x3, x3, #2, #2
	cmp	x3, #2
	b.ne	1f
	adrp	x4, vectors
	add	x4, x4, :lo12:vectors
	msr	vbar_el2, x4
	lsl	x4, x20, #SHIM_TAG_BITS - SHIM_SLOT_SHIFT
	msr	tpidr_el2, x4
	isb
1:	adrp	x1, _start
	adrp	x2, __state
	add	x2, x2, :lo12:__state
	adrp	x4, __slots
	add	x4, x4, :lo12:__slots
	bl	shim_boot
	/* The kernel does without us: enter it as we were entered. */
	adrp	x4, _start
	ldr	x5, [x4, #SHIM_KERNEL_OFFSET]
	add	x4, x4, x5
	mov	x0, x19
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	br	x4

	.section .text.head, "ax"
/* A CPU comes from EL3: x0 = its struct shim_start, in its slot */
	.globl	shim_return
shim_return:
	adrp	x4, vectors
	add	x4, x4, :lo12:vectors
	msr	vbar_el2, x4
	bic	x1, x0, #SHIM_SLOT_SIZE - 1
	add	sp, x1, #SHIM_SLOT_SIZE
	bl	shim_enter

/*
 * A CPU comes from EL3 before the guest is announced: OP-TEE has set it up. It waits
 * to be told where to go on: x0 = its slot
 */
	.globl	shim_park
shim_park:
	wfe
	ldr	x1, [x0, #SHIM_CPU_GO]
	cbz	x1, shim_park
	br	x1

	.globl	shim_off
shim_off:
	mov	w0, #PSCI_CPU_OFF & 0xffff
	movk	w0, #PSCI_CPU_OFF >> 16, lsl #16
	smc	#0
	/* It was refused: the CPU that waits for this one prints it. */
1:	wfi
	b	1b

/* void shim_eret(uint64_t entry, uint64_t context): EL1h, all masked */
	.globl	shim_eret
shim_eret:
	msr	elr_el2, x0
	mov	x2, #0x3c5
	msr	spsr_el2, x2
	mov	x0, x1
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	return_to_el1

/* void shim_smc(void *ctx, uint64_t r[18]) */
	.globl	shim_smc
shim_smc:
	stp	x1, x30, [sp, #-16]!
	mov	x30, x1
	move_x0_x17 ldp
	/* What we wrote into a slot is there before another CPU is sent to it. */
	dsb	sy
	sev
	smc	#0
	ldr	x30, [sp]
	move_x0_x17 stp
	ldp	x1, x30, [sp], #16
	ret

	/* The second half of to_c. */
save_others:
	stp	x2, x3, [x7, #16]
	stp	x4, x5, [x7, #32]
	mov	x0, sp
	stp	x6, x0, [x7, #48]
	stp	x8, x9, [x7, #64]
	stp	x10, x11, [x7, #80]
	stp	x12, x13, [x7, #96]
	stp	x14, x15, [x7, #112]
	stp	x16, x17, [x7, #128]
	stp	x18, x19, [x7, #144]
	stp	x20, x21, [x7, #160]
	stp	x22, x23, [x7, #176]
	stp	x24, x25, [x7, #192]
	stp	x26, x27, [x7, #208]
	stp	x28, x29, [x7, #224]
	str	x30, [x7, #240]
	mov	sp, x7
	mov	x0, x7
	bl	shim_exception
	/* C code has kept x19..x29. */
	mov	x30, sp
	move_x0_x17 ldp
	ldr	x18, [x30, #144]
	ldr	x30, [x30, #240]
	return_to_el1

	/*
	 * Any exception but a call that needs no more than its tag: to C code with
	 * x0 = registers of EL1, x1 = number of the vector. x7 is the only register
	 * at hand, and the caller's x7 is in SP_EL2.
	 */
	.macro	to_c, vector
	mrs	x7, tpidr_el2
	lsr	x7, x7, #SHIM_TAG_BITS
	lsl	x7, x7, #SHIM_SLOT_SHIFT
	add	x7, x7, #SHIM_SLOT_SIZE - SHIM_REGS_SIZE
	stp	x0, x1, [x7]
	mov	x1, #\vector
	b	save_others
	.endm

	.macro	vector, number
	.balign	128
	mov	sp, x7
	to_c	\number
	.endm

	.section .vectors, "ax"
	.balign	2048
	.globl	vectors
vectors:
	vector	0
	vector	1
	vector	2
	vector	3
	vector	4
	vector	5
	vector	6
	vector	7

	/*
	 * A call. From here to "eret" straight down is the path of an SMC that is
	 * tagged; every branch leaves it. tests/test_shim.py counts it.
	 */
	.balign	128
	.globl	lower_sync
lower_sync:
	mov	sp, x7
	mrs	x7, esr_el2
	tst	x7, #ESR_IMM_MASK
	lsr	x7, x7, #ESR_EC_SHIFT
	ccmp	x7, #EC_SMC, #0, eq
	b.ne	lower_sync_other
	/* A trapped SMC has not been done: it is still the next instruction. */
	mrs	x7, elr_el2
	add	x7, x7, #4
	msr	elr_el2, x7
	ubfx	x7, x0, #FID_OWNER_SHIFT, #FID_OWNER_BITS
	cmp	x7, #OWNER_TRUSTED_OS
	b.lo	smc_other
trusted_os:
	ubfx	x7, x0, #FID_OWNER_SHIFT, #8
	cmp	x7, #0xb2
	b.eq	optee_fast
tag:
	mrs	x7, tpidr_el2
	ands	x7, x7, #SHIM_TAG_MASK
	b.eq	pass
	smc	#0
	mov	x7, sp
	return_to_el1

	vector	9
	vector	10
	vector	11
	vector	12
	vector	13
	vector	14
	vector	15
	/* Fails if one of them is too long. */
	.org	vectors + 2048

	/* OP-TEE's own fast calls: three of them are not for the kernel as they are. */
optee_fast:
	ubfx	x7, x0, #0, #16
	cmp	x7, #0x9		/* EXCHANGE_CAPABILITIES */
	ccmp	x7, #0xd, #4, ne	/* VM_CREATED */
	ccmp	x7, #0xe, #4, ne	/* VM_DESTROYED */
	b.ne	tag
call_in_c:
	to_c	VECTOR_LOWER_SYNC

smc_other:
	cmp	x7, #OWNER_STANDARD_SECURE
	b.eq	call_in_c
pass:
	mov	x7, sp
	smc	#0
	return_to_el1

lower_sync_other:
	mrs	x7, esr_el2
	tst	x7, #ESR_IMM_MASK
	lsr	x7, x7, #ESR_EC_SHIFT
	ccmp	x7, #EC_HVC, #0, eq
	b.ne	call_in_c
	ubfx	x7, x0, #FID_OWNER_SHIFT, #FID_OWNER_BITS
	cmp	x7, #OWNER_TRUSTED_OS
	b.hs	trusted_os
	b	call_in_c
