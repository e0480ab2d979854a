// SPDX-License-Identifier: BSD-2-Clause
//
// A CPU that runs OP-TEE's loop against Spectre-BHB (Cortex-A72 from r1p0, A76, A77, A78,
// A710, X1, X2, Neoverse N1, N2, V1) and was started after a guest was made hangs at the
// first exception of a trusted application of that guest. At EL0 the loop's count is read
// from a page that each guest has a copy of, made with the guest; for a CPU that started
// later it is 0 there, from which the loop counts down 2^32 times. Set it when a CPU
// enters the guest.
//
// in: arch/arm/kernel/thread.c
// in: arch/arm/include/kernel/thread_arch.h
// in: arch/arm/kernel/virtualization.c
// if: bhb_loop_count
// hook: 3 void thread_update_user_kdata(void)
// hook: 1 thread_update_user_kdata();
// hook: 1 static inline void thread_update_user_kdata(void)

@enter@
typedef uint16_t;
identifier guest_id, prtn;
@@
 virt_set_guest(uint16_t guest_id)
 {
 	<...
 	core_mmu_set_prtn(prtn->mmu_prtn);
+	thread_update_user_kdata();
 	...>
 }

@define@
typedef vaddr_t;
identifier mobj, offset, va, sz;
@@
+void thread_update_user_kdata(void)
+{
+	struct thread_core_local *cl = (void *)thread_user_kdata_page;
+	size_t pos = get_core_pos();
+
+	cl[pos].bhb_loop_count = thread_get_core_local()->bhb_loop_count;
+}
+
 void thread_get_user_kdata(struct mobj **mobj, size_t *offset, vaddr_t *va, size_t *sz)
 {
 	<+... mobj_tee_ram_rw ...+>
 }

@declare@
typedef vaddr_t;
identifier mobj, offset, va, sz;
@@
+/* Have in the current guest's kdata page what this CPU needs there */
+void thread_update_user_kdata(void);
 void thread_get_user_kdata(struct mobj **mobj, size_t *offset, vaddr_t *va, size_t *sz);

@stub@
@@
+static inline void thread_update_user_kdata(void)
+{
+}
+
 static inline void thread_get_user_kdata(...)
 {
 	...
 }
