# SPDX-License-Identifier: BSD-2-Clause
"""The newest kernel with its own checkers: KASAN, UBSAN, lockdep, sleeping in atomic context,
debug objects, kmemleak. They have nothing to report, also if allocations fail."""

import itertools
import re

import pytest

from test_ffa import VIRTUALIZED
from test_life import CLIENTS, ROUNDS, be_fresh_guest, crash, kexec, load_rounds
from test_linux import SUBSET, be_refused_and_served
from test_load import load_while_cpus_come_and_go

machine = pytest.mark.machine
pytestmark = pytest.mark.full

DEBUG = {"line": "debug", "patience": 5}
REPORT = re.compile(r"^.*((?<!DE)BUG\b|WARNING: (?!BL\d)|K[AC]SAN: |UBSAN: |ODEBUG: |kmemleak: Cannot|corruption|"
                    r"refcount_t: |trying to register non-static|Internal error|"
                    r"Unable to handle kernel).*$", re.M)
# Reports of faults that are not ours, by a function that is in the trace. The test of the
# stock driver has all of them.
NOT_OURS = {
    # register_irq_proc() does not look whether its files came to be.
    "WARNING: at remove_proc_entry+": "unregister_irq_proc+",
}
# At times: an OP-TEE that is not built for guests goes on notifying a system whose driver
# could not stay, and nobody takes the interrupt.
STRAY = "WARNING: at gic_handle_irq+"
# A private interrupt's mask stays when the FF-A driver gives it back, see docs/bench.md.
NOT_OUR_LEAK = " irq_set_percpu_devid+"
# tests/misdeeds: what is to be said of each. Lockdep is off after any other report.
MISDEEDS = {
    "lock-order": "WARNING: possible circular locking dependency detected",
    "use-after-free": "BUG: KASAN: slab-use-after-free in use_after_free",
    "shift": "UBSAN: shift-out-of-bounds in ",
    "sleep-in-atomic": "BUG: sleeping function called from invalid context at ",
    "free-active": "ODEBUG: free active ",
}
COMMIT = "/sys/module/misdeeds/parameters/commit"
# A report would come in the middle of the shell's answers.
READY = ("echo Y > /sys/module/printk/parameters/console_no_auto_verbose; "
         "insmod /modules/misdeeds.ko")
DRIVER = "/sys/bus/platform/drivers/optee"


def reports(log, machine):
    """Those in what the kernel said: the traces, and the names of those that are not ours."""
    ours, others = [], set()
    for found in REPORT.finditer(log):
        trace = "\n".join(log[found.start():].splitlines()[:60]).partition("---[ end trace")[0]
        names = {name for name, caller in NOT_OURS.items() if name in found[0] and caller in trace}
        others |= names
        if not names and not (machine.firmware == "plain" and STRAY in trace):
            ours.append(trace)
    return ours, others


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
            if leak.startswith("unreferenced") and "[misdeeds]" not in leak
            and NOT_OUR_LEAK not in leak]


def look(board):
    """Nothing is in the log since the driver was loaded, no lock was found wanting, nothing
    is lost. What waits for RCU goes, a leak stays however often one looks."""
    ours, _ = reports(board.dmesg(), board.machine)
    assert not ours, "\n\n".join(ours)
    for _ in range(3):
        found = leaks(board)
        if not found:
            break
    assert not found, "\n".join(found)
    # It is switched off by what it reports, and by a lack of room.
    assert re.search(r"^ *debug_locks: +1$", board.sh("cat /proc/lockdep_stats"), re.M)


@pytest.fixture
def console(request, machine):
    """Nothing is reported on it, while a kernel starts or ends."""
    yield
    log = (request.node.logs / "normal.log").read_text(errors="replace")
    ours, _ = reports(log, machine)
    assert not ours, "\n\n".join(ours)


@pytest.fixture
def checked(console, board):
    board.sh(READY)
    yield board
    look(board)


@machine(**DEBUG)
def test_misdeeds_are_reported(board):
    """Each by its checker; leaks() shows that of kmemleak."""
    board.sh(READY)
    for misdeed, report in MISDEEDS.items():
        board.sh(f"dmesg -c > /dev/null; echo {misdeed} > {COMMIT}")
        log = board.dmesg()
        assert any(report in found for found in reports(log, board.machine)[0]), log
    assert not re.search(r"^ *debug_locks: +1$", board.sh("cat /proc/lockdep_stats"), re.M)


@pytest.mark.parametrize("machine", ({"firmware": "virtualized"}, {"firmware": "plain"}),
                         ids=("guest", "plain"), indirect=True)
@machine(**DEBUG)
def test_xtest(checked):
    checked.load()
    checked.xtest(SUBSET, timeout=1200)
    checked.unload()


