# SPDX-License-Identifier: BSD-2-Clause
"""The board that is QEMU, by labgrid: real firmware and a real kernel on the host."""

import dataclasses
import json
import os
import pathlib
import queue
import re
import select
import shlex
import shutil
import threading
import time

import attr
import yaml
from labgrid import Environment, target_factory
from labgrid.driver import QEMUDriver
from pexpect import TIMEOUT

from . import devicetree
from .board import HALT, Board, BoardLost, SecureWorldHalted
from .machine import (BUILD, DOM0_ADDRESS, KERNEL_ADDRESS, MEDIATED_KERNEL_ADDRESS, QEMU)

INITRD_ADDRESS = 0x50000000
PROMPT = "bench# "
UBOOT_PROMPT = "=> "

# What an earlier boot stage hands over as its measurements. On a board it is in secure
# memory, to which QEMU loads nothing; here in its second flash, since OP-TEE would take no
# log from the normal world's memory.
TPM_LOG = b"measured: BL2, BL31, U-Boot"
TPM_LOG_ADDRESS, FLASH_SIZE = 0x04000000, 1 << 26

EFI_SHIM = BUILD / "shim" / "optee-shim.efi"
EFI_DRIVER = EFI_SHIM.with_name("optee-shim-driver.efi")
EFI_CALLER = BUILD / "tests" / "caller.efi"
# As Debian signs them, and what its installer would write.
SECURE_BOOT_SHIM = BUILD / "grub" / "root" / "usr/lib/shim/shimaa64.efi.signed"
GRUB = BUILD / "grub" / "root" / "usr/lib/grub/arm64-efi-signed/grubaa64.efi.signed"
XEN_CONFIG = f"""[global]
default=linux

[linux]
options={devicetree.XEN_BOOTARGS}
kernel=vmlinuz console=hvc0 panic=-1
ramdisk=initrd
"""

# TF-A's last line, on the normal console. When QEMU is not gone a moment after,
# TF-A panics on purpose.
SWITCHED_OFF = "QEMU System Power off"


@target_factory.reg_driver
@attr.s(eq=False)
class BenchQEMUDriver(QEMUDriver):
    """QEMU with a second console for the secure world. Both are kept in files,
    and the secure one is watched all the time."""

    logs = attr.ib(default="", validator=attr.validators.instance_of(str))
    # Seconds between two characters, for a console that loses some otherwise.
    pace = attr.ib(default=0.0, validator=attr.validators.instance_of(float))
    cpus = attr.ib(default=1, validator=attr.validators.instance_of(int))
    program = attr.ib(default="", validator=attr.validators.instance_of(str))

    def __attrs_post_init__(self):
        super().__attrs_post_init__()
        self.txdelay = self.pace
        self._pump = None
        self._console = queue.Queue()
        self._watched = 0

    @property
    def secure_log(self):
        return pathlib.Path(self.logs) / "secure.log"

    def on_activate(self):
        super().on_activate()
        self.secure_log.touch()
        self._cmd.insert(1, self.program)
        # labgrid puts its own -serial last, and the first one is the normal
        # world's.
        self._cmd += ["-serial", f"file:{self.secure_log}"]
        (pathlib.Path(self.logs) / "qemu.cmd").write_text(shlex.join(self._cmd) + "\n")

    def on(self):
        # With fewer processors than the machine has, QEMU is quicker on one alone:
        # see docs/bench.md. It inherits ours.
        processors = os.sched_getaffinity(0)
        if self.cpus > len(processors):
            os.sched_setaffinity(0, {sorted(processors)[os.getpid() % len(processors)]})
        try:
            super().on()
        finally:
            os.sched_setaffinity(0, processors)

    def monitor_command(self, command):
        # A console that nobody reads fills up after some hundred characters, and
        # QEMU then answers no command either: "cont" would never return.
        if not self._pump:
            self._pump = threading.Thread(target=self._read_console, daemon=True)
            self._pump.start()
        return super().monitor_command(command)

    def where(self):
        """(program counter, security state, exception level) of each CPU."""
        self.qmp.monitor_in.write(json.dumps({
            "execute": "human-monitor-command",
            "arguments": {"command-line": "info registers -a"}}).encode() + b"\n")
        self.qmp.monitor_in.flush()
        answer = {}
        while "return" not in answer:
            answer = json.loads(self.qmp.monitor_out.readline())
        return re.findall(r"PC=(\w+).*?PSTATE=\w+ \S+ (\S+) (\w+)", answer["return"], re.S)

    def _read_console(self):
        with open(pathlib.Path(self.logs) / "normal.log", "wb", buffering=0) as log:
            while True:
                select.select([self._clientsocket], [], [])
                try:
                    data = self._clientsocket.recv(4096)
                except OSError:
                    data = b""
                self._console.put(data)
                if not data:
                    return
                log.write(data)

    def normal(self):
        return (pathlib.Path(self.logs) / "normal.log").read_text(errors="replace")

    def secure(self):
        return self.secure_log.read_text(errors="replace")

    def watch(self):
        """Raise SecureWorldHalted if the secure console says so."""
        with open(self.secure_log, "rb") as log:
            log.seek(self._watched)
            new = log.read()
        halt = HALT.search(new.decode(errors="replace"))
        if halt:
            # The rest of what it has to say has to come, and TF-A's last line by the
            # other console, which a busy host may read much later.
            panic = halt[0].startswith("PANIC in")  # EL3, it may go on
            end = time.monotonic() + (5 if panic else 0.2)
            while time.monotonic() < end:
                if panic and SWITCHED_OFF in self.normal():
                    return
                time.sleep(0.1)
            log = self.secure()
            said = log[log.find(halt[0].strip()):].splitlines()
            raise SecureWorldHalted("\n".join(said[:20]))
        self._watched += new.rfind(b"\n") + 1

    def _read(self, size=1, timeout=10):
        end = time.monotonic() + timeout
        while True:
            self.watch()
            try:
                data = self._console.get(timeout=max(0, min(0.2, end - time.monotonic())))
            except queue.Empty:
                if time.monotonic() >= end:
                    raise TIMEOUT(f"nothing on the console for {timeout:.0f} s") from None
                continue
            if not data:
                self._console.put(data)
                raise BoardLost("the machine was switched off or QEMU has ended")
            return data

    def ended(self):
        """Whether QEMU is gone."""
        return not self.status or self._child.poll() is not None

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


