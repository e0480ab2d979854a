// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guest protocol of secure partitions that are called by FF-A.
 *
 * FFA_ID_GET answers 0 to a system that has nobody below it, so there is nothing to
 * probe. The rules, all in optee_os 4.10.0, core/arch/arm/kernel/thread_spmc.c:
 *  - a request of sender 0 is refused, a hypervisor's message is not
 *    (handle_direct_request(), handle_framework_direct_request());
 *  - the RX and TX buffers have to be mapped before the first guest is made, and not
 *    while there is one (spmc_handle_rxtx_map());
 *  - memory that a guest has registered is not given back as long as the guest is
 *    there; of a guest that was removed with memory shared a part stays until that is
 *    reclaimed (handle_mem_reclaim(), and virt_reclaim_cookie_from_destroyed_guest() in
 *    core/arch/arm/kernel/virtualization.c).
 */
#include "ffa_guest.h"

static int means_again(int status)
{
	return status == FFA_GUEST_BUSY || status == FFA_GUEST_INTERRUPTED ||
	       status == FFA_GUEST_RETRY;
}

static void request(unsigned long regs[8], unsigned int partition,
		    unsigned int message, unsigned int id)
{
	regs[0] = FFA_GUEST_DIRECT_REQ;
	regs[1] = partition;
	regs[2] = message;
	regs[3] = 0;
	regs[4] = 0;
	regs[5] = id;
	regs[6] = 0;
	regs[7] = 0;
}

static void run(unsigned long regs[8])
{
	regs[0] = FFA_GUEST_RUN;
	regs[2] = 0;
	regs[3] = 0;
	regs[4] = 0;
	regs[5] = 0;
	regs[6] = 0;
	regs[7] = 0;
}

static enum ffa_guest_error judge(int status)
{
	switch (status) {
	case FFA_GUEST_OK:
		return FFA_GUEST_EOK;
	case FFA_GUEST_NO_MEMORY:
	case FFA_GUEST_DENIED:
		return FFA_GUEST_ENOROOM;
	}

	return FFA_GUEST_EREFUSED;
}

/* Send one partition one message, until it has answered for good. */
static enum ffa_guest_error
send_message(struct ffa_guest *guest,
	     const struct ffa_guest_transport *transport,
	     unsigned int partition, unsigned int message, unsigned int id)
{
	unsigned long regs[8];
	int n;

	request(regs, partition, message, id);
	for (n = 0; n < FFA_GUEST_LIMIT; n++) {
		int status;

		transport->call(transport->ctx, regs);

		/* Answers are 32 bits wide, the registers they come in may not be. */
		guest->partition = partition;
		guest->answer = regs[0];
		switch ((unsigned int)regs[0]) {
		case FFA_GUEST_INTERRUPT:
		case FFA_GUEST_YIELD:
			run(regs);
			continue;
		case FFA_GUEST_ERROR:
			status = (int)regs[2];
			if (status == FFA_GUEST_OK)
				return FFA_GUEST_EANSWER;
			break;
		case FFA_GUEST_DIRECT_RESP:
			if ((unsigned int)regs[1] != partition << 16 ||
			    (unsigned int)regs[2] != message + 1)
				return FFA_GUEST_EANSWER;
			status = (int)regs[3];
			break;
		default:
			return FFA_GUEST_EANSWER;
		}

		guest->answer = status;
		if (!means_again(status))
			return judge(status);
		request(regs, partition, message, id);
	}

	return FFA_GUEST_ENDLESS;
}

/* Remove the guest from the first @count partitions; tries them all. */
static enum ffa_guest_error
remove_guest(struct ffa_guest *guest,
	     const struct ffa_guest_transport *transport, unsigned int id,
	     unsigned int count)
{
	enum ffa_guest_error err = FFA_GUEST_EOK;
	struct ffa_guest failed = { 0 };

	while (count--) {
		const struct ffa_guest_partition *p = &guest->partitions[count];

		if (!(p->properties & FFA_GUEST_WANTS_DESTROYED))
			continue;
		if (send_message(guest, transport, p->id,
				 FFA_GUEST_VM_DESTROYED, id)) {
			failed = *guest;
			err = FFA_GUEST_ESTRANDED;
		}
	}
	if (err)
		*guest = failed;

	return err;
}

