# SPDX-License-Identifier: BSD-2-Clause
"""The Linux driver on real firmware: what it shows with and without a hypervisor's
work to do."""

import pytest

from bench.board import EXCHANGE_CAPABILITIES, GET_OS_REVISION, BoardLost, SecureWorldHalted, ours
from bench.machine import NO_EL2, NVHE, VHE

# Sessions, parameters, cryptography, sockets, storage, and PKCS#11's cases of the
# same numbers: a good half minute of the whole run's eight.
SUBSET = "1001 1002 1003 1004 1005 1007 2001 2003 6001 6003 6004"

machine = pytest.mark.machine
full = pytest.mark.full
row = pytest.mark.row


@pytest.mark.halts
def test_stock_driver_halts_optee(board):
    """The picture of before: the first call that needs a guest is the last."""
    with pytest.raises(SecureWorldHalted) as halted:
        board.load("debian")
    assert "Added guest" not in board.secure()
    assert "assertion" in str(halted.value) or "anic" in str(halted.value)


def test_what_this_optee_is(board, note):
    major, minor, *_ = board.smc(GET_OS_REVISION)
    caps = board.smc(EXCHANGE_CAPABILITIES)[1]
    guests = board.fill()
    board.remove(guests)
    assert caps & 1 << 3 and guests
    note(f"OP-TEE {major}.{minor}: capabilities {caps:#x}, "
         f"{'with' if caps & 1 << 5 else 'without'} asynchronous notifications, "
         f"room for {len(guests)} guests")


@row(1)
@pytest.mark.each_line
@pytest.mark.parametrize("machine", ({"suite": "trixie"}, {"suite": "sid"}),
                         ids=("optee-of-trixie", "optee-of-sid"), indirect=True)
def test_guest(board):
    log = board.load()
    assert "guest 1, conduit smc" in log and "initialized driver" in log
    assert board.attributes() == ("guest", "1", "smc")
    assert "Added guest 1" in board.secure()
    board.xtest(SUBSET)
    board.unload()
    assert "Removing guest 1" in board.secure()
    assert not board.has_guest(1)

    board.load()
    assert board.attributes() == ("guest", "1", "smc")
    board.xtest("1004")


@pytest.mark.parametrize("driver, parameters", (
    ("id-1", "vm_id=7"), ("id-7", "")), ids=("parameter", "kconfig"))
def test_guest_with_another_id(board, driver, parameters):
    board.load(driver, parameters)
    assert board.attributes() == ("guest", "7", "smc")
    assert "Added guest 7" in board.secure()
    assert not board.has_guest(1)
    board.xtest("1004")


@pytest.mark.parametrize("number", (1, 65535))
def test_guest_with_the_lowest_and_the_highest_id(board, number):
    board.load(parameters=f"vm_id={number:#x}")
    assert board.attributes() == ("guest", str(number), "smc")
    board.xtest("1004")


@row(14)
@pytest.mark.oldest_line
@machine(firmware="plain")
def test_plain_optee(board):
    log = board.load()
    assert "plain, conduit smc" in log and "initialized driver" in log
    assert board.attributes() == ("plain", "none", "smc")
    board.xtest(SUBSET)
    assert "Added guest" not in board.secure()


@pytest.mark.other_lines
@machine(interrupt=False)
def test_switched_off_is_the_stock_driver(board):
    """Without an interrupt the stock driver gives up just before the call that
    halts OP-TEE, so that its behaviour can be compared."""
    stock = board.load("debian")
    board.unload()
    for driver, parameters in (("id-1", "virt_compat=0"), ("off", "")):
        log = board.load(driver, parameters)
        assert log == stock
        assert board.try_sh("cat /sys/bus/platform/devices/firmware:optee/vm_role")[1]
        board.unload()
    assert "optee: platform_get_irq: ret " in stock
    assert "Added guest" not in board.secure()


HVC = {"method": "hvc"}


@pytest.mark.parametrize("machine, outcome", (
    (NVHE | HVC, "optee: api uid mismatch"),
    (VHE | HVC, "Kernel panic - not syncing: Unhandled exception"),
    (NO_EL2 | HVC, "Internal error: Oops - Undefined instruction"),
), ids=("nvhe", "vhe", "no-el2"), indirect=["machine"])
@pytest.mark.lost
def test_stock_driver_and_a_tree_that_says_hvc(board, outcome):
    """The picture of before, once more."""
    try:
        board.try_sh("dmesg -n 8; insmod /modules/tee.ko; insmod /modules/debian/optee.ko")
    except BoardLost:
        pass
    assert outcome in board.normal()


