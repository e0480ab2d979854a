// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What libfdt and the compiler expect of a C library. */
#include <stddef.h>
#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	return memmove(to, from, size);
}

void *memmove(void *to, const void *from, size_t size)
{
	const unsigned char *in = from;
	unsigned char *out = to;

	if (out < in)
		while (size--)
			*out++ = *in++;
	else
		while (size--)
			out[size] = in[size];

	return to;
}

void *memset(void *to, int byte, size_t size)
{
	unsigned char *out = to;

	while (size--)
		*out++ = byte;

	return to;
}

int memcmp(const void *one, const void *other, size_t size)
{
	const unsigned char *a = one, *b = other;

	for (; size; size--, a++, b++)
		if (*a != *b)
			return *a - *b;

	return 0;
}

void *memchr(const void *in, int byte, size_t size)
{
	const unsigned char *at = in;

	for (; size; size--, at++)
		if (*at == (unsigned char)byte)
			return (void *)at;

	return NULL;
}

size_t strnlen(const char *text, size_t limit)
{
	size_t n = 0;

	while (n < limit && text[n])
		n++;

	return n;
}

size_t strlen(const char *text)
{
	size_t n = 0;

	while (text[n])
		n++;

	return n;
}

char *strchr(const char *text, int byte)
{
	return memchr(text, byte, strlen(text) + 1);
}

char *strrchr(const char *text, int byte)
{
	size_t n = strlen(text) + 1;

	while (n--)
		if (text[n] == (char)byte)
			return (char *)text + n;

	return NULL;
}
