# SPDX-License-Identifier: BSD-2-Clause
# ENABLE_ASYNC_NOTIF is delivered as guest 0 (OP-TEE 4.3.0 and 4.4.0, entry_fast.c).
/uint16_t g_id = 0;/,/notif_deliver_atomic_event/{
	/notif_deliver_atomic_event/!d
	s/g_id/0/
}
