# SPDX-License-Identifier: BSD-2-Clause
"""U-Boot's driver on real firmware, and what it hands over to who comes next."""

import functools
import re
import shutil
import struct
import zlib

import pytest

from bench.board import CALLS_UID, ENOTAVAIL, UID_0, VM_CREATED, VM_DESTROYED
from bench.machine import BUILD, DOM0_ADDRESS, Machine
from bench.qemu_board import QemuBoard
from conftest import RESULTS
from test_static import applied_once, refusal, refused_in_a_line, run

VERSIONS = ("2023.01", "2025.01")
SUBSET = "1001 1003 1004 6001"

BOOTI = f"booti {DOM0_ADDRESS:#x} - $fdtcontroladdr"
BOOTEFI = (f"setenv bootargs console=ttyAMA0 panic=-1 initrd=initrd; "
           f"load virtio 0:1 {DOM0_ADDRESS:#x} vmlinuz; "
           f"bootefi {DOM0_ADDRESS:#x} $fdtcontroladdr")

# optee_os 4.5.0, core/include/optee_msg.h and core/arch/arm/include/sm/optee_smc.h
CALL_WITH_ARG = 0x32000004
OPEN_SESSION, REGISTER_SHM = 0, 4
META_VALUE, TMEM_OUTPUT_PAGES = 0x101, 0x20a
DEVICE_PTA = (0x5340dedd88a61170, 0xb813df4d3c7ba9a5)
MESSAGE = 0x4a000000

# Memory to register in MiB; OP-TEE asks its heap, which has 196 KiB here, for
# eight bytes a page.
TOO_MUCH, ASKED_FOR = 128, 128 * 256 * 8


def uboot(way, *params, newer=False, **machine):
    """Run a test with U-Boot built this way, with --full also the newer one if it shows
    something that depends on U-Boot's version."""
    return pytest.mark.parametrize("machine", [
        pytest.param({"uboot": f"{version}/{way}", **machine, **more},
                     id="-".join([version, *map(str, more.values())]),
                     marks=[pytest.mark.full] if version != VERSIONS[0] else [])
        for version in VERSIONS[:1 + newer] for more in params or ({},)], indirect=True)


def smc(board, function, *arguments, a7=0):
    """One call from U-Boot; a0..a3 of the answer."""
    words = [function, *arguments, *[0] * (6 - len(arguments)), a7]
    answer = board.u("smc " + " ".join(f"{word:x}" for word in words))
    return tuple(int(word, 0) for word in re.search(r"Res: +(.*)", answer)[1].split())


def yielding(board, command, *parameters):
    """One yielding call of guest 1, its message written by hand; (a0 of the answer,
    the message's result)."""
    board.u(f"mw.l {MESSAGE:x} 0 40; mw.l {MESSAGE:x} {command:x}; "
            f"mw.l {MESSAGE + 0x1c:x} {len(parameters):x}")
    for number, words in enumerate(parameters):
        at = MESSAGE + 0x20 + 0x20 * number
        board.u("; ".join(f"mw.q {at + 8 * n:x} {word:x}" for n, word in enumerate(words)))
    answer = smc(board, CALL_WITH_ARG, 0, MESSAGE, a7=1)[0]
    return answer, int(board.u(f"md.l {MESSAGE + 0x14:x} 1").split()[1], 16)


def fail_an_allocation(board):
    """Leave a trace in the guest: OP-TEE keeps count of what its heap, one in each
    guest, had no room for."""
    answer, result = yielding(board, REGISTER_SHM,
                              (TMEM_OUTPUT_PAGES, MESSAGE + 0x1000, TOO_MUCH << 20, 1))
    assert answer == 0 and result != 0


def largest_failed_allocation(board):
    out = board.sh("xtest --stats --alloc")
    return int(re.search(r"larg\w+ allocation failure: +(\d+)", out)[1])


def bootm(board):
    """Put a legacy image's header before the kernel; the command that starts it."""
    address = DOM0_ADDRESS - 64
    size = board.machine.kernel.stat().st_size
    # include/image.h of U-Boot: magic, header's CRC, time, size, load and entry
    # address, data's CRC; Linux, arm64, a kernel, not compressed; name.
    header = struct.pack(">7I4B32s", 0x27051956, 0, 0, size, DOM0_ADDRESS, DOM0_ADDRESS, 0,
                         5, 22, 2, 0, b"")
    header = header[:4] + struct.pack(">I", zlib.crc32(header)) + header[8:]
    for at in range(0, 64, 8):
        board.u(f"mw.q {address + at:x} {int.from_bytes(header[at:at + 8], 'little'):x}")
    return f"setenv verify n; bootm {address:#x} - $fdtcontroladdr"


