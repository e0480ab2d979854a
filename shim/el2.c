// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the registers of EL2 have to hold so that EL1 misses nothing.
 *
 * Bits and fields: Arm ARM, DDI 0487, by the name of the register. What an
 * arm64 kernel may expect when it is entered at EL1:
 * Documentation/arch/arm64/booting.rst of Linux 6.12. docs/shim.md has the table.
 */
#include "el2.h"

#define BIT(n)		(1ull << (n))

/**
 * struct rule - a feature, and the bits that EL1 needs to use it
 * @id:	   register with the feature's field
 * @shift: lowest bit of the field, which has four
 * @least: first value that has the feature
 * @reg:   register with the bits
 * @bits:  what the feature needs
 */
struct rule {
	unsigned char id;
	unsigned char shift;
	unsigned char least;
	unsigned char reg;
	uint64_t bits;
};

/* RW, TSC */
#define HCR_FIRST		(BIT(31) | BIT(19))

/* RES1, where every trap is off but those of SVE (bit 8) and SME (bit 12). */
#define CPTR_FIRST		0x33ffull

/* RES1, I: fetches through the cache, as nothing else is. */
#define SCTLR_FIRST		(0x30c50830ull | BIT(12))

static const struct rule rules[] = {
	/* Pointer authentication, by any of three algorithms: APK, API. */
	{ EL2_ISAR1, 4, 1, EL2_HCR, BIT(40) | BIT(41) },	/* APA */
	{ EL2_ISAR1, 8, 1, EL2_HCR, BIT(40) | BIT(41) },	/* API */
	{ EL2_ISAR2, 12, 1, EL2_HCR, BIT(40) | BIT(41) },	/* APA3 */
	{ EL2_PFR1, 8, 2, EL2_HCR, BIT(56) },		/* MTE2: ATA */
	{ EL2_PFR0, 56, 2, EL2_HCR, BIT(53) },		/* CSV2_2: EnSCXT */
	{ EL2_PFR0, 28, 2, EL2_HCR, BIT(47) },		/* RASv1p1: FIEN */

	{ EL2_PFR0, 32, 1, EL2_CPTR, BIT(8) },		/* SVE: not TZ */
	{ EL2_PFR1, 24, 1, EL2_CPTR, BIT(12) },		/* SME: not TSM */
	{ EL2_PFR1, 24, 1, EL2_SCTLR, BIT(60) },	/* SME: EnTP2 */
	{ EL2_PFR1, 24, 1, EL2_SMCR, 0xf },		/* SME: LEN */
	{ EL2_PFR1, 24, 2, EL2_SMCR, BIT(30) },		/* SME2: EZT0 */
	{ EL2_SMFR0, 60, 8, EL2_SMCR, BIT(31) },	/* FA64, bit 63 */

	{ EL2_ISAR1, 60, 1, EL2_HCRX, BIT(1) },		/* LS64: EnALS */
	{ EL2_ISAR1, 60, 2, EL2_HCRX, BIT(2) },		/* LS64_V: EnASR */
	{ EL2_ISAR1, 60, 3, EL2_HCRX, BIT(0) },		/* LS64_ACCDATA: EnAS0 */
	{ EL2_ISAR2, 16, 1, EL2_HCRX, BIT(11) },	/* MOPS: MSCEn */
	{ EL2_MMFR3, 0, 1, EL2_HCRX, BIT(14) },		/* TCR2: TCR2En */
	{ EL2_MMFR3, 4, 1, EL2_HCRX, BIT(15) },		/* SCTLR2: SCTLR2En */
	{ EL2_MMFR3, 32, 1, EL2_HCRX, BIT(17) },	/* D128: D128En */
	{ EL2_PFR1, 44, 1, EL2_HCRX, BIT(22) },		/* GCS: GCSEn */
	{ EL2_PFR2, 32, 1, EL2_HCRX, BIT(23) },		/* FPMR: EnFPM */

	{ EL2_DFR0, 32, 1, EL2_MDCR, BIT(12) | BIT(13) },	/* SPE: E2PB */
	{ EL2_DFR0, 52, 1, EL2_BRBCR, BIT(3) | BIT(4) },	/* BRBE: CC, MPRED */

	/*
	 * Fine-grained traps whose bit means "no trap". HFGRTR_EL2 and HFGWTR_EL2 have
	 * them in common, and HDFGWTR_EL2's are some of HDFGRTR_EL2's.
	 */
	{ EL2_ISAR1, 60, 3, EL2_HFGRTR, BIT(50) },	/* nACCDATA_EL1 */
	{ EL2_PFR1, 44, 1, EL2_HFGRTR, BIT(52) | BIT(53) },	/* nGCS_EL0, EL1 */
	{ EL2_PFR1, 24, 1, EL2_HFGRTR, BIT(54) | BIT(55) },	/* nSMPRI, nTPIDR2 */
	{ EL2_PFR1, 48, 1, EL2_HFGRTR, BIT(56) },	/* THE: nRCWMASK_EL1 */
	{ EL2_MMFR3, 8, 1, EL2_HFGRTR, BIT(57) | BIT(58) },	/* nPIRE0, nPIR */
	{ EL2_MMFR3, 16, 1, EL2_HFGRTR, BIT(59) | BIT(60) },	/* nPOR_EL0, EL1 */
	{ EL2_MMFR3, 24, 1, EL2_HFGRTR, BIT(62) | BIT(63) },	/* nMAIR2, nAMAIR2 */
	{ EL2_DFR0, 52, 1, EL2_HFGITR, BIT(55) | BIT(56) },	/* nBRBINJ, nBRBIALL */
	{ EL2_PFR1, 44, 1, EL2_HFGITR, BIT(57) | BIT(58) | BIT(59) }, /* nGCS* */
	{ EL2_DFR0, 52, 1, EL2_HDFGRTR, BIT(59) },	/* nBRBIDR */
	{ EL2_DFR0, 52, 1, EL2_HDFGWTR, BIT(60) | BIT(61) },	/* nBRBCTL, DATA */
	{ EL2_DFR0, 32, 3, EL2_HDFGWTR, BIT(62) },	/* SPEv1p2: nPMSNEVFR_EL1 */
	{ EL2_PFR1, 60, 1, EL2_HFGRTR2, BIT(0) },	/* nPFAR_EL1 */
	{ EL2_DFR0, 0, 11, EL2_HDFGWTR2, BIT(5) },	/* Debugv8p9: nMDSELR_EL1 */
};

