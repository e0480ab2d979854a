/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers that the assembly and the C code share. */
#ifndef SHIM_LAYOUT_H
#define SHIM_LAYOUT_H

/*
 * A slot is what we have for one CPU: struct shim_cpu, its stack above it, and
 * at the top the registers of EL1 while C code runs. It is a power of two, so
 * that a pointer into a slot finds its start.
 */
#define SHIM_SLOT_SHIFT		11
#define SHIM_SLOT_SIZE		(1 << SHIM_SLOT_SHIFT)

/* Offset of @go in struct shim_cpu */
#define SHIM_CPU_GO		32

/* struct shim_regs */
#define SHIM_REGS_SIZE		272

/*
 * TPIDR_EL2 of a CPU: the address of its slot, 2 KiB aligned and at most 52 bits
 * wide, above the id that tags its calls, 16 bits.
 */
#define SHIM_TAG_BITS		16
#define SHIM_TAG_MASK		0xffff

/* Offsets into struct image_header and, behind it, struct shim_params. */
#define SHIM_PARAMS		64
#define SHIM_KERNEL_OFFSET	(SHIM_PARAMS + 8)

/* Exception classes: Arm ARM, DDI 0487, ESR_EL2.EC */
#define ESR_EC_SHIFT		26
#define ESR_IMM_MASK		0xffff
#define EC_HVC			0x16
#define EC_SMC			0x17

/* Function ids: SMC Calling Convention, DEN0028, 2.5 */
#define FID_OWNER_SHIFT		24
#define FID_OWNER_BITS		6
#define OWNER_STANDARD_SECURE	4
#define OWNER_TRUSTED_OS	50

/* DEN0022, 5.1 */
#define PSCI_CPU_OFF		0x84000002

/* Entry number of the vector table: an exception from EL1 or EL0 in AArch64 */
#define VECTOR_LOWER_SYNC	8

#endif /* SHIM_LAYOUT_H */
