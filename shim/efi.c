// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The shim as an EFI program.
 *
 * It is there twice: the code that stays, in reserved memory, for which the shim is
 * made ready here; and a copy that is the firmware's until ExitBootServices has
 * returned, from which efi_hook runs: the firmware may not execute reserved memory.
 */
#include <libfdt.h>
#include <stddef.h>
#include <string.h>

#include "efi.h"
#include "image.h"
#include "main.h"
#include "tree.h"

#define VM_ID			1
#define CURRENT_EL2		(2u << 2)
#define HCR_E2H			(1ull << 34)
#define CPACR_FPEN		(3u << 20)

_Static_assert(offsetof(struct efi_hook, exit) == EFI_HOOK_EXIT, "efi.h");
_Static_assert(offsetof(struct efi_hook, shim) == EFI_HOOK_SHIM, "efi.h");
_Static_assert(offsetof(struct efi_hook, stack) == EFI_HOOK_STACK, "efi.h");
_Static_assert(offsetof(struct efi_hook, resident) == EFI_HOOK_SWITCH, "efi.h");
_Static_assert(offsetof(struct efi_boot_services, calculate_crc32) == 344, "UEFI");

/* efi_head.S, head.S, shim.lds */
extern HIDDEN unsigned char efi_code[], efi_end[], vectors[], __state[], __slots[];
HIDDEN uint64_t efi_hook(void *image, uint64_t map_key);

uint64_t efi_main(void *self, struct efi_system_table *system);
int efi_check(struct shim *shim);
void efi_switch(struct shim *shim, uint64_t sctlr, uint64_t stack, uint64_t back);

static const uint32_t loaded_image_guid[4] = {
	0x5b1b31a1, 0x11d29562, 0xa0003f8e, 0x3b7269c9
};

static const uint32_t device_path_guid[4] = {
	0x09576e91, 0x11d26d3f, 0xa000398e, 0x3b7269c9
};

static const uint32_t device_tree_guid[4] = {
	0xb1b621d5, 0x41a5f19c, 0x15d90b83, 0xe0aa692c
};

static void say(struct efi_system_table *system, const char *line)
{
	const char *const parts[] = { "optee-shim: ", line, "\r\n" };
	uint16_t text[2] = { 0 };
	unsigned int n;

	for (n = 0; system->output && n < 3; n++) {
		const char *at;

		for (at = parts[n]; *at; at++) {
			text[0] = *at;
			system->output->output_string(system->output, text);
		}
	}
}

static const void *find_tree(const struct efi_system_table *system)
{
	uint64_t n;

	for (n = 0; n < system->configurations; n++)
		if (!memcmp(system->configuration[n].guid, device_tree_guid,
			    sizeof(device_tree_guid)))
			return system->configuration[n].table;

	return NULL;
}

/* Everything that can be refused as long as the firmware has a console. */
static const char *check(const void *fdt)
{
	const char *error;

	if (read_register("CurrentEL") != CURRENT_EL2)
		return "entered at EL1: there is a hypervisor, or no EL2 at all";
	error = shim_check_processor();
	if (error)
		return error;
	if (read_register("hcr_el2") & HCR_E2H)
		return "the firmware has set HCR_EL2.E2H: not supported";
	error = regime_check(read_register("tcr_el2"), read_register("ttbr0_el2"));
	if (error)
		return error;
	if (!fdt)
		return "the firmware has no device tree, without which no kernel finds OP-TEE";
	error = tree_check(fdt, IMAGE_TREE_MAX);
	if (error)
		return error;
	error = tree_sound(fdt);

	return error ? error : tree_psci(fdt);
}

/* Where something of this code is in a copy of it. */
static uint64_t in_copy(uint64_t copy, const void *what)
{
	return copy + ((uintptr_t)what - (uintptr_t)efi_code);
}

static void copy_code(uint64_t to, uint64_t size)
{
	memset((void *)to, 0, size);
	memcpy((void *)to, efi_code, in_copy(0, efi_end));
	shim_flush(to, size);
	asm volatile("ic ialluis\n\tdsb ish\n\tisb" : : : "memory");
}

/* From here on ExitBootServices is ours. */
static const char *stay(struct efi_boot_services *boot, const void *fdt)
{
	static const char no_memory[] = "the firmware has no memory for us";
	const uint64_t hook_size = in_copy(0, __state) + sizeof(struct efi_hook);
	uint64_t size = in_copy(0, __slots), mpidr, memory, start, copy;
	struct efi_hook *hook;
	struct shim *shim;
	const char *error;
	int node;

	for (node = tree_next_cpu(fdt, 0, &mpidr); node > 0;
	     node = tree_next_cpu(fdt, node, &mpidr))
		size += SHIM_SLOT_SIZE;
	size += 2 * PAGE_MAX + 3 * FFA_BUFFER;
	if (boot->allocate_pages(EFI_ALLOCATE_ANY, EFI_RESERVED_MEMORY, size / EFI_PAGE + 1,
				 &memory))
		return no_memory;
	start = (memory + PAGE_MAX - 1) & ~(uint64_t)(PAGE_MAX - 1);
	copy_code(start, memory + size - start);

	shim = (struct shim *)in_copy(start, __state);
	shim->cpu = (struct shim_cpu *)in_copy(start, __slots);
	shim->start = start;
	console_find(fdt, &shim->console);
	error = shim_set_up_slots(shim, fdt, memory + size);
	if (!error && boot->allocate_pages(EFI_ALLOCATE_ANY, EFI_BOOT_SERVICES_CODE,
					   hook_size / EFI_PAGE + 1, &copy))
		error = no_memory;
	if (error) {
		boot->free_pages(memory, size / EFI_PAGE + 1);
		return error;
	}

	copy_code(copy, hook_size);
	hook = (struct efi_hook *)in_copy(copy, __state);
	hook->exit = boot->exit_boot_services;
	hook->shim = (uintptr_t)shim;
	hook->stack = (uintptr_t)(shim->cpu + 1);
	hook->resident = in_copy(start, efi_switch);

	boot->exit_boot_services = (void *)in_copy(copy, efi_hook);
	boot->header.crc32 = 0;
	boot->calculate_crc32(&boot->header, boot->header.size, &boot->header.crc32);

	return NULL;
}

