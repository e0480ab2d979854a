// SPDX-License-Identifier: GPL-2.0-only
//
// The hooks of optee-virt-compat in drivers/tee/optee, for each file that has
// one of them. linux/apply counts them.

@include@
@@
 #include "optee_private.h"
+#include "virt_compat.h"

@kdump@
@@
-is_kdump_kernel()
+optee_virt_compat_refuses_kdump()

@ffa@
identifier rc;
@@
-rc = optee_ffa_abi_register();
+rc = optee_virt_compat_ffa_register(optee_ffa_abi_register);

@prepare@
identifier invoke_fn, pdev;
@@
 invoke_fn = get_invoke_func(&pdev->dev);
+invoke_fn = optee_virt_compat_prepare(&pdev->dev, invoke_fn);
 if (IS_ERR(invoke_fn))
 	return PTR_ERR(invoke_fn);

@enter@
identifier invoke_fn, pdev, sec_caps;
statement S;
@@
 optee_probe(struct platform_device *pdev)
 {
 	...
 	if (!optee_msg_exchange_capabilities(invoke_fn, &sec_caps, ...))
 		S
+	invoke_fn = optee_virt_compat_enter(&pdev->dev, invoke_fn, &sec_caps);
+	if (IS_ERR(invoke_fn))
+		return PTR_ERR(invoke_fn);
 	...
 }

@shutdown@
identifier pdev;
@@
 optee_shutdown(struct platform_device *pdev)
 {
 	...
+	optee_virt_compat_shutdown(&pdev->dev);
 }
