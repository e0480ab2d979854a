// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Which EFI image comes next.
 *
 * Load options and device paths: UEFI Specification 2.10, 3.1.3 and 10.3.
 */
#include <string.h>

#include "efi.h"

#define NODE_MEDIA	4
#define NODE_FILE_PATH	4
#define NODE_END	0x7f
#define NODE_END_WHOLE	0xff
#define NODE_HEADER	4

/**
 * next_find() - Read the load options
 * @options: UCS-2, ended by a null character or by their size
 * @size:    in bytes
 * @next:    out: the first word with a backslash in front, and what follows
 *
 * Who starts us may put our own name before it.
 *
 * Context: Any.
 * Return: nonzero if there is one.
 */
int next_find(const uint16_t *options, uint32_t size, struct next *next)
{
	uint32_t length = 0, start = 0, end;

	while (length < size / sizeof(*options) && options[length])
		length++;
	while (start < length &&
	       (options[start] != '\\' || (start && options[start - 1] != ' ')))
		start++;
	for (end = start; end < length && options[end] != ' '; end++)
		;
	next->path = options + start;
	next->length = end - start;
	next->size = (length - start) * sizeof(*options);

	return next->length != 0;
}

/* A node's length may be at an odd address. */
static uint32_t node_size(const uint8_t *node)
{
	return node[2] | node[3] << 8;
}

static uint8_t *put_node(uint8_t *at, unsigned int type, unsigned int subtype,
			 uint32_t size)
{
	at[0] = type;
	at[1] = subtype;
	at[2] = size;
	at[3] = size >> 8;

	return at + NODE_HEADER;
}

/**
 * next_device_path() - The device path of a file
 * @device: that of the device that the file is on
 * @next:   names the file
 * @path:   out: the device path, or NULL to learn its size
 *
 * Context: Any.
 * Return: its size in bytes.
 */
uint64_t next_device_path(const void *device, const struct next *next, void *path)
{
	const uint32_t name = next->length * sizeof(*next->path);
	const uint32_t file = NODE_HEADER + name + sizeof(*next->path);
	const uint8_t *node = device;
	uint64_t prefix;

	while (node[0] != NODE_END && node_size(node) >= NODE_HEADER)
		node += node_size(node);
	prefix = node - (const uint8_t *)device;
	if (path) {
		uint8_t *at = (uint8_t *)path + prefix;

		memcpy(path, device, prefix);
		at = put_node(at, NODE_MEDIA, NODE_FILE_PATH, file);
		memcpy(at, next->path, name);
		memset(at + name, 0, sizeof(*next->path));
		put_node(at + name + sizeof(*next->path), NODE_END, NODE_END_WHOLE,
			 NODE_HEADER);
	}

	return prefix + file + NODE_HEADER;
}
