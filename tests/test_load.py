# SPDX-License-Identifier: BSD-2-Clause
"""The driver under load, and with the machine asleep."""

import pytest

machine = pytest.mark.machine
full = pytest.mark.full


@full
@machine(cpus=4)
def test_load(board, note):
    """32 clients at a time, two of them with a user's trusted application, which is
    what OP-TEE has memory for, while CPUs come and go."""
    board.load()
    before = board.notifications()
    board.sh("tee-supplicant -d; for n in $(seq 32); do (while [ ! -e /tmp/stop ]; do "
             "xtest -t regression $((n % 16 ? 1002 : 1004)) > /tmp/out.$n 2>&1 || "
             "cp /tmp/out.$n /tmp/bad.$n; echo >> /tmp/rounds; done; echo >> /tmp/ended) & done; "
             "touch /tmp/ended")
    for cpu in (1, 2, 3) * 5:
        for online in (0, 1):
            board.sh(f"echo {online} > /sys/devices/system/cpu/cpu{cpu}/online; usleep 200000")
    board.sh("touch /tmp/stop; until [ $(wc -l < /tmp/ended) = 32 ]; do sleep 1; done", 300)
    board.sh("for bad in /tmp/bad.*; do [ ! -e $bad ] || { cat $bad; exit 1; }; done")
    rounds = int(board.sh("wc -l < /tmp/rounds"))
    served = board.notifications() - before
    note(f"load: 32 clients, {rounds} runs of xtest, 30 times a CPU off or on, "
         f"{served} asynchronous notifications")
    assert rounds >= 32 and served > 0
    assert "Call trace" not in board.dmesg()
    board.xtest("1004")


def test_suspend_to_idle(board):
    board.load()
    board.xtest("1004")
    board.sh("echo +2 > /sys/class/rtc/rtc0/wakealarm; echo freeze > /sys/power/state")
    assert board.sh("cat /sys/power/suspend_stats/success") == "1"
    before = board.notifications()
    board.xtest("1004")
    board.sh("sleep 2")
    assert board.notifications() > before


@full
@pytest.mark.one_line
@pytest.mark.parametrize("machine, driver", (
    ({"firmware": "virtualized"}, "id-1"),
    ({"firmware": "virtualized", "icount": True}, "id-1"),
    ({"firmware": "plain"}, "debian"),
    ({"firmware": "plain", "icount": True}, "debian"),
), ids=("guest", "guest-icount", "stock", "stock-icount"), indirect=["machine"])
def test_large_object_30_times(board, driver, note):
    """xtest 6018 once hung where the guest's clock counts instructions."""
    board.load(driver)
    for _ in range(30):
        board.xtest("-t regression 6018", timeout=600)
    note(f"xtest 6018, {board.machine.firmware} OP-TEE, driver {driver}"
         f"{', -icount' if board.machine.icount else ''}: 30 of 30 runs passed")
