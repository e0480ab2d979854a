// SPDX-License-Identifier: BSD-2-Clause
//
// With OP-TEE as SPMC the RX and TX buffers are mapped in the nexus, and a guest has a
// copy of that mapping made with it. FFA_RXTX_MAP while there is a guest halts OP-TEE as
// soon as it uses the buffers for that guest. Refuse it.
//
// in: arch/arm/kernel/thread_spmc.c
// if: MEM_AREA_NEX_NSEC_SHM
// hook: 1 EMSG("No RX/TX buffers while there is a guest");

@refuse@
identifier mt, tx_alloced;
@@
 spmc_handle_rxtx_map(...)
 {
 	<...
 	enum teecore_memtypes mt = MEM_AREA_NEX_NSEC_SHM;
 	bool tx_alloced = false;
+	struct guest_partition *prtn = virt_next_guest(NULL);
+
+	if (prtn) {
+		virt_put_guest(prtn);
+		EMSG("No RX/TX buffers while there is a guest");
+		rc = FFA_DENIED;
+		goto out;
+	}
 	...>
 }
