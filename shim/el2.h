/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the registers of EL2 have to hold so that EL1 misses nothing. */
#ifndef SHIM_EL2_H
#define SHIM_EL2_H

#include <stdint.h>

/* Registers that tell what the processor has. */
enum el2_id {
	EL2_PFR0,
	EL2_PFR1,
	EL2_PFR2,
	EL2_DFR0,
	EL2_ISAR1,
	EL2_ISAR2,
	EL2_MMFR0,
	EL2_MMFR1,
	EL2_MMFR3,
	EL2_MMFR4,
	EL2_SMFR0,
	EL2_PMCR,	/* PMCR_EL0, 0 without EL2_HAS_PMU */
	EL2_PMBIDR,	/* PMBIDR_EL1, 0 without EL2_HAS_SPE */
	EL2_PMSIDR,	/* PMSIDR_EL1, 0 without EL2_HAS_SPE */
	EL2_TRBIDR,	/* TRBIDR_EL1, 0 without EL2_HAS_TRBE */
	EL2_IDS,
};

/* Registers to be written. */
enum el2_register {
	EL2_HCR,
	EL2_HCRX,
	EL2_CPTR,
	EL2_MDCR,
	EL2_SCTLR,
	EL2_SMCR,
	EL2_PMSCR,
	EL2_BRBCR,
	EL2_HFGRTR,
	EL2_HFGWTR,
	EL2_HFGITR,
	EL2_HDFGRTR,
	EL2_HDFGWTR,
	EL2_HFGRTR2,
	EL2_HFGWTR2,
	EL2_HFGITR2,
	EL2_HDFGRTR2,
	EL2_HDFGWTR2,
	EL2_REGISTERS,
};

/* Groups of registers that are there, bits of what el2_has() returns. */
#define EL2_HAS_EL3		(1u << 0)
#define EL2_HAS_GIC		(1u << 1)
#define EL2_HAS_PMU		(1u << 2)
#define EL2_HAS_SPE		(1u << 3)
#define EL2_HAS_TRBE		(1u << 4)
#define EL2_HAS_BRBE		(1u << 5)
#define EL2_HAS_LOR		(1u << 6)
#define EL2_HAS_HCRX		(1u << 7)
#define EL2_HAS_FGT		(1u << 8)
#define EL2_HAS_FGT2		(1u << 9)
#define EL2_HAS_AMU		(1u << 10)
#define EL2_HAS_SVE		(1u << 11)
#define EL2_HAS_SME		(1u << 12)
#define EL2_HAS_SMPRIMAP	(1u << 13)
#define EL2_VHE_ONLY		(1u << 14)

unsigned int el2_has(const uint64_t id[EL2_IDS]);
void el2_plan(const uint64_t id[EL2_IDS], uint64_t value[EL2_REGISTERS]);

#endif /* SHIM_EL2_H */
