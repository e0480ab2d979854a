// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which kernel images can be wrapped, and the header of the result. */
#include <string.h>

#include "image.h"
#include "optee_guest.h"

/* Below this the page tables of no kernel fit, and sums cannot overflow. */
#define IMAGE_SIZE_MAX		(1ull << 40)

static uint64_t align(uint64_t size)
{
	return (size + IMAGE_ALIGN - 1) & ~(uint64_t)(IMAGE_ALIGN - 1);
}

static int starts_with(const void *image, uint64_t size, uint64_t offset,
		       const char *what)
{
	uint64_t length = strlen(what);

	return size >= offset + length &&
	       !memcmp((const char *)image + offset, what, length);
}

/**
 * image_refuse() - Why a file cannot be wrapped
 * @image: its contents
 * @size:  its length in bytes
 *
 * Context: Any.
 * Return: a line that tells what to do, or NULL if it is an arm64 Image.
 */
const char *image_refuse(const void *image, uint64_t size)
{
	struct image_header header;

	if (starts_with(image, size, 0, "\x1f\x8b"))
		return "is compressed with gzip: unpack it first (gunzip)";
	if (starts_with(image, size, 4, "zimg"))
		return "is an EFI zboot image: take the Image of the same build";
	if (starts_with(image, size, 0, "\x28\xb5\x2f\xfd") ||
	    starts_with(image, size, 0, "\xfd\67zXZ") ||
	    starts_with(image, size, 0, "\x04\x22\x4d\x18") ||
	    starts_with(image, size, 0, "\x02\x21\x4c\x18") ||
	    starts_with(image, size, 0, "BZh"))
		return "is compressed: unpack it first";
	if (starts_with(image, size, 0, "\x27\x05\x19\x56"))
		return "is a U-Boot uImage: take the Image that it was made from";
	if (starts_with(image, size, 0, "\xd0\x0d\xfe\xed"))
		return "is a device tree or a FIT image: take the Image inside";
	if (starts_with(image, size, 0, "\177ELF"))
		return "is an ELF file: take arch/arm64/boot/Image of the same build";
	if (size < sizeof(header))
		return "is too short for an arm64 Image";

	memcpy(&header, image, sizeof(header));
	if (header.magic != IMAGE_MAGIC)
		return "is no arm64 Image: there is no ARM\\x64 at byte 56";
	if (size >= sizeof(struct shim_header)) {
		struct shim_header shim;

		memcpy(&shim, image, sizeof(shim));
		if (shim.params.magic == SHIM_MAGIC)
			return "is wrapped already: take the kernel's own Image";
	}
	if (!header.image_size)
		return "does not give its size: a kernel before 3.17 cannot be wrapped";
	if (header.image_size < size)
		return "claims to be shorter than it is: the file is damaged";
	if (header.image_size > IMAGE_SIZE_MAX ||
	    header.text_offset >= IMAGE_ALIGN)
		return "has impossible sizes in its header: the file is damaged";

	return NULL;
}

/**
 * image_wrap() - The header of a shim in front of a kernel
 * @shim:   in: of the shim as it was built; out: of the wrapped image
 * @kernel: the kernel's Image
 * @size:   its length in bytes
 * @vm_id:  the id to announce, 1..65535
 *
 * The kernel follows at params.kernel_offset, where it keeps the alignment it
 * asks for, and is not moved again. The device tree goes behind all memory that
 * the kernel claims: where it is now there may be no room for it to grow.
 *
 * Context: Any.
 * Return: a line that tells what is wrong with @kernel or @vm_id, or NULL.
 */
const char *image_wrap(struct shim_header *shim, const void *kernel,
		       uint64_t size, unsigned int vm_id)
{
	const char *refused = image_refuse(kernel, size);
	struct image_header header;

	if (refused)
		return refused;
	if (!optee_guest_id_valid(vm_id))
		return "cannot be wrapped: the guest id must be a number in 1..65535";

	memcpy(&header, kernel, sizeof(header));
	shim->params.vm_id = vm_id;
	shim->params.kernel_offset = IMAGE_ALIGN + header.text_offset;
	shim->params.tree_offset = align(shim->params.kernel_offset +
					 header.image_size);
	shim->image.image_size = shim->params.tree_offset + IMAGE_TREE_MAX;
	shim->image.flags = header.flags;

	return NULL;
}
