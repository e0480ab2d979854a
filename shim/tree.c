// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the shim reads from the device tree, and what it writes into it.
 *
 * Properties: Devicetree Specification 0.4, 2.3, 3.5 and 3.8; "enable-method"
 * of a CPU and the node of PSCI: Documentation/devicetree/bindings/arm/{cpus,psci}.yaml
 * of Linux 6.12.
 */
#include <libfdt.h>

#include "tree.h"

/**
 * tree_number() - A property of one cell
 * @fdt:     the tree
 * @node:    that has it
 * @name:    of the property
 * @missing: what it is if the node does not have it
 *
 * Context: Any.
 * Return: its value.
 */
int tree_number(const void *fdt, int node, const char *name, int missing)
{
	int length;
	const fdt32_t *value = fdt_getprop(fdt, node, name, &length);

	return value && length == sizeof(*value) ? (int)fdt32_ld(value) : missing;
}

static int cells_valid(int cells)
{
	return cells == 1 || cells == 2;
}

/* A number of 1 or 2 cells. */
static uint64_t read_cells(const fdt32_t *cell, int cells)
{
	const uint64_t first = fdt32_ld(cell);

	return cells == 2 ? first << 32 | fdt32_ld(cell + 1) : first;
}

/* The first number of "reg". */
static int first_reg(const void *fdt, int node, int cells, uint64_t *value)
{
	int length;
	const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &length);

	if (!cells_valid(cells) || !reg || length < cells * (int)sizeof(*reg))
		return -1;
	*value = read_cells(reg, cells);

	return 0;
}

/* An address on @bus becomes one on the bus @above it. */
static int translate(const void *fdt, int bus, int above, uint64_t *value)
{
	const int cells = tree_number(fdt, bus, "#address-cells", 2);
	const int size_cells = tree_number(fdt, bus, "#size-cells", 1);
	const int above_cells = tree_number(fdt, above, "#address-cells", 2);
	int length, entry;
	const fdt32_t *range = fdt_getprop(fdt, bus, "ranges", &length);

	if (!range)
		return -1;
	if (!length)
		return 0;
	if (!cells_valid(cells) || !cells_valid(size_cells) || !cells_valid(above_cells))
		return -1;

	entry = cells + above_cells + size_cells;
	for (length /= sizeof(*range); length >= entry; length -= entry) {
		const uint64_t offset = *value - read_cells(range, cells);

		if (offset < read_cells(range + cells + above_cells, size_cells)) {
			*value = read_cells(range + cells, above_cells) + offset;
			return 0;
		}
		range += entry;
	}

	return -1;
}

/**
 * tree_address() - Where is a device?
 * @fdt:   the tree
 * @node:  of the device
 * @value: out: physical address of its first registers
 *
 * Context: Any.
 * Return: 0, or negative if the processor does not reach it.
 */
int tree_address(const void *fdt, int node, uint64_t *value)
{
	int bus = fdt_parent_offset(fdt, node);

	if (bus < 0 || first_reg(fdt, node, tree_number(fdt, bus, "#address-cells", 2),
				 value))
		return -1;
	while (bus > 0) {
		const int above = fdt_parent_offset(fdt, bus);

		if (translate(fdt, bus, above, value))
			return -1;
		bus = above;
	}

	return bus;
}

/**
 * tree_check() - Is this a tree, and small enough to be copied?
 * @fdt:  the tree, its header at least
 * @room: for the copy, in bytes
 *
 * Context: Any.
 * Return: a line that tells what is wrong, or NULL.
 */
const char *tree_check(const void *fdt, uint64_t room)
{
	if ((uintptr_t)fdt % 8 || fdt_check_header(fdt))
		return "x0 points to no device tree";
	if (fdt_totalsize(fdt) + TREE_SLACK > room)
		return "the device tree is too large";

	return NULL;
}

/**
 * tree_sound() - Can libfdt be trusted with this tree?
 * @fdt: the tree, after tree_check()
 *
 * The blocks of a tree of version 17 are in this order. libfdt moves those of
 * one where they are not, and believes the sizes that a damaged tree gives them.
 *
 * Context: Any.
 * Return: a line that tells what is wrong, or NULL.
 */
const char *tree_sound(const void *fdt)
{
	const uint64_t strings = fdt_off_dt_strings(fdt);
	const int aligned = fdt_off_mem_rsvmap(fdt) % 8 == 0 &&
			    fdt_off_dt_struct(fdt) % 4 == 0;
	const int reserved = aligned ? fdt_num_mem_rsv(fdt) : -1;

	if (fdt_version(fdt) >= 17 && reserved >= 0 &&
	    fdt_off_mem_rsvmap(fdt) +
	    (reserved + 1ull) * sizeof(struct fdt_reserve_entry) <=
	    fdt_off_dt_struct(fdt) &&
	    (uint64_t)fdt_off_dt_struct(fdt) + fdt_size_dt_struct(fdt) <= strings &&
	    strings + fdt_size_dt_strings(fdt) <= fdt_totalsize(fdt))
		return NULL;

	return "the device tree is damaged, or older than version 17";
}