def services_enumerated(board):
    return board.secure().count("Open device.pta")


@uboot("stock", newer=True)
def test_stock_driver_cannot_open_a_session(board):
    """The picture of before. The newer U-Boot says so, the older one's device fails
    in silence; the command may even say that it succeeded."""
    assert "OP-TEE: revision" in board.normal()
    if "2025" in board.machine.uboot:
        assert "optee service enumeration failed: -5" in board.normal()
    board.try_u("scp03 enable")
    assert "Lookup pseudo TA" not in board.secure()
    assert board.guests() == (0, 0)


@uboot("stock", method="hvc")
def test_stock_driver_and_a_tree_that_says_hvc(machine):
    """The picture of before, once more: U-Boot, at EL2, resets the machine for ever."""
    with QemuBoard(machine, RESULTS / f"stock-uboot-hvc-{machine.uboot[:7]}", wait=False) as board:
        for _ in range(2):
            board.console.expect('"Synchronous Abort" handler', timeout=60)
            board.console.expect("resetting", timeout=10)


@uboot("id-1", newer=True)
def test_guest_and_then_linux(board):
    assert "guest 1, conduit smc" in board.normal()
    assert services_enumerated(board) == 1
    assert board.guests() == (1, 0)
    assert board.u("optee guest").split("\n") == [
        "role     guest", "conduit  smc", "id       1", "guests   1 of 1..255",
        "free     unknown: only announcing a guest would tell"]
    assert smc(board, VM_CREATED, 7)[0] == 0
    assert "guests   1 7 of 1..255" in board.u("optee guest")
    assert smc(board, VM_DESTROYED, 7)[0] == 0

    board.boot(BOOTI)
    assert board.guests() == (2, 2)
    assert not board.has_guest(1)
    assert "guest 1, conduit smc" in board.load()
    board.xtest(SUBSET)


@pytest.mark.full
@uboot("id-1", suite="sid")
def test_guest_of_the_newer_optee_and_then_linux(board):
    assert services_enumerated(board) == 1
    board.boot(BOOTI)
    assert board.guests() == (1, 1)
    board.load()
    board.xtest("1004")


@uboot("id-1")
def test_guest_and_then_linux_by_bootm(board):
    board.boot(bootm(board))
    assert "Image Type:   AArch64 Linux Kernel Image" in board.normal()
    assert board.guests() == (1, 1)
    assert not board.has_guest(1)


@uboot("id-1", newer=True)
def test_guest_and_then_linux_by_efi(board):
    board.boot(BOOTEFI)
    assert "EFI stub: Exiting boot services" in board.normal()
    assert board.guests() == (1, 1)
    assert not board.has_guest(1)
    assert "guest 1, conduit smc" in board.load()
    board.xtest("1004")


@pytest.mark.parametrize("driver", ("id-1", "debian"))
@uboot("id-1", firmware="plain")
def test_plain_optee_and_then_linux(board, driver):
    assert "plain, conduit smc" in board.normal()
    assert services_enumerated(board) == 1
    assert board.u("optee guest").split("\n") == ["role     plain", "conduit  smc"]
    board.boot(BOOTI)
    board.load(driver)
    board.xtest("1004")
    assert board.guests() == (0, 0)


@pytest.mark.parametrize("version", VERSIONS[:1])
def test_plain_optee_sees_no_difference(version):
    """The secure console shows the same with the stock driver and with ours."""
    seen = []
    for way in ("stock", "id-1"):
        machine = Machine(firmware="plain", uboot=f"{version}/{way}")
        with QemuBoard(machine, RESULTS / f"plain-uboot-{version}-{way}") as board:
            assert services_enumerated(board) == 1
            boot, _, calls = board.secure_without_time().partition("normal world boot")
            assert boot
            # What varies with the addresses that OP-TEE chooses anew each time.
            calls = re.sub(r".*xlat tables used.*\n", "", calls)
            seen.append(re.sub("(0x)?[0-9a-f]{6,}", "address", calls))
    assert seen[0] == seen[1]


