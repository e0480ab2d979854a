// SPDX-License-Identifier: BSD-2-Clause
/*
 * A trusted application in the place of a firmware TPM: as much of TPM 2.0 as it takes
 * to extend a register and to read it. Registers are of SHA-256, anybody may extend
 * them, and nothing is kept but in memory. Like a real one it begins with what earlier
 * boot stages have measured: register 0 is extended by the hash of their event log,
 * which only trusted applications get.
 */

#include <pta_system.h>
#include <string.h>
#include <tee_internal_api.h>

#include "ftpm.h"

struct tpm {
	uint8_t pcrs[PCRS][PCR_SIZE];
};

/* The internal API has it const. */
static struct tpm *instance(void)
{
	return (void *)TEE_GetInstanceData();
}

/* Of a message: what is not yet read or written, and whether it was too short. */
struct stream {
	uint8_t *at;
	size_t left;
	bool ended;
};

static uint8_t *take(struct stream *stream, size_t size)
{
	uint8_t *at = stream->at;

	if (size > stream->left) {
		stream->ended = true;
		return NULL;
	}
	stream->at += size;
	stream->left -= size;

	return at;
}

/* Numbers are big-endian. */
static uint32_t get(struct stream *in, size_t size)
{
	const uint8_t *at = take(in, size);
	uint32_t value = 0;

	while (at && size--)
		value = value << 8 | *at++;

	return value;
}

static void put(struct stream *out, size_t size, uint32_t value)
{
	uint8_t *at = take(out, size);

	while (at && size--)
		*at++ = value >> 8 * size;
}

static TEE_Result hash(uint8_t digest[PCR_SIZE], const void *head,
		       size_t head_size, const void *tail, size_t tail_size)
{
	TEE_OperationHandle operation;
	size_t size = PCR_SIZE;
	TEE_Result res;

	res = TEE_AllocateOperation(&operation, TEE_ALG_SHA256,
				    TEE_MODE_DIGEST, 0);
	if (res)
		return res;

	TEE_DigestUpdate(operation, head, head_size);
	res = TEE_DigestDoFinal(operation, tail, tail_size, digest, &size);
	TEE_FreeOperation(operation);

	return res;
}

static TEE_Result extend(uint8_t pcr[PCR_SIZE], const uint8_t digest[PCR_SIZE])
{
	return hash(pcr, pcr, PCR_SIZE, digest, PCR_SIZE);
}

static TEE_Result measure_event_log(uint8_t pcr[PCR_SIZE])
{
	static const TEE_UUID uuid = PTA_SYSTEM_UUID;
	uint8_t log[MAX_MESSAGE_SIZE];
	uint8_t digest[PCR_SIZE];
	TEE_Param params[4] = { 0 };
	TEE_TASessionHandle system;
	uint32_t origin;
	TEE_Result res;

	res = TEE_OpenTASession(&uuid, TEE_TIMEOUT_INFINITE, 0, NULL, &system,
				&origin);
	if (res)
		return res;

	params[0].memref.buffer = log;
	params[0].memref.size = sizeof(log);
	res = TEE_InvokeTACommand(system, TEE_TIMEOUT_INFINITE,
				  PTA_SYSTEM_GET_TPM_EVENT_LOG,
				  TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_OUTPUT,
						  TEE_PARAM_TYPE_NONE,
						  TEE_PARAM_TYPE_NONE,
						  TEE_PARAM_TYPE_NONE),
				  params, &origin);
	TEE_CloseTASession(system);
	if (res || !params[0].memref.size)
		return res;

	res = hash(digest, log, params[0].memref.size, NULL, 0);
	if (res)
		return res;

	return extend(pcr, digest);
}

static uint32_t pcr_extend(struct tpm *tpm, struct stream *in,
			   struct stream *out)
{
	uint32_t pcr = get(in, 4);
	const uint8_t *digest;

	take(in, get(in, 4)); /* the authorization */
	if (get(in, 4) != 1 || get(in, 2) != TPM_ALG_SHA256)
		return TPM_RC_VALUE;
	digest = take(in, PCR_SIZE);
	if (!digest || pcr >= PCRS)
		return TPM_RC_VALUE;
	if (extend(tpm->pcrs[pcr], digest))
		return TPM_RC_FAILURE;

	/* No parameters, and an authorization without nonce and HMAC. */
	put(out, 4, 0);
	put(out, 2, 0);
	put(out, 1, 0);
	put(out, 2, 0);

