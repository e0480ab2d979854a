# SPDX-License-Identifier: BSD-2-Clause
"""How the driver goes: nothing of it stays behind, and what an earlier system
left behind is seen to."""

import re

import pytest

from bench.board import ENOTAVAIL, VM_CREATED, ours
from test_guide import commands

machine = pytest.mark.machine
full = pytest.mark.full
short = pytest.mark.short


def heaps(board):
    """Bytes that OP-TEE has allocated, by heap; the one of all guests is KHeap."""
    out = board.sh("xtest --stats --alloc")
    return {name: int(size) for name, size in
            re.findall(r"^Pool: +(\S.*)\nBytes allocated: +(\d+)", out, re.M)}


def objects(board):
    """What is allocated, by slab cache and by the place in the kernel that did it. Of a
    module that is gone there are addresses only, they are all counted as 0x."""
    out = board.sh("cd /sys/kernel/debug/slab && "
                   "awk '/ age=/ { sub(/^0x.*/, \"0x\", $2); n[FILENAME \" \" $2] += $1 } "
                   "END { for (place in n) print place, n[place] }' */alloc_traces", 120)
    return {(cache, place): int(count) for cache, place, count in
            re.findall(r"^(\S+)/alloc_traces (\S+) (\d+)$", out, re.M)}


def growth(before, after, least):
    """What has grown by so many at least: [(growth, name)], the most first."""
    return sorted(((count - before.get(name, 0), name) for name, count in after.items()
                   if count - before.get(name, 0) >= least), reverse=True)


ROUNDS = 50


def load_rounds(board, count, load, unload="rmmod optee"):
    """Load, a session, unload."""
    out = board.sh(f"for n in $(seq {count}); do {load} && "
                   "xtest -t regression 1002 | grep -c 'cases of which 0 failed\\|"
                   f"case of which 0 failed' && {unload} || break; done", 30 * count)
    assert out.split() == ["1"] * count, out


