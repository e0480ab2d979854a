// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which conduit reaches OP-TEE, if the device tree says "hvc"?
 */
#include <linux/arm-smccc.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/of.h>
#include <asm/cpufeature.h>
#include <asm/sysreg.h>
#include <asm/virt.h>
#include "optee_guest_conduit.h"
#include "virt_compat_conduit.h"

/* ID_AA64PFR0_EL1: newer kernels have other names for these. */
#define PFR0_EL2_SHIFT	8
#define PFR0_EL3_SHIFT	12

/* What the driver gets if its device tree is wrong about the conduit. */
static void untagged_smc(unsigned long a0, unsigned long a1, unsigned long a2,
			 unsigned long a3, unsigned long a4, unsigned long a5,
			 unsigned long a6, unsigned long a7,
			 struct arm_smccc_res *res)
{
	arm_smccc_smc(a0, a1, a2, a3, a4, a5, a6, a7, res);
}

/*
 * SMC is undefined where there is no EL3, HVC where there is no EL2; a PSCI that
 * uses the instruction is as good a witness (Arm ARM DDI 0487, C6.2, SMC and
 * HVC). At EL2 an HVC comes back to the kernel as an exception it does not take.
 */
static enum optee_guest_conduit choose_conduit(optee_invoke_fn *invoke_hvc)
{
	u64 pfr0 = read_sanitised_ftr_reg(SYS_ID_AA64PFR0_EL1);
	enum arm_smccc_conduit psci = arm_smccc_1_1_get_conduit();
	struct optee_guest_invoke smc = { untagged_smc };
	struct optee_guest_invoke hvc = { invoke_hvc };
	struct optee_guest_conduits conduits = {
		.smc = { optee_guest_invoke, &smc },
		.hvc = { optee_guest_invoke, &hvc },
		.smc_safe = psci == SMCCC_CONDUIT_SMC ||
			    cpuid_feature_extract_unsigned_field(pfr0, PFR0_EL3_SHIFT),
		.hvc_safe = !is_kernel_in_hyp_mode() &&
			    (psci == SMCCC_CONDUIT_HVC ||
			     cpuid_feature_extract_unsigned_field(pfr0, PFR0_EL2_SHIFT)),
	};

	return optee_guest_choose_conduit(&conduits);
}

/**
 * optee_virt_compat_conduit() - Replace a conduit that cannot work here
 * @dev:       the OP-TEE device being probed
 * @invoke_fn: the driver's own function for calls, or an error pointer
 *
 * A device tree that says "smc" is obeyed.
 *
 * Context: The driver's probe, before any call; may sleep.
 * Return: the function for calls, @invoke_fn as a rule; or an error pointer.
 */
optee_invoke_fn *optee_virt_compat_conduit(struct device *dev,
					   optee_invoke_fn *invoke_fn)
{
	if (IS_ERR(invoke_fn) || !optee_virt_compat_says_hvc(dev))
		return invoke_fn;

	switch (choose_conduit(invoke_fn)) {
	case OPTEE_GUEST_HVC:
		return invoke_fn;
	case OPTEE_GUEST_SMC:
		dev_warn(dev, "HVC does not reach OP-TEE here, using SMC: fix the property method = \"hvc\" of %pOF\n",
			 dev->of_node);
		return untagged_smc;
	case OPTEE_GUEST_NO_CONDUIT:
		break;
	}

	dev_err(dev, "this machine executes neither HVC nor SMC: OP-TEE cannot be here\n");

	return ERR_PTR(-ENODEV);
}

/**
 * optee_virt_compat_uses_hvc() - Does the function that does not tag use HVC?
 * @vc: the device, with the driver's own function or that of
 *	optee_virt_compat_conduit()
 *
 * Context: Any.
 * Return: whether calls by it use HVC.
 */
bool optee_virt_compat_uses_hvc(const struct virt_compat *vc)
{
	return vc->invoke.fn != untagged_smc &&
	       optee_virt_compat_says_hvc(vc->dev);
}
