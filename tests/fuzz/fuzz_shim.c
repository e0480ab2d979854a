// SPDX-License-Identifier: BSD-2-Clause
/*
 * The shim's dispatch, its readers of the device tree, of page tables and of load
 * options: any calls on any CPU, any answers of EL3, any tree, tables, options. What must
 * hold whatever they are is asserted.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "console.h"
#include "efi.h"
#include "firmware.h"
#include "tree.h"

#define CALLS_MAX	64
#define TREE_ROOM	65536
#define RESERVED	"/reserved-memory/optee-shim@42200000"

struct input {
	const uint8_t *data;
	size_t left;
};

static uint64_t take(struct input *in, size_t bytes)
{
	uint64_t value = 0;

	for (; bytes && in->left; bytes--, in->left--)
		value = value << 8 | *in->data++;

	return value;
}

/* Functions that matter, of FF-A or not, and any other. */
static uint32_t function(struct input *in, int of_ffa)
{
	static const uint32_t fids[] = {
		MODEL_CALL_WITH_ARG, MODEL_CALLS_UID, MODEL_EXCHANGE_CAPABILITIES,
		MODEL_VM_CREATED, MODEL_VM_DESTROYED, MODEL_ENABLE_ASYNC_NOTIF,
		MODEL_DISABLE_SHM_CACHE, 0x84000001, 0x84000003, 0x84000008,
		0x8400000c, 0x8400000e, 0x84000012, 0x84000020, 0x80000000,
		0xc4000001, 0xc4000003, 0xc400000e,
	};
	static const uint32_t ffa[] = {
		SPMC_VERSION, SPMC_RXTX_MAP, SPMC_RXTX_UNMAP, SPMC_RX_RELEASE,
		SPMC_PARTITION_INFO_GET, SPMC_ID_GET, SPMC_DIRECT_REQ, SPMC_MEM_FRAG_TX,
		SPMC_NOTIFICATION_GET,
	};
	const unsigned int choice = take(in, 1);
	uint32_t fid;

	if (choice & 0x80)
		fid = take(in, 4);
	else if (of_ffa)
		fid = ffa[choice % (sizeof(ffa) / sizeof(ffa[0]))];
	else
		fid = fids[choice % (sizeof(fids) / sizeof(fids[0]))];

	return choice & 0x40 ? fid | 0x10000 : fid;
}

static int is_trusted_os(uint32_t fid)
{
	return (fid >> 24 & 0x3f) >= 50;
}

/* What EL3 gets from us, in one call of the kernel. */
static void check_passed(const struct firmware *f, unsigned int from,
			 const struct shim_cpu *cpu, uint64_t a7, unsigned int tag)
{
	unsigned int n;

	for (n = from; n < f->calls && n < FIRMWARE_CALLS; n++) {
		const uint64_t *r = f->call[n];
		const uint32_t fid = (uint32_t)r[0] & ~0x10000u;
		uint64_t entry = 0, context = 0;

		if (is_trusted_os(fid) && r[7] != tag && tag)
			assert(fid == MODEL_CALLS_UID || fid == MODEL_VM_CREATED ||
			       fid == MODEL_VM_DESTROYED ||
			       fid == MODEL_EXCHANGE_CAPABILITIES);
		if (fid == MODEL_VM_CREATED && tag)
			assert(r[1] == tag && r[7] == 0);
		if (is_trusted_os(fid) && !tag)
			assert(r[7] == a7);

		switch (fid & ~0x40000000u) {
		case 0x84000003:
			entry = r[2];
			context = r[3];
			assert(fid & 0x40000000u);
			assert(context >= (uintptr_t)f->cpu &&
			       context < (uintptr_t)(f->cpu + FIRMWARE_CPUS));
			assert(context % SHIM_SLOT_SIZE == 0);
			break;
		case 0x84000001:
			entry = r[2];
			context = r[3];
			assert(context == (uintptr_t)&cpu->resume);
			break;
		case 0x8400000c:
		case 0x8400000e:
			entry = r[1];
			context = r[2];
			assert(context == (uintptr_t)&cpu->resume);
			break;
		default:
			assert(fid < 0x84000020 || fid > 0x8400003f);
			continue;
		}
		assert(entry == FIRMWARE_ENTRY);
	}
}

