/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Faults of OP-TEE versions that a guest has to work around.
 */
#ifndef OPTEE_GUEST_FAULTS_H
#define OPTEE_GUEST_FAULTS_H

#include "optee_guest.h"

/* optee_os 4.5.0, core/arch/arm/include/sm/optee_smc.h */
#define OPTEE_GUEST_GET_OS_REVISION	0xb2000001u
#define OPTEE_GUEST_CAP_ASYNC_NOTIF	0x20u

unsigned int
optee_guest_usable_caps(const struct optee_guest *guest,
			const struct optee_guest_transport *transport,
			unsigned int caps);

#endif /* OPTEE_GUEST_FAULTS_H */
