/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The shim's hardware, for both of its entries: as an Image and as an EFI program. */
#ifndef SHIM_MAIN_H
#define SHIM_MAIN_H

#include "call.h"

/* What a page of the kernel may be: memory is reserved in these. */
#define PAGE_MAX		0x10000u

/* SCTLR_EL1: the bits that are RES1 or that keep PSTATE.PAN; MMU and caches off */
#define SCTLR_EL1_OFF		0x30d00800u

#define SHIM_ASIDE		"the kernel boots as if the shim were not there"

#define read_register(name) ({ \
	uint64_t value_; \
	asm volatile("mrs %0, " name : "=r" (value_)); \
	value_; \
})

#define write_register(name, value) ({ \
	uint64_t value_ = (value); \
	asm volatile("msr " name ", %x0" : : "rZ" (value_)); \
})

/* In assembly. Hidden: their addresses are taken without a table of absolute ones. */
#define HIDDEN __attribute__((visibility("hidden")))

void shim_init(struct shim *shim);
void shim_print(struct shim *shim, const char *line);
void shim_flush(uint64_t start, uint64_t size);
const char *shim_check_processor(void);
const char *shim_set_up_slots(struct shim *shim, const void *fdt, uint64_t limit);
void shim_introduce(struct shim *shim, const char *limits);
void __attribute__((noreturn)) shim_go(struct shim_cpu *cpu, uint64_t sctlr_el1,
				       uint64_t entry, uint64_t context);

#endif /* SHIM_MAIN_H */
