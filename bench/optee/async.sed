# SPDX-License-Identifier: BSD-2-Clause
# ENABLE_ASYNC_NOTIF is delivered as guest 0 (OP-TEE 4.3.0 and 4.4.0, entry_fast.c).
s/g_id = args->a7;/g_id = 0;/
