/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hibernation of a guest.
 */
#ifndef VIRT_COMPAT_SLEEP_H
#define VIRT_COMPAT_SLEEP_H

#include "virt_compat.h"

int optee_virt_compat_watch_sleep(struct virt_compat *vc);

#endif /* VIRT_COMPAT_SLEEP_H */
