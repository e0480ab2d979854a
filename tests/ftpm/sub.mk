# SPDX-License-Identifier: BSD-2-Clause
srcs-y += ta.c
