/* SPDX-License-Identifier: BSD-2-Clause */
/* A call with all registers but the stack pointer, one function an instruction. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include <linux/types.h>

#define REGISTERS	31

void do_smc_0(u64 x[REGISTERS]);
void do_smc_1(u64 x[REGISTERS]);
void do_hvc_0(u64 x[REGISTERS]);
void do_hvc_1(u64 x[REGISTERS]);

#endif /* REGISTERS_H */
