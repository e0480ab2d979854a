# SPDX-License-Identifier: BSD-2-Clause
"""Kernels that were built whole: the newest with our driver in it, one of 32 bits; and
Debian's newest with its own driver."""

import re

import pytest

from bench.board import ours
from bench.machine import NVHE, VHE
from test_linux import SUBSET
from test_shim import printed

machine = pytest.mark.machine
pytestmark = pytest.mark.full

BUILT_IN = {"line": "whole", "built_in": True}


def log(board):
    """What the driver said when the kernel started."""
    return ours(re.sub(r"^\[ *[\d.]+\] ", "", board.dmesg(), flags=re.M))


@machine(**BUILT_IN)
def test_built_in_guest(board):
    assert log(board) == ["optee firmware:optee: guest 1, conduit smc"]
    assert board.attributes() == ("guest", "1", "smc")
    board.xtest(SUBSET)


@machine(**BUILT_IN, append="optee.vm_id=7")
def test_built_in_guest_with_another_id(board):
    assert board.attributes() == ("guest", "7", "smc")
    assert "Added guest 7" in board.secure()
    board.xtest("1004")


@machine(**BUILT_IN, firmware="plain")
def test_built_in_on_plain_optee(board):
    assert board.attributes() == ("plain", "none", "smc")
    board.xtest(SUBSET)
    assert board.guests() == (0, 0)


@pytest.mark.parametrize("machine", (NVHE, VHE), ids=("nvhe", "vhe"), indirect=True)
@machine(**BUILT_IN, method="hvc")
def test_built_in_and_a_tree_that_says_hvc(board):
    warnings = [line for line in log(board) if "HVC" in line]
    assert len(warnings) == 1 and "/firmware/optee" in warnings[0], board.dmesg()
    assert board.attributes() == ("guest", "1", "smc")
    board.xtest("1004")


@machine(**BUILT_IN, append="optee.vm_id=0")
def test_built_in_refuses_a_bad_id(board):
    assert len(log(board)) == 1 and "1..65535" in log(board)[0], board.dmesg()
    board.sh("! ls /dev/tee0")
    assert board.guests() == (0, 0)


@machine(**BUILT_IN, reboots=True)
def test_built_in_reboots(board):
    board.xtest("1004")
    board.boots_again("reboot -f")
    first, second = board.secure().split("Primary CPU initializing")[1:]
    assert first.count("Removing guest 1") == first.count("Added guest 1") == 1
    assert log(board) == ["optee firmware:optee: guest 1, conduit smc"]
    board.xtest("1004")


@machine(line="newest", shim=True)
def test_debians_newest_kernel_on_the_shim(board, note):
    """Its optee.ko needs ffa-core.ko."""
    assert printed(board)[0].startswith("guest 1, 2 CPUs")
    assert "initialized driver" in board.load("debian")
    assert "ffa-core" in board.sh("cat /modules/debian/depends")
    board.xtest(SUBSET)
    note(f"stock Linux {board.sh('uname -r')} and its driver on the shim: passed")


@pytest.mark.parametrize("driver", ("whole", "id-1"), ids=("linux-apply", "linux-module"))
@machine(line="arm", aarch32=True, cpus=1)
def test_32_bit_kernel(board, driver):
    """OP-TEE has 64 bits all the same. xtest has no 32 bits: the benchmark's client opens
    sessions with a trusted application of a user's and with one of OP-TEE's. The guest goes
    at power-off, as board looks for."""
    assert board.sh("uname -m") == "armv7l"
    assert "initialized driver" in board.load(driver)
    assert board.attributes() == ("guest", "1", "smc")
    assert "Added guest 1" in board.secure()
    board.sh("tee-supplicant -d")
    out = board.sh("/client 10 session-user session-pseudo invoke-user storage", 120)
    assert len(out.splitlines()) == 4, out
