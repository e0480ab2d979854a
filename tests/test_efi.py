# SPDX-License-Identifier: BSD-2-Clause
"""The EL2 shim as an EFI program, below Debian's own kernel started by its EFI stub."""

import re
import shutil
import ssl
import struct
import uuid
import zlib

import pytest

from bench.machine import BUILD, DOM0_ADDRESS, GRUB_CONFIG, VHE, XEN
from bench.qemu_board import EFI_DRIVER, EFI_SHIM, GRUB, SECURE_BOOT_SHIM, QemuBoard
from conftest import RESULTS
from test_guide import commands
from test_life import FILES
from test_shim import HOTPLUG, printed
from test_static import run
from test_uboot import uboot

full = pytest.mark.full
machine = pytest.mark.machine

EFIBOOTMGR = BUILD / "efibootmgr" / "efibootmgr.cpio"
KEYS = BUILD / "tests" / "keys"
SBSIGN = BUILD / "sbsign" / "root" / "usr" / "bin"
SYSTEMD = BUILD / "systemd" / "esp"

BOOTARGS = "console=ttyAMA0 panic=-1 initrd=initrd"
ASIDE = "the kernel boots as if the shim were not there"
WAITS = "waits for the end of the boot services"


def started(name, options=""):
    """The commands that start a file of the ESP with these load options."""
    return (f"setenv bootargs '{options}'; load virtio 0:1 {DOM0_ADDRESS:#x} {name}; "
            f"bootefi {DOM0_ADDRESS:#x} $fdtcontroladdr")


KERNEL = started("vmlinuz", BOOTARGS)
SHIM_AND_KERNEL = started("shim.efi", rf"\\vmlinuz {BOOTARGS}")


def check_memory(board):
    """The firmware's memory map has it, and Linux leaves it alone."""
    start, end = (int(word, 16) for word in
                  re.search(r"memory (0x\w+)\.\.(0x\w+)", board.normal()).groups())
    assert 0 < end - start < 1 << 21
    for line in board.sh("cat /proc/iomem").splitlines():
        low, high = (int(word, 16) for word in line.split(" : ")[0].split("-"))
        if low <= end and start <= high:
            assert line.endswith(" : reserved"), line


def check_guest(board, cpus):
    assert printed(board)[:1] == [WAITS]
    assert printed(board)[1].startswith(f"guest 1, {cpus} CPU")
    assert "efi: EFI v" in board.dmesg()
    assert "All CPU(s) started at EL1" in board.dmesg() and board.sh("nproc") == str(cpus)
    check_memory(board)


def ran(*command):
    """What a command prints that succeeds."""
    result = run(*command)
    assert result.returncode == 0, result.stdout
    return result.stdout


def sign(folder):
    """Sign the shim with a key that is made for it; (key, certificate, what is signed)."""
    if not SBSIGN.exists():
        pytest.skip("no sbsign: its suite has not answered")
    key, certificate, signed = (folder / name for name in ("key", "certificate", "signed.efi"))
    ran("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=bench",
        "-keyout", key, "-out", certificate)
    assert "warning" not in ran(SBSIGN / "sbsign", "--key", key, "--cert", certificate,
                                "--output", signed, EFI_SHIM)
    return key, certificate, signed


def test_program_can_be_signed(tmp_path):
    _, certificate, signed = sign(tmp_path)
    assert "warning" not in ran(SBSIGN / "sbverify", "--cert", certificate, signed)
    data = bytearray(signed.read_bytes())
    data[6000] ^= 1
    signed.write_bytes(data)
    refused = run(SBSIGN / "sbverify", "--cert", certificate, signed)
    assert "Image fails hash check" in refused.stdout


@uboot("stock", {"cpus": 2}, newer=True)
def test_stock_kernel(board):
    board.boot(SHIM_AND_KERNEL)
    check_guest(board, 2)
    assert "initialized driver" in board.load("debian")
    board.xtest("1004")
    assert board.notifications() > 0
    assert board.guests() == (1, 0)


@full
@uboot("id-1", {"cpus": 1, "method": "hvc", **VHE}, {"cpus": 4, "method": "hvc"},
       {"cpus": 2, **VHE})
def test_stock_kernel_on_other_machines(board):
    """With a U-Boot that gets by with "hvc", and whose own guest is gone before ours comes."""
    cpus = board.machine.cpus
    board.boot(SHIM_AND_KERNEL)
    check_guest(board, cpus)
    assert "initialized driver" in board.load("debian")
    board.xtest("1001 1003 1004 6001")
    assert board.guests() == (2, 1)
    for cpu in range(cpus):
        assert "0 failed" in board.sh(f"taskset {1 << cpu:x} xtest 1001", timeout=60)
    assert "stopped" not in "".join(printed(board))