	return TPM_RC_SUCCESS;
}

/* One register at a time. */
static uint32_t pcr_read(const struct tpm *tpm, struct stream *in,
			 struct stream *out)
{
	uint32_t one = get(in, 4);
	uint32_t algorithm = get(in, 2);
	uint32_t size = get(in, 1);
	const uint8_t *selected = take(in, PCRS / 8);
	unsigned int pcr = 0;
	uint8_t *to;

	if (one != 1 || algorithm != TPM_ALG_SHA256 || size != PCRS / 8 ||
	    !selected)
		return TPM_RC_VALUE;
	while (pcr < PCRS && !(selected[pcr / 8] >> pcr % 8 & 1))
		pcr++;
	if (pcr == PCRS)
		return TPM_RC_VALUE;

	put(out, 4, 0); /* the count of updates, which is not kept */
	put(out, 4, 1);
	put(out, 2, TPM_ALG_SHA256);
	put(out, 1, PCRS / 8);
	to = take(out, PCRS / 8);
	if (to)
		memcpy(to, selected, PCRS / 8);
	put(out, 4, 1);
	put(out, 2, PCR_SIZE);
	to = take(out, PCR_SIZE);
	if (to)
		memcpy(to, tpm->pcrs[pcr], PCR_SIZE);

	return TPM_RC_SUCCESS;
}

static uint32_t get_capability(struct stream *in, struct stream *out)
{
	if (get(in, 4) != TPM_CAP_PCRS)
		return TPM_RC_VALUE;

	put(out, 1, 0); /* no more data */
	put(out, 4, TPM_CAP_PCRS);
	put(out, 4, 1);
	put(out, 2, TPM_ALG_SHA256);
	put(out, 1, PCRS / 8);
	put(out, 3, 0xffffff);

	return TPM_RC_SUCCESS;
}

static uint32_t execute(struct tpm *tpm, uint32_t command, struct stream *in,
			struct stream *out)
{
	switch (command) {
	case TPM_CC_STARTUP:
		return TPM_RC_SUCCESS;
	case TPM_CC_GET_CAPABILITY:
		return get_capability(in, out);
	case TPM_CC_PCR_READ:
		return pcr_read(tpm, in, out);
	case TPM_CC_PCR_EXTEND:
		return pcr_extend(tpm, in, out);
	default:
		return TPM_RC_COMMAND_CODE;
	}
}

TEE_Result TA_CreateEntryPoint(void)
{
	struct tpm *tpm = TEE_Malloc(sizeof(*tpm), TEE_MALLOC_FILL_ZERO);

	if (!tpm)
		return TEE_ERROR_OUT_OF_MEMORY;

	TEE_SetInstanceData(tpm);

	return measure_event_log(tpm->pcrs[0]);
}

void TA_DestroyEntryPoint(void)
{
	TEE_Free(instance());
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
	uint8_t request[MAX_MESSAGE_SIZE];
	uint8_t response[MAX_MESSAGE_SIZE];
	struct stream in = { request, params[0].memref.size };
	struct stream out = { response + HEADER_SIZE,
			      sizeof(response) - HEADER_SIZE };
	struct stream header = { response, HEADER_SIZE };
	uint32_t tag;
	uint32_t rc;
	size_t size;

	(void)session;

	if (command != FTPM_SUBMIT_COMMAND ||
	    types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT,
				     TEE_PARAM_TYPE_MEMREF_INOUT,
				     TEE_PARAM_TYPE_NONE,
				     TEE_PARAM_TYPE_NONE) ||
	    params[0].memref.size > sizeof(request))
		return TEE_ERROR_BAD_PARAMETERS;

	/* The client can write to its own until this returns. */
	memcpy(request, params[0].memref.buffer, params[0].memref.size);
	tag = get(&in, 2);
	get(&in, 4); /* the size */
	rc = execute(instance(), get(&in, 4), &in, &out);
	if (in.ended || out.ended)
		rc = TPM_RC_VALUE;

	size = rc ? HEADER_SIZE : out.at - response;
	put(&header, 2, rc ? TPM_ST_NO_SESSIONS : tag);
	put(&header, 4, size);
	put(&header, 4, rc);
	if (params[1].memref.size < size)
		return TEE_ERROR_SHORT_BUFFER;
	memcpy(params[1].memref.buffer, response, size);
	params[1].memref.size = size;

	return TEE_SUCCESS;
}
