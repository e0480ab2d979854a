// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The shim's hardware: registers of EL2, the early console, the caches, and the
 * order in which it all starts.
 */
#include <libfdt.h>
#include <stddef.h>

#include "call.h"
#include "console.h"
#include "el2.h"
#include "image.h"
#include "main.h"
#include "tree.h"

/* MPIDR_EL1: Aff3..Aff0, as PSCI and the device tree name a CPU */
#define MPIDR_AFFINITY		0xff00ffffffull

_Static_assert(sizeof(struct shim_regs) == SHIM_REGS_SIZE, "layout.h");
_Static_assert(sizeof(struct shim_cpu) == SHIM_SLOT_SIZE, "layout.h");
_Static_assert(sizeof(struct shim) <= 288, "shim.lds");
_Static_assert(offsetof(struct shim_cpu, go) == SHIM_CPU_GO, "layout.h");
_Static_assert(offsetof(struct shim_cpu, on) == 0, "shim_park: x0 of shim_return");
_Static_assert(offsetof(struct shim_header, params) == SHIM_PARAMS, "layout.h");
_Static_assert(offsetof(struct shim_header, params.kernel_offset) ==
	       SHIM_KERNEL_OFFSET, "layout.h");

/* In head.S. */
HIDDEN void shim_smc(void *ctx, uint64_t r[18]);
HIDDEN void shim_return(void);
HIDDEN void shim_park(void);
HIDDEN void shim_off(void);
HIDDEN void __attribute__((noreturn)) shim_eret(uint64_t entry, uint64_t context);

void shim_boot(uint64_t tree, const struct shim_header *header,
	       struct shim *shim, unsigned int el, struct shim_cpu *slots);
void __attribute__((noreturn)) shim_enter(const struct shim_start *start,
					  struct shim_cpu *cpu);
void shim_exception(struct shim_regs *regs, unsigned int vector);

static uint64_t system_counter(void *ctx)
{
	(void)ctx;
	/* It is read by who waits: other threads of this processor may go on. */
	asm volatile("yield\n\tisb");

	return read_register("cntpct_el0");
}

/* A UART that firmware has stopped must not stop the board. */
static void put(struct shim *shim, char byte)
{
	const uint64_t since = system_counter(NULL);

	while (shim->console.base && !console_put(&shim->console, byte))
		if (system_counter(NULL) - since > shim->second / 4)
			shim->console.base = 0;
}

static void text(struct shim *shim, const char *line)
{
	while (*line)
		put(shim, *line++);
}

