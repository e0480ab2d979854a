# SPDX-License-Identifier: BSD-2-Clause
"""Xen after U-Boot, and what becomes of a guest that U-Boot has kept for a domain."""

import functools
import re
import shutil

import pytest

from bench.board import VM_CREATED
from bench.machine import BUILD, XEN, XEN_ADDRESS
from bench.qemu_board import QemuBoard
from conftest import RESULTS
from test_static import applied_once, refusal, refused_in_a_line
from test_uboot import (ASKED_FOR, META_VALUE, OPEN_SESSION, fail_an_allocation,
                        largest_failed_allocation, smc, uboot, yielding)

full = pytest.mark.full

OURS = "4.17/inherit"
BOOT_XEN = f"booti {XEN_ADDRESS:#x} - $fdtcontroladdr"
SUBSET = "1001 1002 1004 1005 1008"

# A trusted application of xtest's, os_test, as the words of a message. OP-TEE asks for
# memory before it can load it.
USER_TA = (0x11e08d00c1f8325b, 0x1b0000c5a43a9a8c)


def said_by_xen(board):
    return [line.strip() for line in board.normal().splitlines()
            if re.search(r"\bd0\b.*OP-?TEE", line)]


@uboot("id-1", xen=XEN)
def test_xen_gets_its_slots(board):
    board.boot(BOOT_XEN)
    assert re.search(r"Added guest 1(.|\n)*Removing guest 1(.|\n)*Added guest 1",
                     board.secure())
    assert board.guests() == (2, 1)
    board.load("debian")
    board.xtest("1004")


@full
@uboot("keep", xen=XEN)
def test_stock_xen_hides_what_was_kept(machine):
    """The picture of before: a second guest with dom0's id, which is a slot less and no
    state more."""
    with QemuBoard(machine, RESULTS / f"keep-uboot-xen-{machine.uboot[:7]}") as board:
        fail_an_allocation(board)
        board.boot(BOOT_XEN)
        board.load("debian")
        assert largest_failed_allocation(board) < ASKED_FOR
        board.xtest("1004")
        assert board.guests() == (2, 0)
        board.watch()


@pytest.mark.parametrize("machine", [
    pytest.param({"uboot": "2023.01/keep", "xen": OURS, "xen_append": "optee-inherit=1"}, id="4.17"),
    pytest.param({"uboot": "2025.01/keep", "xen": "4.20/inherit", "xen_append": "optee-inherit=1"},
                 id="4.20", marks=full)], indirect=True)
def test_dom0_inherits(board):
    """One guest from U-Boot to dom0, with the state that U-Boot left in it."""
    fail_an_allocation(board)
    board.boot(BOOT_XEN)
    assert len(said_by_xen(board)) == 1 and "guest 1: inherited" in said_by_xen(board)[0]
    board.load("debian")
    assert largest_failed_allocation(board) == ASKED_FOR
    board.xtest(SUBSET, timeout=900)
    assert board.guests() == (1, 0)


@full
@uboot("keep", xen=OURS)
def test_dom0_starts_afresh(board):
    """Without the option."""
    fail_an_allocation(board)
    board.boot(BOOT_XEN)
    assert len(said_by_xen(board)) == 1 and "guest 1: left behind, removed" in said_by_xen(board)[0]
    board.load("debian")
    assert largest_failed_allocation(board) < ASKED_FOR
    board.xtest(SUBSET, timeout=900)
    assert board.guests() == (2, 1)


@full
@uboot("keep", xen=OURS, xen_append="optee-inherit=1")
def test_guest_with_a_call_in_it_is_not_inherited(board):
    assert yielding(board, OPEN_SESSION, (META_VALUE, *USER_TA, 0), (META_VALUE, 0, 0, 0))[0] >> 16
    board.boot(BOOT_XEN)
    lines = said_by_xen(board)
    assert len(lines) == 2 and "has not ended" in lines[0] and "removed" in lines[1], lines
    board.load("debian")
    board.xtest("1004")
    assert board.guests() == (2, 1)


@full
@pytest.mark.parametrize("machine", ({"xen": OURS, "xen_append": "optee-inherit=1"},),
                         ids=("native",), indirect=True)
def test_nothing_kept(board):
    """As with the stock one."""
    assert not said_by_xen(board)
    board.load("debian")
    board.xtest(SUBSET, timeout=900)
    assert board.guests() == (1, 0)


def use_up_the_slots(board):
    """How many there were."""
    board.u("unbind /firmware/optee")
    return len(board.fill(functools.partial(smc, board)))


