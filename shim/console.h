/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The early console: the UART that the device tree names, as firmware left it. */
#ifndef SHIM_CONSOLE_H
#define SHIM_CONSOLE_H

#include <stdint.h>

/**
 * struct console - how a character is sent
 * @base:	 physical address of the registers, 0 for no console
 * @mask:	 bits of the status register
 * @set:	 whether a character may be sent when one of them is set: 1, or
 *		 when all are clear: 0
 * @value:	 what is written into the registers @before
 * @before:	 offsets of registers that are written first, 0 for none
 * @data:	 offset of the register that takes the character
 * @status:	 offset of the status register
 * @width:	 of an access to the registers that are written, in bytes
 * @status_width: of an access to the status register, in bytes
 */
struct console {
	uint64_t base;
	uint32_t mask;
	uint32_t value[2];
	uint16_t before[2];
	uint16_t data;
	uint16_t status;
	uint8_t width;
	uint8_t status_width;
	uint8_t set;
};

void console_find(const void *fdt, struct console *console);
int console_put(const struct console *console, char byte);

#endif /* SHIM_CONSOLE_H */
