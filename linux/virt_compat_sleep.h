/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hibernation of a guest.
 */
#ifndef VIRT_COMPAT_SLEEP_H
#define VIRT_COMPAT_SLEEP_H

#include "virt_compat.h"

void optee_virt_compat_pm_event(struct virt_compat *vc, unsigned long event);
int optee_virt_compat_watch_sleep(struct virt_compat *vc);

#endif /* VIRT_COMPAT_SLEEP_H */
