// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults of OP-TEE versions that a guest has to work around: asynchronous
 * notifications, see optee_guest_usable_caps(), and CPUs that a guest cannot use,
 * because they were off when it was made, see optee_guest_late_cpu_hangs().
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/smp.h>
#include <asm/cputype.h>
#include "optee_guest_faults.h"
#include "optee_guest_faults_cpus.h"
#include "virt_compat_faults.h"

/**
 * struct late_cpus - who watches for CPUs that a guest cannot use
 * @vc:	    the device
 * @state:  of CPU hotplug, that @node is an instance of
 * @node:   our instance
 * @served: CPUs that were on before the guest was made
 */
struct late_cpus {
	struct virt_compat *vc;
	int state;
	struct hlist_node node;
	struct cpumask served;
};

static int refuse_late_cpu(unsigned int cpu, struct hlist_node *node)
{
	struct late_cpus *late = container_of(node, struct late_cpus, node);
	const struct optee_guest *guest = &late->vc->guest;

	if (guest->role != OPTEE_GUEST_GUEST) {
		cpumask_set_cpu(cpu, &late->served);
		return 0;
	}
	if (cpumask_test_cpu(cpu, &late->served) ||
	    !optee_guest_late_cpu_hangs(read_cpuid_id()))
		return 0;

	dev_err(late->vc->dev, "CPU %u was off when guest %u was made, trusted applications would hang on it: kept off, switch it on before the driver is bound\n",
		cpu, guest->id);

	return -EPERM;
}

static void unwatch_cpus(void *data)
{
	struct late_cpus *late = data;

	cpuhp_state_remove_instance_nocalls(late->state, &late->node);
	cpuhp_remove_multi_state(late->state);
}

/**
 * optee_virt_compat_watch_cpus() - Refuse CPUs that the guest cannot use
 * @vc: the device, not yet a client of OP-TEE
 *
 * CPUs that are on, and those that come before the guest is made, are usable.
 *
 * Context: The driver's probe; may sleep, takes the lock of CPU hotplug.
 * Return: 0 or an error.
 */
int optee_virt_compat_watch_cpus(struct virt_compat *vc)
{
	struct late_cpus *late;
	int rc;

	late = devm_kzalloc(vc->dev, sizeof(*late), GFP_KERNEL);
	if (!late)
		return -ENOMEM;

	late->vc = vc;
	late->state = cpuhp_setup_state_multi(CPUHP_AP_ONLINE_DYN,
					      "tee/optee:guest",
					      refuse_late_cpu, NULL);
	if (late->state < 0)
		return late->state;

	rc = cpuhp_state_add_instance(late->state, &late->node);
	if (rc) {
		cpuhp_remove_multi_state(late->state);
		return rc;
	}

	return devm_add_action_or_reset(vc->dev, unwatch_cpus, late);
}

static void hangs(void *data)
{
	*(int *)data = optee_guest_late_cpu_hangs(read_cpuid_id());
}

/**
 * optee_virt_compat_check_cpus() - Refuse an inherited guest that hangs on a CPU
 * @vc: the device, a client of OP-TEE
 *
 * It may have been made by a boot loader, on the boot CPU alone. Nothing is
 * changed of a guest that we may not use: it is not ours.
 *
 * Context: The driver's probe; may sleep, takes the lock of CPU hotplug.
 * Return: 0, or an error after one line in the log.
 */
int optee_virt_compat_check_cpus(struct virt_compat *vc)
{
	int late = 0;
	int cpu;

	if (vc->guest.note != OPTEE_GUEST_INHERITED)
		return 0;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		if (cpu == 0)
			continue;
		smp_call_function_single(cpu, hangs, &late, 1);
		if (late)
			break;
	}
	cpus_read_unlock();
	if (!late)
		return 0;

	dev_err(vc->dev, "guest %u was perhaps made when CPU %d was off, trusted applications would hang on it: boot with nr_cpus=1, or leave out optee.vm_inherit\n",
		vc->guest.id, cpu);
	vc->guest.role = OPTEE_GUEST_NONE;

	return -EBUSY;
}

/**
 * optee_virt_compat_usable_caps() - Which capabilities may be used?
 * @dev:      the OP-TEE device being probed
 * @sec_caps: OPTEE_SMC_SEC_CAP_* as OP-TEE gave them
 *
 * Context: The driver's probe, after optee_virt_compat_enter().
 * Return: @sec_caps, less what halts OP-TEE, after one line in the log.
 */
u32 optee_virt_compat_usable_caps(struct device *dev, u32 sec_caps)
{
	struct virt_compat *vc = optee_virt_compat_find(dev);
	struct optee_guest_transport transport;
	u32 usable;

	if (!vc)
		return sec_caps;

	transport = optee_virt_compat_transport(vc);
	usable = optee_guest_usable_caps(&vc->guest, &transport, sec_caps);
	if (usable != sec_caps)
		dev_warn(dev, "OP-TEE 4.3.0 and 4.4.0 halt when asynchronous notifications are enabled for a guest: not using them, update OP-TEE to 4.5.0 or later\n");

	return usable;
}