static void hex(struct shim *shim, const char *name, uint64_t value)
{
	int shift = 60;

	text(shim, name);
	text(shim, "0x");
	while (shift && !(value >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		put(shim, "0123456789abcdef"[value >> shift & 0xf]);
}

static void decimal(struct shim *shim, unsigned int value)
{
	if (value > 9)
		decimal(shim, value / 10);
	put(shim, '0' + value % 10);
}

static void start_line(struct shim *shim)
{
	text(shim, "optee-shim: ");
}

static void end_line(struct shim *shim)
{
	text(shim, "\r\n");
}

/**
 * shim_print() - Put a line on the early console
 * @shim: the shim
 * @line: without its end
 *
 * Context: Any.
 */
void shim_print(struct shim *shim, const char *line)
{
	start_line(shim);
	text(shim, line);
	end_line(shim);
}

/**
 * shim_flush() - Clean and invalidate memory in the caches
 * @start: physical address
 * @size:  in bytes
 *
 * Memory that others use through caches: write back what they hold of it before
 * we look, and make them forget what they hold after we wrote. Nobody but us
 * uses it in between. By address, to the point of coherency: all CPUs' caches.
 *
 * Context: EL2.
 */
void shim_flush(uint64_t start, uint64_t size)
{
	/* CTR_EL0.DminLine: log2 of the smallest line in words */
	const uint64_t line = 4ull << (read_register("ctr_el0") >> 16 & 0xf);
	uint64_t at;

	for (at = start & ~(line - 1); at < start + size; at += line)
		asm volatile("dc civac, %0" : : "r" (at) : "memory");
	asm volatile("dsb sy" : : : "memory");
}

static void read_id(uint64_t id[EL2_IDS])
{
	unsigned int has;

	id[EL2_PFR0] = read_register("s3_0_c0_c4_0");
	id[EL2_PFR1] = read_register("s3_0_c0_c4_1");
	id[EL2_PFR2] = read_register("s3_0_c0_c4_2");
	id[EL2_SMFR0] = read_register("s3_0_c0_c4_5");
	id[EL2_DFR0] = read_register("s3_0_c0_c5_0");
	id[EL2_ISAR1] = read_register("s3_0_c0_c6_1");
	id[EL2_ISAR2] = read_register("s3_0_c0_c6_2");
	id[EL2_MMFR0] = read_register("s3_0_c0_c7_0");
	id[EL2_MMFR1] = read_register("s3_0_c0_c7_1");
	id[EL2_MMFR3] = read_register("s3_0_c0_c7_3");
	id[EL2_MMFR4] = read_register("s3_0_c0_c7_4");

	has = el2_has(id);
	id[EL2_PMCR] = (has & EL2_HAS_PMU) ? read_register("pmcr_el0") : 0;
	id[EL2_PMBIDR] = (has & EL2_HAS_SPE) ? read_register("s3_0_c9_c10_7") : 0;
	id[EL2_PMSIDR] = (has & EL2_HAS_SPE) ? read_register("s3_0_c9_c9_7") : 0;
	id[EL2_TRBIDR] = (has & EL2_HAS_TRBE) ? read_register("s3_0_c9_c11_7") : 0;
}

/* docs/shim.md tells of each register why. */
static void set_up_el2(void)
{
	uint64_t id[EL2_IDS], value[EL2_REGISTERS];
	unsigned int has;

	read_id(id);
	has = el2_has(id);
	el2_plan(id, value);

	/* What was fetched before may not be what was loaded. */
	asm volatile("ic iallu\n\tdsb nsh" : : : "memory");
	write_register("sctlr_el2", value[EL2_SCTLR]);
	write_register("hcr_el2", value[EL2_HCR]);
	/* What the next registers mean depends on HCR_EL2.E2H, now 0. */
	asm volatile("isb");
	write_register("cptr_el2", value[EL2_CPTR]);
	write_register("hstr_el2", 0);
	write_register("mdcr_el2", value[EL2_MDCR]);
	write_register("cnthctl_el2", 3);	/* EL1PCEN, EL1PCTEN */
	write_register("cntvoff_el2", 0);
	write_register("vttbr_el2", 0);
	write_register("vpidr_el2", read_register("midr_el1"));
	write_register("vmpidr_el2", read_register("mpidr_el1"));
	asm volatile("isb");

	if (has & EL2_HAS_SVE)
		write_register("s3_4_c1_c2_0", 0x1ff);	/* ZCR_EL2 */
	if (has & EL2_HAS_SME)
		write_register("s3_4_c1_c2_6", value[EL2_SMCR]);
	/* SMPRIMAP_EL2, if SMIDR_EL1.SMPS */
	if ((has & EL2_HAS_SME) && read_register("s3_1_c0_c0_6") >> 15 & 1)
		write_register("s3_4_c1_c2_5", 0);
	if (has & EL2_HAS_LOR)
		write_register("s3_0_c10_c4_3", 0);	/* LORC_EL1 */
	if ((has & EL2_HAS_SPE) && value[EL2_PMSCR])
		write_register("s3_4_c9_c9_0", value[EL2_PMSCR]);
	if (has & EL2_HAS_BRBE)
		write_register("s2_4_c9_c0_0", value[EL2_BRBCR]);
	if (has & EL2_HAS_HCRX)
		write_register("s3_4_c1_c2_2", value[EL2_HCRX]);
	if (has & EL2_HAS_FGT) {
		write_register("s3_4_c1_c1_4", value[EL2_HFGRTR]);
		write_register("s3_4_c1_c1_5", value[EL2_HFGWTR]);
		write_register("s3_4_c1_c1_6", value[EL2_HFGITR]);
		write_register("s3_4_c3_c1_4", value[EL2_HDFGRTR]);
		write_register("s3_4_c3_c1_5", value[EL2_HDFGWTR]);
	}
	if ((has & EL2_HAS_FGT) && (has & EL2_HAS_AMU))
		write_register("s3_4_c3_c1_6", 0);	/* HAFGRTR_EL2 */
	if (has & EL2_HAS_FGT2) {
		write_register("s3_4_c3_c1_0", value[EL2_HDFGRTR2]);
		write_register("s3_4_c3_c1_1", value[EL2_HDFGWTR2]);
		write_register("s3_4_c3_c1_2", value[EL2_HFGRTR2]);
		write_register("s3_4_c3_c1_3", value[EL2_HFGWTR2]);
		write_register("s3_4_c3_c1_7", value[EL2_HFGITR2]);
	}
	if (has & EL2_HAS_GIC) {
		/* ICC_SRE_EL2: SRE, Enable; it sticks if EL3 lets it */
		write_register("s3_4_c12_c9_5",
			       read_register("s3_4_c12_c9_5") | 9);
		asm volatile("isb");
		if (read_register("s3_4_c12_c9_5") & 1)
			write_register("s3_4_c12_c11_0", 0);	/* ICH_HCR_EL2 */
	}
	asm volatile("isb");
}

/**
 * shim_go() - Go on at EL1
 * @cpu:       this CPU's slot
 * @sctlr_el1: how EL1 starts
 * @entry:     where
 * @context:   its x0
 *
 * Context: EL2, MMU off.
 */
void shim_go(struct shim_cpu *cpu, uint64_t sctlr_el1, uint64_t entry,
	     uint64_t context)
{
	set_up_el2();
	write_register("sctlr_el1", sctlr_el1);
	write_register("tpidr_el2",
		       (uintptr_t)cpu << (SHIM_TAG_BITS - SHIM_SLOT_SHIFT) |
		       optee_guest_tag(&cpu->shim->guest));
	shim_eret(entry, context);
}

/* This CPU goes to EL1 for the first time, or again after it had no power. */
void shim_enter(const struct shim_start *start, struct shim_cpu *cpu)
{
	shim_go(cpu, SCTLR_EL1_OFF, start->entry, start->context);
}

static void __attribute__((noreturn)) stop(struct shim *shim,
					   const struct shim_regs *regs,
					   unsigned int vector)
{
	const uint64_t esr = read_register("esr_el2");
	unsigned int n;

	start_line(shim);
	hex(shim, "stopped CPU ", read_register("mpidr_el1") & MPIDR_AFFINITY);
	text(shim, ", an exception nobody expects, vector ");
	decimal(shim, vector);
	end_line(shim);
	start_line(shim);
	hex(shim, "EC ", esr >> ESR_EC_SHIFT & 0x3f);
	hex(shim, " ESR ", esr);
	hex(shim, " ELR ", read_register("elr_el2"));
	hex(shim, " FAR ", read_register("far_el2"));
	hex(shim, " SPSR ", read_register("spsr_el2"));
	end_line(shim);
	start_line(shim);
	hex(shim, "function id ", (uint32_t)regs->x[0]);
	for (n = 0; n < 31; n++) {
		if (n % 4 == 0) {
			end_line(shim);
			start_line(shim);
		}
		text(shim, " x");
		decimal(shim, n);
		hex(shim, " ", regs->x[n]);
	}
	end_line(shim);
	for (;;)
		asm volatile("wfi");
}

/* head.S could not do it alone. */
void shim_exception(struct shim_regs *regs, unsigned int vector)
{
	struct shim_cpu *cpu =
		(void *)((uintptr_t)regs & ~(uintptr_t)(SHIM_SLOT_SIZE - 1));
	const uint64_t esr = read_register("esr_el2");
	const unsigned int ec = esr >> ESR_EC_SHIFT & 0x3f;
	const unsigned int immediate = esr & ESR_IMM_MASK;

	if (vector != VECTOR_LOWER_SYNC || (ec != EC_SMC && ec != EC_HVC))
		stop(cpu->shim, regs, vector);
	/* head.S has stepped over an SMC with operand 0. */
	if (ec == EC_SMC && immediate)
		write_register("elr_el2", read_register("elr_el2") + 4);

	call_dispatch(cpu, ec == EC_SMC ? SHIM_SMC : SHIM_HVC, immediate, regs->x);
}

/**
 * shim_set_up_slots() - Give every CPU in the tree a slot, and FF-A its buffers
 * @shim:  with start, and cpu, which is this CPU's slot
 * @fdt:   the tree
 * @limit: end of the memory that is there for slots
 *
 * Context: EL2.
 * Return: a line that tells what is wrong, or NULL.
 */
const char *shim_set_up_slots(struct shim *shim, const void *fdt, uint64_t limit)
{
	const uint64_t mpidr = read_register("mpidr_el1") & MPIDR_AFFINITY;
	unsigned int found = 0;
	uint64_t other;
	int node;

	shim->cpu->mpidr = mpidr;
	shim->cpu->shim = shim;
	shim->cpus = 1;
	for (node = tree_next_cpu(fdt, 0, &other); node > 0;
	     node = tree_next_cpu(fdt, node, &other)) {
		struct shim_cpu *cpu = shim->cpu + shim->cpus;

		if (other == mpidr) {
			found = 1;
			continue;
		}
		if ((uintptr_t)(cpu + 1) + 3 * FFA_BUFFER > limit)
			return "the device tree has more CPUs than we have room for";
		cpu->mpidr = other;
		cpu->shim = shim;
		shim->cpus++;
	}
	shim->ffa.buffers = ((uintptr_t)(shim->cpu + shim->cpus) + FFA_BUFFER - 1) &
			    ~(uint64_t)(FFA_BUFFER - 1);
	shim->end = (shim->ffa.buffers + 2 * FFA_BUFFER + PAGE_MAX - 1) &
		    ~(uint64_t)(PAGE_MAX - 1);

	return found ? NULL : "the device tree does not have the CPU that boots";
}

/**
 * shim_check_processor() - Can there be a shim here?
 *
 * Context: EL1 or EL2.
 * Return: a line that tells what is missing, or NULL.
 */
const char *shim_check_processor(void)
{
	uint64_t id[EL2_IDS];
	unsigned int has;

	read_id(id);
	has = el2_has(id);
	if (!(has & EL2_HAS_EL3))
		return "this processor has no EL3: no OP-TEE can be here";
	if (has & EL2_VHE_ONLY)
		return "this processor has no EL2 but that of VHE: not supported";

	return NULL;
}

/*
 * Everything that can be refused, before OP-TEE hears of us: what is announced
 * is used.
 */
static const char *prepare(struct shim *shim, const struct shim_header *header,
			   const void *fdt, void *copy)
{
	const char *error = shim_check_processor();

	if (error)
		return error;
	error = tree_psci(fdt);
	if (error)
		return error;
	error = shim_set_up_slots(shim, fdt, shim->start + IMAGE_ALIGN);
	if (error)
		return error;

	shim_flush((uintptr_t)copy, IMAGE_TREE_MAX);
	if (fdt_open_into(fdt, copy, fdt_totalsize(fdt) + TREE_SLACK))
		return "the device tree is damaged";
	error = tree_reserve(copy, shim->start, shim->end - shim->start);
	if (error)
		return error;
	fdt_pack(copy);
	shim_flush((uintptr_t)copy, IMAGE_TREE_MAX);

	return call_announce(shim, header->params.vm_id);
}

/* Until it is reset: what EL3 answers later is not asked for. */
static void introduce_lost(struct shim *shim, const struct shim_cpu *cpu)
{
	const int answer = cpu->lost.answer;

	start_line(shim);
	hex(shim, "CPU ", cpu->mpidr);
	text(shim, " is not used, PSCI ");
	text(shim, cpu->lost.function == PSCI_CPU_ON ?
		   "CPU_ON answers " : "AFFINITY_INFO a second after CPU_ON answers ");
	if (answer < 0)
		put(shim, '-');
	decimal(shim, answer < 0 ? -answer : answer);
	end_line(shim);
}

/**
 * shim_introduce() - Print what we are
 * @shim:   announced
 * @limits: a line that tells what the kernel cannot do
 *
 * Context: EL2.
 */
void shim_introduce(struct shim *shim, const char *limits)
{
	unsigned int n;

	start_line(shim);
	if (shim->guest.role != OPTEE_GUEST_NONE)
		text(shim, optee_guest_role_name(shim->guest.role));
	if (shim->guest.role == OPTEE_GUEST_GUEST) {
		text(shim, " ");
		decimal(shim, shim->guest.id);
	}
	if (shim->ffa.id) {
		text(shim, shim->guest.role != OPTEE_GUEST_NONE ? ", FF-A guest " :
								  "FF-A guest ");
		decimal(shim, shim->ffa.id);
		text(shim, " if a partition asks");
	}
	if (shim->guest.note == OPTEE_GUEST_RECLAIMED)
		text(shim, ", one left behind was removed");
	text(shim, ", ");
	decimal(shim, shim->cpus);
	hex(shim, shim->cpus == 1 ? " CPU, memory " : " CPUs, memory ", shim->start);
	hex(shim, "..", shim->end - 1);
	text(shim, ", version ");
	text(shim, SHIM_VERSION);
	end_line(shim);
	shim_print(shim, limits);
	if (shim->hidden & OPTEE_GUEST_CAP_ASYNC_NOTIF)
		shim_print(shim,
			   "OP-TEE 4.3.0 and 4.4.0 halt when a guest enables asynchronous notifications: hidden, update OP-TEE to 4.5.0 or later");
	for (n = 0; n < shim->cpus; n++)
		if (shim->cpu[n].lost.function)
			introduce_lost(shim, &shim->cpu[n]);
}

/**
 * shim_init() - What does not depend on who enters us
 * @shim: the shim
 *
 * The addresses are those of the code that runs: it has to be where it stays.
 *
 * Context: EL1 or EL2.
 */
void shim_init(struct shim *shim)
{
	shim->smc = shim_smc;
	shim->now = system_counter;
	shim->print = shim_print;
	/* Firmware may have set no frequency: 1 GHz is the highest that is common. */
	shim->second = read_register("cntfrq_el0") ?: 1000000000;
	shim->entry = (uintptr_t)shim_return;
	shim->park = (uintptr_t)shim_park;
	shim->off = (uintptr_t)shim_off;
}

/*
 * Returns if the kernel is to be entered as we were entered, because we cannot
 * be of use: a board must come up.
 */
void shim_boot(uint64_t tree, const struct shim_header *header,
	       struct shim *shim, unsigned int el, struct shim_cpu *slots)
{
	const void *fdt = (const void *)tree;
	void *copy = (char *)header + header->params.tree_offset;
	struct shim_start start = {
		.entry = (uintptr_t)header + header->params.kernel_offset,
		.context = (uintptr_t)copy,
	};
	const char *error;

	shim_init(shim);
	shim->cpu = slots;
	shim->start = (uintptr_t)header;
	shim->console.base = 0;

	/* The loader need not have cleaned the tree from its cache. */
	shim_flush(tree, sizeof(struct fdt_header));
	error = tree_check(fdt, IMAGE_TREE_MAX);
	if (!error) {
		shim_flush(tree, fdt_totalsize(fdt));
		error = tree_sound(fdt);
	}
	if (!error)
		console_find(fdt, &shim->console);
	if (!error && el != 2)
		error = "entered at EL1: there is a hypervisor, or no EL2 at all";
	if (!error)
		error = prepare(shim, header, fdt, copy);
	if (error) {
		shim_print(shim, error);
		shim_print(shim, SHIM_ASIDE);
		return;
	}

	shim_introduce(shim, "the kernel runs at EL1: no KVM; no EFI stub, no SDEI");
	shim_enter(&start, slots);
}
