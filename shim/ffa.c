// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the shim makes of FF-A, where OP-TEE is a secure partition.
 *
 * A kernel that FFA_ID_GET has given an id uses it in all that it sends: nothing has
 * to be tagged. Only calls that say something of this instance, and those that are a
 * hypervisor's, have to change.
 *
 * Rules:
 *  - function ids, registers, statuses, descriptors of partitions: Arm Firmware
 *    Framework for A-profile 1.1, DEN0077A, chapters 6, 11, 13, 16 and 18;
 *  - no guest before the buffers are mapped, none when they are mapped anew:
 *    optee_os 4.10.0, core/arch/arm/kernel/thread_spmc.c, spmc_handle_rxtx_map();
 *  - FFA_VERSION is the only call that may be made before the kernel agrees on a
 *    version: the same chapter 13, and thread_spmc.c, spmc_exchange_version().
 */
#include <stddef.h>

#include "call.h"
#include "main.h"

#define FFA_64			0x40000000u

#define FFA_SUCCESS		0x84000061u
#define FFA_VERSION		0x84000063u
#define FFA_RX_RELEASE		0x84000065u
#define FFA_RXTX_MAP		0x84000066u
#define FFA_RXTX_UNMAP		0x84000067u
#define FFA_PARTITION_INFO_GET	0x84000068u
#define FFA_ID_GET		0x84000069u
#define FFA_MEM_FRAG_TX		0x8400007bu
#define FFA_NOTIFICATION_GET	0x84000082u

#define FFA_1_1			0x10001u
#define FFA_NO_VERSION		0x80000000u

/* In w2 of a direct request: it is one of the framework's own. */
#define FFA_FRAMEWORK		0x80000000u

/* In w2 of FFA_NOTIFICATION_GET: from partitions, and from the SPM. */
#define FFA_PHYSICAL_INSTANCE	0x5u

static const char stay_mapped[] =
	"FF-A: our buffers stay mapped: no guest, report the firmware's version";

/* A descriptor begins with id, execution contexts and properties. */
struct descriptor {
	uint16_t id;
	uint16_t contexts;
	uint32_t properties;
};

/* A call of ours. Returns w0 of the answer; its w2 and w3 are stored in @w. */
static uint32_t call(struct shim *shim, uint32_t fid, uint64_t a1, uint64_t a2,
		     uint64_t a3, uint32_t w[2])
{
	uint64_t r[18] = { fid, a1, a2, a3 };

	shim->smc(shim->ctx, r);
	w[0] = r[2];
	w[1] = r[3];

	return r[0];
}

static void guest_call(void *ctx, unsigned long regs[8])
{
	struct shim *shim = ctx;
	uint64_t r[18] = { 0 };
	unsigned int n;

	for (n = 0; n < 8; n++)
		r[n] = regs[n];
	shim->smc(shim->ctx, r);
	for (n = 0; n < 8; n++)
		regs[n] = r[n];
}

/**
 * ffa_find() - Is there somebody who speaks FF-A?
 * @shim: the shim
 *
 * Context: Before the kernel is started.
 * Return: nonzero if there is.
 */
int ffa_find(struct shim *shim)
{
	uint32_t w[2];
	const uint32_t version = call(shim, FFA_VERSION, FFA_1_1, 0, 0, w);

	/* Before 1.1 nobody shows that he asks for guests. */
	return !(version & FFA_NO_VERSION) && version >= FFA_1_1;
}

/* Keep those that ask to be told, of @count descriptors of @size bytes. */
static const char *keep(struct shim_ffa *f, uint64_t at, uint32_t count, uint32_t size)
{
	uint32_t n;

	if (size < sizeof(struct descriptor) || count > FFA_BUFFER / size)
		return NULL;
	for (n = 0; n < count; n++) {
		const volatile struct descriptor *d = (const void *)(at + n * size);
		const uint32_t properties = d->properties;

		if (!(properties & FFA_GUEST_WANTS_CREATED))
			continue;
		if (f->count == FFA_PARTITIONS)
			return "FF-A: more partitions ask for guests than we know: no guest";
		f->partition[f->count++] = (struct ffa_guest_partition){
			.id = d->id, .properties = properties,
		};
	}

	return NULL;
}

/*
 * Who asks for guests can only be read in a buffer, and the kernel has none yet: it
 * is told its id before.
 */
