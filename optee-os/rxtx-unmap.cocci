// SPDX-License-Identifier: BSD-2-Clause
//
// With OP-TEE as SPMC and virtualization FFA_RXTX_UNMAP leaves the mapping in the nexus,
// of which each guest has a copy. RXTX_MAP of other pages takes new addresses, until none
// are left: five times with those that OP-TEE reserves. Remove the mapping while there is
// no guest.
//
// in: arch/arm/kernel/thread_spmc.c
// if: MEM_AREA_NEX_NSEC_SHM
// hook: 1 core_mmu_remove_mapping(mt, rxtx->rx

@remove@
identifier rxtx;
@@
 spmc_handle_rxtx_unmap(..., struct ffa_rxtx *rxtx)
 {
 	<...
 	if (is_nw_buf(rxtx) && !IS_ENABLED(CFG_NS_VIRTUALIZATION)) {
 		...
 	}
+	if (is_nw_buf(rxtx) && IS_ENABLED(CFG_NS_VIRTUALIZATION)) {
+		enum teecore_memtypes mt = MEM_AREA_NEX_NSEC_SHM;
+		struct guest_partition *prtn = virt_next_guest(NULL);
+
+		virt_put_guest(prtn);
+		if (!prtn) {
+			/* Often one mapping has both. */
+			core_mmu_remove_mapping(mt, rxtx->rx, rxtx->size);
+			core_mmu_remove_mapping(mt, rxtx->tx, rxtx->size);
+		}
+	}
 	...>
 }
