/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SHIM_FFA_TESTS_H
#define SHIM_FFA_TESTS_H

/* How many tests have failed. */
int shim_ffa_tests(void);

#endif /* SHIM_FFA_TESTS_H */
