// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Put the shim in front of a kernel. OUT appears only when it is whole. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image.h"

#define NAME "optee-shim-wrap"

/* A command line that is none, as opposed to files that cannot be used. */
#define EXIT_USAGE 2

static const char usage[] =
"Usage: " NAME " [OPTION]... KERNEL OUT\n"
"Put the OP-TEE shim in front of an arm64 kernel Image.\n"
"\n"
"  -i, --vm-id=N      guest id to announce, 1..65535 (default: 1)\n"
"  -s, --shim=FILE    the shim (default: " SHIM_PATH ")\n"
"  -h, --help         show this\n"
"  -V, --version      show the version\n"
"\n"
"Exit status: 0 if OUT was written, 1 if not, 2 if the command line is wrong.\n";

static int __attribute__((format(printf, 2, 3)))
fail(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs(NAME ": ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);

	return status;
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

static int wrap(const char *shim_name, const char *kernel_name,
		unsigned int vm_id, const char *out)
{
	size_t shim_size, kernel_size;
	unsigned char *shim, *kernel;
	struct shim_header header;
	const char *refused;
	char *part;
	FILE *file;
	int bad;

	shim = read_file(shim_name, &shim_size);
	if (!shim)
		return fail(EXIT_FAILURE, "%s cannot be read: %s", shim_name,
			    strerror(errno));
	kernel = read_file(kernel_name, &kernel_size);
	if (!kernel)
		return fail(EXIT_FAILURE, "%s cannot be read: %s", kernel_name,
			    strerror(errno));

	memset(&header, 0, sizeof(header));
	if (shim_size > sizeof(header))
		memcpy(&header, shim, sizeof(header));
	if (header.params.magic != SHIM_MAGIC || shim_size > IMAGE_ALIGN)
		return fail(EXIT_FAILURE, "%s is no shim: take shim.bin of this version",
			    shim_name);
	refused = image_wrap(&header, kernel, kernel_size, vm_id);
	if (refused)
		return fail(EXIT_FAILURE, "%s %s", kernel_name, refused);

	part = malloc(strlen(out) + sizeof(".part"));
	if (!part)
		return fail(EXIT_FAILURE, "out of memory");
	strcpy(part, out);
	strcat(part, ".part");
	file = fopen(part, "wb");
	if (!file)
		return fail(EXIT_FAILURE, "%s cannot be written: %s", part,
			    strerror(errno));
	bad = write_file(file, shim, shim_size, &header, kernel, kernel_size);
	bad |= fclose(file);
	if (!bad)
		bad = rename(part, out);
	if (bad) {
		bad = errno;
		unlink(part);
		return fail(EXIT_FAILURE, "%s cannot be written: %s", out,
			    strerror(bad));
	}
	free(part);
	free(kernel);
	free(shim);

	return EXIT_SUCCESS;
}

/* What was asked for is lost if nobody can read it. */
static int show(const char *text)
{
	if (fputs(text, stdout) == EOF || fflush(stdout) == EOF)
		return fail(EXIT_FAILURE, "cannot write: %s", strerror(errno));

	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "vm-id", required_argument, NULL, 'i' },
		{ "shim", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	const char *shim = SHIM_PATH;
	unsigned int vm_id = 1;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "i:s:hV", options, NULL)) != -1) {
		switch (option) {
		case 'i':
			vm_id = parse_id(optarg);
			break;
		case 's':
			shim = optarg;
			break;
		case 'h':
			return show(usage);
		case 'V':
			return show(NAME " " SHIM_VERSION "\n");
		default:
			return fail(EXIT_USAGE,
				    "%s is no option or lacks its value: see " NAME " --help",
				    argv[optind - 1]);
		}
	}
	if (argc - optind != 2)
		return fail(EXIT_USAGE, "give a kernel and the file to write: see " NAME " --help");

	return wrap(shim, argv[optind], vm_id, argv[optind + 1]);
}