@full
@pytest.mark.lost
@uboot("id-1", {"cpus": 4})
def test_hotplug_and_reboot(board):
    """U-Boot's own guest has gone before. Linux resets the machine by the firmware's runtime
    service, at EL1."""
    board.try_u(started("shim.efi"))
    board.boot(KERNEL)
    check_guest(board, 4)
    assert board.guests() == (2, 1)
    board.load("debian")
    assert board.sh(HOTPLUG.format(3), timeout=600) == "4"
    board.xtest("1004")
    board.shell.console.sendline("reboot -f")
    board.console.expect("U-Boot 20", timeout=60 * board.machine.patience)
    assert "Removing guest 1" in board.secure()


@full
@uboot("id-1", {"firmware": "plain", "method": "hvc"})
def test_plain_optee(board):
    board.boot(SHIM_AND_KERNEL)
    assert printed(board)[1].startswith("plain, 2 CPUs")
    board.load("debian")
    board.xtest("1004")
    assert board.guests() == (0, 0)


@pytest.mark.lost
@uboot("stock", {"cpus": 2})
def test_what_the_caller_finds(board):
    """tests/efi asks twice, at first with an old map key, and gets back at EL1 with its
    registers, its stack and its address space."""
    board.uboot.console.sendline(started("shim.efi", r"\\caller.efi"))
    for name, value in (("refused", 1), ("changed", 0), ("level", 2),
                        ("status", 0), ("changed", 0), ("level", 1), ("sctlr", 0x1005),
                        ("same", 1)):
        board.console.expect(rf"caller: {name} {value:016x}\r", timeout=60)
    board.console.expect("U-Boot 20", timeout=60)
    assert re.findall(r"(Added|Removing) guest 1\b", board.secure()) == ["Added", "Removing"]


@full
@uboot("stock", {"cpus": 2}, {"line": "6.1"}, {"line": "newest"})
def test_chain_of_a_distribution(board):
    """Debian's shim and GRUB, as they are signed, come between."""
    if not GRUB.exists():
        pytest.skip("no GRUB: its suite has not answered")
    board.boot(started("shim.efi", r"\\EFI\\debian\\shimaa64.efi"))
    check_guest(board, 2)
    board.load("debian")
    board.xtest("1004")
    assert board.guests() == (1, 0)


@full
@uboot("stock")
def test_whole_xtest(board, note):
    board.boot(SHIM_AND_KERNEL)
    board.load("debian")
    cases, subtests = board.xtest("-l 0", timeout=3000)
    note(f"whole xtest, virtualized OP-TEE, stock {board.machine.line} by EFI on the shim: "
         f"{cases} cases, {subtests} subtests, 0 failed")


@full
@uboot("stock", {"disks": True})
def test_kexec_and_crash_kernel(board):
    """Both are in the same place: at EL1, the same guest. In a crash kernel the stock
    driver does not load."""
    board.boot(started("shim.efi", rf"\\vmlinuz {BOOTARGS} crashkernel=768M"))
    load, start, load_crash = commands("kexec.md")[:3]
    board.load("debian")
    board.xtest("1004")
    board.read_disks()
    board.sh(f"{FILES}; {load}", 120)
    board.boots_again(start)
    check_guest(board, 2)
    board.load("debian")
    # PKCS#11's application still runs, and its files were in the last file system.
    board.xtest("-t regression 1004")
    board.read_disks()
    board.sh(f"{FILES}; {load_crash}", 120)
    board.boots_again("echo c > /proc/sysrq-trigger")
    board.sh("[ -e /proc/vmcore ]")
    assert "All CPU(s) started at EL1" in board.dmesg()
    check_memory(board)
    out, status = board.try_sh("insmod /modules/tee.ko; insmod /modules/debian/optee.ko")
    assert status and "No such device" in out
    assert len(printed(board)) == 3 and board.guests() == (1, 0)


def edk2(options, **more):
    """Run a test where EDK2's shell starts the shim with these load options."""
    return machine(edk2=f"fs0:\\shim.efi {options}\n", **more)


EFIVARFS = "insmod /modules/efivarfs.ko; mount -t efivarfs none /sys/firmware/efi/efivars"
# A variable of nobody's: UEFI Specification 2.10, 8.2; non-volatile, for boot and run time.
VARIABLE = "/sys/firmware/efi/efivars/OpteeShim-0d4b7d7c-8a3e-4f9f-9e0b-2f6a5d1c3b7e"
ATTRIBUTES = r"\007\000\000\000"


