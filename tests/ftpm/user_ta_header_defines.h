/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef USER_TA_HEADER_DEFINES_H
#define USER_TA_HEADER_DEFINES_H

#include "ftpm.h"

#define TA_UUID FTPM_UUID
/* One instance for all sessions, which outlives them. */
#define TA_FLAGS (TA_FLAG_SINGLE_INSTANCE | TA_FLAG_MULTI_SESSION | \
		  TA_FLAG_INSTANCE_KEEP_ALIVE)
#define TA_STACK_SIZE 8192
#define TA_DATA_SIZE 16384

#endif /* USER_TA_HEADER_DEFINES_H */
