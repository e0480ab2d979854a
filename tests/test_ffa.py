# SPDX-License-Identifier: BSD-2-Clause
"""OP-TEE that is called by FF-A, as the SPMC at S-EL1: the FF-A driver as it is and with
our change, on a virtualized OP-TEE and on a plain one."""

import re

import pytest

from bench.machine import BUILD, XEN
from test_cpus import LOOP, SWITCH_ON, late_cpu_is_refused, runs_on_each_cpu
from test_guide import commands
from test_life import FILES, leave_nothing, load_rounds
from test_linux import SUBSET
from test_static import applied_once, refusal, refused_in_a_line, run

full = pytest.mark.full
machine = pytest.mark.machine

VIRTUALIZED = {"suite": "sid", "firmware": "ffa", "ffa": True}
PLAIN = {**VIRTUALIZED, "firmware": "ffa-plain"}
FIXED = {**VIRTUALIZED, "firmware": "ffa-fixed"}
SHIM = {"shim": True}
# No CPU can be switched off on this firmware: see docs/guide/ffa.md.
KEXEC = {"disks": True, "cpus": 1}

SCATTERED = "/client 1 scattered:2097152"

SOURCE = BUILD / "linux/6.12/ffa/src"
DRIVER = "drivers/firmware/arm_ffa/driver.c"


def becomes_guest(board):
    """By the driver with our change, or by the shim below the one without."""
    log = board.load_ffa("stock" if board.machine.shim else "id-1")
    assert ("ARM FF-A: guest 1\n" in log) != board.machine.shim, log
    assert "optee: initialized driver" in log, log
    added, removed = board.guests()
    assert added == removed + 1


def both_ways(*machines):
    """Each of these scenarios with our driver, and with the stock one on the shim."""
    return pytest.mark.parametrize(
        "machine", [{**machine, **below} for machine in machines for below in ({}, SHIM)],
        ids=[f"{machine['firmware']}-{way}" for machine in machines for way in ("driver", "shim")],
        indirect=True)


def interrupts(board):
    """How many notifications the FF-A driver has been interrupted by."""
    counts = re.search(r"^ *\d+:((?: +\d+)+) .*ARM-FFA", board.sh("cat /proc/interrupts"), re.M)
    return sum(int(count) for count in counts[1].split())


@machine(**VIRTUALIZED)
def test_stock_driver_is_refused(board):
    """The picture of before: it is nobody's guest, and takes the refusal for a version."""
    assert "Incompatible OP-TEE API version 4294901768.0" in board.load_ffa("stock")
    board.sh("! ls /dev/tee0")
    assert board.guests() == (0, 0)


@pytest.mark.row(15)
@both_ways(VIRTUALIZED)
def test_guest(board):
    if board.machine.shim:
        assert "optee-shim: FF-A guest 1 if a partition asks, 2 CPUs" in board.normal()
    assert board.sh("nproc") == "2" and board.guests() == (0, 0)
    becomes_guest(board)
    board.xtest("-t regression 1004")
    board.unload_ffa()
    assert board.guests() == (1, 1)
    becomes_guest(board)
    board.xtest("-t regression 1001")


@full
@pytest.mark.parametrize("machine", (SHIM, {"xen": "4.20/stock"}), ids=("shim", "xen"),
                         indirect=True)
@machine(**VIRTUALIZED)
def test_driver_steps_aside(board):
    """FFA_ID_GET has answered an id: there is somebody who announces."""
    log = board.load_ffa("id-1")
    assert "ARM FF-A: guest" not in log and "optee: initialized driver" in log, log
    assert board.guests() == (1, 0)
    board.xtest("-t regression 1004")


def share_scattered(board, way):
    """(what the client says of memory whose description needs more than one message, its
    exit status)"""
    board.load_ffa(way)
    return board.try_sh(f"tee-supplicant -d; {SCATTERED}")


@full
@pytest.mark.parametrize("machine, way", ((FIXED, "id-1"), ({**FIXED, **SHIM}, "stock")),
                         ids=("driver", "shim"), indirect=["machine"])
@machine(client=True)
def test_memory_in_many_pieces(board, way):
    """OP-TEE must know whose the second message is."""
    out, status = share_scattered(board, way)
    assert not status, out


# This OP-TEE takes it from nobody, see optee-os/fragments.cocci, and the fixed one not as
# the stock driver sends it.
@full
@pytest.mark.parametrize("machine, way", ((VIRTUALIZED, "id-1"), (FIXED, "unowned")),
                         ids=("by-this-optee", "without-its-owner"), indirect=["machine"])
@machine(client=True)
def test_memory_in_many_pieces_is_refused(board, way):
    out, status = share_scattered(board, way)
    assert status and ("refuses this memory" in out or "registering memory failed" in out), out
    board.xtest("-t regression 1004")


@full
@both_ways(PLAIN)
def test_nothing_is_announced_to_a_plain_optee(board):
    assert "ARM FF-A: guest" not in board.load_ffa("stock" if board.machine.shim else "id-1")
    board.xtest("-t regression 1004")
    assert board.guests() == (0, 0)


