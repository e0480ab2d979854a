// SPDX-License-Identifier: GPL-2.0-only
//
// The hooks of optee-virt-compat in drivers/firmware/arm_ffa/driver.c. linux/ffa/apply
// counts them.

@guest_include@
@@
 #include "common.h"
+#include "virt_compat.h"

@guest_member@
@@
 struct ffa_drv_info {
 	...
+	struct ffa_virt_compat compat;
 };

@guest_enter@
@@
+ffa_virt_compat_enter(&drv_info->compat, invoke_ffa_fn, &drv_info->vm_id,
+		      ffa_partition_probe);
 ffa_notifications_setup();

@guest_leave@
@@
+ffa_virt_compat_leave(&drv_info->compat, ffa_memory_reclaim);
 ffa_rxtx_unmap();

// The sender of a fragment is a hypervisor's to tell.
@guest_fragment@
typedef ffa_value_t;
identifier ret;
expression low, high, len;
@@
 invoke_ffa_fn((ffa_value_t){
 	      .a0 = FFA_MEM_FRAG_TX,
 	      .a1 = low, .a2 = high,
 	      .a3 = len,
+	      .a4 = ffa_virt_compat_owner(&drv_info->compat),
 	      }, &ret);

@guest_shared@
typedef u32;
identifier func_id, args, ret;
@@
 ffa_memory_ops(u32 func_id, struct ffa_mem_ops_args *args)
 {
 	...
-	return ret < 0 ? ret : 0;
+	return ffa_virt_compat_shared(&drv_info->compat, args->g_handle,
+				      ret < 0 ? ret : 0);
 }

@guest_reclaimed@
typedef u64, u32, ffa_value_t;
identifier g_handle, flags, ret;
@@
 ffa_memory_reclaim(u64 g_handle, u32 flags)
 {
 	ffa_value_t ret;
+
+	ffa_virt_compat_reclaimed(&drv_info->compat, g_handle);
 	...
 }

// From 7.x on.
@guest_instance@
identifier info;
@@
 notif_get_and_handle(...)
 {
 	<...
-	info->vm_id == 0
+	info->vm_id == ffa_virt_compat_id(&info->compat)
 	...>
 }

// A driver that is no device is not told of the system's end.
@shutdown_register@
identifier ret;
@@
 ffa_init(void)
 {
 	...
 	ret = ffa_setup_partitions();
-	if (!ret)
+	if (!ret) {
+		if (IS_ENABLED(CONFIG_ARM_FFA_VIRT_COMPAT))
+			register_syscore_ops(&ffa_syscore_ops);
 		return ret;
+	}
 	...
 }

@shutdown_unregister depends on shutdown_register@
@@
 ffa_exit(void)
 {
+	if (IS_ENABLED(CONFIG_ARM_FFA_VIRT_COMPAT))
+		unregister_syscore_ops(&ffa_syscore_ops);
 	ffa_notifications_cleanup();
 	...
 }

@shutdown_function depends on shutdown_register@
@@
+static void ffa_shutdown(void)
+{
+	ffa_notifications_cleanup();
+	ffa_virt_compat_leave(&drv_info->compat, ffa_memory_reclaim);
+	ffa_rxtx_unmap();
+}
+
 static int __init ffa_init(void)
 {
 	...
 }

@shutdown_ops depends on shutdown_register@
@@
+static struct syscore_ops ffa_syscore_ops = {
+	.shutdown = ffa_shutdown,
+};
+
 static int __init ffa_init(void)
 {
 	...
 }

@shutdown_include depends on shutdown_register@
@@
 #include <linux/smp.h>
+#include <linux/syscore_ops.h>
