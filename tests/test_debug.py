# SPDX-License-Identifier: BSD-2-Clause
"""The newest kernel with its own checkers: KASAN, UBSAN, lockdep, sleeping in atomic context,
debug objects, kmemleak. They have nothing to report, also if allocations fail."""

import itertools
import re

import pytest

from test_life import ROUNDS, be_fresh_guest_of_crash_kernel, kexec, load_rounds
from test_linux import SUBSET
from test_load import load_while_cpus_come_and_go

machine = pytest.mark.machine
pytestmark = pytest.mark.full

DEBUG = {"line": "debug"}
REPORT = re.compile(r"^.*(\bBUG\b|WARNING: |K[AC]SAN: |UBSAN: |ODEBUG: |kmemleak: Cannot|corruption|"
                    r"refcount_t: |trying to register non-static|Internal error|"
                    r"Unable to handle kernel).*$", re.M)
# tests/misdeeds: what is to be said of each. Lockdep reports one thing and no more.
MISDEEDS = {
    "use-after-free": "BUG: KASAN: slab-use-after-free in use_after_free",
    "shift": "UBSAN: shift-out-of-bounds in ",
    "sleep-in-atomic": "BUG: sleeping function called from invalid context at ",
    "free-active": "ODEBUG: free active ",
    "lock-order": "WARNING: possible circular locking dependency detected",
}
COMMIT = "/sys/module/misdeeds/parameters/commit"
DRIVER = "/sys/bus/platform/drivers/optee"


def leaks(board):
    """What kmemleak finds, less a leak of our own that shows that it has looked: what is
    lost is reported some seconds and two scans after its allocation, so all that is older
    than ours is reported with it.

    The driver that an address belonged to may be gone. misdeeds.ko never goes, so no other
    module was ever at its addresses."""
    board.sh(f"[ -e {COMMIT} ] || insmod /modules/misdeeds.ko; cd /sys/kernel/debug; "
             f"before=$(grep -c misdeeds kmemleak); echo leak > {COMMIT}; "
             "until [ $(grep -c misdeeds kmemleak) -gt $before ]; do "
             "echo scan > kmemleak || break; done", 600)
    found = re.split("^(?=unreferenced object)", board.sh("cat /sys/kernel/debug/kmemleak", 60),
                     flags=re.M)
    assert "[misdeeds]" in "".join(found)
    return [leak for leak in found
            if leak.startswith("unreferenced") and "[misdeeds]" not in leak]


def look(board):
    """What kmemleak and lockdep know by now. What waits for RCU goes, a leak stays however
    often one looks."""
    for _ in range(3):
        found = leaks(board)
        if not found:
            break
    assert not found, "\n".join(found)
    # It is switched off by what it reports, and by a lack of room.
    assert re.search(r"^ *debug_locks: +1$", board.sh("cat /proc/lockdep_stats"), re.M)


@pytest.fixture
def console(request, machine):
    """Nothing is reported on it, until the machine is off."""
    yield
    log = (request.node.logs / "normal.log").read_text(errors="replace")
    reports = [report[0] for report in REPORT.finditer(log)]
    assert not reports, "\n".join(reports)


@pytest.fixture
def checked(console, board):
    board.sh("insmod /modules/misdeeds.ko")
    yield board
    look(board)


@machine(**DEBUG)
def test_misdeeds_are_reported(board):
    """Each by its checker; leaks() shows that of kmemleak."""
    board.sh("insmod /modules/misdeeds.ko")
    for misdeed, report in MISDEEDS.items():
        board.sh(f"dmesg -c > /dev/null; echo {misdeed} > {COMMIT}")
        reports = [found[0] for found in REPORT.finditer(board.dmesg())]
        assert any(report in line for line in reports), board.dmesg()
    assert not re.search(r"^ *debug_locks: +1$", board.sh("cat /proc/lockdep_stats"), re.M)


@pytest.mark.parametrize("machine", ({"firmware": "virtualized"}, {"firmware": "plain"}),
                         ids=("guest", "plain"), indirect=True)