@full
@pytest.mark.parametrize("way", ("stock", "id-1"))
@machine(**VIRTUALIZED, append="kvm-arm.mode=protected")
def test_protected_kvm_is_left_alone(board, way):
    """It passes on what Linux sends by FF-A, from nobody but the id 0."""
    assert re.search(r"Protected n?h?VHE mode initialized", board.dmesg())
    log = board.load_ffa(way)
    assert "Incompatible OP-TEE API version" in log and "guest" not in log, log
    board.sh("! ls /dev/tee0")
    assert board.guests() == (0, 0)


@full
@pytest.mark.parametrize("machine", ({"xen": XEN}, {"xen": "trixie/packaged"}),
                         ids=("4.17", "packaged"), indirect=True)
@machine(**VIRTUALIZED)
def test_xen_without_a_mediator_has_no_ffa(board):
    """Nothing of FF-A reaches the firmware from dom0."""
    out, status = board.try_sh("insmod /modules/ffa-core.ko; insmod /modules/ffa-id-1.ko")
    assert status and "Operation not supported" in out, out
    assert "ARM FF-A: guest" not in board.dmesg() and board.guests() == (0, 0)


@both_ways(VIRTUALIZED)
def test_subset(board):
    becomes_guest(board)
    before = interrupts(board)
    board.xtest(SUBSET, 600)
    assert interrupts(board) > before


@full
@both_ways(VIRTUALIZED)
def test_whole_xtest(board, note):
    becomes_guest(board)
    cases, subtests = board.xtest("-l 0", timeout=3000)
    note(f"whole xtest by FF-A{', stock driver on the shim' if board.machine.shim else ''}: "
         f"{cases} cases, {subtests} subtests, 0 failed")


@full
@machine(**VIRTUALIZED, **SHIM, line="newest")
def test_debians_newest_kernel_on_the_shim(board, note):
    becomes_guest(board)
    board.xtest(SUBSET, 600)
    board.unload_ffa()
    assert board.guests() == (1, 1)
    becomes_guest(board)
    board.xtest("-t regression 1001")
    board.unload_ffa()  # 7.3 waits for the last client to end before it switches off
    note(f"stock Linux {board.sh('uname -r')} and its drivers by FF-A on the shim: passed")


@full
@machine(**VIRTUALIZED, **LOOP, append="maxcpus=1")
def test_late_cpu_is_kept_off(board):
    """No hang, and a line that names it; after the remedy all CPUs serve."""
    becomes_guest(board)
    late_cpu_is_refused(board, "ARM FF-A", "loaded")

    board.unload_ffa()
    board.sh(SWITCH_ON)
    becomes_guest(board)
    runs_on_each_cpu(board)


@full
@pytest.mark.parametrize("machine", ({}, {**LOOP, **SHIM}), ids=("other-processor", "shim"),
                         indirect=True)
@machine(**VIRTUALIZED, append="maxcpus=1")
def test_late_cpu_may_come(board):
    becomes_guest(board)
    board.sh(SWITCH_ON)
    runs_on_each_cpu(board)


@full
@both_ways(VIRTUALIZED)
@machine(reboots=True)
def test_reboot_under_load(board):
    """Clients are in OP-TEE, and have memory shared, when the guest is removed."""
    becomes_guest(board)
    board.xtest("-t regression 1004")
    board.sh("for n in 1 2; do (while :; do xtest -t regression 1004; done > /dev/null 2>&1 &) done")
    board.boots_again("reboot -f")
    first, second = board.secure().split("Primary CPU initializing")[1:]
    assert first.count("Removing guest 1") == first.count("Added guest 1") == 1
    becomes_guest(board)
    board.xtest("-t regression 1004")


@full
@both_ways(FIXED)
@machine(append="slub_debug=U")
def test_300_rounds_leave_nothing(board, note):
    """It takes an OP-TEE that gives back the buffers' addresses, optee-os/rxtx-unmap.cocci.
    Linux forgets a mask when the driver, also the stock one, gives back its interrupt."""
    way = "stock" if board.machine.shim else "id-1"
    board.sh("insmod /modules/tee.ko; insmod /modules/ffa-core.ko")
    load = f"insmod /modules/ffa-{way}.ko && insmod /modules/ffa/optee.ko"
    said = leave_nothing(
        board, lambda count: load_rounds(board, count, load, "rmmod optee && rmmod ffa_module"),
        lambda: board.load_ffa(way), board.unload_ffa, "irq_set_percpu_devid_partition+",
        rounds=300)
    note(f"300 rounds by FF-A, {way}{' on the shim' if board.machine.shim else ''}: {said}")
    assert board.guests() == (312, 312)


@full
@machine(**{**VIRTUALIZED, "firmware": "ffa-crowded"})
def test_no_room(board):
    log = board.load_ffa()
    assert "ARM FF-A: guest 1 of partition 0x8001: no room for a guest" in log, log
    board.sh("! ls /dev/tee0")


