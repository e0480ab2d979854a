/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the shim reads from the device tree, and what it writes into it. */
#ifndef SHIM_TREE_H
#define SHIM_TREE_H

#include <stdint.h>

/* What tree_reserve() adds, in bytes, with room to spare. */
#define TREE_SLACK		1024

const char *tree_check(const void *fdt, uint64_t room);
const char *tree_sound(const void *fdt);
int tree_number(const void *fdt, int node, const char *name, int missing);
int tree_address(const void *fdt, int node, uint64_t *value);
const char *tree_psci(const void *fdt);
int tree_next_cpu(const void *fdt, int node, uint64_t *mpidr);
const char *tree_reserve(void *fdt, uint64_t start, uint64_t size);

#endif /* SHIM_TREE_H */
