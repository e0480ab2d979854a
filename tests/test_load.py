# SPDX-License-Identifier: BSD-2-Clause
"""The driver under load, and with the machine asleep."""

import pytest
from pexpect import TIMEOUT

machine = pytest.mark.machine
full = pytest.mark.full


def load_while_cpus_come_and_go(board, clients, times):
    """So many clients at a time, one of sixteen with a user's trusted application, while
    CPUs come and go; how often they ran xtest."""
    board.sh(f"tee-supplicant -d; for n in $(seq {clients}); do (while [ ! -e /tmp/stop ]; do "
             "xtest -t regression $((n % 16 ? 1002 : 1004)) > /tmp/out.$n 2>&1 || "
             "cp /tmp/out.$n /tmp/bad.$n; echo >> /tmp/rounds; done; echo >> /tmp/ended) & done; "
             "touch /tmp/ended")
    board.sh(f"(for n in $(seq {times}); do for cpu in $(seq {board.machine.cpus - 1}); do "
             "for online in 0 1; do "
             "echo $online > /sys/devices/system/cpu/cpu$cpu/online || exit 1; "
             "usleep 200000; done; done; done) && touch /tmp/stop && "
             f"until [ $(wc -l < /tmp/ended) = {clients} ]; do sleep 1; done", 600)
    board.sh("for bad in /tmp/bad.*; do [ ! -e $bad ] || { cat $bad; exit 1; }; done")
    return int(board.sh("wc -l < /tmp/rounds"))


@full
@machine(cpus=4)
def test_load(board, note):
    """Two of the clients have a user's trusted application each: OP-TEE has memory for
    no more."""
    board.load()
    before = board.notifications()
    rounds = load_while_cpus_come_and_go(board, 32, 5)
    served = board.notifications() - before
    note(f"load: 32 clients, {rounds} runs of xtest, 30 times a CPU off or on, "
         f"{served} asynchronous notifications")
    assert rounds >= 32 and served > 0
    assert "Call trace" not in board.dmesg()
    board.xtest("1004")


@pytest.mark.other_lines
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
def test_large_object_30_times(board, note):
    """xtest 6018 once hung where the guest's clock counts instructions."""
    board.load()
    for _ in range(30):
        board.xtest("-t regression 6018", timeout=600)
    note("xtest 6018: 30 of 30 runs passed")


@full
@pytest.mark.halts  # or stalls
@machine(icount=1)
def test_large_object_30_times_under_icount(board, note):
    """There a virtualized OP-TEE may stall, whose driver it ever is: see docs/bench.md.
    If it does, it is in that way and no other."""
    board.load()
    passed = 0
    try:
        while passed < 30:
            board.xtest("-t regression 6018", timeout=300)
            passed += 1
    except TIMEOUT:
        samples = [board.qemu.where() for _ in range(50)]
        assert all(place[1:] == ("S", "EL1t") for sample in samples for place in sample), samples
        moves = [len({place[0] for place in cpu}) > 1 for cpu in zip(*samples)]
        assert sorted(moves) == [False, True], samples
    note("xtest 6018 under -icount: "
         f"{'30 of 30 runs passed' if passed == 30 else f'stalls after {passed} runs'}")
