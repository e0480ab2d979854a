# SPDX-License-Identifier: BSD-2-Clause
"""A board for scenarios: real firmware and a real kernel in QEMU, by labgrid."""

import dataclasses
import json
import pathlib
import re
import shlex
import time

import attr
import yaml
from labgrid import Environment, target_factory
from labgrid.driver import QEMUDriver
from pexpect import TIMEOUT

from . import devicetree

BUILD = pathlib.Path(__file__).resolve().parent.parent / "build"
QEMU = pathlib.Path(__file__).resolve().parent / "qemu"

KERNEL_ADDRESS = 0x42200000  # bench/firmware.mk: BL33
INITRD_ADDRESS = 0x50000000
PROMPT = "bench# "

# What OP-TEE says when it halts. A trusted application that panics is another
# matter: xtest has some that do it on purpose.
HALT = re.compile(r"E/TC:.*(\bPanic\b|assertion .* failed|abort outside|Core .*abort)")


class SecureWorldHalted(Exception):
    """OP-TEE has stopped the machine; the text is what it said."""


class BoardLost(Exception):
    """The board went away or does not answer."""


@target_factory.reg_driver
@attr.s(eq=False)
class BenchQEMUDriver(QEMUDriver):
    """QEMU with a second console for the secure world, watched all the time."""

    logs = attr.ib(default="", validator=attr.validators.instance_of(str))

    @property
    def secure_log(self):
        return pathlib.Path(self.logs) / "secure.log"

    def on_activate(self):
        super().on_activate()
        # labgrid puts its own -serial last, and the first one is the normal
        # world's.
        self._cmd += ["-serial", f"file:{self.secure_log}"]
        (pathlib.Path(self.logs) / "qemu.cmd").write_text(shlex.join(self._cmd) + "\n")

    def secure(self):
        try:
            return self.secure_log.read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def watch(self):
        log = self.secure()
        halt = HALT.search(log)
        if halt:
            start = log.rfind("\n", 0, halt.start()) + 1
            raise SecureWorldHalted(log[start:].strip())

    def _read(self, size=1, timeout=10):
        end = time.monotonic() + timeout
        while True:
            self.watch()
            try:
                data = super()._read(size, min(0.2, max(0, end - time.monotonic())))
            except TIMEOUT:
                if time.monotonic() >= end:
                    raise
                continue
            except OSError as error:
                raise BoardLost(f"the normal world's console is gone: {error}") from error
            if not data:
                raise BoardLost("the machine was switched off or QEMU has ended")
            with open(pathlib.Path(self.logs) / "normal.log", "ab") as log:
                log.write(data)
            return data

    def off(self):
        """Stop QEMU, whatever state it is in."""
        if not self.status:
            return
        try:
            super().off()
        except Exception:  # whatever it says, it has to go
            self._child.kill()
            self._child.wait()
            self._child = None
            self.status = 0


@dataclasses.dataclass(frozen=True)
class Machine:
    """What a scenario runs on."""

    firmware: str = "virtualized"   # how OP-TEE was built: virtualized or plain
    suite: str = "trixie"           # of Debian, that OP-TEE comes from
    line: str = "6.12"              # of the kernel
    method: str = "smc"             # conduit in the device tree, None for none
    interrupt: bool = True          # whether OP-TEE's node has one
    cpu: str = "cortex-a57"
    el2: bool = True
    cpus: int = 2
    bootargs: str = ""

    @property
    def machine(self):
        return f"virt,secure=on,gic-version=3,virtualization={'on' if self.el2 else 'off'}"

    @property
    def flash(self):
        return BUILD / "firmware" / f"{self.suite}-{self.firmware}.bin"

    @property
    def initrd_parts(self):
        return [BUILD / "rootfs" / f"{self.suite}.cpio",
                BUILD / "linux" / self.line / "modules.cpio"]

    @property
    def kernel(self):
        return next((BUILD / "linux" / self.line / "root" / "boot").glob("vmlinuz-*"))

    def versions(self):
        """name -> version of everything that runs here."""
        wanted = re.compile(r"optee|tee-supplicant|linux-image|arm-trusted|xtest|libteec")
        lines = []
        for path in (BUILD / "optee" / self.suite / "root" / "versions",
                     BUILD / "rootfs" / f"{self.suite}.cpio.versions",
                     BUILD / "tfa" / "root" / "versions",
                     BUILD / "linux" / self.line / "root" / "versions"):
            lines += path.read_text().splitlines()
        return dict(line.split()[:2] for line in lines if wanted.search(line))


