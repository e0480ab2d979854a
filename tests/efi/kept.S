/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uint64_t kept(uint64_t (*function)(void *, uint64_t), void *, uint64_t,
 *		 uint64_t *changed)
 * calls the function and counts the registers that it has not kept as AAPCS64 says.
 */
	.text
	.globl	kept
kept:
	stp	x29, x30, [sp, #-192]!
	stp	x3, x18, [sp, #16]
	.irp	n, 20, 22, 24, 26, 28
	stp	x\n, x19, [sp, #32 + (\n - 20) * 8]
	.endr
	stp	x21, x23, [sp, #112]
	stp	x25, x27, [sp, #128]
	stp	d8, d9, [sp, #144]
	stp	d10, d11, [sp, #160]
	mov	x9, x0
	mov	x0, x1
	mov	x1, x2
	.irp	n, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28
	mov	x\n, #\n
	.endr
	.irp	n, 8, 9, 10, 11
	fmov	d\n, x28
	.endr
	blr	x9
	mov	x10, xzr
	.irp	n, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28
	cmp	x\n, #\n
	cinc	x10, x10, ne
	.endr
	.irp	n, 8, 9, 10, 11
	fmov	x11, d\n
	cmp	x11, #28
	cinc	x10, x10, ne
	.endr
	ldp	x3, x18, [sp, #16]
	.irp	n, 20, 22, 24, 26, 28
	ldp	x\n, x19, [sp, #32 + (\n - 20) * 8]
	.endr
	ldp	x21, x23, [sp, #112]
	ldp	x25, x27, [sp, #128]
	ldp	d8, d9, [sp, #144]
	ldp	d10, d11, [sp, #160]
	str	x10, [x3]
	ldp	x29, x30, [sp], #192
	ret
