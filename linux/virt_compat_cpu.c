// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUs that a guest cannot use, because they were off when it was made: see
 * optee_guest_late_cpu_hangs().
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/smp.h>
#include <asm/cputype.h>
#include "virt_compat_guest.h"

static int refuse_late_cpu(unsigned int cpu, struct hlist_node *node)
{
	struct virt_compat *vc = container_of(node, struct virt_compat, node);

	if (cpumask_test_cpu(cpu, &vc->served) ||
	    !optee_guest_late_cpu_hangs(read_cpuid_id()))
		return 0;

	dev_err(vc->dev, "CPU %u was off when guest %u was made, trusted applications would hang on it: kept off, switch it on before the driver is bound\n",
		cpu, vc->guest.id);

	return -EPERM;
}

static void hangs(void *data)
{
	*(int *)data = optee_guest_late_cpu_hangs(read_cpuid_id());
}

/**
 * optee_virt_compat_watch_cpus() - Refuse CPUs that the guest cannot use
 * @vc: the device
 *
 * All CPUs may come until optee_virt_compat_served_cpus() was called.
 *
 * Context: The driver's probe; may sleep, takes the lock of CPU hotplug.
 * Return: 0 or an error.
 */
int optee_virt_compat_watch_cpus(struct virt_compat *vc)
{
	int rc;

	cpumask_setall(&vc->served);
	vc->cpuhp = cpuhp_setup_state_multi(CPUHP_AP_ONLINE_DYN, "tee/optee:guest",
					    refuse_late_cpu, NULL);
	if (vc->cpuhp < 0)
		return vc->cpuhp;

	rc = cpuhp_state_add_instance_nocalls(vc->cpuhp, &vc->node);
	if (rc)
		cpuhp_remove_multi_state(vc->cpuhp);

	return rc;
}

/**
 * optee_virt_compat_unwatch_cpus() - Undo optee_virt_compat_watch_cpus()
 * @vc: the device
 *
 * Context: May sleep, takes the lock of CPU hotplug.
 */
void optee_virt_compat_unwatch_cpus(struct virt_compat *vc)
{
	cpuhp_state_remove_instance_nocalls(vc->cpuhp, &vc->node);
	cpuhp_remove_multi_state(vc->cpuhp);
}

/**
 * optee_virt_compat_served_cpus() - Note which CPUs the guest can use
 * @vc: the device, with a guest
 *
 * A guest of our own was made with the CPUs that are on now. An inherited one may
 * have been made by a boot loader on the boot CPU alone.
 *
 * Context: The driver's probe, with the lock of CPU hotplug held since before the
 * guest was announced.
 * Return: 0, or the number of a CPU that is on and cannot use the guest.
 */
int optee_virt_compat_served_cpus(struct virt_compat *vc)
{
	int late = 0;
	int cpu;

	cpumask_copy(&vc->served, cpu_online_mask);
	if (vc->guest.note != OPTEE_GUEST_INHERITED)
		return 0;

	for_each_online_cpu(cpu) {
		if (!cpu)
			continue;
		smp_call_function_single(cpu, hangs, &late, 1);
		if (late)
			return cpu;
	}

	return 0;
}
