/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ARCH_ARM_TEE_VIRT_COMPAT_H__
#define __ARCH_ARM_TEE_VIRT_COMPAT_H__

#include <xen/sched.h>

/**
 * optee_virt_compat_enter() - have a guest in OP-TEE for a new domain
 * @d: the domain
 * @id: its client id, 1..65535
 *
 * A guest with that id may be there already. It is inherited if the command line
 * says so and Xen still boots, else it is removed before the domain's own is
 * announced.
 *
 * Context: any CPU may be in OP-TEE for another guest.
 * Return: what OP-TEE answered, OPTEE_SMC_RETURN_OK if the domain has a guest.
 */
uint32_t optee_virt_compat_enter(const struct domain *d, uint16_t id);

/**
 * optee_virt_compat_refused() - what becomes of a domain that got no guest
 * @d: the domain
 *
 * Return: 0 if the domain goes on without OP-TEE, otherwise -ENODEV.
 */
int optee_virt_compat_refused(const struct domain *d);

#endif /* __ARCH_ARM_TEE_VIRT_COMPAT_H__ */
