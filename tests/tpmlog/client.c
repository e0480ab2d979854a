// SPDX-License-Identifier: BSD-2-Clause
/*
 * Print the TPM event log that tests/tpmlog/ta.c gets from OP-TEE.
 */

#include <stdio.h>
#include <stdlib.h>
#include <tee_client_api.h>

#include "tpmlog.h"

static void check(TEEC_Result res, const char *what)
{
	if (!res)
		return;

	fprintf(stderr, "tpmlog: %s: 0x%x\n", what, res);
	exit(1);
}

int main(void)
{
	static const TEEC_UUID uuid = TPMLOG_UUID;
	static char log[4096];
	TEEC_Operation op = { 0 };
	TEEC_Session session;
	TEEC_Context context;

	check(TEEC_InitializeContext(NULL, &context), "no TEE");
	check(TEEC_OpenSession(&context, &session, &uuid, TEEC_LOGIN_PUBLIC,
			       NULL, NULL, NULL), "no session");

	op.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_OUTPUT, TEEC_NONE,
					 TEEC_NONE, TEEC_NONE);
	op.params[0].tmpref.buffer = log;
	op.params[0].tmpref.size = sizeof(log);
	check(TEEC_InvokeCommand(&session, TPMLOG_READ, &op, NULL), "no log");
	printf("%zu bytes: %.*s\n", op.params[0].tmpref.size,
	       (int)op.params[0].tmpref.size, log);

	TEEC_CloseSession(&session);
	TEEC_FinalizeContext(&context);

	return 0;
}
