/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SHIM_FFA_TESTS_H
#define SHIM_FFA_TESTS_H

/* A firmware in *state, and its end, for all of the shim's tests. */
int shim_setup(void **state);
int shim_teardown(void **state);

/* How many tests have failed. */
int shim_ffa_tests(void);

#endif /* SHIM_FFA_TESTS_H */
