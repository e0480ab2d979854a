/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Processors on which a guest of OP-TEE cannot use CPUs that were off when it was made.
 * Each driver that makes guests has this for itself.
 */
#ifndef OPTEE_GUEST_FAULTS_CPUS_H
#define OPTEE_GUEST_FAULTS_CPUS_H

/* MIDR_EL1, Arm ARM DDI 0487: implementer, variant, part number */
#define MIDR_ARM	0x41u

/**
 * optee_guest_late_cpu_hangs() - Must this CPU be on before the guest is made?
 * @midr: MIDR_EL1 of the CPU
 *
 * On these processors OP-TEE runs a loop against Spectre-BHB when it leaves a
 * trusted application. It reads the loop's count from memory that every guest has
 * for itself, and writes it when a CPU is switched on. A guest made earlier has 0
 * there, and the CPU counts down from 2^32 (get_excp_vect() and
 * select_vector_wa_spectre_bhb(), core/arch/arm/kernel/thread.c of 4.10.0).
 *
 * Context: Any.
 * Return: nonzero if a trusted application hangs on this CPU when it is switched
 * on for the first time after the guest was made, else 0.
 */
static inline int optee_guest_late_cpu_hangs(unsigned int midr)
{
	if (midr >> 24 != MIDR_ARM)
		return 0;

	switch (midr >> 4 & 0xfff) {
	case 0xd08:	/* Cortex-A72, from r1p0 on */
		return (midr >> 20 & 0xf) > 0;
	case 0xd0b:	/* Cortex-A76 */
	case 0xd0c:	/* Neoverse N1 */
	case 0xd0d:	/* Cortex-A77 */
	case 0xd0e:	/* Cortex-A76AE */
	case 0xd40:	/* Neoverse V1 */
	case 0xd41:	/* Cortex-A78 */
	case 0xd42:	/* Cortex-A78AE */
	case 0xd44:	/* Cortex-X1 */
	case 0xd47:	/* Cortex-A710 */
	case 0xd48:	/* Cortex-X2 */
	case 0xd49:	/* Neoverse N2 */
	case 0xd4b:	/* Cortex-A78C */
		return 1;
	}

	return 0;
}

#endif /* OPTEE_GUEST_FAULTS_CPUS_H */