@full
@machine(**{**VIRTUALIZED, "firmware": "ffa-crowded"}, **SHIM)
def test_no_room_on_the_shim(board):
    finds_no_buffers(board, "stock")
    assert "optee-shim: no room for a guest: lower CFG_VIRT_GUEST_COUNT" in board.normal()
    assert board.guests() == (0, 0)


def finds_no_buffers(board, way):
    out, status = board.try_sh(f"insmod /modules/ffa-core.ko; insmod /modules/ffa-{way}.ko")
    assert status, out
    assert "ARM FF-A: failed to register FFA RxTx buffers" in board.dmesg(5)


def kexec(board, way):
    """With the drivers loaded, and the memory of a client shared."""
    load, start = commands("kexec.md")[:2]
    board.read_disks()
    board.load_ffa(way)
    board.xtest("-t regression 1004")
    board.sh(f"{FILES}; {load}", 120)
    board.boots_again(start)


@full
@pytest.mark.parametrize("machine, times", (({**FIXED, **KEXEC}, 10), ({**PLAIN, **KEXEC}, 2)),
                         ids=("virtualized", "plain"), indirect=["machine"])
def test_kexec(board, times):
    for _ in range(times):
        kexec(board, "id-1")
        assert board.guests()[0] == board.guests()[1]
        assert "stays shared" not in board.normal()
    board.load_ffa()
    board.xtest("-t regression 1004")


@full
@machine(**PLAIN, **KEXEC)
def test_kexec_leaves_the_stock_driver_without_buffers(board):
    kexec(board, "stock")
    finds_no_buffers(board, "stock")


@full
@machine(**PLAIN, **KEXEC)
def test_crash_kernel_gets_no_buffers(board):
    """Those of the kernel that has crashed are still mapped."""
    board.read_disks()
    board.sh(f"{FILES}; {commands('kexec.md')[2]}", 120)
    board.load_ffa()
    board.boots_again("echo c > /proc/sysrq-trigger")
    finds_no_buffers(board, "id-1")


def test_option_off_is_the_stock_driver():
    def code(way):
        module = BUILD / f"linux/6.12/ffa/{way}/ffa-module.ko"
        if not module.exists():
            pytest.skip(f"{module.relative_to(BUILD.parent)} is not there")
        result = run("aarch64-linux-gnu-objdump", "--disassemble-all", "--reloc",
                     "--section=.text", "--section=.init.text", "--section=.exit.text", module)
        assert result.returncode == 0
        return result.stdout.splitlines()[3:]

    assert len(code("stock")) > 1000
    assert code("off") == code("stock")
    assert code("id-1") != code("stock")


def test_module_builds_without_a_warning_of_ours():
    def warnings(way):
        """Of gcc with W=1, of kernel-doc and of sparse."""
        log = BUILD / f"linux/6.12/ffa/{way}/log"
        if not log.exists():
            pytest.skip(f"{log.relative_to(BUILD.parent)} is not there")
        assert "CHECK" in log.read_text()
        return [re.sub(r".*/arm_ffa/|:\d+", "", line) for line in log.read_text().splitlines()
                if "warning" in line]

    assert warnings("id-1") == warnings("off") == warnings("stock")


@pytest.fixture
def tree(tmp_path):
    """What linux/ffa/apply needs of a kernel's source."""
    if not (SOURCE / DRIVER).exists():
        pytest.skip(f"{SOURCE.relative_to(BUILD.parent)} is not there")
    for path in sorted((SOURCE / DRIVER).parent.iterdir()):
        copy = tmp_path / "drivers/firmware/arm_ffa" / path.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    return tmp_path


def test_apply_puts_the_change_into_a_tree_once(tree):
    files = applied_once(tree, "linux/ffa/apply")
    added = {path.name for path in files} - {path.name for path in SOURCE.rglob("*")}
    assert added == {"ffa_guest.c", "ffa_guest.h", "optee_guest_faults_cpus.h",
                     "virt_compat.c", "virt_compat.h"}


@pytest.mark.parametrize("gone, instead, hook", (
    ('#include "common.h"', '#include "other.h"', 'virt_compat.h"'),
    ("\tffa_notifications_setup();", "\tother();", "ffa_virt_compat_enter"),
    (".a0 = FFA_MEM_FRAG_TX", ".a0 = OTHER", "ffa_virt_compat_owner"),
    ("return ret < 0 ? ret : 0;", "return ret;", "ffa_virt_compat_shared"),
    ("ret = ffa_setup_partitions();\n\tif (!ret)", "ret = other();\n\tif (!ret)", "leave(&"),
))
def test_apply_names_a_hook_that_does_not_fit(tree, gone, instead, hook):
    said = refusal("linux/ffa/apply", tree, tree / DRIVER, gone, instead)
    assert hook in said and "instead of" in said, said


def as_a_device(tree):
    """The driver of 7.2."""
    driver = tree / DRIVER
    driver.write_text(driver.read_text().replace("static int __init ffa_init(void)",
                                                 "static int ffa_probe(struct platform_device *p)"))


def test_apply_names_what_a_tree_lacks(tree):
    refused_in_a_line("linux/ffa/apply", tree, as_a_device, "lacks a shutdown .* 7.3 has it")
