// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which conduit reaches OP-TEE, if the device tree says "hvc"?
 */
#include <linux/arm-smccc.h>
#include <asm/cpufeature.h>
#include <asm/sysreg.h>
#include <asm/virt.h>
#include "virt_compat_guest.h"

/* ID_AA64PFR0_EL1: newer kernels have other names for these. */
#define PFR0_EL2_SHIFT	8
#define PFR0_EL3_SHIFT	12

/**
 * optee_virt_compat_conduit() - Choose between SMC and HVC
 * @smc: does a call by SMC
 * @hvc: does a call by HVC
 *
 * SMC is undefined where there is no EL3, HVC where there is no EL2; a PSCI that
 * uses the instruction is as good a witness (Arm ARM DDI 0487, C6.2, SMC and
 * HVC). At EL2 an HVC comes back to the kernel as an exception it does not take.
 *
 * Context: The driver's probe; may sleep.
 * Return: as optee_guest_choose_conduit().
 */
enum optee_guest_conduit
optee_virt_compat_conduit(struct optee_guest_invoke *smc,
			  struct optee_guest_invoke *hvc)
{
	u64 pfr0 = read_sanitised_ftr_reg(SYS_ID_AA64PFR0_EL1);
	enum arm_smccc_conduit psci = arm_smccc_1_1_get_conduit();
	struct optee_guest_conduits conduits = {
		.smc = { optee_guest_invoke, smc },
		.hvc = { optee_guest_invoke, hvc },
		.smc_safe = psci == SMCCC_CONDUIT_SMC ||
			    cpuid_feature_extract_unsigned_field(pfr0, PFR0_EL3_SHIFT),
		.hvc_safe = !is_kernel_in_hyp_mode() &&
			    (psci == SMCCC_CONDUIT_HVC ||
			     cpuid_feature_extract_unsigned_field(pfr0, PFR0_EL2_SHIFT)),
	};

	return optee_guest_choose_conduit(&conduits);
}
