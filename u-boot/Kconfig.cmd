# SPDX-License-Identifier: GPL-2.0-or-later
config CMD_OPTEE_GUEST
	bool "optee guest"
	depends on OPTEE_VIRT_COMPAT && !CMD_OPTEE
	default y
	help
	  The command "optee guest" shows what U-Boot is to OP-TEE and which
	  guests OP-TEE has. It changes nothing.
