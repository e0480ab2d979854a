# SPDX-License-Identifier: BSD-2-Clause
"""The driver on processors where OP-TEE runs a loop against Spectre-BHB, and CPUs that
were off when the guest was made: a trusted application would hang on them."""

import pytest

from bench.board import ours
from test_life import crash
from test_uboot import BOOTI

full = pytest.mark.full
machine = pytest.mark.machine

# QEMU 7.2 has no such processor.
LOOP = {"qemu": "10", "cpu": "neoverse-n1"}

# Trusted applications of a user's, which the loop is about.
CASES = "1002 1004 1006 1007"


def runs_on_each_cpu(board):
    board.sh("pidof tee-supplicant > /dev/null || tee-supplicant -d")
    for cpu in range(board.machine.cpus):
        for case in CASES.split():
            board.sh(f"taskset {1 << cpu:x} xtest -t regression {case} > /tmp/out || "
                     "{ tail /tmp/out; exit 1; }", 120)


@pytest.mark.other_lines
@pytest.mark.parametrize("machine", (
    LOOP, pytest.param({**LOOP, "cpu": "neoverse-n2", "cpus": 4}, marks=full)),
                         ids=("n1", "n2"), indirect=True)
def test_all_cpus(board):
    board.load()
    runs_on_each_cpu(board)


SWITCH_ON = "echo 1 > /sys/devices/system/cpu/cpu1/online"


def late_cpu_is_refused(board, driver, remedy):
    out, status = board.try_sh(SWITCH_ON)
    assert status and "Operation not permitted" in out
    said = [line for line in board.dmesg().splitlines() if f"{driver}: CPU 1 " in line]
    assert len(said) == 1 and f"switch it on before the driver is {remedy}" in said[0], said
    board.xtest("-t regression 1004")


@pytest.mark.row(7)
@pytest.mark.other_lines
@machine(**LOOP, append="maxcpus=1")
def test_late_cpu_is_kept_off(board):
    """No hang, and a line that names it; after the remedy all CPUs serve."""
    log = board.load()
    assert ours(log) == ["optee firmware:optee: guest 1, conduit smc"], log
    late_cpu_is_refused(board, "firmware:optee", "bound")

    board.unload()
    board.sh(SWITCH_ON)
    board.load()
    board.sh("cd /sys/devices/system/cpu/cpu1 && echo 0 > online && echo 1 > online")
    runs_on_each_cpu(board)


@machine(append="maxcpus=1")
def test_late_cpu_of_another_processor_may_come(board):
    board.load()
    board.sh(SWITCH_ON)
    runs_on_each_cpu(board)


@machine(**LOOP, uboot="2023.01/keep")
def test_guest_of_the_boot_cpu_is_not_inherited(board):
    board.boot(BOOTI)
    log = board.load(parameters="vm_inherit=1")
    assert len(ours(log)) == 1 and "CPU 1 was off" in ours(log)[0], log
    board.sh("! ls /dev/tee0")
    assert board.guests() == (1, 0)
    board.unload()

    assert "left behind" in board.load()
    runs_on_each_cpu(board)


@machine(**LOOP, uboot="2023.01/keep", append="nr_cpus=1")
def test_guest_of_the_boot_cpu_is_inherited_by_one_cpu(board):
    board.boot(BOOTI)
    assert "guest 1: inherited" in board.load(parameters="vm_inherit=1")
    board.xtest("-t regression 1004 1006")
    board.unload()


@full
@machine(**LOOP, disks=True)
def test_crash_kernel(board):
    crash(board)
    board.load(parameters="vm_kdump=1")
    board.xtest("-t regression 1004")
    board.unload()
