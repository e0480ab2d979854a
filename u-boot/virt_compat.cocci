// SPDX-License-Identifier: GPL-2.0-or-later
//
// The hooks of optee-virt-compat in drivers/tee/optee/core.c, and of a later concern
// in the first one, virt_compat.c. A rule's name begins with its concern's, by
// which the series is cut. u-boot/apply counts the hooks.

@guest_include@
@@
 #include "optee_private.h"
+#include "virt_compat.h"

@guest_state@
@@
 struct optee_pdata {
+	struct optee_virt_compat compat;
 	...
 };

@guest_prepare@
identifier dev, pdata;
@@
 pdata->invoke_fn = get_invoke_func(dev);
+pdata->invoke_fn = optee_virt_compat_prepare(dev, pdata->invoke_fn);

@guest_tag@
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

@guest_result@
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

@guest_enter@
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

@guest_end@
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

@guest_remove@
identifier name;
@@
 struct driver name = {
 	.probe = optee_probe,
+	.remove = optee_virt_compat_remove,
+	.flags = OPTEE_VIRT_COMPAT_FLAGS,
 };

@keep_remove@
symbol dev;
@@
 optee_virt_compat_remove(...)
 {
-	remove_guest(dev);
+	if (!optee_virt_compat_keep(dev))
+		remove_guest(dev);
 	...
 }

@keep_include depends on keep_remove@
@@
 #include "virt_compat.h"
+#include "virt_compat_keep.h"
