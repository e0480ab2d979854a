// SPDX-License-Identifier: GPL-2.0-only
/*
 * Be a guest of a virtualization-enabled OP-TEE when there is no hypervisor.
 *
 * The protocol is in optee_guest.c; this is its Linux side: the parameters, the
 * function that tags the calls, and the points where the guest comes and goes.
 * There is no mode to ask for: optee_virt_compat_enter() hands the driver the
 * function to use from then on, its own one or one that tags.
 */
#include <linux/arm-smccc.h>
#include <linux/cache.h>
#include <linux/crash_dump.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <asm/cpufeature.h>
#include <asm/sysreg.h>
#include <asm/virt.h>
#include "optee_guest.h"
#include "virt_compat.h"

/* ID_AA64PFR0_EL1: newer kernels have other names for these. */
#define PFR0_EL2_SHIFT	8
#define PFR0_EL3_SHIFT	12

static bool virt_compat __ro_after_init = true;
module_param(virt_compat, bool, 0444);
MODULE_PARM_DESC(virt_compat, "Be a guest of an OP-TEE built for virtualization if no hypervisor is below (default: 1)");

static bool vm_inherit __ro_after_init;
module_param(vm_inherit, bool, 0444);
MODULE_PARM_DESC(vm_inherit, "Take over a guest that has our id already instead of removing it (default: 0)");

static bool vm_kdump __ro_after_init;
module_param(vm_kdump, bool, 0444);
MODULE_PARM_DESC(vm_kdump, "Use OP-TEE in a crash kernel too, as a fresh guest (default: 0)");

/*
 * Whatever is no guest id becomes 0, which is none either: an error returned
 * from here would not stop a built-in driver, which has to refuse in its probe.
 */
static int vm_id_set(const char *val, const struct kernel_param *kp)
{
	unsigned int id;

	if (kstrtouint(val, 0, &id) || !optee_guest_id_valid(id))
		id = 0;
	*(unsigned int *)kp->arg = id;

	return 0;
}

static const struct kernel_param_ops vm_id_ops = {
	.set = vm_id_set,
	.get = param_get_uint,
};

static unsigned int vm_id __ro_after_init = CONFIG_OPTEE_VIRT_COMPAT_VM_ID;
module_param_cb(vm_id, &vm_id_ops, &vm_id, 0444);
MODULE_PARM_DESC(vm_id, "Guest id to announce and to tag calls with, 1..65535 (default: CONFIG_OPTEE_VIRT_COMPAT_VM_ID)");

/* An object, because a pointer to a function does not go into a void pointer. */
struct way {
	optee_invoke_fn *invoke_fn;
};

/**
 * struct virt_compat - what one OP-TEE device is, for as long as it is bound
 * @guest: our standing with OP-TEE
 * @way:   the driver's function that does not tag
 * @name:  of that way: "smc" or "hvc"
 */
struct virt_compat {
	struct optee_guest guest;
	struct way way;
	const char *name;
};

/*
 * The id comes from the parameter and not from a per-device structure because
 * an invoke function has no argument for one. It cannot change after the
 * module's initialization.
 */
static void tagged_smc(unsigned long a0, unsigned long a1, unsigned long a2,
		       unsigned long a3, unsigned long a4, unsigned long a5,
		       unsigned long a6, unsigned long a7,
		       struct arm_smccc_res *res)
{
	arm_smccc_smc(a0, a1, a2, a3, a4, a5, a6, vm_id, res);
}

/* What the driver gets if its device tree is wrong about the conduit. */
static void untagged_smc(unsigned long a0, unsigned long a1, unsigned long a2,
			 unsigned long a3, unsigned long a4, unsigned long a5,
			 unsigned long a6, unsigned long a7,
			 struct arm_smccc_res *res)
{
	arm_smccc_smc(a0, a1, a2, a3, a4, a5, a6, a7, res);
}

static void tagged_hvc(unsigned long a0, unsigned long a1, unsigned long a2,
		       unsigned long a3, unsigned long a4, unsigned long a5,
		       unsigned long a6, unsigned long a7,
		       struct arm_smccc_res *res)
{
	arm_smccc_hvc(a0, a1, a2, a3, a4, a5, a6, vm_id, res);
}

static void call_optee(void *ctx, unsigned long fid, unsigned long a1,
		       unsigned long a7, unsigned long ret[4])
{
	struct way *way = ctx;
	struct arm_smccc_res res;

	way->invoke_fn(fid, a1, 0, 0, 0, 0, 0, a7, &res);
	ret[0] = res.a0;
	ret[1] = res.a1;
	ret[2] = res.a2;
	ret[3] = res.a3;
}

static int guest_errno(enum optee_guest_error err)
{
	switch (err) {
	case OPTEE_GUEST_OK:
		return 0;
	case OPTEE_GUEST_EID:
		return -EINVAL;
	case OPTEE_GUEST_EDROPPED:
	case OPTEE_GUEST_EFILTERED:
		return -EPERM;
	case OPTEE_GUEST_ENOROOM:
		return -ENOSPC;
	case OPTEE_GUEST_ESTUCK:
	case OPTEE_GUEST_ESTRANDED:
		return -EBUSY;
	case OPTEE_GUEST_EINVISIBLE:
	case OPTEE_GUEST_EANSWER:
		return -EPROTO;
	}

	return -EPROTO;
}