static int is_ffa(uint32_t fid)
{
	fid &= ~0x40010000u;

	return fid >= 0x84000060 && fid <= 0x840000ef;
}

/* There is a guest by FF-A if we say so, and none before its buffers are mapped. */
static void check_ffa(const struct firmware *f)
{
	const struct shim_ffa *ffa = &f->shim.ffa;

	assert(!f->spmc.halted);
	assert(!ffa->guest.id || (f->spmc.mapped && ffa->guest.id == ffa->id));
	assert(spmc_count(&f->spmc.partition[0], 1) + spmc_count(&f->spmc.partition[0], 2) +
	       spmc_count(&f->spmc.partition[0], 3) == !!ffa->guest.id);
}

static void fuzz_calls(struct input *in)
{
	const unsigned int kind = take(in, 1);
	unsigned int n, i, how;
	struct firmware f;

	firmware_init(&f, kind & 1 ? MODEL_PLAIN : MODEL_VIRT_4_10);
	f.ffa = kind & 2;
	/* One that does not ask is sent what the kernel likes. */
	f.spmc.partition[0].wants = kind & 4 ? 0 : 0xc0;
	f.spmc.instance = kind & 8 ? 0x11 : 0;
	f.spmc.partition[0].slots = !(kind & 16);
	how = take(in, 1);
	f.lacks = how >> 4 & 0xe;
	f.stays = how >> 1 & 0xe;
	f.keeps = how << 1 & 0xe;
	call_announce(&f.shim, 1 + how % 3);
	for (n = 0; n < CALLS_MAX && in->left; n++) {
		const unsigned int tag = optee_guest_tag(&f.shim.guest);
		struct shim_cpu *cpu;
		uint64_t x[31], before[31];
		uint32_t fid;

		how = take(in, 1);
		cpu = &f.cpu[how % FIRMWARE_CPUS];
		for (i = 0; i < 31; i++)
			x[i] = 0x0101010101010101ull * i;
		x[0] = take(in, 4) << 32 | function(in, how & 0x80);
		for (i = 1; i < 4; i++)
			x[i] = take(in, how & 0x40 ? 8 : 1);
		/* The model writes to one of the kernel's buffers: lend it the shim's. */
		if (((uint32_t)x[0] & ~0x40010000u) == (SPMC_RXTX_MAP & ~0x40000000u))
			x[1] = x[2] = (uintptr_t)f.buffers;
		memcpy(before, x, sizeof(x));
		f.psci = take(in, 1) - 128;
		f.off = take(in, 1);
		/* The model counts calls, and takes many for a caller that hangs. */
		f.optee.calls = 0;
		f.calls = 0;

		call_dispatch(cpu, how & 0x20 ? SHIM_HVC : SHIM_SMC,
			      how & 0x10 ? take(in, 2) : 0, x);

		fid = before[0];
		check_passed(&f, 0, cpu, before[7], tag);
		i = f.ffa && is_ffa(fid) ? 8 : 4;
		assert(!memcmp(&x[i], &before[i], sizeof(x) - i * sizeof(x[0])));
		if (!f.spmc.instance)
			check_ffa(&f);
		assert(f.shim.guest.role != OPTEE_GUEST_GUEST ||
		       model_count(&f.optee, f.shim.guest.id) == 1);
		assert(f.shim.guest.role != OPTEE_GUEST_GUEST || !f.optee.panic);
		if (tag && (fid & ~0x10000u) == MODEL_EXCHANGE_CAPABILITIES)
			assert(x[0] || !(x[1] & MODEL_CAP_VIRTUALIZATION));
		if (fid >> 31 && (fid & ~0x10000u) == MODEL_VM_CREATED && tag)
			assert(!f.calls && (uint32_t)x[0] == MODEL_UNKNOWN);
		for (i = 0; i < FIRMWARE_CPUS; i++) {
			assert(!f.cpu[i].lost.function || !f.cpu[i].on.entry);
			assert(f.cpu[i].mpidr == FIRMWARE_MPIDR(i));
			assert(f.cpu[i].shim == &f.shim);
		}
	}
	firmware_free(&f);
}

