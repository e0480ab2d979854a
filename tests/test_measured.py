# SPDX-License-Identifier: BSD-2-Clause
"""Measured boot: one firmware TPM from the first boot stage to the operating system. In
its place is tests/ftpm, an early trusted application of OP-TEE."""

import hashlib
import re

import pytest

from bench.qemu_board import TPM_LOG
from test_uboot import BOOTI, MESSAGE, uboot
from test_xen import BOOT_XEN, OURS, said_by_xen

TPM = {"suite": "sid", "firmware": "fixed", "tpm": True}
XEN = {"xen": OURS, "xen_append": "optee-inherit=1"}


def extended(register, digest):
    return hashlib.sha256(register + digest).digest()


NOTHING = bytes(32)
# What the TPM itself has measured, of the stages before OP-TEE.
EARLIER = extended(NOTHING, hashlib.sha256(TPM_LOG).digest())
# What U-Boot measures.
KERNEL = b"\x5a" * 32
BY_UBOOT = extended(NOTHING, KERNEL)


def pcr_of_uboot(board, number):
    out = board.u(f"tpm2 pcr_read {number} {MESSAGE:#x}")
    return bytes.fromhex("".join(re.findall(r"\b[0-9a-f]{2}\b", out.partition("content")[2])))


def measure(board):
    """Have U-Boot's driver of firmware TPMs extend register 8."""
    board.u("tpm2 init; tpm2 startup TPM2_SU_CLEAR")
    assert pcr_of_uboot(board, 0) == EARLIER
    assert pcr_of_uboot(board, 8) == NOTHING
    board.u(f"mw.b {MESSAGE:x} {KERNEL[0]:x} {len(KERNEL):x}; tpm2 pcr_extend 8 {MESSAGE:#x}")
    assert pcr_of_uboot(board, 8) == BY_UBOOT


@uboot("keep", **TPM)
def test_linux_reads_what_uboot_measured(board):
    measure(board)
    board.boot(BOOTI)
    assert "guest 1: inherited" in board.load(parameters="vm_inherit=1")
    assert (board.pcr(0), board.pcr(8)) == (EARLIER, BY_UBOOT)
    board.unload()
    assert board.guests() == (1, 1)


@uboot("keep", **TPM, **XEN)
def test_dom0_reads_what_uboot_measured(board):
    measure(board)
    board.boot(BOOT_XEN)
    assert "guest 1: inherited" in said_by_xen(board)[0]
    board.load("debian")
    assert (board.pcr(0), board.pcr(8)) == (EARLIER, BY_UBOOT)
    assert board.guests() == (1, 0)


@pytest.mark.full
@uboot("keep", **TPM)
def test_fresh_guest_has_a_tpm_of_its_own(board):
    """Which begins anew, with what the first stages have measured."""
    measure(board)
    board.boot(BOOTI)
    assert "guest 1: left behind" in board.load()
    assert (board.pcr(0), board.pcr(8)) == (EARLIER, NOTHING)
    board.unload()
    assert board.guests() == (2, 2)