@pytest.mark.other_lines
@pytest.mark.parametrize("machine", (
    pytest.param(NVHE | HVC, marks=row(2)), pytest.param(VHE | HVC, marks=row(3)),
    pytest.param(NO_EL2 | HVC, marks=row(4))),
                         ids=("nvhe", "vhe", "no-el2"), indirect=True)
def test_tree_that_says_hvc(board):
    log = board.load()
    warnings = [line for line in ours(log) if "HVC" in line]
    assert len(warnings) == 1 and "method" in warnings[0] and "/firmware/optee" in warnings[0], log
    assert board.attributes() == ("guest", "1", "smc")
    board.xtest("1004")


@pytest.mark.parametrize("machine", (NVHE, VHE, NO_EL2), ids=("nvhe", "vhe", "no-el2"),
                         indirect=True)
def test_tree_that_says_smc_is_obeyed(board):
    log = board.load()
    assert ours(log) == ["optee firmware:optee: guest 1, conduit smc"], log
    assert board.attributes() == ("guest", "1", "smc")
    board.xtest("1002")


@machine(callers=(("arm,smc-wdt", 0xb2000042), ("arm,scmi-smc", 0xc2000042)))
def test_device_that_calls_optee_by_itself(board):
    """The watchdog's id is one of the Trusted OS, the other one of the silicon's vendor."""
    log = board.load()
    warnings = [line for line in ours(log) if "past this driver" in line]
    assert len(warnings) == 1, log
    assert all(word in warnings[0] for word in ("/arm-smc-wdt", "0xb2000042", "optee-shim"))
    assert board.attributes() == ("guest", "1", "smc")


@pytest.mark.parametrize("machine, error", (
    ({"method": None}, 'missing "method" property'),
    ({"method": "call"}, 'invalid "method" property: call'),
), ids=("missing", "nonsense"), indirect=["machine"])
def test_tree_without_a_conduit_is_refused_as_by_the_stock_driver(board, error):
    stock = board.load("debian")
    board.unload()
    log = board.load()
    assert log == stock and error in log


@pytest.mark.other_lines
@machine(interrupt=False)
def test_error_after_the_announcement(board):
    log = board.load()
    assert "optee: platform_get_irq: ret " in log
    assert "Added guest 1" in board.secure() and "Removing guest 1" in board.secure()
    assert not board.has_guest(1)
    board.sh("! ls /dev/tee0 /sys/bus/platform/devices/firmware:optee/vm_role")


def be_refused_and_served(board):
    """Without a free slot, and with one."""
    guests = board.fill()

    log = board.load()
    assert len(ours(log)) == 1 and "no room for another guest" in log, log
    assert not board.has_guest(1)
    board.unload()

    board.remove(guests[:1])
    board.load()
    assert board.attributes() == ("guest", "1", "smc")
    board.xtest("1004")
    board.remove(guests[1:])


@row(5)
@pytest.mark.oldest_line
def test_no_free_slot(board):
    be_refused_and_served(board)


@row(5)
@machine(suite="sid", firmware="crowded")
def test_no_room_for_a_first_guest(board):
    """CFG_VIRT_GUEST_COUNT divides the memory, here by too much."""
    log = board.load()
    assert len(ours(log)) == 1 and "no room for a first guest: lower CFG_VIRT_GUEST_COUNT" in log
    board.sh("! ls /dev/tee0")


@row(6)
@machine(suite="sid", firmware="async")
def test_optee_4_4_that_halts_of_notifications(board):
    log = board.load()
    warnings = [line for line in ours(log) if "asynchronous notifications" in line]
    assert len(warnings) == 1 and "4.5.0 or later" in warnings[0], log
    assert "initialized driver" in log and "notifications enabled" not in log
    assert board.attributes() == ("guest", "1", "smc")
    board.xtest(SUBSET)


@pytest.mark.parametrize("value", ("0", "65536", "-1", "text", "4294967297", "''"))
def test_bad_id_is_refused_before_any_call(board, value):
    before = board.secure_without_time()
    log = board.load(parameters=f"vm_id={value}")
    assert len(ours(log)) == 1 and "1..65535" in log, log
    assert "revision" not in log
    assert board.secure_without_time() == before
    board.sh("! ls /dev/tee0")


@full
@pytest.mark.parametrize("machine, driver", (
    ({}, "id-1"),
    ({"firmware": "plain"}, "id-1"),
), ids=("guest", "plain"), indirect=["machine"])
def test_whole_xtest(board, driver, note):
    board.load(driver)
    cases, subtests = board.xtest("-l 0", timeout=3000)
    note(f"whole xtest, {board.machine.firmware} OP-TEE, driver {driver}: "
         f"{cases} cases, {subtests} subtests, 0 failed")
