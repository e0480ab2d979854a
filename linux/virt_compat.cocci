// SPDX-License-Identifier: GPL-2.0-only
//
// The hooks of optee-virt-compat in drivers/tee/optee, and of its later concerns
// in the first one, virt_compat.c. A rule's name begins with its concern's, by
// which the series is cut. linux/apply counts the hooks.

// The driver has attributes of its own.
virtual dev_groups

@guest_enter@
identifier invoke_fn, pdev, sec_caps;
statement S;
@@
 optee_probe(struct platform_device *pdev)
 {
 	...
 	if (!optee_msg_exchange_capabilities(invoke_fn, &sec_caps, ...))
 		S
+	invoke_fn = optee_virt_compat_enter(&pdev->dev, invoke_fn, sec_caps);
+	if (IS_ERR(invoke_fn))
+		return PTR_ERR(invoke_fn);
 	...
 }

@guest_shutdown@
identifier pdev;
@@
 optee_shutdown(struct platform_device *pdev)
 {
 	...
+	optee_virt_compat_shutdown(&pdev->dev);
 }

@guest_include depends on guest_enter || guest_shutdown@
@@
 #include "optee_private.h"
+#include "virt_compat.h"

@mediator_enter@
@@
-optee_guest_announce
+optee_guest_enter
 (...)

@mediator_include depends on mediator_enter@
@@
+#include "optee_guest_mediator.h"
 #include "virt_compat.h"

@conduit_choose@
identifier invoke_fn, pdev;
@@
 invoke_fn = get_invoke_func(&pdev->dev);
+invoke_fn = optee_virt_compat_conduit(&pdev->dev, invoke_fn);

@conduit_hvc@
symbol vc, dev;
@@
 vc->hvc =
-optee_virt_compat_says_hvc(dev)
+optee_virt_compat_uses_hvc(vc)
 ;

@conduit_include depends on conduit_choose || conduit_hvc@
@@
 #include "virt_compat.h"
+#include "virt_compat_conduit.h"

@params_id@
symbol id;
@@
 unsigned int id =
-CONFIG_OPTEE_VIRT_COMPAT_VM_ID
+optee_virt_compat_id
 ;

@params_tag@
identifier call = { arm_smccc_smc, arm_smccc_hvc };
@@
 call(...,
-CONFIG_OPTEE_VIRT_COMPAT_VM_ID
+optee_virt_compat_id
 , ...)

@params_policy@
symbol policy;
@@
 enum optee_guest_policy policy =
-OPTEE_GUEST_RECLAIM
+optee_virt_compat_policy()
 ;

@params_enabled@
symbol invoke_fn, vc;
@@
 optee_virt_compat_enter(...)
 {
 	...
+	if (!optee_virt_compat_enabled())
+		return invoke_fn;
 	vc = devres_alloc(...);
 	...
 }

@params_threads@
symbol vc, rc;
@@
 rc = become_client(...);
 if (rc)
 	return ERR_PTR(rc);
+rc = optee_virt_compat_check_threads(vc);
+if (rc)
+	return ERR_PTR(rc);

@params_conduit@
@@
-!optee_virt_compat_says_hvc(dev)
+!optee_virt_compat_enabled() || !optee_virt_compat_says_hvc(dev)

@params_check_id@
identifier invoke_fn, pdev;
@@
 invoke_fn = get_invoke_func(&pdev->dev);
+invoke_fn = optee_virt_compat_check_id(&pdev->dev, invoke_fn);

@params_attrs depends on dev_groups@
symbol optee_dev_attrs;
@@
 static struct attribute *optee_dev_attrs[] = {
 	...,
-	NULL
+#ifdef CONFIG_OPTEE_VIRT_COMPAT
+	&optee_virt_compat_vm_role.attr,
+	&optee_virt_compat_vm_id.attr,
+	&optee_virt_compat_vm_conduit.attr,
+#endif
+	NULL
 };

@params_attrs_include depends on params_attrs@
@@
 #include "optee_private.h"
+#include "virt_compat_params.h"

@params_group depends on !dev_groups@
symbol vc, rc, dev;
@@
 report(vc);
+rc = devm_device_add_group(dev, &optee_virt_compat_group);
+if (rc)
+	return ERR_PTR(rc);

@params_include depends on params_policy || params_check_id@
@@
 #include "virt_compat.h"
+#include "virt_compat_params.h"

@params_conduit_include depends on params_conduit@
@@
 #include "virt_compat_conduit.h"
+#include "virt_compat_params.h"

@params_group_include depends on params_group@
@@
 #include "virt_compat_params.h"
+#include "virt_compat_params_group.h"

@kdump_refuse@
@@
-is_kdump_kernel()
+optee_virt_compat_refuses_kdump()

@kdump_ffa@
identifier rc;
@@
-rc = optee_ffa_abi_register();
+rc = optee_virt_compat_ffa_register(optee_ffa_abi_register);

@kdump_refuse_include depends on kdump_refuse || kdump_ffa@
@@
 #include "optee_private.h"
+#include "virt_compat_kdump.h"

@kdump_policy@
symbol policy, vc;
@@
 enum optee_guest_policy policy =
-optee_virt_compat_policy()
+optee_virt_compat_kdump_policy(vc->dev)
 ;

@kdump_check@
symbol vc, rc;
@@
 rc = become_client(...);
 if (rc)
 	return ERR_PTR(rc);
+rc = optee_virt_compat_check_kdump(vc);
+if (rc)
+	return ERR_PTR(rc);

@kdump_include depends on kdump_policy@
@@
 #include "virt_compat.h"
+#include "virt_compat_kdump.h"

@faults_lock@
symbol err;
@@
+cpus_read_lock();
 err = \(optee_guest_announce\|optee_guest_enter\)(...);
+cpus_read_unlock();

@faults_watch@
symbol vc, rc;
@@
+rc = optee_virt_compat_watch_cpus(vc);
+if (rc)
+	return ERR_PTR(rc);
 rc = become_client(...);
 if (rc)
 	return ERR_PTR(rc);
+rc = optee_virt_compat_check_cpus(vc);
+if (rc)
+	return ERR_PTR(rc);

@faults_caps@
identifier invoke_fn, sec_caps, pdev;
@@
 invoke_fn = optee_virt_compat_enter(&pdev->dev, invoke_fn, sec_caps);
 if (IS_ERR(invoke_fn))
 	return PTR_ERR(invoke_fn);
+sec_caps = optee_virt_compat_usable_caps(&pdev->dev, sec_caps);

@faults_cpu_include depends on faults_lock@
@@
+#include <linux/cpu.h>
 #include <linux/device.h>

@faults_include depends on faults_watch || faults_caps@
@@
 #include "virt_compat.h"
+#include "virt_compat_faults.h"

@sleep_watch@
symbol vc, rc;
@@
 report(vc);
+rc = optee_virt_compat_watch_sleep(vc);
+if (rc)
+	return ERR_PTR(rc);

@sleep_include depends on sleep_watch@
@@
 #include "virt_compat.h"
+#include "virt_compat_sleep.h"

@callers_warn@
symbol vc, invoke_fn, dev;
@@
 if (vc->guest.role != OPTEE_GUEST_GUEST)
 	return invoke_fn;
+optee_virt_compat_warn_of_callers(dev);

@callers_include depends on callers_warn@
@@
 #include "virt_compat.h"
+#include "virt_compat_callers.h"
