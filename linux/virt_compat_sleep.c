// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hibernation: the machine that goes on with an image has an OP-TEE that was
 * started since, which knows nothing of the image's guest, sessions and shared
 * memory. The stock driver on an OP-TEE without virtualization loses them too.
 */
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/notifier.h>
#include <linux/suspend.h>
#include "virt_compat_sleep.h"

/**
 * struct sleep_watch - who is told of hibernation
 * @vc: the device
 * @pm: told of hibernation
 */
struct sleep_watch {
	struct virt_compat *vc;
	struct notifier_block pm;
};

static bool guest_is_there(struct virt_compat *vc)
{
	struct optee_guest_transport transport = optee_virt_compat_transport(vc);
	unsigned int answer;

	return optee_guest_answers_uid(&transport, vc->guest.id, &answer);
}

/**
 * optee_virt_compat_pm_event() - See to the guest when the system sleeps or wakes
 * @vc:    the device
 * @event: PM_RESTORE_PREPARE or the like
 *
 * Context: A notifier of power management; may sleep.
 */
void optee_virt_compat_pm_event(struct virt_compat *vc, unsigned long event)
{
	if (vc->guest.role != OPTEE_GUEST_GUEST)
		return;

	switch (event) {
	case PM_RESTORE_PREPARE:
		/* This kernel ends, without its drivers' shutdown. */
		optee_virt_compat_remove_guest(vc);
		dev_info(vc->dev, "guest %u is removed, a hibernated kernel is to go on: if it does not, unbind and bind the driver\n",
			 vc->guest.id);
		break;
	case PM_POST_HIBERNATION:
		if (guest_is_there(vc))
			break;
		vc->guest.role = OPTEE_GUEST_NONE;
		dev_err(vc->dev, "guest %u and its sessions are gone, OP-TEE was started anew during hibernation: unbind and bind the driver\n",
			vc->guest.id);
		break;
	}
}

static int pm_event(struct notifier_block *pm, unsigned long event, void *data)
{
	optee_virt_compat_pm_event(container_of(pm, struct sleep_watch, pm)->vc, event);

	return NOTIFY_DONE;
}

static void unwatch_sleep(void *data)
{
	unregister_pm_notifier(data);
}

/**
 * optee_virt_compat_watch_sleep() - See to a guest that is lost in hibernation
 * @vc: the device
 *
 * Context: The driver's probe; may sleep.
 * Return: 0 or an error.
 */
int optee_virt_compat_watch_sleep(struct virt_compat *vc)
{
	struct sleep_watch *watch;
	int rc;

	watch = devm_kzalloc(vc->dev, sizeof(*watch), GFP_KERNEL);
	if (!watch)
		return -ENOMEM;

	watch->vc = vc;
	watch->pm.notifier_call = pm_event;
	rc = register_pm_notifier(&watch->pm);
	if (rc)
		return rc;

	return devm_add_action_or_reset(vc->dev, unwatch_sleep, &watch->pm);
}
