# SPDX-License-Identifier: BSD-2-Clause
"""The driver, and the stock one on the shim, on processors of several kinds, newer
ones among them."""

import pytest

from bench.machine import NVHE, VHE, Machine
from bench.qemu_board import QemuBoard
from test_static import run

full = pytest.mark.full

QEMU_10 = {"qemu": "10"}


def features(board):
    """What user space may use of each CPU, and the length of SVE's vectors."""
    return board.sh("grep Features /proc/cpuinfo; dmesg | grep -o 'maximum available vector.*'; :")


@pytest.mark.parametrize("processor, sve", (
    pytest.param(NVHE, False, marks=full, id="a57"),
    pytest.param(VHE, True, id="max"),
    pytest.param({**QEMU_10, **VHE}, True, marks=full, id="max-10"),
    pytest.param({**QEMU_10, "cpu": "neoverse-n1"}, False, marks=full, id="n1"),
    pytest.param({**QEMU_10, "cpu": "neoverse-n2"}, True, id="n2"),
    pytest.param({**QEMU_10, "cpu": "neoverse-v1"}, True, marks=full, id="v1"),
    pytest.param({**QEMU_10, "cpu": "cortex-a710"}, True, marks=full, id="a710"),
))
def test_processor(processor, sve, tmp_path):
    """The driver works natively and the stock one on the shim, where user space may use
    what it may use without the shim."""
    seen = []
    for shim, driver in ((False, "id-1"), (True, "debian")):
        machine = Machine(shim=shim, **processor)
        if machine.missing():
            pytest.skip(machine.missing())
        with QemuBoard(machine, tmp_path / driver) as board:
            seen.append(features(board))
            board.load(driver)
            board.xtest("1001 1002 1003 1004")
            board.power_off()
            board.watch()
            assert board.guests() == (1, 1)
    assert seen[0] == seen[1]
    assert seen[0].count("Features") == 2
    assert (seen[0].count(" sve "), seen[0].count("vector length")) == ((2, 1) if sve else (0, 0))


def test_qemu_of_another_suite_is_the_one_that_runs():
    machine = Machine(**QEMU_10)
    if machine.missing():
        pytest.skip(machine.missing())
    version = machine.versions()["qemu-system-arm"]
    assert version.startswith("1:10.") and version in run(*machine.qemu_command, "--version").stdout
    assert Machine().versions()["qemu-system-arm"].startswith("1:7.2+")
