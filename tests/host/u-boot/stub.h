/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * As much of U-Boot as its glue needs, on the model OP-TEE: included before
 * every file of u-boot/, in place of U-Boot's headers.
 */
#ifndef STUB_H
#define STUB_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "model.h"

typedef uint32_t u32;

struct arm_smccc_res {
	unsigned long a0, a1, a2, a3;
};

/**
 * struct udevice - the machine and the one device it has
 * @plat:    the driver's platform data
 * @method:  property of the OP-TEE node, or NULL
 * @psci:    property "method" of the PSCI node, or NULL for no such node
 * @psci_is: property "compatible" of the PSCI node
 * @el:	     exception level that U-Boot runs at
 * @pfr0:    ID_AA64PFR0_EL1
 * @hvc:     HVC reaches OP-TEE; else it must not be executed
 * @keep:    CONFIG_OPTEE_VIRT_COMPAT_KEEP
 * @probe:   what probing the device returns
 * @model:   OP-TEE
 * @smcs:    calls by SMC so far
 * @hvcs:    calls by HVC so far
 * @log:     all that was logged or printed
 * @logged:  its length
 * @errors:  lines logged as errors
 */
struct udevice {
	void *plat;
	const char *method;
	const char *psci;
	const char *psci_is;
	unsigned int el;
	unsigned long pfr0;
	bool hvc;
	bool keep;
	int probe;
	struct model model;
	unsigned int smcs;
	unsigned int hvcs;
	char log[2048];
	size_t logged;
	unsigned int errors;
};

extern struct udevice machine;

void stub_log(bool error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define dev_err(dev, ...)	stub_log(true, __VA_ARGS__)
#define dev_warn(dev, ...)	stub_log(false, __VA_ARGS__)
#define dev_info(dev, ...)	stub_log(false, __VA_ARGS__)
#define printf(...)		stub_log(false, __VA_ARGS__)

static inline void *dev_get_plat(struct udevice *dev)
{
	return dev->plat;
}

/* A node is the method it has. */
typedef const char *ofnode;

static inline ofnode ofnode_null(void)
{
	return NULL;
}

static inline bool ofnode_valid(ofnode node)
{
	return node;
}

static inline ofnode ofnode_by_compatible(ofnode from, const char *compat)
{
	(void)from;

	return strcmp(compat, machine.psci_is) ? NULL : machine.psci;
}

static inline ofnode dev_ofnode(struct udevice *dev)
{
	return dev->method;
}

static inline const char *ofnode_read_string(ofnode node, const char *name)
{
	return strcmp(name, "method") ? NULL : node;
}

static inline unsigned int current_el(void)
{
	return machine.el;
}

/* The one instruction that the glue writes itself reads that register. */
#define asm(...)		(pfr0 = machine.pfr0)

void arm_smccc_smc(unsigned long a0, unsigned long a1, unsigned long a2,
		   unsigned long a3, unsigned long a4, unsigned long a5,
		   unsigned long a6, unsigned long a7,
		   struct arm_smccc_res *res);

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define IS_ERR(ptr)		((uintptr_t)(ptr) >= (uintptr_t)-4095)
#define ERR_PTR(err)		((void *)(intptr_t)(err))
#define PTR_ERR(ptr)		((intptr_t)(ptr))
#define IS_ENABLED(option)	option
#define CONFIG_OPTEE_VIRT_COMPAT_KEEP	machine.keep

#define TEE_SUCCESS			0u
#define TEE_ERROR_BAD_PARAMETERS	0xffff0006u
#define TEE_ERROR_COMMUNICATION		0xffff000eu

#define UCLASS_TEE			0
#define DM_DRIVER_GET(name)		0
#define CMD_RET_SUCCESS			0
#define CMD_RET_FAILURE			1
#define U_BOOT_SUBCMD_MKENT(name, args, repeat, function)	function
#define U_BOOT_CMD_WITH_SUBCMDS(name, usage, help, function) \
	int name ## _command(void) \
	{ \
		return function(NULL, 0, 0, NULL); \
	}

struct cmd_tbl;

static inline int uclass_get_device_by_driver(int id, int driver,
					      struct udevice **dev)
{
	(void)id;
	(void)driver;
	*dev = &machine;

	return machine.probe;
}

int optee_command(void);

#endif /* STUB_H */