class Board:
    """A running machine. Use as a context manager: it is off afterwards."""

    def __init__(self, machine, logs):
        self.machine = machine
        self.logs = pathlib.Path(logs)

    def __enter__(self):
        self.logs.mkdir(parents=True, exist_ok=True)
        for old in ("normal.log", "secure.log"):
            (self.logs / old).unlink(missing_ok=True)
        machine = self.machine
        (self.logs / "versions.json").write_text(json.dumps(
            {**dataclasses.asdict(machine), "versions": machine.versions()}, indent=1) + "\n")

        initrd = self.logs / "initrd"
        initrd.write_bytes(b"".join(part.read_bytes() for part in machine.initrd_parts))
        dtb = self.logs / "board.dtb"
        common = ["-smp", str(machine.cpus), "-nic", "none"]
        devicetree.build(dtb, [str(QEMU), "-cpu", machine.cpu, "-m", "1024M",
                               "-display", "none", "-bios", str(machine.flash), *common],
                         machine.machine, machine.method, machine.interrupt,
                         f"console=ttyAMA0 panic=-1 {machine.bootargs}".strip(),
                         (INITRD_ADDRESS, initrd.stat().st_size))

        loader = "loader,file={},addr={:#x},force-raw=on"
        config = {
            "tools": {"qemu": str(QEMU)},
            "images": {"flash": str(machine.flash), "dtb": str(dtb)},
            "targets": {"main": {"drivers": [
                {"BenchQEMUDriver": {
                    "qemu_bin": "qemu", "machine": machine.machine, "cpu": machine.cpu,
                    "memory": "1024M", "bios": "flash", "dtb": "dtb",
                    "logs": str(self.logs),
                    "extra_args": shlex.join([
                        *common, "-no-reboot",
                        "-device", loader.format(machine.kernel, KERNEL_ADDRESS),
                        "-device", loader.format(initrd, INITRD_ADDRESS)])}},
                {"ShellDriver": {"prompt": PROMPT, "login_prompt": "login: ",
                                 "username": "root", "login_timeout": 120,
                                 "await_login_timeout": 30}},
            ]}}}
        env = self.logs / "environment.yaml"
        env.write_text(yaml.safe_dump(config))
        self.target = Environment(str(env)).get_target("main")
        self.qemu = self.target.get_driver("BenchQEMUDriver")
        try:
            self.qemu.on()
            self.shell = self.target.get_driver("ShellDriver")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.target.get_driver("BenchQEMUDriver").off()
        self.target.cleanup()
        (self.logs / "initrd").unlink(missing_ok=True)

    def sh(self, command, timeout=30):
        """Run a command that must succeed; its output as text."""
        out, status = self.try_sh(command, timeout)
        if status:
            raise AssertionError(f"{command!r} failed with {status}:\n{out}\n{self.dmesg(20)}")
        return out

    def try_sh(self, command, timeout=30):
        """Run a command; (its output, its exit status)."""
        out, _, status = self.shell.run(command, timeout=timeout)
        return "\n".join(out), status

    def dmesg(self, lines=0):
        out, _ = self.try_sh(f"dmesg | tail -n {lines}" if lines else "dmesg")
        return out

    def secure(self):
        """The secure console so far."""
        return self.qemu.secure()