@uboot("keep", newer=True)
def test_keep_and_linux_inherits(board):
    """One guest from U-Boot to Linux, with the state that U-Boot left in it."""
    fail_an_allocation(board)
    board.boot(BOOTI)
    assert "guest 1 stays for the next stage" in board.normal()
    log = board.load(parameters="vm_inherit=1")
    assert "guest 1: inherited" in log
    assert largest_failed_allocation(board) == ASKED_FOR
    board.xtest(SUBSET)
    board.unload()
    assert board.guests() == (1, 1)


@uboot("keep")
def test_keep_and_linux_reclaims(board):
    fail_an_allocation(board)
    board.boot(BOOTI)
    assert board.has_guest(1)
    assert "guest 1: left behind" in board.load()
    assert board.guests() == (2, 1)
    assert largest_failed_allocation(board) < ASKED_FOR
    board.xtest("1004")


@uboot("keep")
def test_keep_by_efi(board):
    board.boot(BOOTEFI)
    assert "guest 1: inherited" in board.load(parameters="vm_inherit=1")
    board.xtest("1004")
    board.unload()
    assert board.guests() == (1, 1)


@uboot("id-1", {"method": "hvc"}, {"method": "hvc", "el2": False},
       {"method": "hvc", "el2": False, "psci": "/firmware/psci"})
def test_tree_that_says_hvc(board):
    """U-Boot runs at EL2, or there is none: an HVC would end it."""
    warnings = [line for line in board.normal().splitlines() if "HVC" in line]
    assert len(warnings) == 1 and 'method = "hvc"' in warnings[0]
    assert services_enumerated(board) == 1
    assert "conduit  smc" in board.u("optee guest")
    board.boot(BOOTI)
    assert board.guests() == (1, 1)
    board.load()
    board.xtest("1004")


@uboot("id-1", newer=True, firmware="none")
def test_no_optee(board):
    assert board.normal().count("OP-TEE api uid mismatch") == 1
    out, status = board.try_u("optee guest")
    assert status and "no OP-TEE: error -2" in out
    board.boot(BOOTI)


@uboot("id-1")
def test_no_free_slot(board):
    board.u("unbind /firmware/optee")
    assert board.guests() == (1, 1)
    guests = board.fill(functools.partial(smc, board))
    board.u("bind /firmware/optee optee")
    for _ in range(2):
        out, status = board.try_u("optee guest")
        assert status and "guest 1: no room for another guest" in out, out
    assert smc(board, CALLS_UID, a7=1)[0] == ENOTAVAIL

    assert smc(board, VM_DESTROYED, guests[0])[0] == 0
    assert f"guests   {' '.join(map(str, [1, *guests[1:]]))} of" in board.u("optee guest")
    board.boot(BOOTI)
    assert board.guests() == (2 + len(guests), 3)
    board.remove(guests[1:])
    board.load()
    board.xtest("1004")


@uboot("id-1", suite="sid", firmware="crowded")
def test_no_room_for_a_first_guest(board):
    # It asks for all 65535 ids first, which takes a while.
    out, status = board.try_u("optee guest", timeout=120)
    assert status and "guest 1: no room for a first guest" in out, out
    assert board.guests() == (0, 0)


@uboot("id-1")
def test_guest_left_behind_is_removed_first(board):
    board.u("unbind /firmware/optee")
    assert smc(board, VM_CREATED, 1)[0] == 0
    board.u("bind /firmware/optee optee")
    assert "guest 1: left behind" in board.u("optee guest")
    assert smc(board, CALLS_UID, a7=1)[0] == UID_0
    assert board.guests() == (3, 2)


@uboot("id-1")
def test_refusal_is_reported_as_what_it_is(board):
    """Somebody removes the guest under the driver."""
    assert smc(board, VM_DESTROYED, 1)[0] == 0
    out, _ = board.try_u("scp03 enable")
    assert "OP-TEE refuses the call, it has no guest 1" in out and "0x7" in out
    assert smc(board, VM_CREATED, 1)[0] == 0


@uboot("id-1")
def test_reset_in_mid_session(board):
    answer = yielding(board, OPEN_SESSION, (META_VALUE, *DEVICE_PTA, 0), (META_VALUE, 0, 0, 0))
    assert answer == (0, 0)
    assert "Re-open trusted service 7011a688-" in board.secure()
    board.reset()
    assert "guests   1 of" in board.u("optee guest")
    assert board.guests() == (1, 0)
    board.boot(BOOTI)
    board.load()
    board.xtest("1004")


