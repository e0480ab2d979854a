// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The early console: the UART that the device tree names, as firmware left it.
 *
 * No UART is set up here. So of each kind only a few numbers are needed: which
 * register takes a character, and which one tells that it may. They are those of
 * the driver in drivers/tty/serial/ of Linux 6.12 that the kind names. Properties:
 * Devicetree Specification 0.4, 3.6 and 4.2.
 */
#include <libfdt.h>

#include "console.h"
#include "tree.h"

#define BIT(n)		(1u << (n))

/* Registers of an NS16550 are at most 16 bytes apart. */
#define SHIFT_MAX	4

enum kind {
	PL011,
	NS16550,
	IMX,
	LPUART,
	MESON,
	MSM,
	GENI,
	CADENCE,
	SCIF,
	SCIF_RZ,
	ARMADA,
};

static const struct console kinds[] = {
	/* amba-pl011.c: DR; FR.TXFF */
	[PL011] = {
		.data = 0x00, .status = 0x18, .mask = BIT(5),
		.width = 4, .status_width = 4,
	},
	/* 8250/8250_early.c: THR; LSR.THRE */
	[NS16550] = {
		.data = 0, .status = 5, .mask = BIT(5), .set = 1,
		.width = 1, .status_width = 1,
	},
	/* imx_earlycon.c: UTXD; UTS.TXFULL */
	[IMX] = {
		.data = 0x40, .status = 0xb4, .mask = BIT(4),
		.width = 4, .status_width = 4,
	},
	/* fsl_lpuart.c: DATA; STAT.TDRE */
	[LPUART] = {
		.data = 0x1c, .status = 0x14, .mask = BIT(23), .set = 1,
		.width = 4, .status_width = 4,
	},
	/* meson_uart.c: WFIFO; STATUS, transmit FIFO full */
	[MESON] = {
		.data = 0x00, .status = 0x0c, .mask = BIT(21),
		.width = 4, .status_width = 4,
	},
	/* msm_serial.c: NCF_TX, one character; TF; SR.TX_EMPTY */
	[MSM] = {
		.before = { 0x40 }, .value = { 1 },
		.data = 0x70, .status = 0x08, .mask = BIT(3), .set = 1,
		.width = 4, .status_width = 4,
	},
	/*
	 * qcom_geni_serial.c: TX_TRANS_LEN, one character; M_CMD0, START_TX;
	 * TX_FIFO; GENI_STATUS.M_CMD_ACTIVE
	 */
	[GENI] = {
		.before = { 0x270, 0x600 }, .value = { 1, BIT(27) },
		.data = 0x700, .status = 0x40, .mask = BIT(0),
		.width = 4, .status_width = 4,
	},
	/* xilinx_uartps.c: FIFO; SR.TXFULL */
	[CADENCE] = {
		.data = 0x30, .status = 0x2c, .mask = BIT(4),
		.width = 4, .status_width = 4,
	},
	/* sh-sci.c: FTDR; the number of characters in it is the upper half of FDR */
	[SCIF] = {
		.data = 0x0c, .status = 0x1c, .mask = 0xff00,
		.width = 1, .status_width = 2,
	},
	[SCIF_RZ] = {
		.data = 0x06, .status = 0x0e, .mask = 0xff00,
		.width = 1, .status_width = 2,
	},
	/* mvebu-uart.c: STD_TSH; STAT.TX_FIFO_FUL */
	[ARMADA] = {
		.data = 0x04, .status = 0x0c, .mask = BIT(11),
		.width = 4, .status_width = 4,
	},
};

/**
 * struct name - a UART that is of a kind
 * @compatible: of its node
 * @kind:	what it is
 * @shift:	of an NS16550, if the node does not tell: registers are 2^@shift
 *		bytes apart
 * @width:	of an NS16550, if the node does not tell: of an access, in bytes
 *
 * No pointers: their values would have to be set when the shim is loaded.
 */
struct name {
	char compatible[25];
	unsigned char kind;
	unsigned char shift;
	unsigned char width;
};

