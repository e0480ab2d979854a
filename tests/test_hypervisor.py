# SPDX-License-Identifier: BSD-2-Clause
"""The Linux driver where somebody below puts the id into its calls, or says so:
Xen, and tests/mediator at EL2."""

import re

import pytest

from bench.board import (CALLS_UID, DROP, EFFECT, ENOTAVAIL, FILTER, GET_OS_REVISION,
                         MEDIATOR_CONTROL, OBLIGE, STRIP, TAG, UID_0, VM_CREATED, VM_DESTROYED,
                         SecureWorldHalted, ours)
from bench.machine import XEN

machine = pytest.mark.machine
full = pytest.mark.full
short = pytest.mark.short


# optee_os 4.5.0, core/arch/arm/include/sm/optee_smc.h
GET_ASYNC_NOTIF_VALUE = 0xb2000011


def fast_calls(board, driver):
    """What a driver sends by fast calls, (function, a1, a7), while it is loaded and
    unloaded, less what interrupts have it send."""
    calls = board.calls(f"insmod /modules/{driver}/optee.ko")
    calls += board.calls("rmmod optee")
    fast = [call for call in calls if call[0] >> 31 and call[0] != GET_ASYNC_NOTIF_VALUE]
    assert CALLS_UID in [function for function, _, _ in fast] and len(fast) < len(calls)
    return fast


@pytest.mark.row(10)
@pytest.mark.other_lines
@pytest.mark.parametrize("cases", (
    pytest.param((1001, 1002, 1004, 1005, 1008), marks=short),
    pytest.param(range(1001, 1011), marks=full)),
                         ids=("some", "all"))
@pytest.mark.parametrize("machine", ({"xen": XEN}, {"xen": XEN, "method": "hvc"}),
                         ids=("smc", "hvc"), indirect=True)
def test_dom0_of_xen(board, cases):
    """Xen announces and tags: nothing is to be done, and nothing is done."""
    log = board.load()
    assert "initialized driver" in log
    assert board.attributes() == ("plain", "none", board.machine.method)
    board.xtest(" ".join(str(case) for case in cases), timeout=900)
    board.unload()

    stock = fast_calls(board, "debian")
    # Where the tree says "hvc" ours asks first whether anybody answers that.
    asked = [(CALLS_UID, 0, 0)] if board.machine.method == "hvc" else []
    assert fast_calls(board, "id-1") == asked + stock
    assert board.guests() == (1, 0)


@pytest.mark.row(11)
@pytest.mark.other_lines
@pytest.mark.parametrize("mode, role", (
    (TAG, "mediated"),
    (TAG | FILTER, "mediated"),
    (TAG | STRIP, "plain"),
    (TAG | OBLIGE, "mediated"),
), ids=("tags", "tags-and-filters", "tags-and-strips", "tags-and-obliges"))
@machine(mediator=True, cpus=1)
def test_mediator_that_tags(board, mode, role):
    assert board.smc(VM_CREATED, 1)[0] == 0
    board.mediate(mode)

    stock = board.load("debian")
    board.xtest("1004")
    board.unload()
    log = board.load()
    assert board.attributes() == (role, "none", "smc")
    assert ours(log) == [f"optee firmware:optee: {role}, conduit smc"], log
    assert [line for line in log.splitlines() if line not in ours(log)] == stock.splitlines()
    board.xtest("1004")
    board.unload()

    # All that ours adds changes nothing, and it adds nothing at the end.
    asked = fast_calls(board, "id-1")
    for call in fast_calls(board, "debian"):
        asked.remove(call)
    for function, a1, a7 in asked:
        assert (function, a1) == (CALLS_UID, 0) and a7 > 60000 or \
            function in (VM_CREATED, VM_DESTROYED) and a1 > 60000 and a7 == 0 or \
            (function, a1, a7) == (GET_OS_REVISION, 0, 0), asked
    assert bool(asked) == (role == "mediated")
    assert (VM_CREATED in [function for function, _, _ in asked]) == bool(mode & OBLIGE)

    assert board.guests() == (1, 0)
    board.mediate(0)
    assert board.smc(VM_DESTROYED, 1)[0] == 0


@pytest.mark.halts
@machine(mediator=True, cpus=1)
def test_stock_driver_and_a_mediator_that_drops_a7(board):
    """The picture of before."""
    board.mediate(DROP)
    with pytest.raises(SecureWorldHalted):
        board.load("debian")


