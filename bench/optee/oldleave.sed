# SPDX-License-Identifier: BSD-2-Clause
# VM_DESTROYED panics if the guest is inside OP-TEE on another processor (OP-TEE up to
# 4.2.0, virtualization.c): there is a reference for each, and one for the guest itself.
# It looks for long enough that CPUs that share a processor of the host get their turn.
/notif_deliver_atomic_event(NOTIF_EVENT_SHUTDOWN, prtn->id);/i\
		for (int n = 0; n < 10000000; n++)\
			if (refcount_val(&prtn->refc) != 1)\
				panic("the guest is still inside");
