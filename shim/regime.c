// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What EL1 needs so that it uses the page tables that EL2 has used.
 *
 * Bits and fields: Arm ARM, DDI 0487, TCR_EL1, TCR_EL2, SCTLR_EL2, and "VMSAv8-64
 * descriptor formats".
 */
#include <stddef.h>

#include "efi.h"
#include "main.h"

#define BIT(n)		(1ull << (n))

/* TCR_EL2 */
#define T0SZ(tcr)	((tcr) & 0x3f)
#define T0SZ_MIN	16
#define T0SZ_MAX	39
#define TG0		(3ull << 14)	/* 0: 4 KiB */
#define HPD		BIT(24)
#define DS		BIT(32)

/* TCR_EL1: nothing is at the addresses of TTBR1_EL1, and their granule is 4 KiB. */
#define TCR_FIRST	(BIT(23) | 2ull << 30)	/* EPD1, TG1 */

/* SCTLR_EL2, the same in SCTLR_EL1: M, A, C, SA, I, EnDB, WXN, EE, EnDA, EnIB, EnIA */
#define SCTLR_KEPT	(BIT(0) | BIT(1) | BIT(2) | BIT(3) | BIT(12) | BIT(13) | \
			 BIT(19) | BIT(25) | BIT(27) | BIT(30) | BIT(31))

/* Descriptors: all, then of tables, then of pages and blocks. */
#define VALID		BIT(0)
#define TABLE		BIT(1)
#define ADDRESS		0xfffffffff000ull
#define PXN_TABLE	BIT(59)
#define XN_TABLE	BIT(60)
#define READ_ONLY_TABLE	BIT(62)
#define EL0		BIT(6)
#define READ_ONLY	BIT(7)
#define PXN		BIT(53)
#define XN		BIT(54)

#define LEVELS		4
#define LEVEL_BITS	9
#define PAGE_BITS	12

static const struct {
	unsigned char from, width, to;
} fields[] = {
	{ 0, 6, 0 }, { 0, 6, 16 },	/* T0SZ; T1SZ is not used, but has to be valid */
	{ 8, 8, 8 },			/* IRGN0, ORGN0, SH0, TG0 */
	{ 16, 3, 32 },			/* PS: IPS */
	{ 20, 1, 37 },			/* TBI: TBI0 */
	{ 21, 2, 39 },			/* HA, HD */
	{ 24, 1, 41 },			/* HPD: HPD0 */
	{ 25, 4, 43 },			/* HWU59..62: HWU059..062 */
	{ 29, 1, 51 },			/* TBID: TBID0 */
	{ 30, 1, 57 },			/* TCMA: TCMA0 */
	{ 33, 1, 60 },			/* MTX: MTX0 */
};

/**
 * regime_tcr() - TCR_EL1 for what TCR_EL2 says
 * @tcr: TCR_EL2, with HCR_EL2.E2H 0
 *
 * Context: Any.
 * Return: what to write.
 */
uint64_t regime_tcr(uint64_t tcr)
{
	uint64_t value = TCR_FIRST;
	unsigned int n;

	for (n = 0; n < sizeof(fields) / sizeof(fields[0]); n++)
		value |= (tcr >> fields[n].from & (BIT(fields[n].width) - 1)) <<
			 fields[n].to;

	return value;
}

/**
 * regime_sctlr() - SCTLR_EL1 for what SCTLR_EL2 says
 * @sctlr: SCTLR_EL2, with HCR_EL2.E2H 0
 *
 * Return addresses on the stack may be signed: that goes on with the same keys.
 *
 * Context: Any.
 * Return: what to write.
 */
uint64_t regime_sctlr(uint64_t sctlr)
{
	return SCTLR_EL1_OFF | (sctlr & SCTLR_KEPT);
}

/* What EL2 executes there, EL1 does too. @above: bits of the tables above */
static int executable(uint64_t leaf, uint64_t above)
{
	if (leaf & XN || above & XN_TABLE)
		return 1;
	/* EL1 executes nothing that EL0 can write. EL2 knows neither that nor PXN. */
	return !(leaf & PXN) && !(above & PXN_TABLE) &&
	       (!(leaf & EL0) || leaf & READ_ONLY || above & READ_ONLY_TABLE);
}

static int walk(uint64_t table, unsigned int entries, unsigned int level,
		uint64_t above, uint64_t inherited)
{
	const uint64_t *entry = (const uint64_t *)table;

	for (; entries; entries--, entry++) {
		const int leaf = level == LEVELS - 1 || !(*entry & TABLE);

		if (!(*entry & VALID))
			continue;
		if (leaf ? !executable(*entry, above) :
			   !walk(*entry & ADDRESS, 1 << LEVEL_BITS, level + 1,
				 above | (*entry & inherited), inherited))
			return 0;
	}

	return 1;
}

/**
 * regime_check() - Can EL1 use these page tables?
 * @tcr:  TCR_EL2, with HCR_EL2.E2H 0
 * @ttbr: TTBR0_EL2
 *
 * They are not changed and no others are made: what the firmware's runtime
 * services and the kernel's stub use until the kernel has its own is the
 * firmware's to decide.
 *
 * Context: MMU on, with the tables where they are in memory.
 * Return: a line that tells why not, or NULL.
 */
const char *regime_check(uint64_t tcr, uint64_t ttbr)
{
	const unsigned int bits = 64 - T0SZ(tcr) - PAGE_BITS;
	const unsigned int levels = (bits + LEVEL_BITS - 1) / LEVEL_BITS;
	const uint64_t inherited = (tcr & HPD) ? 0 : PXN_TABLE | XN_TABLE |
						     READ_ONLY_TABLE;

	if (tcr & (TG0 | DS) || T0SZ(tcr) < T0SZ_MIN || T0SZ(tcr) > T0SZ_MAX)
		return "the firmware's pages are not of 4 KiB and 48 bits: not supported";
	if (!walk(ttbr & (ADDRESS | 0xffe),
		  1 << (bits - (levels - 1) * LEVEL_BITS), LEVELS - levels, 0, inherited))
		return "the firmware maps code so that only EL2 can execute it";

	return NULL;
}
