// SPDX-License-Identifier: GPL-2.0-only
/*
 * Be a guest of the secure partitions that want to know their guests, when there is
 * no hypervisor.
 *
 * The protocol is in ffa_guest.c; this is its Linux side. The driver takes the sender
 * of all it sends from one place, vm_id, which gets the guest's id. This instance is
 * still the physical one: where it matters, the driver asks for the guest's id.
 */
#define pr_fmt(fmt) "ARM FF-A: " fmt

#include <linux/cpu.h>
#include <linux/list.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <asm/cputype.h>
#include <asm/virt.h>
#include "optee_guest_faults_cpus.h"
#include "virt_compat.h"

static void call(void *ctx, unsigned long regs[8])
{
	const struct ffa_virt_compat *vc = ctx;
	ffa_value_t ret;

	vc->invoke((ffa_value_t){
		   .a0 = regs[0], .a1 = regs[1], .a2 = regs[2], .a3 = regs[3],
		   .a4 = regs[4], .a5 = regs[5], .a6 = regs[6], .a7 = regs[7],
		   }, &ret);
	regs[0] = ret.a0;
	regs[1] = ret.a1;
	regs[2] = ret.a2;
	regs[3] = ret.a3;
	regs[4] = ret.a4;
	regs[5] = ret.a5;
	regs[6] = ret.a6;
	regs[7] = ret.a7;
}

static struct ffa_guest_transport transport_of(struct ffa_virt_compat *vc)
{
	return (struct ffa_guest_transport){ call, vc };
}

static void complain(const struct ffa_virt_compat *vc, enum ffa_guest_error err)
{
	pr_err("guest %u of partition 0x%x: %s (answer 0x%x)\n",
	       CONFIG_ARM_FFA_VIRT_COMPAT_VM_ID, vc->guest.partition,
	       ffa_guest_explain(err), vc->guest.answer);
}

static void announce(struct ffa_virt_compat *vc, u16 instance,
		     const struct ffa_partition_info *info, int count)
{
	struct ffa_guest_transport transport = transport_of(vc);
	struct ffa_guest_partition *partitions;
	enum ffa_guest_error err;
	int n;

	partitions = kcalloc(count, sizeof(*partitions), GFP_KERNEL);
	if (!partitions)
		return;
	for (n = 0; n < count; n++) {
		partitions[n].id = info[n].id;
		partitions[n].properties = info[n].properties;
	}

	err = ffa_guest_announce(&vc->guest, &transport, instance,
				 CONFIG_ARM_FFA_VIRT_COMPAT_VM_ID, partitions,
				 count);
	if (err)
		complain(vc, err);
}

static int refuse_late_cpu(unsigned int cpu, struct hlist_node *node)
{
	const struct ffa_virt_compat *vc =
		hlist_entry(node, struct ffa_virt_compat, node);

	if (!vc->guest.id || cpumask_test_cpu(cpu, &vc->served))
		return 0;

	pr_err("CPU %u was off when guest %u was made, trusted applications would hang on it: kept off, switch it on before the driver is loaded\n",
	       cpu, vc->guest.id);

	return -EPERM;
}

static void find_loop(void *data)
{
	if (optee_guest_late_cpu_hangs(read_cpuid_id()))
		WRITE_ONCE(*(bool *)data, true);
}

/*
 * A CPU is refused before it is switched on: OP-TEE 4.10 as the SPMC lets none be
 * switched off again, and the kernel dies of that.
 */
static int watch_cpus(struct ffa_virt_compat *vc)
{
	int state;
	int rc;

	state = cpuhp_setup_state_multi(CPUHP_BP_PREPARE_DYN,
					"firmware/arm_ffa:guest",
					refuse_late_cpu, NULL);
	if (state < 0)
		return state;

	rc = cpuhp_state_add_instance_nocalls(state, &vc->node);
	if (rc) {
		cpuhp_remove_multi_state(state);
		return rc;
	}
	vc->state = state;

	return 0;
}

static void unwatch_cpus(struct ffa_virt_compat *vc)
{
	if (!vc->state)
		return;

	cpuhp_state_remove_instance_nocalls(vc->state, &vc->node);
	cpuhp_remove_multi_state(vc->state);
	vc->state = 0;
}