static void fuzz_tree(struct input *in)
{
	unsigned char *fdt = malloc(in->left + 1);
	unsigned char *copy = malloc(TREE_ROOM);
	assert(fdt && copy);
	memcpy(fdt, in->data, in->left);
	/* The header is looked at first, and tells how much there is to look at. */
	if (in->left >= sizeof(struct fdt_header) && !tree_check(fdt, TREE_ROOM) &&
	    fdt_totalsize(fdt) <= in->left && !tree_sound(fdt)) {
		const uint64_t size = fdt_totalsize(fdt) + TREE_SLACK;
		struct console console;
		uint64_t mpidr;
		int node;
		int n = 0;

		console_find(fdt, &console);
		tree_psci(fdt);
		for (node = tree_next_cpu(fdt, 0, &mpidr); node > 0;
		     node = tree_next_cpu(fdt, node, &mpidr))
			n++;
		assert(n < TREE_ROOM);
		if (!fdt_open_into(fdt, copy, size)) {
			if (!tree_reserve(copy, 0x42200000, 0x10000)) {
				assert(fdt_path_offset(copy, RESERVED) > 0);
				fdt_pack(copy);
			}
			assert(fdt_totalsize(copy) <= size);
		}
	}
	free(copy);
	free(fdt);
}

/* Each may lead to those behind it; the last one is empty. */
#define TABLES		5
#define ENTRIES		512
#define ENTRIES_SET	24
#define LEAF_XN		(1ull << 54)
#define LEAF_PXN	(1ull << 53)
#define BLOCK		1ull

static void fuzz_tables(struct input *in)
{
	uint64_t (*table)[ENTRIES] = aligned_alloc(4096, TABLES * sizeof(*table));
	/* Of 39 bits: the walk starts with a whole table, and meets at most 3 levels. */
	const uint64_t tcr = 25 | take(in, 1) << 24, ttbr = (uintptr_t)table;
	const char *said;
	unsigned int n, at;

	assert(table);
	memset(table, 0, TABLES * sizeof(*table));
	for (n = 0; n < ENTRIES_SET && in->left; n++) {
		const unsigned int which = take(in, 1) % (TABLES - 1);
		const unsigned int next = which + 1 + take(in, 1) % (TABLES - 1 - which);
		const uint64_t bits = take(in, 8);

		at = take(in, 2) % ENTRIES;
		table[which][at] = (bits & ~0xfffffffff000ull) | (uintptr_t)table[next];
	}
	said = regime_check(tcr, ttbr);
	assert(!regime_check(tcr, ttbr) == !said);

	for (at = 0; at < ENTRIES && table[0][at]; at++)
		;
	table[0][at] = BLOCK;
	assert(!regime_check(tcr, ttbr) == !said);
	table[0][at] |= LEAF_PXN;
	assert(regime_check(tcr, ttbr));
	table[0][at] |= LEAF_XN;
	assert(!regime_check(tcr, ttbr) == !said);

	/* What EL2 executes nowhere, EL1 may use. */
	for (n = 0; n < TABLES * ENTRIES; n++)
		table[n / ENTRIES][n % ENTRIES] |= LEAF_XN;
	assert(!regime_check(tcr, ttbr));
	free(table);
}

static void fuzz_options(struct input *in)
{
	const uint32_t size = in->left;
	uint16_t *options = malloc(size + 1);
	struct next next;

	assert(options);
	memcpy(options, in->data, size);
	if (next_find(options, size, &next)) {
		const uint32_t start = (next.path - options) * sizeof(*options);

		assert(next.length && next.path[0] == '\\');
		assert(next.length * sizeof(*options) <= next.size);
		assert(start + next.size <= size);
	}
	free(options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	if (size && *data == 0xd0)
		fuzz_tree(&in);
	else if (size && *data == '#')
		fuzz_tables(&in);
	else if (size && *data == '\\')
		fuzz_options(&in);
	else
		fuzz_calls(&in);

	return 0;
}
