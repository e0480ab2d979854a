// SPDX-License-Identifier: GPL-2.0-or-later
//
// The hooks of optee-virt-compat in drivers/tee/optee/core.c. u-boot/apply counts
// them.

@include@
@@
 #include "optee_private.h"
+#include "virt_compat.h"

@state@
@@
 struct optee_pdata {
+	struct optee_virt_compat compat;
 	...
 };

@prepare@
identifier dev, pdata;
@@
 pdata->invoke_fn = get_invoke_func(dev);
+pdata->invoke_fn = optee_virt_compat_prepare(dev, pdata->invoke_fn);

@tag@
identifier dev, arg, param;
@@
 do_call_with_arg(struct udevice *dev, struct optee_msg_arg *arg)
 {
 	...
 	reg_pair_from_64(&param.a1, &param.a2, virt_to_phys(arg));
+	if (!optee_virt_compat_tag(dev, &param.a7))
+		return TEE_ERROR_COMMUNICATION;
 	...
 }

@result@
identifier dev, arg;
expression answer;
@@
 do_call_with_arg(struct udevice *dev, struct optee_msg_arg *arg)
 {
 	<...
-	return call_err_to_res(answer);
+	return optee_virt_compat_result(dev, answer, call_err_to_res(answer));
 	...>
 }

@enter@
identifier dev, sec_caps;
statement S;
@@
 optee_probe(struct udevice *dev)
 {
 	<...
 	if (<+... exchange_capabilities(..., &sec_caps) ...+>)
 		S
+
+	if (!optee_virt_compat_enter(dev, sec_caps))
+		return -ENODEV;
 	...>
 }

@end@
identifier dev;
@@
-optee_probe
+optee_start
 (struct udevice *dev)
 {
 	...
 }
+
+static int optee_probe(struct udevice *dev)
+{
+	return optee_virt_compat_end_probe(dev, optee_start(dev));
+}

@remove@
identifier name;
@@
 struct driver name = {
 	.probe = optee_probe,
+	.remove = optee_virt_compat_remove,
+	.flags = OPTEE_VIRT_COMPAT_FLAGS,
 };
