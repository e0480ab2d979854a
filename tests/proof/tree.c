// SPDX-License-Identifier: BSD-2-Clause
/*
 * What decides in shim/tree.c whether libfdt can be trusted with a tree, and what
 * of libfdt it is made of: any BYTES bytes in place of a tree.
 */
#include <libfdt.h>
#include <stdlib.h>

#include "proof.h"
#include "tree.h"

void tree(void)
{
	const void *fdt = malloc(BYTES);

	assume(fdt && (uintptr_t)fdt % 8 == 0);
	/* What is there: a loader that lies of this cannot be found out. */
	assume(fdt_magic(fdt) != FDT_MAGIC || fdt_totalsize(fdt) <= BYTES ||
	       fdt_totalsize(fdt) > ROOM);
	if (tree_check(fdt, ROOM))
		return;
	prove(fdt_magic(fdt) == FDT_MAGIC && fdt_totalsize(fdt) <= BYTES);
	if (tree_sound(fdt))
		return;
	prove(fdt_version(fdt) >= 17);
	prove(fdt_off_mem_rsvmap(fdt) >= sizeof(struct fdt_header));
	prove(fdt_off_mem_rsvmap(fdt) < fdt_off_dt_struct(fdt));
	prove((uint64_t)fdt_off_dt_struct(fdt) + fdt_size_dt_struct(fdt) <=
	      fdt_off_dt_strings(fdt));
	prove((uint64_t)fdt_off_dt_strings(fdt) + fdt_size_dt_strings(fdt) <=
	      fdt_totalsize(fdt));
}
