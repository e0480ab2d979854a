// SPDX-License-Identifier: GPL-2.0-only
//
// The hooks of optee-virt-compat in Xen's mediator, xen/arch/arm/tee/optee.c.
// xen/apply counts them.

@include@
@@
 #include <asm/tee/optee_rpc_cmd.h>
+
+#include "virt_compat.h"

@enter@
identifier d, resp;
@@
 optee_domain_init(struct domain *d)
 {
 	<...
-	arm_smccc_smc(OPTEE_SMC_VM_CREATED, OPTEE_CLIENT_ID(d), ..., &resp);
+	resp.a0 = optee_virt_compat_enter(d, OPTEE_CLIENT_ID(d));
 	...>
 }

@refused@
identifier d, ctx;
@@
 optee_domain_init(struct domain *d)
 {
 	<...
 	xfree(ctx);
-	return -ENODEV;
+	return optee_virt_compat_refused(d);
 	...>
 }
