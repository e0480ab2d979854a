/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the Linux side have in common.
 */
#ifndef VIRT_COMPAT_GUEST_H
#define VIRT_COMPAT_GUEST_H

#include <linux/cpumask.h>
#include <linux/notifier.h>
#include <linux/types.h>
#include "optee_guest_conduit.h"
#include "optee_guest_faults.h"
#include "optee_guest_mediator.h"
#include "optee_guest_smccc.h"

struct device;

/**
 * struct virt_compat - what one OP-TEE device is, for as long as it is bound
 * @dev:     the device
 * @guest:   our standing with OP-TEE
 * @invoke:  the driver's function that does not tag
 * @conduit: of that function: "smc" or "hvc"
 * @cpuhp:   the state of CPU hotplug that @node is an instance of
 * @node:    our instance
 * @served:  CPUs that OP-TEE has set up for @guest
 * @pm:      told of hibernation
 */
struct virt_compat {
	struct device *dev;
	struct optee_guest guest;
	struct optee_guest_invoke invoke;
	const char *conduit;
	int cpuhp;
	struct hlist_node node;
	struct cpumask served;
	struct notifier_block pm;
};

#ifdef CONFIG_ARM64
enum optee_guest_conduit
optee_virt_compat_conduit(struct optee_guest_invoke *smc,
			  struct optee_guest_invoke *hvc);
#else
/* Nothing is known of the conduits: the device tree is obeyed. */
static inline enum optee_guest_conduit
optee_virt_compat_conduit(struct optee_guest_invoke *smc,
			  struct optee_guest_invoke *hvc)
{
	return OPTEE_GUEST_HVC;
}
#endif

int optee_virt_compat_watch_cpus(struct virt_compat *vc);
void optee_virt_compat_unwatch_cpus(struct virt_compat *vc);
int optee_virt_compat_served_cpus(struct virt_compat *vc);

int optee_virt_compat_watch_sleep(struct virt_compat *vc);
void optee_virt_compat_unwatch_sleep(struct virt_compat *vc);

void optee_virt_compat_remove_guest(struct virt_compat *vc);

#endif /* VIRT_COMPAT_GUEST_H */
