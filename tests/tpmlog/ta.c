// SPDX-License-Identifier: BSD-2-Clause
/*
 * A trusted application that hands on the TPM event log of OP-TEE, which a firmware
 * TPM would extend its registers by. Only trusted applications may ask for it.
 */

#include <pta_system.h>
#include <tee_internal_api.h>

#include "tpmlog.h"

TEE_Result TA_CreateEntryPoint(void)
{
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t types, TEE_Param params[4],
				    void **session)
{
	(void)types;
	(void)params;
	(void)session;

	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *session)
{
	(void)session;
}

TEE_Result TA_InvokeCommandEntryPoint(void *session, uint32_t command,
				      uint32_t types, TEE_Param params[4])
{
	static const TEE_UUID uuid = PTA_SYSTEM_UUID;
	TEE_TASessionHandle system;
	uint32_t origin;
	TEE_Result res;

	(void)session;

	if (command != TPMLOG_READ ||
	    types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_OUTPUT,
				     TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE,
				     TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;

	res = TEE_OpenTASession(&uuid, TEE_TIMEOUT_INFINITE, 0, NULL, &system,
				&origin);
	if (res)
		return res;

	res = TEE_InvokeTACommand(system, TEE_TIMEOUT_INFINITE,
				  PTA_SYSTEM_GET_TPM_EVENT_LOG, types, params,
				  &origin);
	TEE_CloseTASession(system);

	return res;
}