@full
@edk2(rf"\vmlinuz {BOOTARGS}")
def test_stock_kernel_on_edk2(board):
    """The firmware's runtime services work from EL1, here variables."""
    check_guest(board, 2)
    board.sh(EFIVARFS)
    board.sh(f"printf '{ATTRIBUTES}kept' > {VARIABLE}")
    assert board.sh(f"tail -c 4 {VARIABLE}") == "kept"
    board.load("debian")
    board.xtest("1001 1003 1004 6001")


@full
@edk2(r"\EFI\debian\shimaa64.efi")
def test_chain_of_a_distribution_on_edk2(board):
    check_guest(board, 2)
    board.load("debian")
    board.xtest("1004")


def test_driver_is_the_program():
    """Subsystem 11 instead of 10."""
    program, driver = (bytearray(path.read_bytes()) for path in (EFI_SHIM, EFI_DRIVER))
    subsystem = int.from_bytes(program[0x3c:0x40], "little") + 24 + 68
    assert (program[subsystem], driver[subsystem]) == (10, 11)
    driver[subsystem] = 10
    assert driver == program


@full
@pytest.mark.parametrize("entry", (0, 1, 2), ids=("boot", "sysprep", "driver"))
@machine(edk2=f"fs0:\\vmlinuz {BOOTARGS}\n", reboots=True, extra=str(EFIBOOTMGR))
def test_entry_of_the_firmware(board, entry):
    """Made by a system that was started without the shim, as the guide tells. After a SysPrep####
    or a Driver#### the firmware starts that same system."""
    board.sh(EFIVARFS)
    board.find_disks("vda1")
    board.sh(commands("efi.md")[entry])
    board.boots_again("reboot -f")
    check_guest(board, 2)
    board.load("debian")
    board.xtest("1004")
    assert board.guests() == (1, 0)


def variable(name, vendor, key, certificate, *certificates):
    """A variable with these certificates, signed, in a file as EDK2's dmpstore reads it."""
    der, lists, signed = (KEYS / file for file in ("der", "lists", "variable"))
    content = b""
    for one in certificates:
        der.write_bytes(ssl.PEM_cert_to_DER_cert(one))
        ran(SBSIGN / "sbsiglist", "--owner", vendor, "--type", "x509", "--output", lists, der)
        content += lists.read_bytes()
    lists.write_bytes(content)
    ran(SBSIGN / "sbvarsign", "--key", key, "--cert", certificate, "--attr",
        "NON_VOLATILE,BOOTSERVICE_ACCESS,RUNTIME_ACCESS", "--output", signed, name, lists)
    data, name = signed.read_bytes(), f"{name}\0".encode("utf-16-le")
    entry = struct.pack("<II", len(name), len(data)) + name + uuid.UUID(vendor).bytes_le + \
        struct.pack("<I", 0x27) + data
    return entry + struct.pack("<I", zlib.crc32(entry))


@pytest.fixture
def keys():
    """Let KEYS have the shim signed by a key of its own, and the variables that turn secure
    boot on: db has that key and Microsoft's, by which Debian's shim is signed."""
    if not SECURE_BOOT_SHIM.exists():
        pytest.skip("no shim of Debian's: its suite has not answered")
    shutil.rmtree(KEYS, ignore_errors=True)
    KEYS.mkdir(parents=True)
    key, certificate, _ = sign(KEYS)
    ran(SBSIGN / "sbattach", "--detach", KEYS / "pkcs7", SECURE_BOOT_SHIM)
    chain = ran("openssl", "pkcs7", "-inform", "der", "-in", KEYS / "pkcs7", "-print_certs")
    microsoft = re.findall("-----BEGIN.*?-----END CERTIFICATE-----\n", chain, re.S)[-1]
    ours = certificate.read_text()
    (KEYS / "keys").write_bytes(
        variable("db", "d719b2cb-3d3a-4596-a3bc-dad00e67656f", key, certificate, ours, microsoft) +
        variable("PK", "8be4df61-93ca-11d2-aa0d-00e098032b8c", key, certificate, ours))


@full
@machine(line="6.12", esp=str(KEYS), patience=2,
         edk2="dmpstore -all -l fs0:\\keys\nfs0:\\shim.efi\n")
