// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Put the shim in front of a kernel:
 *	wrap SHIM KERNEL VM_ID OUT
 * OUT appears only when it is whole.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image.h"

static int __attribute__((format(printf, 1, 2))) fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("shim-image: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);

	return EXIT_FAILURE;
}

/* The contents of a file, to be freed, or NULL with errno set. */
static unsigned char *read_file(const char *name, size_t *size)
{
	unsigned char *data = NULL;
	FILE *file = fopen(name, "rb");

	if (!file)
		return NULL;
	if (!fseek(file, 0, SEEK_END)) {
		long end = ftell(file);

		if (end >= 0 && !fseek(file, 0, SEEK_SET)) {
			*size = end;
			data = malloc(*size + 1);
		}
	}
	if (data && fread(data, 1, *size, file) != *size) {
		free(data);
		data = NULL;
		errno = EIO;
	}
	fclose(file);

	return data;
}

static int write_file(FILE *file, const unsigned char *shim, size_t shim_size,
		      const struct shim_header *header,
		      const unsigned char *kernel, size_t size)
{
	static const unsigned char zeros[4096];
	size_t gap = header->params.kernel_offset - shim_size;

	if (fwrite(header, sizeof(*header), 1, file) != 1 ||
	    fwrite(shim + sizeof(*header), shim_size - sizeof(*header), 1,
		   file) != 1)
		return -1;
	while (gap) {
		size_t part = gap < sizeof(zeros) ? gap : sizeof(zeros);

		if (fwrite(zeros, part, 1, file) != 1)
			return -1;
		gap -= part;
	}

	return fwrite(kernel, size, 1, file) == 1 ? 0 : -1;
}

static unsigned int parse_id(const char *text)
{
	char *end;
	unsigned long id = strtoul(text, &end, 0);

	return *text >= '0' && *text <= '9' && !*end && id <= UINT_MAX ? id : 0;
}

int main(int argc, char **argv)
{
	size_t shim_size, kernel_size;
	unsigned char *shim, *kernel;
	struct shim_header header;
	const char *refused;
	char *part;
	FILE *file;
	int bad;

	if (argc != 5)
		return fail("usage: wrap SHIM KERNEL VM_ID OUT");

	shim = read_file(argv[1], &shim_size);
	if (!shim || shim_size <= sizeof(header))
		return fail("%s cannot be read: make shim", argv[1]);
	kernel = read_file(argv[2], &kernel_size);
	if (!kernel)
		return fail("%s cannot be read: %s", argv[2], strerror(errno));

	memcpy(&header, shim, sizeof(header));
	if (header.params.magic != SHIM_MAGIC || shim_size > IMAGE_ALIGN)
		return fail("%s is no shim: make shim", argv[1]);
	refused = image_wrap(&header, kernel, kernel_size, parse_id(argv[3]));
	if (refused)
		return fail("%s %s", argv[2], refused);

	part = malloc(strlen(argv[4]) + sizeof(".part"));
	if (!part)
		return fail("out of memory");
	strcpy(part, argv[4]);
	strcat(part, ".part");
	file = fopen(part, "wb");
	if (!file)
		return fail("%s cannot be written: %s", part, strerror(errno));
	bad = write_file(file, shim, shim_size, &header, kernel, kernel_size);
	bad |= fclose(file);
	if (!bad)
		bad = rename(part, argv[4]);
	if (bad) {
		bad = errno;
		unlink(part);
		return fail("%s cannot be written: %s", argv[4], strerror(bad));
	}
	free(part);
	free(kernel);
	free(shim);

	return EXIT_SUCCESS;
}