static void take_leave(struct device *dev, struct virt_compat *vc)
{
	struct optee_guest_conduit conduit = { call_optee, &vc->way };
	enum optee_guest_error err = optee_guest_leave(&vc->guest, &conduit);

	if (err)
		dev_err(dev, "guest %u: %s (answer 0x%x)\n", vc->guest.id,
			optee_guest_explain(err), vc->guest.answer);
}

static void virt_compat_release(struct device *dev, void *data)
{
	take_leave(dev, data);
}

static struct virt_compat *virt_compat_find(struct device *dev)
{
	return devres_find(dev, virt_compat_release, NULL, NULL);
}

static ssize_t role_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	struct virt_compat *vc = virt_compat_find(dev);

	return sysfs_emit(buf, "%s\n",
			  optee_guest_role_name(vc ? vc->guest.role :
						OPTEE_GUEST_NONE));
}
static DEVICE_ATTR_RO(role);

static ssize_t vm_id_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct virt_compat *vc = virt_compat_find(dev);

	if (!vc || vc->guest.role != OPTEE_GUEST_GUEST)
		return sysfs_emit(buf, "none\n");

	return sysfs_emit(buf, "%u\n", vc->guest.id);
}
static DEVICE_ATTR_RO(vm_id);

static ssize_t conduit_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct virt_compat *vc = virt_compat_find(dev);

	return sysfs_emit(buf, "%s\n", vc ? vc->name : "none");
}
static DEVICE_ATTR_RO(conduit);

static struct attribute *virt_compat_attrs[] = {
	&dev_attr_role.attr,
	&dev_attr_vm_id.attr,
	&dev_attr_conduit.attr,
	NULL
};

static const struct attribute_group virt_compat_group = {
	.attrs = virt_compat_attrs,
};

static void report(struct device *dev, const struct virt_compat *vc)
{
	const struct optee_guest *guest = &vc->guest;

	switch (guest->note) {
	case OPTEE_GUEST_FRESH:
		break;
	case OPTEE_GUEST_RECLAIMED:
		dev_warn(dev, "guest %u was left behind by an earlier system: removed it\n",
			 guest->id);
		break;
	case OPTEE_GUEST_INHERITED:
		dev_info(dev, "guest %u taken over from an earlier system\n",
			 guest->id);
		break;
	case OPTEE_GUEST_UNSURE:
		dev_warn(dev, "something below answers for OP-TEE in a way of its own (0x%x): not announcing a guest\n",
			 guest->answer);
		break;
	}

	if (guest->role == OPTEE_GUEST_GUEST)
		dev_info(dev, "guest %u, conduit %s\n", guest->id, vc->name);
	else
		dev_info(dev, "%s, conduit %s\n",
			 optee_guest_role_name(guest->role), vc->name);
}

static bool says_hvc(struct device *dev)
{
	return device_property_match_string(dev, "method", "hvc") >= 0;
}

/*
 * SMC is undefined where there is no EL3, HVC where there is no EL2; a PSCI that
 * uses the instruction is as good a witness (Arm ARM DDI 0487, C6.2, SMC and
 * HVC). At EL2 an HVC comes back to the kernel as an exception it does not take.
 */
static enum optee_guest_way choose_way(optee_invoke_fn *hvc)
{
	u64 pfr0 = read_sanitised_ftr_reg(SYS_ID_AA64PFR0_EL1);
	enum arm_smccc_conduit psci = arm_smccc_1_1_get_conduit();
	struct way by_smc = { untagged_smc };
	struct way by_hvc = { hvc };
	struct optee_guest_ways ways = {
		.smc = { call_optee, &by_smc },
		.hvc = { call_optee, &by_hvc },
		.smc_safe = psci == SMCCC_CONDUIT_SMC ||
			    cpuid_feature_extract_unsigned_field(pfr0, PFR0_EL3_SHIFT),
		.hvc_safe = !is_kernel_in_hyp_mode() &&
			    (psci == SMCCC_CONDUIT_HVC ||
			     cpuid_feature_extract_unsigned_field(pfr0, PFR0_EL2_SHIFT)),
	};

	return optee_guest_choose_way(&ways);
}

/**
 * optee_virt_compat_refuses_kdump() - Is this a crash kernel that gets no OP-TEE?
 *
 * The threads of OP-TEE that the crashed kernel had in use never come back. They
 * belong to that kernel's guest: a fresh one has all of its own. So a crash
 * kernel may be a guest, if asked to, and nothing else.
 *
 * Context: The driver's initialization.
 * Return: whether the driver must not be registered.
 */
bool optee_virt_compat_refuses_kdump(void)
{
	return is_kdump_kernel() && !(virt_compat && vm_kdump);
}

/**
 * optee_virt_compat_ffa_register() - Register the driver for FF-A, if it may be
 *
 * The guest protocol of this file is that of SMC: over FF-A a crash kernel is
 * refused as ever.
 *
 * Context: The driver's initialization; may sleep.
 * Return: 0 or an error.
 */
