// SPDX-License-Identifier: BSD-2-Clause
//
// With OP-TEE as SPMC a description of memory that does not fit into the RX buffer comes
// in fragments. The lengths of the whole and of the first fragment are handed on in the
// wrong order, so every such description is refused with INVALID_PARAMETERS. Secure
// partitions' requests have them right.
//
// in: arch/arm/kernel/thread_spmc.c
// if: handle_mem_op_rxbuf(
// hook: 2 tot_len, frag_len, &mem_trans);

@order@
identifier fn = { handle_mem_op_tmem, handle_mem_op_rxbuf };
identifier frag_len, tot_len, mem_trans;
expression version, buf, len;
@@
 fn(...)
 {
 	<+...
 	spmc_read_mem_transaction(version, buf, len,
-				  frag_len, tot_len,
+				  tot_len, frag_len,
 				  &mem_trans)
 	...+>
 }
