/* SPDX-License-Identifier: BSD-2-Clause */
/* What the proofs share. CBMC takes a function nondet_*() for any value. */
#ifndef PROOF_H
#define PROOF_H

#include <stdbool.h>
#include <stdint.h>

/* As wide as answers are. */
#ifndef REGISTER
#define REGISTER	uint64_t
#endif

#define prove(what)	__CPROVER_assert(what, #what)
#define assume(what)	__CPROVER_assume(what)

bool nondet_bool(void);
unsigned int nondet_uint(void);
REGISTER nondet_register(void);

#endif /* PROOF_H */
