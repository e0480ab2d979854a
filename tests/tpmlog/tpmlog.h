/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TPMLOG_H
#define TPMLOG_H

#define TPMLOG_UUID { 0x5a6e3b0c, 0x1d27, 0x4f0e, \
	{ 0x9c, 0x41, 0x7d, 0x0b, 0x52, 0xe8, 0x36, 0xaf } }

/* [out] memref: the log */
#define TPMLOG_READ 0

#endif /* TPMLOG_H */
