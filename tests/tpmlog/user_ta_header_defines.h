/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef USER_TA_HEADER_DEFINES_H
#define USER_TA_HEADER_DEFINES_H

#include "tpmlog.h"

#define TA_UUID TPMLOG_UUID
#define TA_FLAGS 0
#define TA_STACK_SIZE 4096
#define TA_DATA_SIZE 16384

#endif /* USER_TA_HEADER_DEFINES_H */