@pytest.mark.row(12)
@pytest.mark.other_lines
@machine(mediator=True, cpus=1)
def test_mediator_that_drops_a7_is_refused(board):
    guests = board.fill()
    board.remove(guests)
    board.mediate(DROP)
    log = board.load()
    assert len(ours(log)) == 1 and "drops a7" in log, log
    board.sh("! ls /dev/tee0")
    board.unload()
    # It has tried whether there is room.
    added, removed = board.guests()
    assert added == removed > len(guests)

    board.mediate(0)
    board.load()
    assert board.attributes() == ("guest", "1", "smc")
    board.xtest("1004")


# What OP-TEE may say (OPTEE_SMC_RETURN_*, optee_os 4.5.0, optee_smc.h), and what it
# does not.
KNOWN = (0, ENOTAVAIL, 0xffffffff, UID_0)
GARBAGE = 0x5a5a5a5a
ANSWERS = (*KNOWN, *range(1, ENOTAVAIL), *range(ENOTAVAIL + 1, 11), GARBAGE)


def one_wrong_answer(board, mode, number, answer, when):
    """Load and unload the driver with one answer of the guest protocol wrong; what it
    said."""
    def told(when_wrong):
        what = f"{mode:x} {number:x}" if when == when_wrong else f"{mode & ~EFFECT:x} 0"
        return f"echo {MEDIATOR_CONTROL:x} {what} {answer:x} > call; "

    out = board.sh(
        "cd /sys/module/smccall/parameters; dmesg -c > /dev/null; "
        f"{told('enter')} insmod /modules/id-1/optee.ko; "
        "if [ -e /dev/tee0 ]; then xtest -t regression 1002 > /tmp/xtest && echo serves || "
        f"cat /tmp/xtest; fi; {told('leave')} rmmod optee; "
        f"echo {MEDIATOR_CONTROL:x} > call; dmesg", 60)
    case = f"mode {mode}, call {number} of {when} answered {answer:#x}: {out}"
    report = [line for line in out.splitlines() if "optee firmware:optee: guest 1: " in line and
              not re.search("not announced|left behind", line)]
    works = "serves" in out.splitlines()
    assert works == ("initialized driver" in out), case
    assert works != bool(report) or when == "leave", case
    assert len(report) <= 1, case
    stranded = bool(report) and "does not remove" in report[0]
    for guest in (1, 65535) if not mode & TAG else (65535,):
        while board.has_guest(guest):
            assert stranded, case
            board.smc(VM_DESTROYED, guest)
    return report


# What is below, the calls of the guest protocol on the way in that are answered wrongly,
# and those on the way out: all there are, or the first and the last ones of each kind.
BELOW = {
    "nobody": (0, range(1, 5), (1, 2)),
    "tags": (TAG, range(1, 6), ()),
    "tags-and-filters": (TAG | FILTER, range(1, 6), ()),
    "tags-and-obliges": (TAG | OBLIGE, (1, 2, 3, 4, 5, 6, 68, 69, 132), ()),
    "drops": (DROP, range(1, 11), ()),
    "filters": (FILTER, range(1, 5), ()),
}


@pytest.mark.parametrize("below, answers", (
    *(pytest.param(below, (ENOTAVAIL, GARBAGE), marks=short, id=f"{below}-two") for below in BELOW),
    *(pytest.param(below, ANSWERS if below == "nobody" else (*KNOWN, GARBAGE), marks=full,
                   id=f"{below}-all") for below in BELOW)))
@machine(mediator=True, cpus=1)
def test_one_wrong_answer(board, below, answers):
    """Whatever one call of enter or leave is answered, with its effect or without: an
    error in one line or a driver that works; no guest left, no machine halted."""
    mode, enter, leave = BELOW[below]
    board.sh("insmod /modules/tee.ko; insmod /modules/smccall.ko")
    if mode & TAG:
        assert board.smc(VM_CREATED, 1)[0] == 0
    reports = set()
    for when, calls in (("enter", enter), ("leave", leave)):
        for number in calls:
            for answer in answers:
                for effect in (0, EFFECT):
                    reports.update(one_wrong_answer(board, mode | effect, number, answer, when))
    assert len(reports) > (3 if below == "nobody" else 0)
    if mode & TAG:
        assert board.smc(VM_DESTROYED, 1)[0] == 0
