/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest of OP-TEE that an earlier boot stage has kept for a domain.
 *
 * A firmware TPM that measures the boot loader and then Xen lives in such a
 * guest: its measurements are of use to the domain only if the domain inherits
 * it.
 */

#include <xen/errno.h>
#include <xen/kernel.h>
#include <xen/lib.h>
#include <xen/param.h>
#include <xen/sched.h>

#include <asm/smccc.h>
#include <asm/tee/optee_msg.h>
#include <asm/tee/optee_smc.h>

#include "virt_compat.h"

/*
 * Off by default: an id alone does not tell for whom a guest was kept, or whether
 * a system that crashed has left it behind. A domain starts with nothing in
 * OP-TEE then, as it does without this option.
 */
static bool __read_mostly opt_optee_inherit;
boolean_param("optee-inherit", opt_optee_inherit);

static uint32_t optee_call(uint32_t function, uint32_t a1, uint16_t client)
{
    struct arm_smccc_res resp;

    arm_smccc_smc(function, a1, 0, 0, 0, 0, 0, client, &resp);

    return resp.a0;
}

/* Every fast call of a client that OP-TEE does not have is refused. */
static bool has_guest(uint16_t id)
{
    return optee_call(OPTEE_SMC_CALLS_UID, 0, id) == OPTEE_MSG_UID_0;
}

/*
 * OP-TEE may have cached buffers for RPCs, in memory which was the earlier
 * stage's and is now anybody's. It gives them all back, unless a call of that
 * stage has not ended: such a guest is of no use.
 */
static bool gives_buffers_back(uint16_t id)
{
    uint32_t answer;

    do
        answer = optee_call(OPTEE_SMC_DISABLE_SHM_CACHE, 0, id);
    while ( answer == OPTEE_SMC_RETURN_OK );

    return answer == OPTEE_SMC_RETURN_ENOTAVAIL;
}

uint32_t optee_virt_compat_enter(const struct domain *d, uint16_t id)
{
    /* A toolstack's domain has no earlier boot stage. */
    bool inherit = opt_optee_inherit && system_state < SYS_STATE_active;
    unsigned int removed;

    if ( inherit && has_guest(id) )
    {
        if ( gives_buffers_back(id) )
        {
            printk("%pd: OP-TEE guest %u: inherited\n", d, id);
            return OPTEE_SMC_RETURN_OK;
        }
        printk("%pd: OP-TEE guest %u: a call in it has not ended, it is not inherited\n",
               d, id);
    }

    /* OP-TEE up to 4.10 does not mind announcing an id twice. */
    for ( removed = 0; removed < UINT16_MAX && has_guest(id); removed++ )
        if ( optee_call(OPTEE_SMC_VM_DESTROYED, id, 0) != OPTEE_SMC_RETURN_OK )
            break;
    if ( removed )
        printk("%pd: OP-TEE guest %u: left behind, removed (optee-inherit=1 inherits it)\n",
               d, id);

    return optee_call(OPTEE_SMC_VM_CREATED, id, 0);
}

int optee_virt_compat_refused(const struct domain *d)
{
    /* Without it the machine would not boot, and that for want of a TEE. */
    if ( !is_hardware_domain(d) )
        return -ENODEV;

    printk("%pd goes on without OP-TEE: have earlier boot stages remove their guests\n",
           d);

    return 0;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
