# SPDX-License-Identifier: BSD-2-Clause
"""The driver's package on a Debian that is booted from its own disk."""

import re
import subprocess

import pytest

from bench.machine import BUILD, Machine
from bench.qemu_board import QemuBoard
from conftest import RESULTS, TOP
from test_linux import SUBSET
from test_ship import DEBS, MODULE_VERSION, VERSION

DEB = DEBS["optee-virt-compat-dkms-all"]
DISK = BUILD / "debian" / "bookworm.disk"
LONG = 600  # seconds, for what unpacks or compiles
STOCK = "kernel/drivers/tee/optee/optee.ko"
OURS = "updates/dkms/optee.ko"


def on_your_board():
    """The commands of README's section of that name, and what the last one is said to print."""
    section = re.search(r"^## On your board\n(.*?)^## ", (TOP / "README.md").read_text(),
                        re.M | re.S)[1]
    *commands, last = re.findall(r"^    (.*)", section, re.M)
    return [*commands, *re.split(r" {2,}", last)]


class Disk:
    """A copy of Debian's disk, and what is booted from it."""

    def __init__(self, logs):
        self.logs = logs
        self.path = logs / "disk"
        self.boots = 0
        logs.mkdir(parents=True, exist_ok=True)
        for end in ("", ".versions"):
            subprocess.run(["cp", "--sparse=always", f"{DISK}{end}", f"{self.path}{end}"],
                           check=True)

    def files(self, command):
        """What debugfs, which writes to it too, says to a command."""
        return subprocess.run(["/sbin/debugfs", "-w", "-R", command, self.path], check=True,
                              capture_output=True, text=True).stdout

    def boot(self, append=""):
        """A board that boots the newest kernel on it."""
        self.boots += 1
        for name, link in (("kernel", "vmlinuz"), ("initrd", "initrd.img")):
            where = re.search(r'Fast link dest: "(.*)"', self.files(f"stat /{link}"))[1]
            self.files(f"dump /{where} {self.logs / name}")
        return QemuBoard(Machine(
            disk=str(self.path), image=str(self.logs / "kernel"), extra=str(self.logs / "initrd"),
            append=f"root=/dev/vda rw quiet systemd.show_status=0 {append}", patience=10),
            self.logs / f"boot-{self.boots}")


@pytest.fixture
def disk():
    for path in (DISK, DEB, Machine().flash):
        if not path.exists():
            pytest.skip(f"{path.relative_to(TOP)} is not there: a suite has not answered")
    copy = Disk(RESULTS / "test_debian")
    yield copy
    copy.path.unlink()


def chosen(board, kernel):
    """The module that modprobe takes, below this kernel's folder."""
    last = board.sh(f"modprobe -S {kernel} --show-depends optee | tail -n 1")
    return last.split()[1].partition(f"{kernel}/")[2].removesuffix(".xz")


def is_guest(board, kernel):
    """The driver was loaded by itself, tee-supplicant runs by its unit, sessions work."""
    board.try_sh("systemctl is-system-running --wait", LONG)
    assert board.attributes() == ("guest", "1", "smc")
    assert "guest 1, conduit smc" in board.dmesg()
    assert board.sh("cat /sys/module/optee/version") == MODULE_VERSION
    assert chosen(board, kernel) == OURS
    assert board.sh("systemctl is-active tee-supplicant") == "active"
    board.xtest(SUBSET)
    assert board.guests() == (1, 0)


@pytest.mark.full
def test_package_on_debian(disk, note):
    """README's commands on a Debian whose own driver would halt the machine; a newer kernel;
    and a purge."""
    disk.files(f"write {DEB} /root/{DEB.name}")
    install, reboot, show, expected = on_your_board()

    with disk.boot("modprobe.blacklist=optee") as board:
        first = board.sh("uname -r")
        assert chosen(board, first) == STOCK
        board.sh(install, LONG)
        assert chosen(board, first) == OURS
        assert board.guests() == (0, 0)
        board.ends_with(reboot)

    with disk.boot() as board:
        is_guest(board, first)
        assert board.sh(show) == expected
        board.sh("echo 'deb [trusted=yes] file:/srv/debian/bookworm-backports ./' "
                 "> /etc/apt/sources.list.d/backports.list; apt update")
        board.sh("apt install linux-image-arm64 linux-headers-arm64", LONG)
        board.ends_with(reboot)
        assert board.guests() == (1, 1)

    with disk.boot() as board:
        newer = board.sh("uname -r")
        assert newer != first
        is_guest(board, newer)
        board.sh("apt purge optee-virt-compat-dkms", LONG)
        assert {chosen(board, kernel) for kernel in (first, newer)} == {STOCK}
        assert board.sh("ls -d /usr/src/optee-virt* /var/lib/dkms/optee* /etc/modprobe.d/optee* "
                        "/lib/modules/*/updates/dkms/optee* 2> /dev/null || true") == ""
        board.ends_with("poweroff")
        assert board.guests() == (1, 1)
    note(f"Debian: the package {VERSION} on {first}, then on {newer}, then gone")
