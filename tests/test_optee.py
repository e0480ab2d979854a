# SPDX-License-Identifier: BSD-2-Clause
"""OP-TEE's own faults that a native system meets, before and after optee-os/ has fixed
them: SUITE's source as it is, and with all fixes."""

import re
import shutil

import pytest
from pexpect import TIMEOUT

from bench.board import ENOTAVAIL, VM_CREATED, VM_DESTROYED, SecureWorldHalted
from bench.machine import BUILD
from test_cpus import CASES, LOOP
from test_life import heaps
from test_linux import SUBSET
from test_static import refusal, refused_in_a_line, run, snapshot
from test_xen import BOOT_XEN, OURS

full = pytest.mark.full
machine = pytest.mark.machine

BEFORE = {"suite": "sid"}
AFTER = {"suite": "sid", "firmware": "fixed"}

SOURCE = BUILD / "optee/sid-source/root/optee-os"
FIXES = ("async-notif", "duplicate", "fragments", "guest-tables", "late-cpu", "rxtx-map",
         "rxtx-unmap", "tpm-log", "untagged")

# optee_os 4.10.0, core/arch/arm/include/sm/optee_smc.h
DISABLE_SHM_CACHE, ENABLE_SHM_CACHE = 0xb200000a, 0xb200000b
ENABLE_ASYNC_NOTIF = 0xb2000010
UNTAGGED = pytest.mark.parametrize(
    "function", (DISABLE_SHM_CACHE, ENABLE_SHM_CACHE, ENABLE_ASYNC_NOTIF),
    ids=("disable-shm-cache", "enable-shm-cache", "enable-async-notif"))


@full
@UNTAGGED
@pytest.mark.halts
@machine(**BEFORE)
def test_untagged_call_halts(board, function):
    with pytest.raises(SecureWorldHalted):
        board.smc(function)


@machine(**AFTER)
def test_untagged_calls_are_refused(board):
    for function in (DISABLE_SHM_CACHE, ENABLE_SHM_CACHE, ENABLE_ASYNC_NOTIF):
        assert board.smc(function)[0] == ENOTAVAIL
    assert board.smc(VM_CREATED, 5)[0] == 0
    assert board.smc(ENABLE_SHM_CACHE, a7=5)[0] == 0
    assert board.smc(ENABLE_ASYNC_NOTIF, a7=5)[0] == 0
    assert board.smc(DISABLE_SHM_CACHE, a7=5)[0] == ENOTAVAIL  # it has none
    assert board.smc(VM_DESTROYED, 5)[0] == 0


@pytest.mark.halts
@machine(**BEFORE)
def test_stock_driver_halts_the_machine(board):
    with pytest.raises(SecureWorldHalted):
        board.load("debian")


@machine(**AFTER)
def test_stock_driver_gets_no_session_and_the_system_lives_on(board):
    """Linux takes no notice of what is answered to its probe; xtest says why it fails."""
    assert "initialized driver" in board.load("debian")
    out, status = board.try_sh("tee-supplicant -d; xtest -t regression 1004", 60)
    assert status and re.search("TEEC_OpenSession.*|0xffff....", out), out
    board.unload()
    assert board.guests() == (0, 0)
    board.load()
    board.xtest("1004")


# Arm FF-A 1.1: calls, a hypervisor's messages, statuses. Pages that Linux does not have.
FFA_ERROR, FFA_SUCCESS, DIRECT_REQ = 0x84000060, 0x84000061, 0x8400006f
RXTX_MAP, RXTX_UNMAP = 0xc4000066, 0x84000067
FFA_VM_CREATED, FFA_VM_DESTROYED = 0x80000004, 0x80000006
NO_MEMORY, DENIED = -3 & 0xffffffff, -6 & 0xffffffff
PAGES = 0x78000000
OPTEE = 0x8001  # of bench/optee/spmc.dts
BY_FFA = {"suite": "sid", "ffa": True, "append": "mem=768M"}


def map_buffers(board, pages=PAGES):
    """(what it is, status)"""
    answer = board.smc(RXTX_MAP, pages, pages + 0x1000, 1)
    return answer[0], answer[2] & 0xffffffff


def tell_of_guest(board, message):
    """As a hypervisor does."""
    answer = board.smc(DIRECT_REQ, OPTEE, message, a5=5)
    assert answer[2:] == (message + 1, 0), answer


@full
@machine(**BY_FFA, firmware="ffa")
def test_buffers_after_a_guest_are_mapped(board):
    """For everybody but that guest, whose memory operations read them."""
    tell_of_guest(board, FFA_VM_CREATED)
    assert map_buffers(board)[0] == FFA_SUCCESS
    assert board.smc(RXTX_UNMAP)[0] == FFA_SUCCESS
    tell_of_guest(board, FFA_VM_DESTROYED)