@full
@uboot("id-1", xen=XEN)
def test_stock_xen_panics_without_a_slot(machine):
    """The picture of before."""
    with QemuBoard(machine, RESULTS / f"no-slot-stock-xen-{machine.uboot[:7]}") as board:
        use_up_the_slots(board)
        board.uboot.console.sendline(BOOT_XEN)
        board.console.expect("Unable to create OPTEE client", timeout=60)
        board.console.expect("Error creating domain 0", timeout=60)


@full
@uboot("id-1", xen=OURS)
def test_dom0_without_a_slot_goes_on_without_optee(machine):
    with QemuBoard(machine, RESULTS / f"no-slot-xen-{machine.uboot[:7]}") as board:
        slots = use_up_the_slots(board)
        board.boot(BOOT_XEN)
        assert len(said_by_xen(board)) == 2, said_by_xen(board)
        assert "goes on without OP-TEE" in said_by_xen(board)[1]
        assert "api uid mismatch" in board.load("debian")
        board.sh("! ls /dev/tee0")
        assert board.guests() == (1 + slots, 1)
        board.watch()


def domain(board, what, number):
    """Have dom0 create or destroy a domain; the exit status, and what Xen and dom0 say of
    it, on one console."""
    board.sh("[ -e /dev/xen/privcmd ] || insmod /modules/xen-privcmd.ko")
    before = len(board.normal())
    _, status = board.try_sh(f"/domain {what} {number}")
    return status, re.findall(rf"d{number}:.*OP-?TEE.*|{what}: .*", board.normal()[before:])


# With tests/domain in dom0.
TOOLSTACK = {"xen": OURS, "xen_append": "optee-inherit=1",
             "extra": str(BUILD / "tests/domain.cpio")}


@full
@pytest.mark.machine(**TOOLSTACK)
def test_domain_comes_and_goes_with_its_guest(board):
    for gone in range(2):
        assert domain(board, "create", 1) == (0, [])
        assert board.guests() == (2 + gone, gone)
        assert domain(board, "destroy", 1) == (0, [])
        assert board.guests() == (2 + gone, 1 + gone)
    assert board.secure().count("Added guest 2") == 2
    board.load("debian")
    board.xtest("1004")


@full
@pytest.mark.machine(**TOOLSTACK)
def test_domain_without_a_slot_fails_in_a_line(board):
    """Xen, dom0 and the other domain live on."""
    assert domain(board, "create", 1) == (0, [])
    status, said = domain(board, "create", 2)
    assert status and len(said) == 2, said
    assert "rc = 0x7" in said[0] and "No such device" in said[1], said
    board.load("debian")
    board.xtest("1004")
    assert domain(board, "destroy", 1) == (0, [])
    assert domain(board, "create", 2) == (0, [])
    assert domain(board, "destroy", 2) == (0, [])
    assert board.guests() == (3, 2)


@full
@uboot("id-1", **TOOLSTACK)
def test_domain_of_a_toolstack_never_inherits(board):
    """A guest with its id was kept by mistake."""
    assert smc(board, VM_CREATED, 2)[0] == 0
    board.boot(BOOT_XEN)
    status, said = domain(board, "create", 1)
    assert not status and len(said) == 1 and "guest 2: left behind, removed" in said[0], said
    assert domain(board, "destroy", 1) == (0, [])
    board.load("debian")
    board.xtest("1004")
    assert board.guests() == (4, 3)


@pytest.fixture
def tree(tmp_path):
    place = "xen/arch/arm/tee"
    shutil.copytree(BUILD / "xen/4.17/root/xen" / place, tmp_path / place)
    return tmp_path


def test_apply_puts_the_change_into_a_tree_once(tree):
    applied_once(tree, "xen/apply", "make", "--no-print-directory", "xen-apply", f"XSRC={tree}")


@pytest.mark.parametrize("gone, instead, hook", (
    ("#include <asm/tee/optee_rpc_cmd.h>", "#include <asm/other.h>", '#include "virt_compat.h"'),
    ("arm_smccc_smc(OPTEE_SMC_VM_CREATED, OPTEE_CLIENT_ID(d)", "announce(d",
     "optee_virt_compat_enter"),
    ("return -ENODEV;", "return -EIO;", "optee_virt_compat_refused"),
))
def test_apply_names_a_hook_that_does_not_fit(tree, gone, instead, hook):
    said = refusal("xen/apply", tree, tree / "xen/arch/arm/tee/optee.c", gone, instead)
    assert hook in said and "applied 0 times instead of 1" in said, said


def without_mediator(tree):
    (tree / "xen/arch/arm/tee/optee.c").unlink()


def test_apply_names_what_a_tree_lacks(tree):
    refused_in_a_line("xen/apply", tree, without_mediator, "has no xen/arch/arm/tee/optee.c: ")