/**
 * efi_check() - Can the kernel go on at EL1?
 * @shim: the shim that stays; nothing of it is left in a cache afterwards
 *
 * Context: EL2, MMU on, boot services have ended.
 * Return: nonzero if not, which has been printed.
 */
int efi_check(struct shim *shim)
{
	const char *error = regime_check(read_register("tcr_el2"),
					 read_register("ttbr0_el2"));

	if (error) {
		shim_init(shim);
		shim_print(shim, error);
		shim_print(shim, SHIM_ASIDE);
	}
	shim_flush(shim->start, shim->end - shim->start);

	return !!error;
}

/**
 * efi_switch() - Go on at EL1 with the address space of EL2
 * @shim:  the shim that stays
 * @sctlr: SCTLR_EL2 with the MMU on
 * @stack: stack pointer for EL1
 * @back:  where to go on
 *
 * Returns if that is not possible: EL2's registers are then as they were.
 *
 * Context: EL2, MMU off, in the code that stays, interrupts masked.
 */
void efi_switch(struct shim *shim, uint64_t sctlr, uint64_t stack, uint64_t back)
{
	const uint64_t vbar = read_register("vbar_el2");
	const uint64_t tpidr = read_register("tpidr_el2");
	const uint64_t features = read_register("s3_0_c0_c7_3");	/* MMFR3 */
	const char *error;

	write_register("vbar_el2", (uintptr_t)vectors);
	write_register("tpidr_el2",
		       (uintptr_t)shim->cpu << (SHIM_TAG_BITS - SHIM_SLOT_SHIFT));
	asm volatile("isb");
	shim_init(shim);
	error = call_announce(shim, VM_ID);
	if (error) {
		shim_print(shim, error);
		shim_print(shim, SHIM_ASIDE);
		write_register("vbar_el2", vbar);
		write_register("tpidr_el2", tpidr);
		asm volatile("isb");
		return;
	}
	shim_introduce(shim, "the kernel runs at EL1: no KVM, no SDEI");

	write_register("ttbr0_el1", read_register("ttbr0_el2"));
	write_register("ttbr1_el1", 0);
	write_register("tcr_el1", regime_tcr(read_register("tcr_el2")));
	write_register("mair_el1", read_register("mair_el2"));
	write_register("amair_el1", read_register("amair_el2"));
	write_register("contextidr_el1", 0);
	if (features & 0xf)
		write_register("s3_0_c2_c0_3", 0);	/* TCR2_EL1 */
	if (features & 0xf0)
		write_register("s3_0_c1_c0_3", 0);	/* SCTLR2_EL1 */
	write_register("cpacr_el1", CPACR_FPEN);
	write_register("vbar_el1", vbar);
	write_register("sp_el1", stack);
	/* What EL1 has cached is of nobody. */
	asm volatile("isb\n\ttlbi alle1\n\tdsb nsh\n\tisb" : : : "memory");
	shim_go(shim->cpu, regime_sctlr(sctlr), back, 0);
}

static uint64_t start_next(void *self, struct efi_system_table *system)
{
	struct efi_boot_services *boot = system->boot;
	struct efi_loaded_image *image;
	const void *device;
	struct next next;
	uint64_t status;
	void *path;

	status = boot->handle_protocol(self, loaded_image_guid, &image);
	if (status || !next_find(image->options, image->options_size, &next))
		return status;
	status = boot->handle_protocol(image->device, device_path_guid, &device);
	if (!status)
		status = boot->allocate_pool(EFI_LOADER_DATA,
					     next_device_path(device, &next, NULL),
					     &path);
	if (status)
		return status;
	next_device_path(device, &next, path);
	status = boot->load_image(0, self, path, NULL, 0, &self);
	if (!status)
		status = boot->handle_protocol(self, loaded_image_guid, &image);
	if (status)
		return status;
	image->options = next.path;
	image->options_size = next.size;

	return boot->start_image(self, NULL, NULL);
}

/**
 * efi_main() - Where the firmware enters us
 * @self:   our image
 * @system: the firmware's tables
 *
 * Context: EL1 or EL2, MMU on.
 * Return: EFI_SUCCESS, or the status of the next image.
 */
uint64_t efi_main(void *self, struct efi_system_table *system)
{
	const void *fdt = find_tree(system);
	const char *error = check(fdt);
	uint64_t status;

	if (!error)
		error = stay(system->boot, fdt);
	if (error) {
		say(system, error);
		say(system, SHIM_ASIDE);
	} else {
		say(system, "waits for the end of the boot services");
	}
	status = start_next(self, system);
	if (status)
		say(system, "the next image cannot be started, or has failed");

	return status;
}