int optee_virt_compat_ffa_register(void)
{
	return is_kdump_kernel() ? -EOPNOTSUPP : optee_ffa_abi_register();
}

/**
 * optee_virt_compat_prepare() - Settle all that must be right before any call
 * @dev:       the OP-TEE device being probed
 * @invoke_fn: the driver's own function for calls, or an error pointer
 *
 * Refuses a guest id that is none, and replaces a conduit that cannot work here.
 * A device tree that says "smc" is obeyed.
 *
 * Context: The driver's probe; may sleep.
 * Return: the function for calls, @invoke_fn as a rule; or an error pointer.
 */
optee_invoke_fn *optee_virt_compat_prepare(struct device *dev,
					   optee_invoke_fn *invoke_fn)
{
	if (IS_ERR(invoke_fn) || !virt_compat)
		return invoke_fn;

	if (!optee_guest_id_valid(vm_id)) {
		dev_err(dev, "optee.vm_id must be a number in %u..%u: nothing was sent to OP-TEE\n",
			OPTEE_GUEST_ID_MIN, OPTEE_GUEST_ID_MAX);
		return ERR_PTR(-EINVAL);
	}

	if (!says_hvc(dev))
		return invoke_fn;

	switch (choose_way(invoke_fn)) {
	case OPTEE_GUEST_HVC:
		return invoke_fn;
	case OPTEE_GUEST_SMC:
		dev_warn(dev, "HVC does not reach OP-TEE here, using SMC: mend the property method = \"hvc\" of %pOF\n",
			 dev->of_node);
		return untagged_smc;
	case OPTEE_GUEST_NO_WAY:
		break;
	}

	dev_err(dev, "this machine executes neither HVC nor SMC: OP-TEE cannot be here\n");

	return ERR_PTR(-ENODEV);
}

static enum optee_guest_policy policy(struct device *dev)
{
	if (vm_inherit && is_kdump_kernel()) {
		dev_warn(dev, "a crash kernel cannot take over a guest, its threads may be stuck: optee.vm_inherit is ignored\n");
		return OPTEE_GUEST_RECLAIM;
	}

	return vm_inherit ? OPTEE_GUEST_INHERIT : OPTEE_GUEST_RECLAIM;
}

/**
 * optee_virt_compat_enter() - Become what OP-TEE serves
 * @dev:       the OP-TEE device being probed
 * @invoke_fn: the driver's own function for calls
 * @sec_caps:  OPTEE_SMC_SEC_CAP_* as OP-TEE gave them
 *
 * To be called right after the capability exchange: on an OP-TEE built for
 * virtualization all that the driver sends later must be tagged. A guest that
 * is announced here goes when the device is unbound, which covers every later
 * error of the probe.
 *
 * Context: The driver's probe; may sleep.
 * Return: the function for all further calls, or an error pointer after one
 * line in the log; no guest was left behind unless that line says so.
 */
optee_invoke_fn *optee_virt_compat_enter(struct device *dev,
					 optee_invoke_fn *invoke_fn,
					 u32 sec_caps)
{
	bool hvc = says_hvc(dev) && invoke_fn != untagged_smc;
	struct optee_guest_conduit conduit = { call_optee };
	enum optee_guest_error err;
	struct virt_compat *vc;
	int rc;

	if (!virt_compat)
		return invoke_fn;

	vc = devres_alloc(virt_compat_release, sizeof(*vc), GFP_KERNEL);
	if (!vc)
		return ERR_PTR(-ENOMEM);

	vc->name = hvc ? "hvc" : "smc";
	vc->way.invoke_fn = invoke_fn;
	conduit.ctx = &vc->way;

	err = optee_guest_enter(&vc->guest, &conduit, sec_caps, vm_id,
				policy(dev));
	if (err) {
		dev_err(dev, "guest %u: %s (answer 0x%x)\n", vm_id,
			optee_guest_explain(err), vc->guest.answer);
		devres_free(vc);
		return ERR_PTR(guest_errno(err));
	}
	if (is_kdump_kernel() && vc->guest.role != OPTEE_GUEST_GUEST) {
		dev_err(dev, "%s: OP-TEE's threads may be stuck in the crashed kernel, only a guest gets new ones: leave out optee.vm_kdump\n",
			optee_guest_role_name(vc->guest.role));
		devres_free(vc);
		return ERR_PTR(-ENODEV);
	}
	devres_add(dev, vc);
	report(dev, vc);

	rc = devm_device_add_group(dev, &virt_compat_group);
	if (rc)
		return ERR_PTR(rc);

	if (vc->guest.role != OPTEE_GUEST_GUEST)
		return invoke_fn;

	return hvc ? tagged_hvc : tagged_smc;
}

/**
 * optee_virt_compat_shutdown() - Take leave before reboot, power-off or kexec
 * @dev: the OP-TEE device
 *
 * Context: The driver's shutdown, after its own last call; may sleep.
 */
void optee_virt_compat_shutdown(struct device *dev)
{
	struct virt_compat *vc = virt_compat_find(dev);

	if (vc)
		take_leave(dev, vc);
}
