// SPDX-License-Identifier: BSD-2-Clause
/*
 * An EFI program that ends the boot services, at first with a map key that is out of
 * date, and tells what it finds then; it ends with a runtime service.
 */
#include <stddef.h>

#include "efi.h"
#include "main.h"

#define UART		((volatile uint32_t *)0x9000000)
#define UART_FLAGS	(UART[0x18 / 4])
#define UART_FULL	(1u << 5)

#define MAP_SIZE	65536
#define EFI_RESET_COLD	0

/* Of the pointers in EFI_RUNTIME_SERVICES: UEFI Specification 2.10, 4.5 */
#define RESET_SYSTEM	13

typedef void reset_system(int how, uint64_t status, uint64_t size, void *data);
typedef uint64_t get_memory_map(uint64_t *size, void *map, uint64_t *key,
				uint64_t *entry_size, uint32_t *version);

uint64_t kept(uint64_t (*function)(void *image, uint64_t key), void *image,
	      uint64_t key, uint64_t *changed);
uint64_t efi_main(void *self, struct efi_system_table *system);

static void put(char byte)
{
	while (UART_FLAGS & UART_FULL)
		;
	*UART = byte;
}

static void tell(const char *name, uint64_t value)
{
	int shift;

	while (*name)
		put(*name++);
	for (shift = 60; shift >= 0; shift -= 4)
		put("0123456789abcdef"[value >> shift & 0xf]);
	put('\r');
	put('\n');
}

uint64_t efi_main(void *self, struct efi_system_table *system)
{
	uint64_t (*const exit)(void *, uint64_t) = system->boot->exit_boot_services;
	const uint64_t ttbr = read_register("ttbr0_el2"), mair = read_register("mair_el2");
	reset_system *const reset = ((void **)system->runtime)[RESET_SYSTEM];
	get_memory_map *get_map = system->boot->get_memory_map;
	uint64_t size = MAP_SIZE, key, entry_size, changed;
	uint32_t version;
	void *map;

	if (system->boot->allocate_pool(EFI_LOADER_DATA, size, &map) ||
	    get_map(&size, map, &key, &entry_size, &version))
		return 1;
	tell("caller: refused ", kept(exit, self, key + 1, &changed) >> 63);
	tell("caller: changed ", changed);
	tell("caller: level ", read_register("CurrentEL") >> 2);

	size = MAP_SIZE;
	if (get_map(&size, map, &key, &entry_size, &version))
		return 1;
	tell("caller: status ", kept(exit, self, key, &changed));
	tell("caller: changed ", changed);
	tell("caller: level ", read_register("CurrentEL") >> 2);
	if (read_register("CurrentEL") >> 2 == 1) {
		/* M, C, I */
		tell("caller: sctlr ", read_register("sctlr_el1") & 0x1005);
		tell("caller: same ", read_register("ttbr0_el1") == ttbr &&
				      read_register("mair_el1") == mair);
	}
	reset(EFI_RESET_COLD, 0, 0, NULL);

	return 1;
}
