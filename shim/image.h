/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The header of an arm64 kernel image, and what the wrapped image has behind it.
 *
 * Source: Documentation/arch/arm64/booting.rst of Linux 6.12.
 */
#ifndef SHIM_IMAGE_H
#define SHIM_IMAGE_H

#include <stdint.h>

#define IMAGE_MAGIC		0x644d5241u	/* "ARM\x64" */
#define SHIM_MAGIC		0x6d6968736565746full	/* "oteeshim" */

/* A kernel has to be at a multiple of this, plus its text_offset. */
#define IMAGE_ALIGN		0x200000u

/* A device tree must not be larger. */
#define IMAGE_TREE_MAX		0x200000u

/**
 * struct image_header - the first 64 bytes of an Image, little-endian
 * @code0:	 an instruction
 * @code1:	 an instruction
 * @text_offset: from a multiple of 2 MiB to the Image, in bytes
 * @image_size:	 memory from the Image on that the kernel needs, in bytes
 * @flags:	 bit 0 big-endian, bits 1..2 page size, bit 3 anywhere in memory
 * @res2:	 reserved
 * @res3:	 reserved
 * @res4:	 reserved
 * @magic:	 IMAGE_MAGIC
 * @pe_offset:	 of the PE header for the EFI stub, or 0
 */
struct image_header {
	uint32_t code0;
	uint32_t code1;
	uint64_t text_offset;
	uint64_t image_size;
	uint64_t flags;
	uint64_t res2;
	uint64_t res3;
	uint64_t res4;
	uint32_t magic;
	uint32_t pe_offset;
};

/**
 * struct shim_params - what the image tool tells the shim
 * @magic:	   SHIM_MAGIC
 * @kernel_offset: from the shim's start to the kernel's Image, in bytes; 0 in a
 *		   shim that is not wrapped around a kernel
 * @tree_offset:   from the shim's start to IMAGE_TREE_MAX bytes for the device tree
 * @vm_id:	   the id to announce, 1..65535
 */
struct shim_params {
	uint64_t magic;
	uint64_t kernel_offset;
	uint64_t tree_offset;
	uint64_t vm_id;
};

/**
 * struct shim_header - the first bytes of a shim and of a wrapped image
 * @image:  for whoever loads it
 * @params: for the shim
 */
struct shim_header {
	struct image_header image;
	struct shim_params params;
};

const char *image_refuse(const void *image, uint64_t size);
const char *image_wrap(struct shim_header *shim, const void *kernel,
		       uint64_t size, unsigned int vm_id);

#endif /* SHIM_IMAGE_H */
