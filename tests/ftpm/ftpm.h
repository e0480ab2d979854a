/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between a client and a firmware TPM, as Linux and U-Boot have it
 * (drivers/char/tpm/tpm_ftpm_tee.h in Linux 6.12), and as much of TPM 2.0 as
 * tests/ftpm knows (TPM 2.0 Library, parts 2 and 3).
 */
#ifndef FTPM_H
#define FTPM_H

#define FTPM_UUID { 0xbc50d971, 0xd4c9, 0x42c4, \
	{ 0x82, 0xcb, 0x34, 0x3f, 0xb7, 0xf3, 0x78, 0x96 } }

/* [in] memref: a command of TPM 2.0; [inout] memref: its response */
#define FTPM_SUBMIT_COMMAND	0

#define TPM_ST_NO_SESSIONS	0x8001
#define TPM_ST_SESSIONS		0x8002

#define TPM_CC_STARTUP		0x144
#define TPM_CC_GET_CAPABILITY	0x17a
#define TPM_CC_PCR_READ		0x17e
#define TPM_CC_PCR_EXTEND	0x182

#define TPM_RC_SUCCESS		0x000
#define TPM_RC_VALUE		0x084
#define TPM_RC_FAILURE		0x101
#define TPM_RC_COMMAND_CODE	0x143

#define TPM_CAP_PCRS		5
#define TPM_ALG_SHA256		0x000b

#define PCRS			24
#define PCR_SIZE		32

#define HEADER_SIZE		10
#define MAX_MESSAGE_SIZE	128

#endif /* FTPM_H */
