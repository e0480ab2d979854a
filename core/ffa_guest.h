/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Guest protocol of secure partitions that are called by FF-A, such as an OP-TEE
 * OS that is the SPMC at S-EL1 and was built with CFG_NS_VIRTUALIZATION=y, for a
 * system that runs without a hypervisor: announce oneself as a VM, and remove it.
 *
 * Needs no header, no allocation and no global, as optee_guest.h.
 *
 * Function ids, messages, properties and statuses: Arm Firmware Framework for
 * A-profile 1.1, DEN0077A, chapters 6, 12, 13 and 18.
 */
#ifndef FFA_GUEST_H
#define FFA_GUEST_H

#define FFA_GUEST_ERROR			0x84000060u
#define FFA_GUEST_INTERRUPT		0x84000062u
#define FFA_GUEST_YIELD			0x8400006cu
#define FFA_GUEST_RUN			0x8400006du
#define FFA_GUEST_DIRECT_REQ		0x8400006fu
#define FFA_GUEST_DIRECT_RESP		0x84000070u

/* In w2 of a direct request that is a hypervisor's; the answer has the next one. */
#define FFA_GUEST_VM_CREATED		0x80000004u
#define FFA_GUEST_VM_DESTROYED		0x80000006u

#define FFA_GUEST_OK			0
#define FFA_GUEST_NO_MEMORY		(-3)
#define FFA_GUEST_BUSY			(-4)
#define FFA_GUEST_INTERRUPTED		(-5)
#define FFA_GUEST_DENIED		(-6)
#define FFA_GUEST_RETRY			(-7)

/* What a partition asks to be told of; not to be seen before FF-A 1.1. */
#define FFA_GUEST_WANTS_CREATED		0x40u
#define FFA_GUEST_WANTS_DESTROYED	0x80u

/* Bit 15 is that of secure partitions, and 0 the hypervisor's. */
#define FFA_GUEST_ID_MIN		1u
#define FFA_GUEST_ID_MAX		0x7fffu

/* Calls for one message; a partition that never comes to an end ends here. */
#define FFA_GUEST_LIMIT			4096

/**
 * enum ffa_guest_error - why announcing or leaving failed
 * @FFA_GUEST_EOK:	 it did not
 * @FFA_GUEST_EID:	 the id is outside 1..32767; nothing was sent
 * @FFA_GUEST_ENOROOM:	 a partition has no room for another guest
 * @FFA_GUEST_EREFUSED:	 a partition refuses the message
 * @FFA_GUEST_ENDLESS:	 a partition never comes to an end with the message
 * @FFA_GUEST_EANSWER:	 an answer the protocol does not know
 * @FFA_GUEST_ESTRANDED: our guest may still exist: removing it failed
 */
enum ffa_guest_error {
	FFA_GUEST_EOK,
	FFA_GUEST_EID,
	FFA_GUEST_ENOROOM,
	FFA_GUEST_EREFUSED,
	FFA_GUEST_ENDLESS,
	FFA_GUEST_EANSWER,
	FFA_GUEST_ESTRANDED,
};

/**
 * struct ffa_guest_transport - access to the secure partitions
 * @call: does one call with a0..a7 from @regs, and stores a0..a7 of the answer there
 * @ctx:  the caller's own, handed to @call
 */
struct ffa_guest_transport {
	void (*call)(void *ctx, unsigned long regs[8]);
	void *ctx;
};

/**
 * struct ffa_guest_partition - what FFA_PARTITION_INFO_GET tells of a partition
 * @id:		its id
 * @properties: its properties
 */
struct ffa_guest_partition {
	unsigned int id;
	unsigned int properties;
};

/**
 * struct ffa_guest - one system's standing with the secure partitions
 * @id:		the id we announced, or 0
 * @partitions: all there are
 * @count:	how many
 * @partition:	id of the one behind the last error
 * @answer:	what it answered: a status, or a0
 */
struct ffa_guest {
	unsigned int id;
	const struct ffa_guest_partition *partitions;
	unsigned int count;
	unsigned int partition;
	unsigned int answer;
};

enum ffa_guest_error
ffa_guest_announce(struct ffa_guest *guest,
		   const struct ffa_guest_transport *transport,
		   unsigned int instance, unsigned int id,
		   const struct ffa_guest_partition *partitions,
		   unsigned int count);

enum ffa_guest_error
ffa_guest_leave(struct ffa_guest *guest,
		const struct ffa_guest_transport *transport);

const char *ffa_guest_explain(enum ffa_guest_error err);

/**
 * ffa_guest_owner() - What belongs in w4 of FFA_MEM_FRAG_TX?
 * @guest: after ffa_guest_announce()
 *
 * Everywhere else our id takes the place of the one that FFA_ID_GET has given.
 * This register is a hypervisor's to use and is 0 in a virtual machine.
 *
 * Context: Any.
 * Return: our id in bits 31 to 16 if we announced it, else 0.
 */
static inline unsigned int ffa_guest_owner(const struct ffa_guest *guest)
{
	return guest->id << 16;
}

#endif /* FFA_GUEST_H */