static const char *survey(struct shim *shim)
{
	struct shim_ffa *f = &shim->ffa;
	const uint64_t rx = f->buffers + FFA_BUFFER;
	const char *error = NULL;
	uint32_t w[2];

	if (call(shim, FFA_RXTX_MAP | FFA_64, f->buffers, rx, 1, w) != FFA_SUCCESS)
		return "FF-A: an earlier system's buffers are mapped: no guest, reset the board";
	shim_flush(rx, FFA_BUFFER);
	if (call(shim, FFA_PARTITION_INFO_GET, 0, 0, 0, w) == FFA_SUCCESS) {
		shim_flush(rx, FFA_BUFFER);
		error = keep(f, rx, w[0], w[1]);
		call(shim, FFA_RX_RELEASE, 0, 0, 0, w);
	}
	if (call(shim, FFA_RXTX_UNMAP, 0, 0, 0, w) != FFA_SUCCESS)
		return stay_mapped;

	return error;
}

static void tell_id(struct shim *shim, uint64_t x[31])
{
	struct shim_ffa *f = &shim->ffa;
	const char *error = NULL;

	shim->smc(shim->ctx, x);
	if ((uint32_t)x[0] != FFA_SUCCESS)
		return;
	if (!f->count) {
		/* Another id than 0 is somebody's who announces us. */
		error = (uint16_t)x[2] ? NULL : survey(shim);
		if (error) {
			shim->print(shim, error);
			f->count = 0;
		}
		if (!f->count)
			f->id = 0;
	}
	if (f->id)
		x[2] = f->id;
}

static void refuse(uint64_t x[31], int status)
{
	unsigned int n;

	x[0] = FFA_GUEST_ERROR;
	x[1] = 0;
	x[2] = (uint32_t)status;
	for (n = 3; n < 8; n++)
		x[n] = 0;
}

/**
 * ffa_announce() - Become a guest of the partitions that ask for it
 * @shim: whose buffers are mapped
 *
 * Context: Any CPU, no other call of FF-A at the same time.
 * Return: a line that tells why it failed and what to do, or NULL.
 */
const char *ffa_announce(struct shim *shim)
{
	const struct ffa_guest_transport transport = { guest_call, shim };
	struct shim_ffa *f = &shim->ffa;
	enum ffa_guest_error err = ffa_guest_announce(&f->guest, &transport, 0, f->id,
						      f->partition, f->count);

	return err ? ffa_guest_explain(err) : NULL;
}

/**
 * ffa_remove() - Remove the guest that ffa_announce() announced
 * @shim: the shim
 *
 * Context: As ffa_announce().
 * Return: a line that tells why it failed and what to do, or NULL.
 */
const char *ffa_remove(struct shim *shim)
{
	const struct ffa_guest_transport transport = { guest_call, shim };
	enum ffa_guest_error err = ffa_guest_leave(&shim->ffa.guest, &transport);

	return err ? ffa_guest_explain(err) : NULL;
}

static void map(struct shim *shim, uint64_t x[31])
{
	const char *error;
	uint32_t w[2];

	shim->smc(shim->ctx, x);
	if ((uint32_t)x[0] != FFA_SUCCESS)
		return;
	error = ffa_announce(shim);
	if (!error)
		return;
	shim->print(shim, error);
	if (call(shim, FFA_RXTX_UNMAP, 0, 0, 0, w) != FFA_SUCCESS)
		shim->print(shim, stay_mapped);
	refuse(x, FFA_GUEST_NO_MEMORY);
}

static void unmap(struct shim *shim, uint64_t x[31])
{
	const char *error = ffa_remove(shim);

	if (error)
		shim->print(shim, error);
	x[1] = 0;
	shim->smc(shim->ctx, x);
}

/**
 * ffa_dispatch() - Do one call of the kernel's, FFA_FIRST..FFA_LAST
 * @shim: the shim
 * @fid:  the function
 * @x:	  x0..x30, the answer replaces the arguments
 *
 * Context: As call_dispatch().
 */
void ffa_dispatch(struct shim *shim, uint32_t fid, uint64_t x[31])
{
	struct shim_ffa *f = &shim->ffa;

	if (!f->id) {
		shim->smc(shim->ctx, x);
		return;
	}

	switch (fid & ~FFA_64) {
	case FFA_ID_GET:
		tell_id(shim, x);
		return;
	case FFA_RXTX_MAP:
		map(shim, x);
		return;
	case FFA_RXTX_UNMAP:
		unmap(shim, x);
		return;
	case FFA_RX_RELEASE:
		x[1] = 0;
		break;
	case FFA_MEM_FRAG_TX:
		x[4] = ffa_guest_owner(&f->guest);
		break;
	case FFA_NOTIFICATION_GET:
		x[2] &= FFA_PHYSICAL_INSTANCE;
		break;
	case FFA_GUEST_DIRECT_REQ:
		if (x[2] & FFA_FRAMEWORK) {
			refuse(x, FFA_GUEST_DENIED);
			return;
		}
		break;
	}
	shim->smc(shim->ctx, x);
}