def code(way):
    """function -> the instructions of the driver built this way."""
    result = run("aarch64-linux-gnu-objdump", "--disassemble", "--no-show-raw-insn",
                 BUILD / "u-boot" / VERSIONS[0] / way / "core.o")
    assert result.returncode == 0
    functions = re.split(r"^[0-9a-f]+ <(\w+)>:$", result.stdout, flags=re.M)[1:]
    return dict(zip(functions[::2], functions[1::2]))


def test_option_off_is_the_stock_driver():
    """The probe became two functions, which the compiler puts together again, with
    the same instructions but its blocks in another order."""
    stock, off = code("stock"), code("off")
    assert len(stock) > 15 and off.keys() == stock.keys()
    mnemonics = [sorted(re.findall(r"^ +[0-9a-f]+:\t(\S+)", way.pop("optee_probe"), re.M))
                 for way in (stock, off)]
    assert len(mnemonics[0]) > 50 and mnemonics[0] == mnemonics[1]
    assert off == stock
    assert code("id-1") != stock


@pytest.fixture
def tree(tmp_path):
    source = BUILD / "u-boot" / VERSIONS[0] / "root/u-boot"
    shutil.copytree(source / "drivers/tee", tmp_path / "drivers/tee")
    (tmp_path / "include/dm").mkdir(parents=True)
    shutil.copy(source / "include/dm/device.h", tmp_path / "include/dm")
    return tmp_path


def test_apply_puts_the_change_into_a_tree_once(tree):
    applied_once(tree, "u-boot/apply",
                 "make", "--no-print-directory", "uboot-apply", f"USRC={tree}")
    assert "OPTEE_VIRT_COMPAT" in (tree / "drivers/tee/optee/Kconfig").read_text()


@pytest.mark.parametrize("gone, instead, hook", (
    ('#include "optee_private.h"', '#include "other.h"', '#include "virt_compat.h"'),
    ("struct optee_pdata {", "struct other_pdata {", "struct optee_virt_compat compat;"),
    ("get_invoke_func(dev)", "find_invoke_func(dev)", "= optee_virt_compat_prepare("),
    ("reg_pair_from_64(&param.a1", "reg_pair(&param.a1", "optee_virt_compat_tag("),
    ("return call_err_to_res(", "return to_res(", "optee_virt_compat_result("),
    ("if (!exchange_capabilities(", "if (!capabilities(",
     "if (!optee_virt_compat_enter("),
    (".probe = optee_probe", ".probe = other_probe", "= optee_virt_compat_remove,"),
))
def test_apply_names_a_hook_that_does_not_fit(tree, gone, instead, hook):
    driver = tree / "drivers/tee/optee/core.c"
    said = refusal("u-boot/apply", tree, driver, gone, instead)
    assert f"hook '{hook}' applied 0 times instead of 1" in said, said


def as_before_2022_07(driver):
    """The probe of the releases that enumerate no services: nothing after the
    exchange, and so no variable for it."""
    probe = driver.index("static int optee_probe(")
    end = driver.index("\n}\n", probe)
    rest = driver.index("\tif (IS_ENABLED(CONFIG_OPTEE_SERVICE_DISCOVERY))", probe)
    shape = driver[probe:rest].replace("\tint ret;\n", "") + "\treturn 0;"
    return driver[:probe] + shape + driver[end:]


def in_two_steps(driver):
    """A probe that looks at the capabilities on their own."""
    return driver.replace("&sec_caps) ||\n\t    !(sec_caps & OPTEE_SMC_SEC_CAP_DYNAMIC_SHM)) {",
                          "&sec_caps))\n\t\treturn -ENOENT;\n"
                          "\tif (!(sec_caps & OPTEE_SMC_SEC_CAP_DYNAMIC_SHM)) {")


@pytest.mark.parametrize("shape", (as_before_2022_07, in_two_steps))
def test_apply_fits_other_probes(tree, shape):
    driver = tree / "drivers/tee/optee/core.c"
    text = driver.read_text()
    driver.write_text(shape(text))
    assert driver.read_text() != text
    result = run("u-boot/apply", tree)
    assert result.returncode == 0 and "applied" in result.stdout, result.stdout
    assert re.search(r"&sec_caps\)(.|\n)*\n\tif \(!optee_virt_compat_enter\(dev, sec_caps\)\)\n",
                     driver.read_text())


