// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * optee guest: what U-Boot is to OP-TEE, and which guests there are.
 */
#include <command.h>
#include <dm.h>
#include <stdio.h>
#include "optee_guest_smccc.h"
#include "virt_compat.h"

/* Xen gives its domains the lowest ones; all 65535 take seconds. */
#define HIGHEST_PROBED	255u

static int do_optee_guest(struct cmd_tbl *cmdtp, int flag, int argc,
			  char *const argv[])
{
	struct optee_guest_invoke invoke;
	const struct optee_guest_transport transport = {
		optee_guest_invoke, &invoke
	};
	const struct optee_virt_compat *vc;
	unsigned int answer;
	struct udevice *dev;
	unsigned int id;
	int ret;

	ret = uclass_get_device_by_driver(UCLASS_TEE, DM_DRIVER_GET(optee),
					  &dev);
	if (ret) {
		printf("no OP-TEE: error %d of its driver\n", ret);
		return CMD_RET_FAILURE;
	}

	vc = dev_get_plat(dev);
	printf("role     %s\n", optee_guest_role_name(vc->guest.role));
	printf("conduit  %s\n", vc->conduit);
	if (vc->guest.role != OPTEE_GUEST_GUEST)
		return CMD_RET_SUCCESS;

	invoke.fn = vc->invoke_fn;
	printf("id       %u\n", vc->guest.id);
	printf("guests  ");
	for (id = OPTEE_GUEST_ID_MIN; id <= HIGHEST_PROBED; id++) {
		if (optee_guest_answers_uid(&transport, id, &answer))
			printf(" %u", id);
	}
	printf(" of %u..%u\n", OPTEE_GUEST_ID_MIN, HIGHEST_PROBED);
	printf("free     unknown: only announcing a guest would tell\n");

	return CMD_RET_SUCCESS;
}

U_BOOT_CMD_WITH_SUBCMDS(optee, "OP-TEE",
			"guest - role, conduit, guest id, and the guests that OP-TEE has",
			U_BOOT_SUBCMD_MKENT(guest, 1, 1, do_optee_guest));