/**
 * tree_psci() - Do all CPUs start by PSCI 0.2 or later?
 * @fdt: the tree
 *
 * The node of PSCI may be anywhere: at the top, below /firmware (EBBR).
 *
 * Context: Any.
 * Return: a line that tells what is missing, or NULL.
 */
const char *tree_psci(const void *fdt)
{
	static const char psci[] = "psci";
	uint64_t mpidr;
	int length, node;

	if (fdt_node_offset_by_compatible(fdt, -1, "arm,psci-0.2") < 0 &&
	    fdt_node_offset_by_compatible(fdt, -1, "arm,psci-1.0") < 0)
		return "the device tree has no PSCI 0.2 or later";
	for (node = tree_next_cpu(fdt, 0, &mpidr); node > 0;
	     node = tree_next_cpu(fdt, node, &mpidr)) {
		const char *method = fdt_getprop(fdt, node, "enable-method",
						 &length);

		if (method && (length != sizeof(psci) ||
			       fdt_stringlist_contains(method, length, psci) != 1))
			return "the device tree has CPUs that do not start by PSCI";
	}

	return NULL;
}

/**
 * tree_next_cpu() - Go through the CPUs
 * @fdt:   the tree
 * @node:  0, or what this returned
 * @mpidr: out: its affinity as PSCI names it: MPIDR_EL1 without bits 31..24
 *
 * Context: Any.
 * Return: the node of the next CPU, or negative if there is none.
 */
int tree_next_cpu(const void *fdt, int node, uint64_t *mpidr)
{
	int parent = fdt_path_offset(fdt, "/cpus");
	int cells = tree_number(fdt, parent, "#address-cells", 1);
	int length;

	for (node = node ? fdt_next_subnode(fdt, node) :
			   fdt_first_subnode(fdt, parent);
	     node >= 0; node = fdt_next_subnode(fdt, node)) {
		const char *type = fdt_getprop(fdt, node, "device_type", &length);

		if (type && fdt_stringlist_contains(type, length, "cpu") == 1 &&
		    !first_reg(fdt, node, cells, mpidr))
			break;
	}

	return node;
}

static int append(void *fdt, int node, const char *name, int size,
		  uint64_t value)
{
	return size == 2 ? fdt_appendprop_u64(fdt, node, name, value) :
			   fdt_appendprop_u32(fdt, node, name, value);
}

/* The node that holds all reservations, made if there is none. */
static int reservations(void *fdt, int address_cells, int size_cells)
{
	int node = fdt_path_offset(fdt, "/reserved-memory");

	if (node != -FDT_ERR_NOTFOUND)
		return node;

	node = fdt_add_subnode(fdt, 0, "reserved-memory");
	if (node < 0 ||
	    fdt_setprop_u32(fdt, node, "#address-cells", address_cells) ||
	    fdt_setprop_u32(fdt, node, "#size-cells", size_cells) ||
	    fdt_setprop(fdt, node, "ranges", NULL, 0))
		return -FDT_ERR_NOSPACE;

	return node;
}

/**
 * tree_reserve() - Take memory away from the kernel
 * @fdt:   the tree, with TREE_SLACK bytes of room behind it
 * @start: physical address
 * @size:  in bytes
 *
 * The kernel must not map it either ("no-map"): the shim works with its caches
 * off, a cacheable mapping of the same memory would not agree with it.
 *
 * Context: Any.
 * Return: a line that tells what is wrong, or NULL.
 */
const char *tree_reserve(void *fdt, uint64_t start, uint64_t size)
{
	static const char digits[] = "0123456789abcdef";
	char name[] = "optee-shim@0000000000000000";
	int size_cells = tree_number(fdt, 0, "#size-cells", 1);
	int address_cells = tree_number(fdt, 0, "#address-cells", 2);
	int parent, node, shift;
	char *digit = name + sizeof("optee-shim@") - 1;

	for (shift = 60; shift && !(start >> shift); shift -= 4)
		;
	for (; shift >= 0; shift -= 4)
		*digit++ = digits[start >> shift & 0xf];
	*digit = '\0';

	parent = reservations(fdt, address_cells, size_cells);
	if (parent < 0)
		return "the device tree takes no /reserved-memory";
	address_cells = tree_number(fdt, parent, "#address-cells", address_cells);
	size_cells = tree_number(fdt, parent, "#size-cells", size_cells);
	if (!cells_valid(address_cells) || !cells_valid(size_cells) ||
	    (address_cells == 1 && start >> 32))
		return "/reserved-memory of the device tree has odd cells";

	node = fdt_add_subnode(fdt, parent, name);
	if (node < 0 ||
	    append(fdt, node, "reg", address_cells, start) ||
	    append(fdt, node, "reg", size_cells, size) ||
	    fdt_setprop(fdt, node, "no-map", NULL, 0))
		return "the device tree has no room for a reservation";

	return NULL;
}