def test_secure_boot(keys, machine):
    """The firmware refuses what is not signed, which ends the script. Debian's kernel is
    signed, and so is its driver: locked down it takes no other."""
    with QemuBoard(machine, RESULTS / "secure-boot", wait=False) as board:
        board.console.expect("Access Denied", timeout=120)
        board.console.write(b"fs0:\\signed.efi \\EFI\\debian\\shimaa64.efi\r")
        board.shell = board.target.get_driver("ShellDriver")
        check_guest(board, 2)
        assert "EFI stub: UEFI Secure Boot is enabled" in board.normal()
        assert "locked down from EFI Secure Boot" in board.dmesg()
        board.load("debian")
        board.xtest("1004")
        board.power_off()
        assert board.guests() == (1, 1)


@full
@pytest.mark.parametrize("machine", [
    pytest.param({"edk2": f"fs0:\\shim.efi \\{program}\n", "esp": str(SYSTEMD),
                  "line": "6.12", "firmware": "virtualized"}, id=program)
    for program in ("systemd-bootaa64.efi", "unified.efi")], indirect=True)
def test_systemd(board):
    """systemd's boot loader, and a unified kernel image, whose kernel and file system are
    Debian's."""
    check_guest(board, 2)
    board.load("debian")
    board.xtest("1004")


@full
@machine(xen=XEN, edk2="fs0:\\xen.efi\n")
def test_xen_without_the_shim(board):
    """From the same partition, where the shim's entry is not taken."""
    board.load("debian")
    board.xtest("1004")
    assert not printed(board)


@full
@edk2(r"\xen.efi", xen=XEN)
def test_xen_on_the_shim(machine):
    """Its first access to a register of EL2 ends it, by the firmware's handler."""
    with QemuBoard(machine, RESULTS / "xen-on-the-shim", wait=False) as board:
        board.console.expect("optee-shim: the kernel runs at EL1", timeout=120)
        board.console.expect("Synchronous Exception at", timeout=60)


@full
@pytest.mark.parametrize("machine", (
    {"grub": f"chainloader /shim.efi '\\vmlinuz' {BOOTARGS}\nboot\n"},
    {"grub": f"chainloader /shim.efi\nboot\n{GRUB_CONFIG}"},
), ids=("kernel", "stays"), indirect=True)
@machine(edk2="fs0:\\EFI\\debian\\shimaa64.efi\n")
def test_started_by_grub(board):
    """It starts the kernel itself, or stays, and GRUB starts the kernel."""
    check_guest(board, 2)
    board.load("debian")
    board.xtest("1004")


@full
@edk2(rf"\vmlinuz {BOOTARGS}", firmware="none")
def test_no_optee_on_edk2(board):
    check_aside(board, "no OP-TEE answers")


def check_aside(board, tells, el="EL2"):
    assert any(tells in line for line in printed(board)), printed(board)
    assert printed(board)[-1] == ASIDE
    assert f"All CPU(s) started at {el}" in board.dmesg() and board.sh("nproc") == "2"
    assert board.guests() == (0, 0)


@full
@uboot("stock", {"firmware": "none"})
def test_no_optee(board):
    board.boot(SHIM_AND_KERNEL)
    check_aside(board, "no OP-TEE answers")


@full
@uboot("stock", {"el2": False})
def test_entered_at_el1(board):
    board.boot(SHIM_AND_KERNEL)
    check_aside(board, "entered at EL1", "EL1")


def words(board, at):
    return [int(word, 16) for word in board.u(f"md.q {at:x} 2").split()[1:3]]


def forbid_execution(board):
    """Let EL0 write all memory, as it were: EL2 does not look at that bit, and EL1 would
    execute nothing there."""
    tables = int(re.search(r"TLB addr *= *(0x\w+)", board.u("bdinfo"))[1], 16)
    of_gigabytes = words(board, tables)[0] & 0xfffffffff000
    memory = words(board, of_gigabytes)[1]
    assert memory & 0xfffffff00003 == 0x40000001, hex(memory)
    board.u(f"mw.q {of_gigabytes + 8:x} {memory | 1 << 6:x}")


@full
@uboot("stock", {"cpus": 2})
@pytest.mark.parametrize("late", (False, True), ids=("before", "after"))
def test_page_tables_that_el1_cannot_use(board, late):
    """As the shim finds them when it is started, and at the end of the boot services."""
    if not late:
        forbid_execution(board)
    board.try_u(started("shim.efi"))
    assert printed(board)[-1] == (WAITS if late else ASIDE)
    if late:
        forbid_execution(board)
    board.boot(KERNEL)
    check_aside(board, "only EL2")
