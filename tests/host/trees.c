// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the shim finds in device trees: trees FILE...
 * A line for each: file, PSCI (0 or 1), CPUs, whether a console is named (0 or 1),
 * where it is (0 if it is of no known kind), whether memory can be reserved (0 or 1).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <libfdt.h>

#include "console.h"
#include "image.h"
#include "tree.h"

static int report(const char *name, void *fdt, void *copy)
{
	struct console console;
	unsigned int cpus = 0;
	uint64_t mpidr;
	int node, named, reserved;

	if (tree_check(fdt, IMAGE_TREE_MAX) || tree_sound(fdt))
		return -1;
	for (node = tree_next_cpu(fdt, 0, &mpidr); node > 0;
	     node = tree_next_cpu(fdt, node, &mpidr))
		cpus++;
	named = !!fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "stdout-path", NULL);
	console_find(fdt, &console);
	reserved = !fdt_open_into(fdt, copy, fdt_totalsize(fdt) + TREE_SLACK) &&
		   !tree_reserve(copy, 0x42200000, 0x10000) && !fdt_pack(copy);
	printf("%s %d %u %d %#" PRIx64 " %d\n", name, !tree_psci(fdt), cpus, named,
	       console.base, reserved);

	return 0;
}

int main(int argc, char **argv)
{
	void *fdt = malloc(IMAGE_TREE_MAX);
	void *copy = malloc(IMAGE_TREE_MAX);
	int n;

	if (!fdt || !copy)
		return EXIT_FAILURE;
	for (n = 1; n < argc; n++) {
		FILE *file = fopen(argv[n], "rb");

		if (!file || !fread(fdt, 1, IMAGE_TREE_MAX, file) ||
		    report(argv[n], fdt, copy)) {
			fprintf(stderr, "%s: no device tree\n", argv[n]);
			return EXIT_FAILURE;
		}
		fclose(file);
	}
	free(copy);
	free(fdt);

	return EXIT_SUCCESS;
}
