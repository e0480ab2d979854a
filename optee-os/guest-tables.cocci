// SPDX-License-Identifier: BSD-2-Clause
//
// With CFG_DYN_CONFIG, which is the default, the translation tables that map the core
// for a guest come one by one from the nexus' memory, five with LPAE on QEMU. Nobody
// knows of them when the guest is removed: each guest that comes and goes takes 20 KiB
// of secure memory and 240 bytes of heap with it. Keep them in the guest's partition,
// and free them with it.
//
// in: arch/arm/mm/core_mmu_lpae.c
// if: nex_phys_mem_core_alloc(XLAT_TABLE_SIZE)
// hook: 1 tee_mm_entry_t *guest_tables[MAX_XLAT_TABLES];
// hook: 1 prtn->guest_tables_used = 0;
// hook: 1 static bool keep_table(
// hook: 1 if (!keep_table(prtn, mm))
// hook: 1 tee_mm_free(prtn->guest_tables[

@member@
@@
 struct mmu_partition {
 	...
 	unsigned int asid;
+	tee_mm_entry_t *guest_tables[MAX_XLAT_TABLES];
+	unsigned int guest_tables_used;
 	...
 };

@none@
identifier prtn;
@@
 core_alloc_mmu_prtn(...)
 {
 	<...
 	prtn->xlat_tables_used = 0;
+	prtn->guest_tables_used = 0;
 	...>
 }

@free@
identifier prtn;
@@
 core_free_mmu_prtn(struct mmu_partition *prtn)
 {
+	while (prtn->guest_tables_used)
+		tee_mm_free(prtn->guest_tables[--prtn->guest_tables_used]);
 	asid_free(prtn->asid);
 	...
 }

@keep@
identifier prtn, mm;
@@
 core_mmu_xlat_table_alloc(struct mmu_partition *prtn)
 {
 	<+...
 	mm = nex_phys_mem_core_alloc(XLAT_TABLE_SIZE);
+	if (!keep_table(prtn, mm))
+		mm = NULL;
 	...+>
 }

@helper@
typedef bool, tee_mm_entry_t;
@@
+/* The tables of a guest are freed with it. */
+static bool keep_table(struct mmu_partition *prtn, tee_mm_entry_t *mm)
+{
+	if (!mm || prtn == &default_partition)
+		return mm;
+	if (prtn->guest_tables_used == ARRAY_SIZE(prtn->guest_tables)) {
+		tee_mm_free(mm);
+		return false;
+	}
+	prtn->guest_tables[prtn->guest_tables_used++] = mm;
+
+	return true;
+}
+
 core_mmu_xlat_table_alloc(...)
 {
 	...
 }