@machine(**DEBUG)
def test_xtest(checked):
    checked.load()
    checked.xtest(SUBSET, timeout=1200)
    checked.unload()


@machine(**DEBUG)
def test_50_rounds(checked):
    load_rounds(checked, "id-1", ROUNDS)


@machine(**DEBUG, disks=True)
def test_kexec(checked):
    look(checked)
    kexec(checked, 1)


@machine(**DEBUG, disks=True)
def test_crash_kernel(checked):
    be_fresh_guest_of_crash_kernel(checked)


@machine(**DEBUG)
def test_load(checked, note):
    checked.load()
    rounds = load_while_cpus_come_and_go(checked, 8, 5)
    note(f"debug kernel: 8 clients, {rounds} runs of xtest while CPUs came and went")
    checked.xtest("1004")


class Faults:
    """Allocations that fail: the nth of a task that has the driver among its callers."""

    def __init__(self, board):
        self.board = board
        self.ours = 0
        board.sh("start=$(cat /sys/module/optee/sections/.text); end=$(printf 0x%x $((start + "
                 "$(awk '$1 == \"optee\" { print $2 }' /proc/modules)))); "
                 "cd /sys/kernel/debug; for kind in failslab fail_page_alloc; do "
                 "echo N > $kind/ignore-gfp-wait; echo $start > $kind/require-start; "
                 "echo $end > $kind/require-end; done; "
                 "echo N > fail_page_alloc/ignore-gfp-highmem; echo 0 > fail_page_alloc/min-order; "
                 "dmesg -n 1")

    def sysfs(self, what, nth=0):
        """Bind or unbind; whether an allocation has failed."""
        out = self.board.sh(
            f"dmesg -c > /dev/null; echo {nth} > /proc/self/fail-nth; "
            f"echo firmware:optee > {DRIVER}/{what} 2> /dev/null; "
            "read left < /proc/self/fail-nth; echo 0 > /proc/self/fail-nth; dmesg > /tmp/step; "
            "grep -v '^ ' /tmp/step; echo left=$left ours=$(grep -c optee_virt_compat_ /tmp/step)",
            60)
        report = REPORT.search(out)
        if report:
            raise AssertionError(f"{what}, allocation {nth}:\n{self.board.sh('cat /tmp/step')}")
        left, ours = re.search(r"^left=(\d+) ours=(\d+)", out, re.M).groups()
        self.ours += bool(int(ours))
        return nth and left == "0"

    def bound(self):
        return "bound" in self.board.sh(f"[ -e {DRIVER}/firmware:optee ] && echo bound; :")


@pytest.mark.parametrize("machine, attributes", (
    ({"firmware": "virtualized"}, ("guest", "1", "smc")),
    ({"firmware": "plain"}, ("plain", "none", "smc")),
), ids=("guest", "plain"), indirect=["machine"])
@machine(**DEBUG)
def test_each_allocation_fails_once(checked, attributes, note):
    """Each one of the probe, then each one of the removal. The probe fails and leaves
    nothing, or the device works."""
    checked.load()
    faults = Faults(checked)
    faults.sysfs("unbind")
    failed = 0
    for nth in itertools.count(1):
        hit = faults.sysfs("bind", nth)
        if faults.bound():
            assert checked.attributes() == attributes
            faults.sysfs("unbind")
        else:
            failed += 1
            assert hit
        added, removed = checked.guests()
        assert added == removed, f"allocation {nth} of the probe"
        if not hit:
            break
    probed, ours = nth - 1, faults.ours
    for nth in itertools.count(1):
        faults.sysfs("bind")
        hit = faults.sysfs("unbind", nth)
        assert not faults.bound()
        added, removed = checked.guests()
        assert added == removed, f"allocation {nth} of the removal"
        if not hit:
            break
    note(f"{attributes[0]}: {probed} allocations of the probe failed in turn, {ours} of them ours, "
         f"and {failed} times the probe; {nth - 1} of the removal")
    assert ours and failed
    checked.sh("dmesg -n 7")
    faults.sysfs("bind")
    checked.xtest("1004")