def leave_nothing(board, go, load, unload, known=None, rounds=ROUNDS):
    """So many rounds leave nothing but what a known place allocates, also with the stock
    driver. An object that stays in one round of five is found, by the name of who allocated
    it; so is a byte a round in OP-TEE, which allocates 16 at least. The answer is what has
    grown most.

    /proc/slabinfo does not tell: see docs/bench.md."""
    def heap_after(count):
        go(count)
        load()
        heap = heaps(board)
        unload()
        return heap

    # The first rounds, and the first look, fill what is kept for the next time.
    heap = heap_after(10)
    objects(board)
    before = objects(board)
    heap_growth = growth(heap, heap_after(rounds), 1)
    assert len(before) > 300 and "KHeap" in heap

    for _ in range(5):  # What waits for RCU goes, a leak stays however often one looks.
        after = objects(board)
        grown = growth(before, after, 1)
        excused = [item for item in grown if known and item[1][1].startswith(known)]
        grown = [item for item in grown if item not in excused]
        kept = [name for count, name in grown if count >= rounds // 5]
        if not kept:
            break
    assert bool(excused) == bool(known), known
    assert not kept, f"{grown[:5]}\n" + "\n".join(
        board.sh("cd /sys/kernel/debug/slab; "
                 f"grep -A 12 -F ' {place}' {cache}/alloc_traces | head -n 13")
        for cache, place in kept[:3])
    assert not heap_growth or heap_growth[0][0] < rounds, heap_growth

    # The count does find what stays.
    board.sh(f"for n in $(seq {rounds}); do echo > /tmp/stays-$n; done")
    assert growth(after, objects(board), rounds)
    most = grown[:1] + heap_growth[:1]
    return f"grown most: {most}" if most else "no object and no byte of OP-TEE more than before"


@full
@machine(append="slub_debug=U")
@pytest.mark.parametrize("machine, driver", (
    ({}, "id-1"), ({"shim": True}, "debian"),
), ids=("guest", "stock-on-shim"), indirect=["machine"])
def test_50_rounds_leave_nothing(board, driver, note):
    """What the stock driver leaves too is not ours."""
    board.sh("insmod /modules/tee.ko")
    load = f"insmod /modules/{driver}/optee.ko"
    said = leave_nothing(board, lambda count: load_rounds(board, count, load),
                         lambda: board.load(driver), board.unload)
    note(f"{ROUNDS} rounds, {driver}{' on the shim' if board.machine.shim else ''}: {said}")
    if driver == "id-1":
        assert board.guests() == (ROUNDS + 12, ROUNDS + 12)


@pytest.mark.other_lines
@pytest.mark.parametrize("machine, driver", (
    ({"firmware": "plain"}, "debian"), ({}, "id-1"),
), ids=("stock", "guest"), indirect=["machine"])
def test_unload_in_mid_session_is_refused(board, driver):
    """As by the stock driver on the plain OP-TEE: a session waits for a tee-supplicant
    that is stopped."""
    board.load(driver)
    board.sh("tee-supplicant -d; killall -STOP tee-supplicant; "
             "(xtest -t regression 1004 > /tmp/xtest 2>&1; echo $? > /tmp/status) & sleep 1")
    out, status = board.try_sh("rmmod optee")
    assert status and "Resource temporarily unavailable" in out
    board.sh("[ ! -e /tmp/status ] && killall -CONT tee-supplicant; "
             "until [ -s /tmp/status ]; do usleep 50000; done; [ $(cat /tmp/status) = 0 ]")
    board.unload()
    board.load(driver)
    board.xtest("1004")


@pytest.mark.row(9)
@pytest.mark.other_lines
def test_guest_left_behind_is_removed_first(board):
    assert board.smc(VM_CREATED, 1)[0] == 0
    # Twice, unless this OP-TEE refuses an id that exists: optee-os/duplicate.cocci.
    assert board.smc(VM_CREATED, 1)[0] in (0, ENOTAVAIL)
    log = board.load()
    assert "guest 1: left behind" in log
    assert board.attributes() == ("guest", "1", "smc")
    board.xtest("1004")


@pytest.mark.row(9)
@pytest.mark.other_lines
def test_guest_left_behind_is_inherited_on_request(board):
    assert board.smc(VM_CREATED, 1)[0] == 0
    log = board.load(parameters="vm_inherit=1")
    assert "guest 1: inherited" in log
    assert board.guests() == (1, 0)
    board.xtest("1004")


# Sessions, storage and RPC that never end.
CLIENTS = ("pidof tee-supplicant > /dev/null || tee-supplicant -d; for case in 4002 6001 1006 1013; do "
           "(while :; do xtest $case; echo > /tmp/round; done) > /dev/null 2>&1 & done; "
           "until [ -e /tmp/round ]; do usleep 50000; done")


@pytest.mark.other_lines
def test_power_off_with_clients_active(board):
    """OP-TEE is told before the machine goes, whatever is under way: board looks
    for as many guests removed as added."""
    board.load()
    board.sh(CLIENTS)


@full
@machine(suite="sid", firmware="oldleave", cpus=4, reboots=True)
def test_20_reboots_with_clients_active_of_an_older_optee(board):
    """Up to 4.2.0 OP-TEE panics if another CPU is in there when the guest goes; this build
    does so again."""
    for _ in range(20):
        board.load()
        board.sh(CLIENTS)
        board.boots_again("reboot -f")
    assert board.secure().count("Removing guest 1") == 20


@pytest.mark.oldest_line
@machine(reboots=True)
def test_reboot_with_clients_active(board):
    board.load()
    if board.machine.line != "5.10":  # whose shutdown waits for calls, and these never end
        board.sh(CLIENTS)
    board.boots_again("reboot -f")
    first, second = board.secure().split("Primary CPU initializing")[1:]
    assert first.count("Removing guest 1") == first.count("Added guest 1") > 0
    board.load()
    board.xtest("1004")


FILES = "KERNEL=/tmp/kernel INITRD=/tmp/initrd"


def kexec(board, times):
    """With the driver loaded; so it is in the last kernel."""
    load, start = commands("kexec.md")[:2]
    for _ in range(times):
        board.read_disks()
        log = board.load()
        assert ours(log) == ["optee firmware:optee: guest 1, conduit smc"], log
        board.xtest("1004")
        board.sh(f"{FILES}; {load}", 120)
        board.boots_again(start)
        assert board.guests()[0] == board.guests()[1]
    assert board.guests() == (times, times)
    board.load()
    board.xtest("1004")


@pytest.mark.other_lines
@machine(disks=True)
@pytest.mark.parametrize("times", (pytest.param(1, marks=short), pytest.param(20, marks=full)))
def test_kexec_with_the_driver_loaded(board, times):
    kexec(board, times)


def crash(board, after=""):
    """From here on it is the crash kernel's shell."""
    board.read_disks()
    board.sh(f"{FILES}; {commands('kexec.md')[2]}", 120)
    board.load("debian" if board.machine.firmware == "plain" else "id-1")
    board.xtest("1002")
    if after:
        board.sh(after)
    board.boots_again("echo c > /proc/sysrq-trigger")
    board.sh("[ -e /proc/vmcore ]")


def be_fresh_guest(board):
    """In the crash kernel; calls of the crashed one were under way on its other CPUs."""
    refused_as_by_stock(board)
    log = board.load(parameters="vm_kdump=1 vm_inherit=1")
    said = ours(log)
    assert len(said) == 3 and "vm_inherit is ignored" in said[0], log
    assert "left behind" in said[1] and "guest 1, conduit smc" in said[2]
    board.xtest("1004")


def refused_as_by_stock(board, parameters=""):
    out, status = board.try_sh("[ -d /sys/module/tee ] || insmod /modules/tee.ko; "
                               f"insmod /modules/id-1/optee.ko {parameters}")
    assert status and "No such device" in out
    return out


@pytest.mark.other_lines
@pytest.mark.parametrize("machine, times", (
    pytest.param({"cpus": 2}, 1, marks=short), pytest.param({"cpus": 4}, 5, marks=full)), ids=("once", "five-times"),
                         indirect=["machine"])
@pytest.mark.row(13)
@machine(disks=True, reboots=True)
def test_crash_kernel_uses_optee_as_a_fresh_guest(board, times):
    for n in range(times):
        if n:
            board.boots_again("reboot -f")
        crash(board, CLIENTS)
        be_fresh_guest(board)
        board.unload()


# Calls that stop in OP-TEE: it asks a tee-supplicant that does not answer.
STOPPED_CALLS = ("killall -STOP tee-supplicant; for n in 1 2 3 4; do "
                 "(xtest -t regression 1004 > /dev/null 2>&1 &); done; sleep 2")


@machine(disks=True, firmware="plain")
def test_crash_kernel_is_refused_a_plain_optee(board):
    crash(board)
    refused_as_by_stock(board, "vm_kdump=1 virt_compat=0")
    log = board.load(parameters="vm_kdump=1")
    assert len(ours(log)) == 1 and "leave out optee.vm_kdump" in log, log
    board.sh("! ls /dev/tee0")


def normal_kernel(board):
    """From the crash kernel on to the next normal one."""
    board.read_disks()
    board.sh("kexec -i -l --dtb=/tmp/dtb /tmp/kernel --initrd=/tmp/initrd "
             "--append='console=ttyAMA0 panic=-1'", 120)
    board.boots_again("kexec -e")


@full
@pytest.mark.lost  # the tree that kexec is given lacks TF-A's PSCI: no power-off
@machine(disks=True)
@pytest.mark.parametrize("parameters, says", (
    ("", "left behind"), ("vm_inherit=1", "inherited")), ids=("reclaim", "inherit"))
def test_guest_of_a_crashed_kernel(board, parameters, says):
    """The crash kernel let it be; the next normal kernel finds it."""
    crash(board)
    normal_kernel(board)
    log = board.load(parameters=parameters)
    assert len(ours(log)) == 2 and says in ours(log)[0], log
    assert board.guests() == ((1, 0) if parameters else (2, 1))
    # PKCS#11's trusted application lives on if inherited, its files went with the crash.
    board.xtest("-t regression 1004")
    board.unload()


@full
@pytest.mark.lost
@machine(disks=True)
def test_guest_whose_threads_have_all_stopped_is_not_inherited(board):
    """They never come back, and whoever calls would wait for one."""
    crash(board, STOPPED_CALLS)
    normal_kernel(board)
    log = board.load(parameters="vm_inherit=1")
    assert len(ours(log)) == 1 and "guest 1 has no thread left" in ours(log)[0], log
    board.sh("! ls /dev/tee0")
    assert board.guests() == (1, 0)
    board.unload()
    assert "left behind" in ours(board.load())[0]
    board.xtest("1004")
    board.unload()


# The last word is said by the kernel that goes on, and not by the echo of this line.
HIBERNATE = "echo reboot > /sys/power/disk; echo disk > /sys/power/state; echo awa''ke"


@pytest.mark.other_lines
@pytest.mark.parametrize("machine, driver", (
    pytest.param({}, "id-1", marks=pytest.mark.row(8)),
    pytest.param({"firmware": "plain"}, "debian", marks=full),
), ids=("guest", "stock"), indirect=["machine"])
@machine(swap=True, reboots=True)
def test_hibernation(board, driver):
    """OP-TEE is started anew, so the guest is gone, with whatever driver and OP-TEE. The
    kernel that reads the image has used OP-TEE too."""
    board.load(driver)
    board.xtest("1004")
    board.sh("killall tee-supplicant; dmesg -c > /dev/null")
    board.find_disks("vda")
    board.sh("mkswap /dev/vda && swapon /dev/vda")
    board.goes_on(HIBERNATE, "Booting Linux on")

    board.load(driver)
    board.find_disks("vda")
    board.goes_on("cat /sys/block/vda/dev > /sys/power/resume", "awake")
    if driver == "id-1":
        said = [line for line in board.dmesg().splitlines() if "firmware:optee: guest" in line]
        assert len(said) == 1 and "unbind and bind the driver" in said[0], said
        assert board.attributes() == ("none", "none", "smc")
        assert board.guests() == (1, 1)
    out, status = board.try_sh("xtest -t regression 1002", 60)
    assert status, out

    for what in ("unbind", "bind"):
        board.sh(f"echo firmware:optee > /sys/bus/platform/drivers/optee/{what}")
    board.xtest("-t regression 1004")