def test_driver_of_another_shape_compiles(tmp_path):
    source = tmp_path / "u-boot"
    shutil.copytree(BUILD / "u-boot" / VERSIONS[0] / "stock/src", source, symlinks=True)
    driver = source / "drivers/tee/optee/core.c"
    driver.write_text(as_before_2022_07(driver.read_text()))
    assert run("u-boot/apply", source).returncode == 0
    with open(source / ".config", "a", encoding="ascii") as config:
        config.write("CONFIG_OPTEE_VIRT_COMPAT=y\n")
    objects = [f"drivers/tee/optee/{name}.o" for name in ("core", "virt_compat")]
    for target in (["olddefconfig"], objects):
        result = run("make", "-C", source, "CROSS_COMPILE=aarch64-linux-gnu-", *target)
        assert result.returncode == 0, result.stdout
    warnings = re.findall(r"/optee/.*warning: (.*)", result.stdout)
    assert all("bind_service_drivers" in text for text in warnings)
    symbols = run("aarch64-linux-gnu-nm", source / objects[0]).stdout
    assert "U optee_virt_compat_enter" in symbols
    shutil.rmtree(source)


def older(tree):
    header = tree / "include/dm/device.h"
    header.write_text(header.read_text().replace("DM_FLAG_VITAL", "DM_FLAG_OTHER"))


def elsewhere(tree):
    shutil.rmtree(tree / "drivers/tee")
    (tree / "lib/optee_client").mkdir(parents=True)
    (tree / "lib/optee_client/client_smc.c").touch()


@pytest.mark.parametrize("change, says", (
    (older, "lacks DM_FLAG_VITAL in include/dm/device.h, .*: U-Boot has it since 2021.04"),
    (elsewhere, "lib/optee_client is an OP-TEE client of this tree's own, .* since 2018.11"),
))
def test_apply_names_what_a_tree_lacks(tree, change, says):
    refused_in_a_line("u-boot/apply", tree, change, says)


def test_apply_refuses_2021_01_in_a_line():
    source = BUILD / "u-boot/2021.01/root/u-boot"
    if not source.exists():
        pytest.skip(f"{source.relative_to(BUILD.parent)} is not there: see make u-boot-2021.01")
    result = run("u-boot/apply", source)
    assert result.returncode != 0
    assert result.stdout.count("\n") == 1 and "U-Boot has it since 2021.04" in result.stdout


def test_apply_warns_of_other_callers(tree):
    source = BUILD / "u-boot" / VERSIONS[0] / "root/u-boot"
    agent = "drivers/firmware/scmi/smccc_agent.c"
    (tree / agent).parent.mkdir(parents=True)
    shutil.copy(source / agent, tree / agent)
    warning, applied = run("u-boot/apply", tree).stdout.splitlines()
    assert agent in warning and "optee-shim" in warning and "applied" in applied


@pytest.mark.parametrize("arguments, says", (
    (["uboot-apply"], "USRC"),
    (["uboot-apply", "USRC=/nowhere"], "no drivers/tee/optee"),
    (["uboot-apply", f"USRC={BUILD}/linux/6.12/src"], "no optee_probe() of U-Boot"),
    (["uboot", "UVER=2019.01"], "2023.01 2025.01"),
    (["uboot-series"], "USRC"),
    (["uboot-patch", "USRC=/nowhere"], "OUT"),
    (["uboot-series", "USRC=/nowhere", f"OUT={BUILD}/nothing"], "no drivers/tee/optee"),
))
def test_make_refuses_bad_input_in_a_line(arguments, says):
    result = run("make", "--no-print-directory", *arguments)
    assert result.returncode != 0
    errors = [line for line in result.stdout.splitlines() if not line.startswith("make")]
    assert len(errors) == 1 and says in errors[0], result.stdout


def test_uboot_prints_its_path_last():
    result = run("make", "uboot", "UVER=2023.01")
    assert result.returncode == 0, result.stdout
    assert result.stdout.splitlines()[-1] == str(BUILD / "u-boot/2023.01/id-1/u-boot.bin")