class QemuBoard(Board):
    """A machine in QEMU."""

    def start(self):
        self.logs.mkdir(parents=True, exist_ok=True)
        (self.logs / "secure.log").unlink(missing_ok=True)
        machine = self.machine
        (self.logs / "versions.json").write_text(json.dumps(
            {**dataclasses.asdict(machine), "versions": machine.versions()}, indent=1) + "\n")

        initrd = self.logs / "initrd"
        initrd.write_bytes(machine.initrd())
        dtb = self.logs / "board.dtb"
        common = ["-smp", str(machine.cpus), "-nic", "none"]
        images = {**machine.images, INITRD_ADDRESS: initrd}
        loaders = [word for address, path in images.items() for word in
                   ("-device", f"loader,file={path},addr={address:#x},force-raw=on")]
        dom0 = (DOM0_ADDRESS, machine.kernel.stat().st_size) \
            if machine.xen and not machine.edk2 else None
        devicetree.build(dtb, [*machine.qemu_command, "-cpu", machine.cpu, "-m", machine.memory,
                               "-display", "none", "-bios", str(machine.flash), *common],
                         machine.machine, machine.method, machine.interrupt,
                         f"console={'hvc0' if machine.xen else 'ttyAMA0'} panic=-1"
                         f"{' crashkernel=768M' if machine.disks else ''}"
                         f"{' rdinit=/client cryptomgr.notests' if machine.client else ''}"
                         f" {machine.append}",
                         (INITRD_ADDRESS, initrd.stat().st_size), dom0,
                         (KERNEL_ADDRESS, MEDIATED_KERNEL_ADDRESS - KERNEL_ADDRESS)
                         if machine.mediator else None, machine.psci, machine.callers,
                         machine.xen_append,
                         (TPM_LOG_ADDRESS, len(TPM_LOG)) if machine.tpm else None,
                         not machine.ffa)

        extra = [] if machine.reboots or machine.uboot else ["-no-reboot"]
        if machine.icount is not None:
            extra += ["-icount", f"shift={machine.icount},sleep=off"]
        if machine.disks:
            for name, path in (("kernel", machine.kernel), ("initrd", initrd), ("dtb", dtb)):
                extra += ["-device", f"virtio-blk-device,drive={name},serial={name}", "-drive",
                          f"if=none,id={name},readonly=on,format=raw,file={path}"]
        if machine.swap:
            swap = self.logs / "swap"
            with open(swap, "wb") as file:
                file.truncate(1 << 30)
            extra += ["-device", "virtio-blk-device,drive=swap", "-drive",
                      f"if=none,id=swap,format=raw,file={swap}"]
        if machine.disk:
            extra += ["-device", "virtio-blk-device,drive=disk", "-drive",
                      f"if=none,id=disk,format=raw,cache=unsafe,file={machine.disk}"]
        if machine.tpm:
            log = self.logs / "tpm-log"
            log.write_bytes(TPM_LOG)
            os.truncate(log, FLASH_SIZE)
            extra += ["-drive", f"if=pflash,unit=1,readonly=on,format=raw,file={log}"]
        if machine.uboot or machine.edk2:
            extra += ["-device", "virtio-blk-device,drive=esp", "-drive",
                      f"if=none,id=esp,readonly=on,format=raw,file=fat:{self._esp(initrd)}"]

        config = {
            "tools": {"qemu": str(QEMU)},
            "images": {"flash": str(machine.flash), "dtb": str(dtb)},
            "targets": {"main": {"drivers": [
                {"BenchQEMUDriver": {
                    "qemu_bin": "qemu", "machine": machine.machine, "cpu": machine.cpu,
                    "memory": machine.memory, "bios": "flash", "dtb": "dtb",
                    "logs": str(self.logs), "pace": 0.005 if machine.xen else 0.0,
                    "cpus": machine.cpus, "program": machine.qemu_command[1],
                    "extra_args": shlex.join([*common, *loaders, *extra])}},
                {"ShellDriver": {"prompt": PROMPT, "login_prompt": "login: ",
                                 "username": "root",
                                 "login_timeout": max(120, 60 * machine.cpus) * machine.patience,
                                 "await_login_timeout": 30}},
                # A line after the probe of OP-TEE, which may ask for all ids.
                {"UBootDriver": {"prompt": UBOOT_PROMPT, "boot_expression": "Net: ",
                                 "login_timeout": 120}},
            ]}}}
        env = self.logs / "environment.yaml"
        env.write_text(yaml.safe_dump(config))
        self.target = Environment(str(env)).get_target("main")
        self.qemu = self.console = self.target.get_driver("BenchQEMUDriver")
        self.qemu.on()
        if not self.wait:
            return
        if machine.uboot:
            self.uboot = self.target.get_driver("UBootDriver")
        else:
            self.shell = self.target.get_driver("ShellDriver")

    def _esp(self, initrd):
        """A folder with kernel, initrd and EFI programs, which QEMU shows as a FAT
        partition: an image that is started by EFI has to come from a disk."""
        esp = self.logs / "esp"
        vendor = esp / "EFI" / "debian"
        vendor.mkdir(parents=True, exist_ok=True)
        (vendor / "grub.cfg").write_text(self.machine.grub)
        (esp / "startup.nsh").write_text(self.machine.edk2)
        (esp / "xen.cfg").write_text(XEN_CONFIG)
        for place, path in ((esp / "vmlinuz", self.machine.kernel), (esp / "initrd", initrd),
                            (esp / "shim.efi", EFI_SHIM), (esp / "driver.efi", EFI_DRIVER),
                            (esp / "caller.efi", EFI_CALLER),
                            (esp / "xen.efi", self.machine.xen_image),
                            (vendor / "shimaa64.efi", SECURE_BOOT_SHIM),
                            (vendor / "grubaa64.efi", GRUB)):
            place.unlink(missing_ok=True)
            if path.exists():
                place.symlink_to(path)
        if self.machine.esp:
            shutil.copytree(self.machine.esp, esp, copy_function=os.symlink, dirs_exist_ok=True)
        return esp

    def stop(self):
        if self.target:
            self.target.get_driver("BenchQEMUDriver").off()
            self.target.cleanup()
        for name in ("initrd", "swap", "tpm-log"):
            (self.logs / name).unlink(missing_ok=True)
        shutil.rmtree(self.logs / "esp", ignore_errors=True)

    def normal(self):
        return self.qemu.normal()

    def secure(self):
        return self.qemu.secure()

    def watch(self):
        self.qemu.watch()

    def ended(self):
        return self.qemu.ended()
