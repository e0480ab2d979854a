// SPDX-License-Identifier: BSD-2-Clause
//
// OP-TEE 4.3.0 and 4.4.0 deliver ENABLE_ASYNC_NOTIF as guest 0's whoever sends it, and
// halt the machine because there is no guest 0. Fixed in 4.5.0.
//
// in: arch/arm/tee/entry_fast.c
// if: notif_deliver_atomic_event(NOTIF_EVENT_STARTED, 0);
// hook: 1 uint16_t g_id = virt_get_current_guest_id();

@deliver@
typedef uint16_t;
@@
+	uint16_t g_id = virt_get_current_guest_id();
+
-	notif_deliver_atomic_event(NOTIF_EVENT_STARTED, 0);
+	notif_deliver_atomic_event(NOTIF_EVENT_STARTED, g_id);
