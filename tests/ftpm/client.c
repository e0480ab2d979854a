// SPDX-License-Identifier: BSD-2-Clause
/*
 * Print a register of a firmware TPM: pcr NUMBER
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <tee_client_api.h>

#include "ftpm.h"

static void check(TEEC_Result res, const char *what)
{
	if (!res)
		return;

	fprintf(stderr, "pcr: %s: 0x%x\n", what, res);
	exit(1);
}

int main(int argc, char *argv[])
{
	static const TEEC_UUID uuid = FTPM_UUID;
	unsigned int pcr = argc == 2 ? atoi(argv[1]) : PCRS;
	uint8_t request[] = {
		TPM_ST_NO_SESSIONS >> 8, TPM_ST_NO_SESSIONS & 0xff,
		0, 0, 0, 20,
		0, 0, TPM_CC_PCR_READ >> 8, TPM_CC_PCR_READ & 0xff,
		0, 0, 0, 1, 0, TPM_ALG_SHA256, PCRS / 8, 0, 0, 0
	};
	uint8_t response[MAX_MESSAGE_SIZE] = { 0 };
	TEEC_Operation op = { 0 };
	TEEC_Session session;
	TEEC_Context context;
	size_t at;

	if (pcr >= PCRS) {
		fprintf(stderr, "usage: pcr 0..%d\n", PCRS - 1);
		return 1;
	}
	request[17 + pcr / 8] = 1 << pcr % 8;

	check(TEEC_InitializeContext(NULL, &context), "no TEE");
	check(TEEC_OpenSession(&context, &session, &uuid, TEEC_LOGIN_PUBLIC,
			       NULL, NULL, NULL), "no session");

	op.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT,
					 TEEC_MEMREF_TEMP_INOUT, TEEC_NONE,
					 TEEC_NONE);
	op.params[0].tmpref.buffer = request;
	op.params[0].tmpref.size = sizeof(request);
	op.params[1].tmpref.buffer = response;
	op.params[1].tmpref.size = sizeof(response);
	check(TEEC_InvokeCommand(&session, FTPM_SUBMIT_COMMAND, &op, NULL),
	      "no response");
	if (op.params[1].tmpref.size < HEADER_SIZE + PCR_SIZE) {
		fprintf(stderr, "pcr: the TPM refuses to read it\n");
		return 1;
	}
	for (at = op.params[1].tmpref.size - PCR_SIZE;
	     at < op.params[1].tmpref.size; at++)
		printf("%02x", response[at]);
	printf("\n");

	TEEC_CloseSession(&session);
	TEEC_FinalizeContext(&context);

	return 0;
}
