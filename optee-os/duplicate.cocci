// SPDX-License-Identifier: BSD-2-Clause
//
// VM_CREATED of an id that a guest has already makes a second guest with that id. It
// hides the first, which keeps its memory and is not reached again before as many
// VM_DESTROYED as there are. Refuse it.
//
// in: arch/arm/kernel/virtualization.c
// if: struct guest_partition *virt_get_guest(
// hook: 1 EMSG("Guest %d exists already", guest_id);

@refuse@
typedef uint16_t;
identifier guest_id, prtn;
@@
 virt_guest_created(uint16_t guest_id)
 {
 	<...
+	prtn = virt_get_guest(guest_id);
+	if (prtn) {
+		virt_put_guest(prtn);
+		EMSG("Guest %d exists already", guest_id);
+		return TEE_ERROR_ACCESS_CONFLICT;
+	}
+
 	prtn = nex_calloc(1, sizeof(*prtn));
 	...>
 }
