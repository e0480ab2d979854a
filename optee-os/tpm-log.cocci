// SPDX-License-Identifier: BSD-2-Clause
//
// With CFG_CORE_TPM_EVENT_LOG=y and virtualization every guest finds an event log of 0
// bytes: where the log is was found out at boot and kept in memory that each guest has
// for itself, and that is cleared when the guest is made. Keep it in the nexus.
//
// in: kernel/tpm.c
// if: static void *tpm_log_addr
// hook: 1 tpm_log_addr __nex_bss;
// hook: 1 tpm_log_size __nex_bss;

@address@
attribute name __nex_bss;
@@
-static void *tpm_log_addr;
+static void *tpm_log_addr __nex_bss;

@size@
attribute name __nex_bss;
@@
-static size_t tpm_log_size;
+static size_t tpm_log_size __nex_bss;
