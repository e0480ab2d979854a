// SPDX-License-Identifier: BSD-2-Clause
//
// OP-TEE built for virtualization halts the machine when a normal world that knows
// nothing of guests sends ENABLE_ASYNC_NOTIF, DISABLE_SHM_CACHE or ENABLE_SHM_CACHE: they
// use memory that each guest has for itself, and without a guest there is none. Any
// stock driver sends these. Refuse them.
//
// in: arch/arm/tee/entry_fast.c
// if: case OPTEE_SMC_ENABLE_ASYNC_NOTIF:
// hook: 1 if (needs_guest(args->a0) && !virt_get_current_guest_id()) {

@function@
typedef bool, uint32_t;
@@
+/* Those that use memory which each guest has for itself */
+static bool needs_guest(uint32_t func_id)
+{
+	if (!IS_ENABLED(CFG_NS_VIRTUALIZATION))
+		return false;
+	if (func_id == OPTEE_SMC_ENABLE_ASYNC_NOTIF)
+		return true;
+	if (func_id == OPTEE_SMC_ENABLE_SHM_CACHE)
+		return true;
+	return func_id == OPTEE_SMC_DISABLE_SHM_CACHE;
+}
+
 void __tee_entry_fast(struct thread_smc_args *args)
 {
 	...
 }

@refuse@
identifier args;
statement S;
@@
 __tee_entry_fast(struct thread_smc_args *args)
 {
+	if (needs_guest(args->a0) && !virt_get_current_guest_id()) {
+		args->a0 = OPTEE_SMC_RETURN_ENOTAVAIL;
+		return;
+	}
+
 	S
 }