@machine(**{**DEBUG, **VIRTUALIZED})
def test_ffa(checked):
    """The FF-A driver with our change."""
    assert "ARM FF-A: guest 1\n" in checked.load_ffa()
    checked.xtest(SUBSET, timeout=1200)
    checked.unload_ffa()
    assert checked.guests() == (1, 1)


@machine(**DEBUG)
def test_refused(checked):
    """The probe undoes what it has done so far."""
    be_refused_and_served(checked)


@machine(**DEBUG)
def test_50_rounds(checked):
    load_rounds(checked, ROUNDS, "insmod /modules/id-1/optee.ko")


@machine(**DEBUG, disks=True)
def test_kexec(checked):
    look(checked)
    kexec(checked, 1)


@machine(**DEBUG, disks=True)
def test_crash_kernel(checked):
    crash(checked, CLIENTS)
    be_fresh_guest(checked)


@machine(**DEBUG)
def test_load(checked, note):
    checked.load()
    rounds = load_while_cpus_come_and_go(checked, 8, 3)
    note(f"debug kernel: 8 clients, {rounds} runs of xtest while CPUs came and went")
    checked.xtest("1004")


class Faults:
    """Allocations that fail: the nth of a task that has the driver among its callers, less
    those by which kmemleak keeps its books."""

    def __init__(self, board):
        self.board = board
        self.ours = 0
        self.others = set()
        board.sh("start=$(cat /sys/module/optee/sections/.text); end=$(printf 0x%x $((start + "
                 "$(awk '$1 == \"optee\" { print $2 }' /proc/modules)))); "
                 "set -- $(sort /proc/kallsyms | grep -A 1 ' __alloc_object$' | cut -d ' ' -f 1); "
                 "cd /sys/kernel/debug; for kind in failslab fail_page_alloc; do "
                 "echo N > $kind/ignore-gfp-wait; echo $start > $kind/require-start; "
                 "echo $end > $kind/require-end; "
                 "echo 0x$1 > $kind/reject-start; echo 0x$2 > $kind/reject-end; done; "
                 "echo N > fail_page_alloc/ignore-gfp-highmem; echo 0 > fail_page_alloc/min-order", 60)

    def sysfs(self, what, nth=0):
        """Bind or unbind; whether an allocation has failed, whether the device is bound."""
        log = self.board.sh(
            f"dmesg -c > /dev/null; echo {nth} > /proc/self/fail-nth; "
            f"echo firmware:optee > {DRIVER}/{what} 2> /dev/null; "
            "read left < /proc/self/fail-nth; echo 0 > /proc/self/fail-nth; dmesg; "
            f"[ -e {DRIVER}/firmware:optee ]; echo left=$left unbound=$?")
        ours, others = reports(log, self.board.machine)
        assert not ours, f"{what}, allocation {nth}:\n" + "\n".join(ours)
        self.others |= others
        self.ours += "optee_virt_compat_" in log
        left, unbound = re.search(r"^left=(\d+) unbound=(\d)$", log, re.M).groups()
        return nth and left == "0", unbound == "0"


@pytest.mark.parametrize("machine, driver, attributes", (
    ({"firmware": "virtualized"}, "id-1", ("guest", "1", "smc")),
    ({"firmware": "plain"}, "stock", None),
), ids=("guest", "stock"), indirect=["machine"])
@machine(**DEBUG)
def test_each_allocation_fails_once(checked, driver, attributes, note):
    """Each one of the probe, then each one of the removal. The probe fails and leaves
    nothing, or the device works."""
    checked.load(driver)
    faults = Faults(checked)
    faults.sysfs("unbind")
    failed = 0

    def nothing_stays(what):
        added, removed = checked.guests()
        assert added == removed, f"{what}: {added} guests added, {removed} removed"

    for nth in itertools.count(1):
        hit, bound = faults.sysfs("bind", nth)
        if bound:
            assert not attributes or checked.attributes() == attributes
            faults.sysfs("unbind")
        else:
            assert hit
            failed += 1
        nothing_stays(f"allocation {nth} of the probe")
        if not hit:
            break
    probed = nth - 1
    for nth in itertools.count(1):
        faults.sysfs("bind")
        hit, bound = faults.sysfs("unbind", nth)
        assert not bound
        nothing_stays(f"allocation {nth} of the removal")
        if not hit:
            break
    note(f"{driver} on {checked.machine.firmware}: {probed} allocations of the probe failed, "
         f"{faults.ours} of them ours, and {failed} times the probe; {nth - 1} of the removal")
    assert failed and bool(faults.ours) == bool(attributes)
    if not attributes:
        assert faults.others == set(NOT_OURS), "a fault of the kernel's is fixed: see NOT_OURS"
    faults.sysfs("bind")
    checked.xtest("1004")