@full
@machine(**BY_FFA, firmware="ffa-fixed")
def test_buffers_after_a_guest_are_refused(board):
    tell_of_guest(board, FFA_VM_CREATED)
    assert map_buffers(board) == (FFA_ERROR, DENIED)
    tell_of_guest(board, FFA_VM_DESTROYED)
    assert map_buffers(board)[0] == FFA_SUCCESS
    assert board.smc(RXTX_UNMAP)[0] == FFA_SUCCESS
    board.load_ffa()
    board.xtest("-t regression 1004")


def map_and_unmap(board):
    """In one place after the other, each of which takes an entry of the table of its own:
    the answer in the last, or where it has failed."""
    for pages in range(PAGES, 0x80000000, 2 << 20):
        answer = map_buffers(board, pages)
        if answer[0] != FFA_SUCCESS:
            break
        assert board.smc(RXTX_UNMAP)[0] == FFA_SUCCESS
    return answer


@full
@machine(**BY_FFA, firmware="ffa")
def test_addresses_of_buffers_are_used_up(board):
    assert map_and_unmap(board) == (FFA_ERROR, NO_MEMORY)


@full
@machine(**BY_FFA, firmware="ffa-fixed")
def test_addresses_of_buffers_are_given_back(board):
    assert map_and_unmap(board)[0] == FFA_SUCCESS
    board.load_ffa()
    board.xtest("-t regression 1004")


@full
@machine(**BEFORE)
def test_second_guest_of_an_id_is_made(board):
    assert board.smc(VM_CREATED, 5)[0] == board.smc(VM_CREATED, 5)[0] == 0
    for _ in range(2):
        assert board.has_guest(5)
        assert board.smc(VM_DESTROYED, 5)[0] == 0
    assert board.guests() == (2, 2)


@machine(**AFTER)
def test_second_guest_of_an_id_is_refused(board):
    for _ in range(2):
        assert board.smc(VM_CREATED, 5)[0] == 0
        assert board.smc(VM_CREATED, 5)[0] == ENOTAVAIL
        assert board.secure().count("Guest 5 exists already")
        assert board.smc(VM_DESTROYED, 5)[0] == 0
        assert not board.has_guest(5)
    assert board.guests() == (2, 2)


@pytest.mark.parametrize("machine, leaves", (
    pytest.param(BEFORE, True, marks=full), (AFTER, False)),
    ids=("before", "after"), indirect=["machine"])
def test_guests_come_and_go(board, leaves):
    """Ten others, beside ours. What they leave is in the heap of all."""
    board.load()
    before = heaps(board)["KHeap"]
    for _ in range(10):
        assert board.smc(VM_CREATED, 5)[0] == board.smc(VM_DESTROYED, 5)[0] == 0
    assert (heaps(board)["KHeap"] > before) == leaves


@full
@pytest.mark.halts
@machine(suite="sid", firmware="async")
def test_notifications_of_a_guest_halt(board):
    assert board.smc(VM_CREATED, 5)[0] == 0
    with pytest.raises(SecureWorldHalted):
        board.smc(ENABLE_ASYNC_NOTIF, a7=5)


@full
@machine(suite="sid", firmware="async-fixed")
def test_notifications_of_a_guest(board):
    assert board.smc(VM_CREATED, 5)[0] == 0
    assert board.smc(ENABLE_ASYNC_NOTIF, a7=5)[0] == 0
    assert board.smc(VM_DESTROYED, 5)[0] == 0
    board.load()
    board.xtest("1004")


# U-Boot makes the guest while it has the boot CPU only.
LATE_CPU = {**LOOP, "uboot": "2023.01/keep", "xen": OURS, 
            "xen_append": "optee-inherit=1 dom0_vcpus_pin"}


def start_dom0(board):
    """With a trusted application that has run on the boot CPU."""
    board.boot(BOOT_XEN)
    board.load("debian")
    board.sh("tee-supplicant -d; taskset 1 xtest -t regression 1004", 120)


@full
@pytest.mark.lost
@machine(**LATE_CPU, **BEFORE)
def test_late_cpu_hangs(board):
    start_dom0(board)
    with pytest.raises(TIMEOUT):
        board.sh("taskset 2 xtest -t regression 1006", 120)
    # It comes out for interrupts now and then.
    assert any(("S", "EL1h") == where[1:] for _ in range(1000) for where in board.qemu.where())


@full
@machine(**LATE_CPU, **AFTER)
def test_late_cpu_serves(board):
    start_dom0(board)
    for case in CASES.split():
        board.sh(f"taskset 2 xtest -t regression {case}", 120)