/* Whether this partition may have a guest all the same. */
static int is_unsure(enum ffa_guest_error err)
{
	return err == FFA_GUEST_ENDLESS || err == FFA_GUEST_EANSWER;
}

/**
 * ffa_guest_announce() - Become a guest of the partitions that ask for it
 * @guest:	out: our standing; its id is 0 if nobody asked, and after an error
 * @transport:	access to the partitions
 * @instance:	what FFA_ID_GET has answered
 * @id:		the id to announce, 1..32767; Xen gives dom0 the id 1
 * @partitions: all there are; has to live until ffa_guest_leave()
 * @count:	how many
 *
 * If @instance is not 0 there is a hypervisor, which announces us. All that is sent
 * are a hypervisor's messages, and FFA_RUN if a partition was interrupted. With
 * @guest's id not 0 it takes @instance's place as sender and receiver in every call
 * from now on, except in those that speak of this instance: RXTX_*, RX_RELEASE.
 *
 * Context: As @transport's call; after FFA_RXTX_MAP, and before memory is shared or
 * notifications are set up.
 * Return: FFA_GUEST_EOK or why it failed; then no partition has a guest of ours,
 * except after FFA_GUEST_ESTRANDED.
 */
enum ffa_guest_error
ffa_guest_announce(struct ffa_guest *guest,
		   const struct ffa_guest_transport *transport,
		   unsigned int instance, unsigned int id,
		   const struct ffa_guest_partition *partitions,
		   unsigned int count)
{
	unsigned int told = 0;
	unsigned int n;

	guest->id = 0;
	guest->partitions = partitions;
	guest->count = count;
	guest->partition = 0;
	guest->answer = 0;

	if (id < FFA_GUEST_ID_MIN || id > FFA_GUEST_ID_MAX)
		return FFA_GUEST_EID;
	if (instance)
		return FFA_GUEST_EOK;

	for (n = 0; n < count; n++) {
		const struct ffa_guest_partition *p = &partitions[n];
		enum ffa_guest_error err;

		if (!(p->properties & FFA_GUEST_WANTS_CREATED))
			continue;
		err = send_message(guest, transport, p->id,
				   FFA_GUEST_VM_CREATED, id);
		if (err) {
			struct ffa_guest why = *guest;

			if (remove_guest(guest, transport, id, n + is_unsure(err)))
				return FFA_GUEST_ESTRANDED;
			*guest = why;
			return err;
		}
		told++;
	}
	if (told)
		guest->id = id;

	return FFA_GUEST_EOK;
}

/**
 * ffa_guest_leave() - Remove what ffa_guest_announce() announced
 * @guest:     as it was left; its id is 0 afterwards
 * @transport: access to the partitions
 *
 * Sends nothing if we announced nothing.
 *
 * Context: As @transport's call; before FFA_RXTX_UNMAP. Memory that is still shared can
 * be reclaimed afterwards; any other call with our id is refused.
 * Return: FFA_GUEST_EOK, or FFA_GUEST_ESTRANDED if a partition may have it still.
 */
enum ffa_guest_error
ffa_guest_leave(struct ffa_guest *guest,
		const struct ffa_guest_transport *transport)
{
	unsigned int id = guest->id;

	guest->id = 0;
	if (!id)
		return FFA_GUEST_EOK;

	return remove_guest(guest, transport, id, guest->count);
}

/**
 * ffa_guest_explain() - One line for a person: what is wrong, what to do
 * @err: of ffa_guest_announce() or ffa_guest_leave()
 *
 * Context: Any.
 * Return: a constant string without a newline.
 */
const char *ffa_guest_explain(enum ffa_guest_error err)
{
	switch (err) {
	case FFA_GUEST_EOK:
		return "no error";
	case FFA_GUEST_EID:
		return "the guest id is not in 1..32767: give one that is";
	case FFA_GUEST_ENOROOM:
		return "no room for a guest: lower CFG_VIRT_GUEST_COUNT or raise TZDRAM_SIZE";
	case FFA_GUEST_EREFUSED:
		return "the partition adds no guest: report it with the firmware's version";
	case FFA_GUEST_ENDLESS:
		return "the partition never finishes: report it with the firmware's version";
	case FFA_GUEST_EANSWER:
		return "an answer that FF-A does not have: report the firmware's version";
	case FFA_GUEST_ESTRANDED:
		return "the partition keeps the guest: its memory is lost until a reset";
	}

	return "unknown error";
}
