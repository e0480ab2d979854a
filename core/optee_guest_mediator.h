/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Become a client of OP-TEE, whoever is below.
 */
#ifndef OPTEE_GUEST_MEDIATOR_H
#define OPTEE_GUEST_MEDIATOR_H

#include "optee_guest.h"

enum optee_guest_error
optee_guest_enter(struct optee_guest *guest,
		  const struct optee_guest_transport *transport,
		  unsigned int caps, unsigned int id,
		  enum optee_guest_policy policy);

#endif /* OPTEE_GUEST_MEDIATOR_H */