/* A processor that is not on yet cannot be asked: it goes by those that are. */
static void note_served_cpus(struct ffa_virt_compat *vc)
{
	bool loop = false;

	on_each_cpu(find_loop, &loop, 1);
	if (loop)
		cpumask_copy(&vc->served, cpu_online_mask);
	else
		cpumask_setall(&vc->served);
}

/**
 * ffa_virt_compat_enter() - Announce this system if nobody does that for it
 * @vc:		out: what this system is
 * @invoke:	the driver's function that does a call
 * @vm_id:	in: what FFA_ID_GET has answered; out: the sender of all calls
 * @partitions: the driver's function that asks for all partitions
 *
 * If that fails, everything goes on as without it, after a line that says why.
 *
 * Context: May sleep, takes the lock of CPU hotplug; after the RX and TX buffers were
 * mapped, and before notifications are set up.
 */
void ffa_virt_compat_enter(struct ffa_virt_compat *vc, ffa_fn *invoke, u16 *vm_id,
			   int (*partitions)(const uuid_t *uuid,
					     struct ffa_partition_info **info))
{
	struct ffa_partition_info *info;
	int count;
	int rc;

	xa_init(&vc->shares);
	vc->invoke = invoke;

	/* It is at EL2 and takes memory of no other sender than 0. */
	if (is_protected_kvm_enabled())
		return;

	/* The driver asks again, and reports what is wrong then. */
	count = partitions(&uuid_null, &info);
	if (count <= 0)
		return;

	rc = watch_cpus(vc);
	if (rc) {
		pr_err("no guest: CPUs that come late cannot be watched (%d)\n", rc);
	} else {
		cpus_read_lock();
		note_served_cpus(vc);
		announce(vc, *vm_id, info, count);
		cpus_read_unlock();
	}
	kfree(info);
	if (!vc->guest.id) {
		unwatch_cpus(vc);
		return;
	}

	*vm_id = vc->guest.id;
	pr_info("guest %u\n", vc->guest.id);
}

/**
 * ffa_virt_compat_leave() - Remove our guest, if we are one
 * @vc:	     what this system is
 * @reclaim: the driver's function that takes memory back
 *
 * OP-TEE keeps a part of a guest that has memory shared, until that is reclaimed; and
 * before, the guest's memory that it has registered.
 *
 * Context: May sleep; before the RX and TX buffers are unmapped.
 */
void ffa_virt_compat_leave(struct ffa_virt_compat *vc,
			   int (*reclaim)(u64 handle, u32 flags))
{
	struct ffa_guest_transport transport = transport_of(vc);
	enum ffa_guest_error err;
	unsigned long handle;
	void *entry;

	err = ffa_guest_leave(&vc->guest, &transport);
	if (err)
		complain(vc, err);
	kfree(vc->guest.partitions);
	vc->guest.partitions = NULL;
	unwatch_cpus(vc);

	xa_for_each(&vc->shares, handle, entry)
		if (reclaim(handle, 0))
			pr_err("memory 0x%lx stays shared: the partition loses memory until a reset\n",
			       handle);
	xa_destroy(&vc->shares);
}

/**
 * ffa_virt_compat_shared() - Note what has to be reclaimed before we leave
 * @vc:	    what this system is
 * @handle: of the memory, if @ret is 0
 * @ret:    how sharing it has ended
 *
 * Context: May sleep.
 * Return: @ret.
 */
int ffa_virt_compat_shared(struct ffa_virt_compat *vc, u64 handle, int ret)
{
	if (!vc->guest.id || ret)
		return ret;

	if (xa_is_err(xa_store(&vc->shares, handle, vc, GFP_KERNEL)))
		pr_warn("memory 0x%llx is not reclaimed at shutdown: there was no memory to note it\n",
			handle);

	return 0;
}

/**
 * ffa_virt_compat_reclaimed() - Forget memory that is being reclaimed
 * @vc:	    what this system is
 * @handle: of the memory, which may be given to another from now on
 *
 * Context: May sleep.
 */
void ffa_virt_compat_reclaimed(struct ffa_virt_compat *vc, u64 handle)
{
	xa_erase(&vc->shares, handle);
}
