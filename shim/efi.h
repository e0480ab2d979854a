/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What we use of UEFI: UEFI Specification 2.10, 4.3, 4.4, 9.1, 12.4. And what the parts
 * of the EFI program share.
 */
#ifndef SHIM_EFI_H
#define SHIM_EFI_H

/* Offsets into struct efi_hook */
#define EFI_HOOK_EXIT		0
#define EFI_HOOK_SHIM		8
#define EFI_HOOK_STACK		16
#define EFI_HOOK_SWITCH		24

#ifndef __ASSEMBLER__
#include <stdint.h>

#define EFI_ALLOCATE_ANY	0
#define EFI_RESERVED_MEMORY	0
#define EFI_LOADER_DATA		2
#define EFI_BOOT_SERVICES_CODE	3
#define EFI_PAGE		4096

struct efi_header {
	uint64_t signature;
	uint32_t revision;
	uint32_t size;
	uint32_t crc32;
	uint32_t reserved;
};

struct efi_text_output {
	void *reset;
	uint64_t (*output_string)(struct efi_text_output *self, const uint16_t *text);
};

struct efi_boot_services {
	struct efi_header header;
	void *tpl[2];
	uint64_t (*allocate_pages)(int how, int type, uint64_t pages, uint64_t *memory);
	uint64_t (*free_pages)(uint64_t memory, uint64_t pages);
	void *get_memory_map;
	uint64_t (*allocate_pool)(int type, uint64_t size, void *memory);
	void *free_pool;
	void *events[6];
	void *install[3];
	uint64_t (*handle_protocol)(void *handle, const uint32_t protocol[4],
				    void *interface);
	void *handles[5];
	uint64_t (*load_image)(uint8_t policy, void *parent, const void *path,
			       const void *source, uint64_t size, void **image);
	uint64_t (*start_image)(void *image, uint64_t *size, uint16_t **data);
	void *exit;
	uint64_t (*unload_image)(void *image);
	uint64_t (*exit_boot_services)(void *image, uint64_t map_key);
	void *miscellaneous[3];
	void *drivers[2];
	void *protocols[3];
	void *library[5];
	uint64_t (*calculate_crc32)(const void *data, uint64_t size, uint32_t *crc32);
};

struct efi_configuration {
	uint32_t guid[4];
	void *table;
};

struct efi_system_table {
	struct efi_header header;
	void *vendor;
	uint64_t revision;
	void *input[2];
	void *output_handle;
	struct efi_text_output *output;
	void *error[2];
	void *runtime;
	struct efi_boot_services *boot;
	uint64_t configurations;
	const struct efi_configuration *configuration;
};

struct efi_loaded_image {
	uint64_t revision;
	void *parent;
	struct efi_system_table *system;
	void *device;
	void *path;
	void *reserved;
	uint32_t options_size;
	const void *options;
};

/**
 * struct efi_hook - what efi_hook works with, where the code has its state
 * @exit:   the firmware's own ExitBootServices
 * @shim:   the shim that stays
 * @stack:  for efi_switch()
 * @resident: efi_switch() of the code that stays
 */
struct efi_hook {
	uint64_t (*exit)(void *image, uint64_t map_key);
	uint64_t shim;
	uint64_t stack;
	uint64_t resident;
};

/**
 * struct next - what the load options name
 * @path:   UCS-2, not terminated
 * @length: of @path, in characters
 * @size:   of @path and all behind it, in bytes: the next image's load options
 */
struct next {
	const uint16_t *path;
	uint32_t length;
	uint32_t size;
};

int next_find(const uint16_t *options, uint32_t size, struct next *next);
uint64_t next_device_path(const void *device, const struct next *next, void *path);

uint64_t regime_tcr(uint64_t tcr);
uint64_t regime_sctlr(uint64_t sctlr);
const char *regime_check(uint64_t tcr, uint64_t ttbr);
#endif

#endif /* SHIM_EFI_H */