@full
@machine(suite="sid", firmware="tpm-log", tpm=True)
def test_event_log_is_empty_in_a_guest(board):
    """The firmware TPM has measured nothing."""
    board.load()
    assert board.pcr(0) == bytes(32)


@machine(**AFTER)
def test_ours_sees_no_difference(board):
    board.load()
    assert board.attributes() == ("guest", "1", "smc")
    board.xtest(SUBSET)
    board.unload()
    assert board.smc(VM_CREATED, 1)[0] == 0
    assert "left behind" in board.load()
    board.unload()
    assert board.smc(VM_CREATED, 1)[0] == 0
    assert "guest 1: inherited" in board.load(parameters="vm_inherit=1")
    board.xtest("1004")
    board.unload()
    for guest in (5, 6):
        assert board.smc(VM_CREATED, guest)[0] == 0
    assert "no room for another guest" in board.load()
    for guest in (5, 6):
        assert board.smc(VM_DESTROYED, guest)[0] == 0


@pytest.fixture
def tree(tmp_path):
    if not SOURCE.exists():
        pytest.skip(f"{SOURCE.relative_to(BUILD.parent)} is not there: sid has not answered")
    for fix in FIXES:
        for name in re.findall("^// in: (.*)", (BUILD.parent / f"optee-os/{fix}.cocci").read_text(),
                               re.M):
            (tmp_path / "core" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(SOURCE / "core" / name, tmp_path / "core" / name)
    return tmp_path


def notifies_as_4_4(tree):
    """What the fault of 4.3 and 4.4 looks like."""
    source = tree / "core/arch/arm/tee/entry_fast.c"
    text = source.read_text()
    source.write_text(re.sub(r"uint16_t g_id = 0;(.|\n)*?STARTED, g_id\)",
                             "notif_deliver_atomic_event(NOTIF_EVENT_STARTED, 0)", text))
    assert source.read_text() != text


def test_apply_puts_all_fixes_into_a_tree_once(tree):
    first = run("make", "--no-print-directory", "optee-apply", f"OSRC={tree}")
    assert first.returncode == 0, first.stdout
    assert "fixes: duplicate fragments guest-tables late-cpu rxtx-map rxtx-unmap tpm-log " \
        "untagged\n" in first.stdout
    files = snapshot(tree)
    second = run("optee-os/apply", tree)
    assert second.returncode == 0 and "nothing to fix" in second.stdout, second.stdout
    assert snapshot(tree) == files


@pytest.mark.parametrize("fix", FIXES)
def test_apply_puts_one_fix_into_a_tree(tree, fix):
    if fix == "async-notif":
        notifies_as_4_4(tree)
    before = snapshot(tree)
    result = run("make", "--no-print-directory", "optee-apply", f"OSRC={tree}", f"FIX={fix}")
    assert result.returncode == 0 and f"fixes: {fix}\n" in result.stdout, result.stdout
    changed = {str(name) for name, text in snapshot(tree).items() if before[name] != text}
    head = (BUILD.parent / f"optee-os/{fix}.cocci").read_text()
    assert changed == {f"core/{name}" for name in re.findall("^// in: (.*)", head, re.M)}


@pytest.mark.parametrize("name, gone, instead, hook", (
    ("arch/arm/tee/entry_fast.c", "void __tee_entry_fast(", "void entry(", "needs_guest("),
    ("arch/arm/kernel/virtualization.c", "nex_calloc(1, sizeof(*prtn))", "room_for_one()",
     "exists already"),
    ("arch/arm/kernel/virtualization.c", "core_mmu_set_prtn(prtn->mmu_prtn)", "other(prtn)",
     "thread_update_user_kdata()"),
    ("arch/arm/kernel/thread.c", "mobj_tee_ram_rw", "mobj_other", "thread_update_user_kdata(void)"),
    ("arch/arm/mm/core_mmu_lpae.c", "asid_free(prtn->asid);\n\tnex_free", "other();\n\tnex_free",
     "tee_mm_free(prtn->guest_tables["),
    ("kernel/tpm.c", "static size_t tpm_log_size;", "static long tpm_log_size;",
     "tpm_log_size __nex_bss"),
))
def test_apply_names_a_hook_that_does_not_fit(tree, name, gone, instead, hook):
    said = refusal("optee-os/apply", tree, tree / "core" / name, gone, instead)
    assert hook in said and "instead of" in said, said


def without_virtualization(tree):
    (tree / "core/arch/arm/kernel/virtualization.c").unlink()


def test_apply_names_what_a_tree_lacks(tree):
    refused_in_a_line("optee-os/apply", tree, without_virtualization,
                      "has no core/arch/arm/kernel/virtualization.c: ")
