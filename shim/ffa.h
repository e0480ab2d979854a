/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the shim makes of FF-A, where OP-TEE is a secure partition. No hardware is
 * touched here but the memory of the two buffers.
 */
#ifndef SHIM_FFA_H
#define SHIM_FFA_H

#include <stdint.h>

#include "ffa_guest.h"

struct shim;

/* Fast calls of the standard secure services, without their width. */
#define FFA_FIRST		0x84000060u
#define FFA_LAST		0x840000efu

/* Partitions that may ask to be told of guests. */
#define FFA_PARTITIONS		4

/* A buffer: the smallest that FFA_RXTX_MAP has. */
#define FFA_BUFFER		4096u

/**
 * struct shim_ffa - what we are to secure partitions
 * @id:	       that the kernel gets, 0 if nobody asks for guests
 * @count:     number of those in @partition, 0 with an @id until they are looked for
 * @buffers:   two of FFA_BUFFER bytes, physical; used while nobody else has any
 * @guest:     what we have announced
 * @partition: those that ask to be told of guests
 */
struct shim_ffa {
	unsigned int id;
	unsigned int count;
	uint64_t buffers;
	struct ffa_guest guest;
	struct ffa_guest_partition partition[FFA_PARTITIONS];
};

int ffa_find(struct shim *shim);
void ffa_dispatch(struct shim *shim, uint32_t fid, uint64_t x[31]);
const char *ffa_announce(struct shim *shim);
const char *ffa_remove(struct shim *shim);

#endif /* SHIM_FFA_H */