static const struct name names[] = {
	{ "arm,pl011", PL011, 0, 0 },
	{ "arm,sbsa-uart", PL011, 0, 0 },
	{ "snps,dw-apb-uart", NS16550, 0, 1 },
	{ "ns16550a", NS16550, 0, 1 },
	{ "ns16550", NS16550, 0, 1 },
	{ "nvidia,tegra20-uart", NS16550, 2, 1 },
	{ "ti,am654-uart", NS16550, 2, 1 },
	{ "mrvl,mmp-uart", NS16550, 2, 1 },
	{ "mediatek,mt6577-uart", NS16550, 2, 4 },
	{ "brcm,bcm2835-aux-uart", NS16550, 2, 4 },
	{ "brcm,bcm7271-uart", NS16550, 2, 4 },
	{ "fsl,imx6q-uart", IMX, 0, 0 },
	{ "fsl,imx7ulp-lpuart", LPUART, 0, 0 },
	{ "fsl,imx8qxp-lpuart", LPUART, 0, 0 },
	{ "amlogic,meson-ao-uart", MESON, 0, 0 },
	{ "qcom,msm-uartdm", MSM, 0, 0 },
	{ "qcom,geni-debug-uart", GENI, 0, 0 },
	{ "qcom,geni-uart", GENI, 0, 0 },
	{ "cdns,uart-r1p12", CADENCE, 0, 0 },
	{ "renesas,scif", SCIF, 0, 0 },
	{ "renesas,scif-r9a07g044", SCIF_RZ, 0, 0 },
	{ "renesas,scif-r9a09g057", SCIF_RZ, 0, 0 },
	{ "marvell,armada-3700-uart", ARMADA, 0, 0 },
};

static int stdout_node(const void *fdt)
{
	int length, end, chosen = fdt_path_offset(fdt, "/chosen");
	const char *path = fdt_getprop(fdt, chosen, "stdout-path", &length);

	if (!path)
		return -FDT_ERR_NOTFOUND;
	/* Options of the line may follow. */
	for (end = 0; end < length && path[end] && path[end] != ':'; end++)
		;

	return fdt_path_offset_namelen(fdt, path, end);
}

/* An NS16550 is wired to its bus in many ways, which its node tells. */
static int space_registers(struct console *console, unsigned int shift,
			   unsigned int width)
{
	if (shift > SHIFT_MAX || (width != 1 && width != 4))
		return -1;
	console->status <<= shift;
	console->width = width;
	console->status_width = width;

	return 0;
}

/**
 * console_find() - Where is the early console?
 * @fdt:     the tree
 * @console: out: the UART that stdout-path names, its base is 0 if there is none
 *	     of a kind that is known
 *
 * Context: Any.
 */
void console_find(const void *fdt, struct console *console)
{
	const int node = stdout_node(fdt);
	const struct name *name;
	struct console found;

	console->base = 0;
	if (node < 0 || fdt_getprop(fdt, node, "big-endian", NULL))
		return;
	for (name = names; name < names + sizeof(names) / sizeof(names[0]); name++) {
		if (fdt_node_check_compatible(fdt, node, name->compatible))
			continue;
		found = kinds[name->kind];
		if (name->kind == NS16550 &&
		    space_registers(&found,
				    tree_number(fdt, node, "reg-shift", name->shift),
				    tree_number(fdt, node, "reg-io-width", name->width)))
			return;
		if (!tree_address(fdt, node, &found.base))
			*console = found;
		return;
	}
}

static uint32_t read_register(uint64_t address, unsigned int width)
{
	if (width == 1)
		return *(const volatile uint8_t *)address;
	if (width == 2)
		return *(const volatile uint16_t *)address;

	return *(const volatile uint32_t *)address;
}

static void write_register(uint64_t address, unsigned int width, uint32_t value)
{
	if (width == 1)
		*(volatile uint8_t *)address = value;
	else
		*(volatile uint32_t *)address = value;
}

/**
 * console_put() - Send a character, if that is possible now
 * @console: that was found
 * @byte:    the character
 *
 * Context: Any.
 * Return: nonzero if it was sent, 0 if the UART does not take one yet.
 */
int console_put(const struct console *console, char byte)
{
	const uint32_t status = read_register(console->base + console->status,
					      console->status_width);
	unsigned int n;

	if (!!(status & console->mask) != console->set)
		return 0;
	for (n = 0; n < 2; n++)
		if (console->before[n])
			write_register(console->base + console->before[n],
				       console->width, console->value[n]);
	write_register(console->base + console->data, console->width, byte);

	return 1;
}
