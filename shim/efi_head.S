/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The header of the EFI program, and what is in place of ExitBootServices.
 *
 * Header: Microsoft PE and COFF Specification 8.3, 2 and 3. File and memory are the
 * same, and no address is absolute: there is nothing to relocate.
 */
#include "efi.h"
#include "layout.h"

#define HEADER_SIZE	4096	/* the least alignment of a section in memory */

	.section .efi, "ax"
	.globl	efi_header
efi_header:
	.ascii	"MZ"
	.skip	58
	.long	pe - efi_header

pe:	.ascii	"PE\0\0"
	.short	0xaa64			/* Machine: ARM64 */
	.short	1			/* NumberOfSections */
	.long	0, 0, 0
	.short	sections - optional
	.short	0x206			/* executable, no line numbers, no symbols */

optional:
	.short	0x20b			/* PE32+ */
	.byte	0, 0
	.long	efi_end - efi_header - HEADER_SIZE	/* SizeOfCode */
	.long	0, 0
	.long	efi_main - efi_header	/* AddressOfEntryPoint */
	.long	HEADER_SIZE		/* BaseOfCode */
	.quad	0			/* ImageBase */
	.long	HEADER_SIZE, 512	/* alignment in memory and file */
	.short	0, 0, 0, 0, 0, 0
	.long	0
	.long	efi_end - efi_header	/* SizeOfImage */
	.long	HEADER_SIZE, 0		/* SizeOfHeaders */
	.short	10			/* Subsystem: EFI application */
	.short	0x100			/* NX compatible: it does not write into itself */
	.quad	0, 0, 0, 0
	.long	0
	.long	6			/* NumberOfRvaAndSizes; the fifth is the signature */
	.quad	0, 0, 0, 0, 0, 0

sections:
	.ascii	".text\0\0\0"
	.long	efi_end - efi_header - HEADER_SIZE, HEADER_SIZE	/* in memory */
	.long	efi_end - efi_header - HEADER_SIZE, HEADER_SIZE	/* in the file */
	.long	0, 0, 0
	.long	0x60000020		/* code, to be read and executed */

	.org	efi_header + HEADER_SIZE
	.globl	efi_code
efi_code:

	.section .efi.end, "a"
	.quad	0
	.balign	HEADER_SIZE
	.globl	efi_end
efi_end:

	.section .text.efi, "ax"
/*
 * EFI_STATUS ExitBootServices(EFI_HANDLE, UINTN). The firmware's MMU is on and memory
 * is where it says. The caller gets back at EL1 with its registers, its stack and
 * its address space, or at EL2 if that is not possible.
 */
	.globl	efi_hook
efi_hook:
	stp	x29, x30, [sp, #-112]!
	stp	x18, x19, [sp, #16]
	stp	x20, x21, [sp, #32]
	stp	x22, x23, [sp, #48]
	stp	x24, x25, [sp, #64]
	stp	x26, x27, [sp, #80]
	str	x28, [sp, #96]
	adrp	x19, __state
	add	x19, x19, :lo12:__state
	ldr	x2, [x19, #EFI_HOOK_EXIT]
	blr	x2
	cbnz	x0, 2f
	/* Another one of us may have been here. */
	mrs	x1, CurrentEL
	cmp	x1, #2 << 2
	b.ne	2f
	ldr	x0, [x19, #EFI_HOOK_SHIM]
	bl	efi_check
	cbnz	x0, 1f

	mrs	x20, daif
	msr	daifset, #0xf
	mov	x21, sp
	mrs	x22, sctlr_el2
	ldr	x0, [x19, #EFI_HOOK_SHIM]
	mov	x1, x22
	mov	x2, x21
	adr	x3, 1f
	ldp	x4, x5, [x19, #EFI_HOOK_STACK]
	/* Without C and M. */
	bic	x6, x22, #1 << 2
	bic	x6, x6, #1
	dsb	sy
	msr	sctlr_el2, x6
	isb
	mov	sp, x4
	blr	x5
	msr	sctlr_el2, x22
	isb
	mov	sp, x21
	msr	daif, x20

1:	mov	x0, xzr			/* EFI_SUCCESS */
2:	ldp	x18, x19, [sp, #16]
	ldp	x20, x21, [sp, #32]
	ldp	x22, x23, [sp, #48]
	ldp	x24, x25, [sp, #64]
	ldp	x26, x27, [sp, #80]
	ldr	x28, [sp, #96]
	ldp	x29, x30, [sp], #112
	ret