static unsigned int field(const uint64_t id[EL2_IDS], unsigned int reg,
			  unsigned int shift)
{
	return id[reg] >> shift & 0xf;
}

/**
 * el2_has() - Which registers of EL2 are there?
 * @id: what the processor has
 *
 * EL2_PMCR to EL2_TRBIDR are not looked at.
 *
 * Context: Any.
 * Return: EL2_HAS_* and EL2_VHE_ONLY.
 */
unsigned int el2_has(const uint64_t id[EL2_IDS])
{
	const unsigned int pmu = field(id, EL2_DFR0, 8);
	const unsigned int fgt = field(id, EL2_MMFR0, 56);
	unsigned int has = 0;

	has |= field(id, EL2_PFR0, 12) ? EL2_HAS_EL3 : 0;
	has |= field(id, EL2_PFR0, 24) ? EL2_HAS_GIC : 0;
	has |= pmu && pmu != 0xf ? EL2_HAS_PMU : 0;	/* 0xf: not Arm's */
	has |= field(id, EL2_DFR0, 32) ? EL2_HAS_SPE : 0;
	has |= field(id, EL2_DFR0, 44) ? EL2_HAS_TRBE : 0;
	has |= field(id, EL2_DFR0, 52) ? EL2_HAS_BRBE : 0;
	has |= field(id, EL2_MMFR1, 16) ? EL2_HAS_LOR : 0;
	has |= field(id, EL2_MMFR1, 40) ? EL2_HAS_HCRX : 0;
	has |= fgt ? EL2_HAS_FGT : 0;
	has |= fgt > 1 ? EL2_HAS_FGT2 : 0;
	has |= field(id, EL2_PFR0, 44) ? EL2_HAS_AMU : 0;
	has |= field(id, EL2_PFR0, 32) ? EL2_HAS_SVE : 0;
	has |= field(id, EL2_PFR1, 24) ? EL2_HAS_SME : 0;
	/* Negative: HCR_EL2.E2H cannot be cleared. */
	has |= field(id, EL2_MMFR4, 24) & 8 ? EL2_VHE_ONLY : 0;

	return has;
}

/**
 * el2_plan() - What do the registers of EL2 have to hold?
 * @id:	   what the processor has
 * @value: out: to be written, where el2_has() tells that the register is there
 *
 * Nothing of EL1 is trapped but SMC, as far as the features are known here; no
 * second stage of translation, no virtual interrupts.
 *
 * Context: Any.
 */
void el2_plan(const uint64_t id[EL2_IDS], uint64_t value[EL2_REGISTERS])
{
	const unsigned int has = el2_has(id);
	unsigned int n;

	for (n = 0; n < EL2_REGISTERS; n++)
		value[n] = 0;
	for (n = 0; n < sizeof(rules) / sizeof(rules[0]); n++) {
		const struct rule *rule = &rules[n];

		if (field(id, rule->id, rule->shift) >= rule->least)
			value[rule->reg] |= rule->bits;
	}

	value[EL2_HCR] |= HCR_FIRST;
	value[EL2_CPTR] = CPTR_FIRST & ~value[EL2_CPTR];
	value[EL2_SCTLR] |= SCTLR_FIRST;
	value[EL2_HFGWTR] = value[EL2_HFGRTR];
	value[EL2_HDFGRTR] |= value[EL2_HDFGWTR];
	value[EL2_HFGWTR2] = value[EL2_HFGRTR2];

	/* HPMN: all event counters are EL1's, none is kept for us. */
	value[EL2_MDCR] |= id[EL2_PMCR] >> 11 & 0x1f;
	/* PMUv3p9: nPMICNTR_EL0, nPMICFILTR_EL0, nPMUACR_EL1 */
	if (has & EL2_HAS_PMU && field(id, EL2_DFR0, 8) >= 9)
		value[EL2_HDFGWTR2] |= BIT(2) | BIT(3) | BIT(4);
	/* FDS: nPMSDSFR_EL1 */
	if (id[EL2_PMSIDR] & BIT(7))
		value[EL2_HDFGWTR2] |= BIT(19);
	value[EL2_HDFGRTR2] = value[EL2_HDFGWTR2];
	/* A buffer that EL3 keeps for itself cannot be given away. PCT, PA: */
	if (has & EL2_HAS_SPE && !(id[EL2_PMBIDR] & BIT(4)))
		value[EL2_PMSCR] = BIT(6) | BIT(4);
	/* E2TB */
	if (has & EL2_HAS_TRBE && !(id[EL2_TRBIDR] & BIT(4)))
		value[EL2_MDCR] |= BIT(24) | BIT(25);
}
