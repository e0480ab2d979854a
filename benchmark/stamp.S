/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In place of what BL31 enters: say on the console what the system counter is
 * there, and switch the machine off. The firmware before it takes the same number
 * of instructions on every run.
 */
	.equ	PL011, 0x09000000	/* as the firmware left it */
	.equ	SYSTEM_OFF, 0x84000008	/* PSCI, DEN0022 */

	.text
	.global	_start
_start:
	mrs	x19, cntpct_el0
	mov	x20, #PL011
	adr	x1, text
1:	ldrb	w2, [x1], #1
	cbz	w2, 2f
	str	w2, [x20]
	b	1b
2:	mov	x3, #60
3:	lsr	x2, x19, x3
	and	w2, w2, #0xf
	cmp	w2, #10
	add	w4, w2, #'0'
	add	w5, w2, #'a' - 10
	csel	w2, w4, w5, lo
	str	w2, [x20]
	subs	x3, x3, #4
	b.pl	3b
	mov	w2, #'\n'
	str	w2, [x20]
	ldr	w0, =SYSTEM_OFF
	smc	#0
4:	wfi
	b	4b

text:	.asciz	"\nentered at 0x"
