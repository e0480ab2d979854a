# SPDX-License-Identifier: BSD-2-Clause
"""A board for scenarios: real firmware and a real kernel in QEMU, by labgrid."""

import dataclasses
import json
import os
import pathlib
import queue
import re
import select
import shlex
import shutil
import subprocess
import threading
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
XEN_ADDRESS = 0x44000000     # below U-Boot, which is at KERNEL_ADDRESS then
DOM0_ADDRESS = 0x45000000    # of any kernel that something else boots
INITRD_ADDRESS = 0x50000000
PROMPT = "bench# "
UBOOT_PROMPT = "=> "
PATIENCE = 120               # seconds of silence that are a failure, on a busy host too
LAST_WORDS = "dmesg -n 7; "  # while the shell runs, the kernel is silent: it would interrupt
XEN = "4.17/stock"
STAMP = BUILD / "bench" / "stamp.bin"
CLIENT = BUILD / "bench" / "client.cpio"
TPM_CLIENT = BUILD / "tests" / "pcr.cpio"
CLIENT_32 = BUILD / "bench" / "armhf" / "client.cpio"

EFI_SHIM = BUILD / "shim" / "optee-shim.efi"
EFI_CALLER = BUILD / "tests" / "caller.efi"
# As Debian signs them, and what its installer would write.
SECURE_BOOT_SHIM = BUILD / "grub" / "root" / "usr/lib/shim/shimaa64.efi.signed"
GRUB = BUILD / "grub" / "root" / "usr/lib/grub/arm64-efi-signed/grubaa64.efi.signed"
GRUB_CONFIG = """linux /vmlinuz console=ttyAMA0 panic=-1
initrd /initrd
boot
"""

MEDIATOR = BUILD / "tests" / "mediator.bin"
MEDIATED_KERNEL_ADDRESS = 0x42400000  # tests/tests.mk: MEDIATED_KERNEL

AARCH32 = BUILD / "tests" / "aarch32.bin"
KERNEL_32_ADDRESS = 0x44000000        # tests/tests.mk: KERNEL_32

# What an earlier boot stage hands over as its measurements. On a board it is in secure
# memory, to which QEMU loads nothing; here in its second flash, since OP-TEE would take no
# log from the normal world's memory.
TPM_LOG = b"measured: BL2, BL31, U-Boot"
TPM_LOG_ADDRESS, FLASH_SIZE = 0x04000000, 1 << 26

# tests/mediator/mediator.c: what it may be told
MEDIATOR_CONTROL = 0x86000001
TAG, DROP, FILTER, STRIP, EFFECT, OBLIGE = 1, 2, 4, 8, 16, 32

# optee_os 4.5.0, core/arch/arm/include/sm/optee_smc.h
CALLS_UID, UID_0 = 0xbf00ff01, 0x384fb3e0
GET_OS_REVISION, EXCHANGE_CAPABILITIES = 0xb2000001, 0xb2000009
VM_CREATED, VM_DESTROYED = 0xb200000d, 0xb200000e
ENOTAVAIL = 7

# What OP-TEE and TF-A say when they halt. A trusted application that panics is
# another matter: xtest has some that do it on purpose.
HALT = re.compile(r"(E/TC:.*(\bPanic\b|assertion .* failed|abort outside|Core .*abort)"
                  r"|Unhandled .*Exception in EL3|PANIC (at|in) ).*")

# TF-A's last line, on the normal console. When QEMU is not gone a moment after,
# TF-A panics on purpose.
SWITCHED_OFF = "QEMU System Power off"


class SecureWorldHalted(Exception):
    """OP-TEE has stopped the machine; the text is what it said."""


class Lacking(Exception):
    """What the board was given lacks something."""


class BoardLost(Exception):
    """The board went away or does not answer."""


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


@dataclasses.dataclass(frozen=True)
class Machine:
    """What a scenario runs on."""

    firmware: str = "virtualized"   # how OP-TEE was built: virtualized or plain
    suite: str = "trixie"           # of Debian, that OP-TEE comes from
    line: str = "6.12"              # of the kernel: a folder of build/linux
    built_in: bool = False          # that kernel has the driver in it, and no modules
    method: str = "smc"             # conduit in the device tree, None for none
    interrupt: bool = True          # whether OP-TEE's node has one
    ffa: bool = False               # OP-TEE has no node: it is found by FF-A
    psci: str = "/psci"             # its node in the device tree
    callers: tuple = ()             # devices that call the secure world, see bench/devicetree.py
    cpu: str = "cortex-a57"
    qemu: str = ""                  # its major version, see bench/qemu.mk; the system's if none
    el2: bool = True
    cpus: int = 2
    xen: str = ""                   # below Linux, which is dom0 then: VERSION/WAY, see xen/xen.mk
    uboot: str = ""                 # before all that: VERSION/WAY, see u-boot/u-boot.mk
    mediator: bool = False          # tests/mediator below Linux
    aarch32: bool = False           # a 32-bit kernel, entered by tests/aarch32
    disks: bool = False             # the kernel and the initrd as disks, for kexec
    swap: bool = False              # a disk that it can hibernate to
    reboots: bool = False           # a reset starts the machine anew
    icount: int | None = None       # 2^N ns of the guest's clock are an instruction
    shim: bool = False              # below Linux
    image: str = ""                 # instead of the line's kernel
    append: str = ""                # to the kernel's command line
    xen_append: str = ""            # to Xen's
    tpm: bool = False               # a firmware TPM, its event log, and /pcr to read registers
    client: bool = False            # bench/client.c before /init
    stamp: bool = False             # bench/stamp.S instead of everything
    patience: int = 1               # times that its commands may take longer than others'

    @property
    def machine(self):
        return f"virt,secure=on,gic-version=3,virtualization={'on' if self.el2 else 'off'}"

    @property
    def memory(self):
        return "2048M" if self.disks else "1024M"

    @property
    def flash(self):
        return BUILD / "firmware" / f"{self.suite}-{self.firmware}.bin"

    @property
    def initrd_parts(self):
        modules = [] if self.built_in else [BUILD / "linux" / self.line / "modules.cpio"]
        if self.aarch32:
            return [BUILD / "rootfs" / f"{self.suite}-armhf.cpio", *modules, CLIENT_32]
        return [BUILD / "rootfs" / f"{self.suite}.cpio", *modules,
                *([BUILD / "linux" / self.line / "ffa.cpio"] if self.ffa else []),
                *([CLIENT] if self.client else []),
                *([TPM_CLIENT] if self.tpm else [])]

    @property
    def kernel(self):
        if self.image:
            return pathlib.Path(self.image)
        if self.shim:
            return BUILD / "shim" / f"{self.line}.Image"
        return BUILD / "linux" / self.line / "vmlinuz"

    @property
    def qemu_root(self):
        return BUILD / "qemu" / self.qemu / "root"

    @property
    def qemu_command(self):
        program = "qemu-system-aarch64"
        return [str(QEMU), str(self.qemu_root / "usr" / "bin" / program) if self.qemu else program]

    @property
    def uboot_image(self):
        return BUILD / "u-boot" / self.uboot / "u-boot.bin"

    @property
    def xen_image(self):
        return BUILD / "xen" / self.xen / "xen"

    @property
    def images(self):
        """address -> what is loaded there, less the initrd. BL31 enters what is at
        KERNEL_ADDRESS."""
        if self.stamp:
            return {KERNEL_ADDRESS: STAMP}
        if self.mediator:
            return {KERNEL_ADDRESS: MEDIATOR, MEDIATED_KERNEL_ADDRESS: self.kernel}
        if self.aarch32:
            return {KERNEL_ADDRESS: AARCH32, KERNEL_32_ADDRESS: self.kernel}
        if not (self.uboot or self.xen):
            return {KERNEL_ADDRESS: self.kernel}
        if not self.uboot:
            return {KERNEL_ADDRESS: self.xen_image, DOM0_ADDRESS: self.kernel}
        return {KERNEL_ADDRESS: self.uboot_image, DOM0_ADDRESS: self.kernel,
                **({XEN_ADDRESS: self.xen_image} if self.xen else {})}

    def missing(self):
        """Why this cannot run here, or None."""
        for path in (self.flash, *self.initrd_parts, self.kernel,
                     *([MEDIATOR] if self.mediator else []),
                     *([self.qemu_root / "versions"] if self.qemu else [])):
            if not path.exists():
                name = path.relative_to(BUILD.parent)
                return f"{name} is not there: its suite has not answered, see make {name}"
        if self.uboot and not self.uboot_image.exists():
            return f"{self.uboot_image.relative_to(BUILD.parent)} is not there: " \
                   f"no suite offers this U-Boot, see make u-boot-{self.uboot.split('/')[0]}"
        if self.xen and not self.xen_image.exists():
            return f"{self.xen_image.relative_to(BUILD.parent)} is not there: " \
                   f"no suite offers this Xen, see make xen-{self.xen.split('/')[0]}"
        return None

    def versions(self):
        """name -> version of everything that runs here."""
        wanted = re.compile(r"optee|tee-supplicant|linux-(image|binary|source)|arm-trusted|libteec"
                            r"|^xen |^u-boot |^qemu-system-arm ")
        lines = [] if self.qemu else [subprocess.run(
            ["dpkg-query", "-W", "-f", "${Package} ${Version}", "qemu-system-arm"],
            check=True, capture_output=True, text=True).stdout]
        for path in (*([self.qemu_root / "versions"] if self.qemu else []),
                     *([self.xen_image.parents[1] / "root" / "versions"] if self.xen else []),
                     *([self.uboot_image.parents[1] / "root" / "versions"]
                       if self.uboot else []),
                     BUILD / "optee" / self.suite / "root" / "versions",
                     BUILD / "rootfs" / f"{self.suite}.cpio.versions",
                     BUILD / "tfa" / "root" / "versions",
                     BUILD / "linux" / self.line / "root" / "versions"):
            lines += path.read_text().splitlines()
        return dict(line.split()[:2] for line in lines if wanted.search(line))


# Where Linux can find itself without a hypervisor: EL1 below which EL2 has been, EL2,
# and EL1 without EL2. QEMU's own pointer authentication is quicker than Arm's.
NVHE = {"cpu": "cortex-a57"}
VHE = {"cpu": "max,pauth-impdef=on"}
NO_EL2 = {"el2": False}


def ours(log):
    """The lines of our own in what the kernel said."""
    return [line for line in log.splitlines()
            if line.startswith("optee firmware:optee: ") and " probe " not in line]


class Board:
    """A running machine. Use as a context manager: it is off afterwards.

    wait: whether to come back only when its first prompt is there.
    """

    def __init__(self, machine, logs, wait=True):
        self.machine = machine
        self.wait = wait
        self.logs = pathlib.Path(logs)
        self.shell = None  # as long as U-Boot runs
        self.target = None

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self):
        self.logs.mkdir(parents=True, exist_ok=True)
        (self.logs / "secure.log").unlink(missing_ok=True)
        machine = self.machine
        (self.logs / "versions.json").write_text(json.dumps(
            {**dataclasses.asdict(machine), "versions": machine.versions()}, indent=1) + "\n")

        initrd = self.logs / "initrd"
        initrd.write_bytes(b"".join(part.read_bytes() for part in machine.initrd_parts))
        dtb = self.logs / "board.dtb"
        common = ["-smp", str(machine.cpus), "-nic", "none"]
        images = {**machine.images, INITRD_ADDRESS: initrd}
        loaders = [word for address, path in images.items() for word in
                   ("-device", f"loader,file={path},addr={address:#x},force-raw=on")]
        dom0 = (DOM0_ADDRESS, machine.kernel.stat().st_size) if machine.xen else None
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
        if machine.tpm:
            log = self.logs / "tpm-log"
            log.write_bytes(TPM_LOG)
            os.truncate(log, FLASH_SIZE)
            extra += ["-drive", f"if=pflash,unit=1,readonly=on,format=raw,file={log}"]
        if machine.uboot:
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
        self.qemu = self.target.get_driver("BenchQEMUDriver")
        self.qemu.on()
        if not self.wait:
            return
        if machine.uboot:
            self.uboot = self.target.get_driver("UBootDriver")
        else:
            self.shell = self.target.get_driver("ShellDriver")

    def _esp(self, initrd):
        """A folder with kernel, initrd and EFI programs, which QEMU shows as a FAT
        partition: an image that U-Boot starts by EFI has to come from a disk."""
        esp = self.logs / "esp"
        vendor = esp / "EFI" / "debian"
        vendor.mkdir(parents=True, exist_ok=True)
        (vendor / "grub.cfg").write_text(GRUB_CONFIG)
        for place, path in ((esp / "vmlinuz", self.machine.kernel), (esp / "initrd", initrd),
                            (esp / "shim.efi", EFI_SHIM), (esp / "caller.efi", EFI_CALLER),
                            (vendor / "shimaa64.efi", SECURE_BOOT_SHIM),
                            (vendor / "grubaa64.efi", GRUB)):
            place.unlink(missing_ok=True)
            if path.exists():
                place.symlink_to(path)
        return esp

    def __exit__(self, *_):
        if self.target:
            self.target.get_driver("BenchQEMUDriver").off()
            self.target.cleanup()
        for name in ("initrd", "swap", "tpm-log"):
            (self.logs / name).unlink(missing_ok=True)
        shutil.rmtree(self.logs / "esp", ignore_errors=True)

    def try_u(self, command, timeout=PATIENCE):
        """Have U-Boot run a command; (its output, its exit status)."""
        out, _, status = self.uboot.run(command, timeout=timeout)
        return "\n".join(out), status

    def u(self, command, timeout=PATIENCE):
        """Have U-Boot run a command that must succeed; its output as text."""
        out, status = self.try_u(command, timeout)
        if status:
            raise AssertionError(f"{command!r} failed with {status}:\n{out}")
        return out

    def reset(self):
        """Have U-Boot reset the machine, up to its prompt."""
        self.uboot.console.sendline("reset")
        self.target.deactivate(self.uboot)
        self.target.activate(self.uboot)

    def boot(self, command):
        """Have U-Boot start what is below it, up to the shell prompt."""
        self.uboot.console.sendline(command)
        self.target.deactivate(self.uboot)
        self.shell = self.target.get_driver("ShellDriver")

    def sh(self, command, timeout=PATIENCE):
        """Run a command that must succeed; its output as text."""
        out, status = self.try_sh(command, timeout)
        if status:
            raise AssertionError(f"{command!r} failed with {status}:\n{out}\n{self.dmesg(20)}")
        return out

    def try_sh(self, command, timeout=PATIENCE):
        """Run a command; (its output, its exit status)."""
        out, _, status = self.shell.run(command, timeout=timeout * self.machine.patience)
        return "\n".join(out), status

    def dmesg(self, lines=0):
        out, _ = self.try_sh(f"dmesg | tail -n {lines}" if lines else "dmesg")
        return out

    def load(self, driver="id-1", parameters=""):
        """Load an optee.ko; what the kernel said."""
        self.sh(f"for name in $(cat /modules/{driver}/depends); do "
                "[ -d /sys/module/$(echo $name | tr - _) ] || insmod /modules/$name.ko; done; "
                "dmesg -c > /dev/null")
        self._insmod(f"{driver}/optee.ko", parameters)
        log = re.sub(r"^\[ *[\d.]+\] ", "", self.dmesg(), flags=re.M)
        return re.sub(r".*taint.*\n?", "", log)

    def _insmod(self, module, parameters=""):
        out, status = self.try_sh(f"insmod /modules/{module} {parameters}")
        if "No such file" in out:
            raise Lacking(f"there is no {module} for this kernel")
        assert not status, f"{out}\n{self.dmesg(20)}"

    def load_ffa(self, way="id-1"):
        """Load the FF-A driver and OP-TEE's; what the kernel said."""
        self.sh("[ -d /sys/module/ffa_core ] || insmod /modules/ffa-core.ko")
        self.sh(f"dmesg -c > /dev/null; insmod /modules/ffa-{way}.ko")
        said = re.sub(r"^\[ *[\d.]+\] ", "", self.dmesg(), flags=re.M)
        return f"{said}\n{self.load('ffa')}"

    def unload_ffa(self):
        self.unload()
        self.sh("rmmod ffa_module")

    def secure_without_time(self):
        """The secure console so far, less what OP-TEE prints each second."""
        return re.sub(r".*(periodic_callback|test_wd|wd_ndrv).*\n?", "", self.secure())

    def unload(self):
        self.sh("killall tee-supplicant 2> /dev/null; "
                "while pidof tee-supplicant > /dev/null; do usleep 50000; done; rmmod optee")

    def attributes(self):
        """What the driver says it is."""
        values = self.sh("cd /sys/class/tee/tee0 2> /dev/null; [ -e vm_role ] || "
                         "cd /sys/bus/platform/devices/firmware:optee; "
                         "cat vm_role vm_id vm_conduit")
        return tuple(values.split())

    def xtest(self, arguments, timeout=300):
        """Run xtest, all of which must pass; (cases, subtests)."""
        self.sh("pidof tee-supplicant > /dev/null || tee-supplicant -d")
        out, status = self.try_sh(f"xtest {arguments}", timeout)
        subtests = re.search(r"^(\d+) subtests? of which (\d+) failed", out, re.M)
        cases = re.search(r"^(\d+) test cases? of which (\d+) failed", out, re.M)
        failed = "\n".join(re.findall(r"^.*\bFAIL.*$", out, re.M))
        assert status == 0 and subtests and cases, out[-2000:]
        assert (subtests[2], cases[2]) == ("0", "0"), failed
        assert int(cases[1]) and int(subtests[1]), out[-2000:]
        return int(cases[1]), int(subtests[1])

    def pcr(self, number):
        """What a register of the firmware TPM has."""
        return bytes.fromhex(self.sh(f"/pcr {number}"))

    def smc(self, function, *a1_to_a3, a7=0):
        """One fast call from EL1; a0..a3 of the answer."""
        if self.try_sh("[ -d /sys/module/smccall ]")[1]:
            self._insmod("smccall.ko")
        a1, a2, a3 = (*a1_to_a3, 0, 0, 0)[:3]
        answer = self.sh("cd /sys/module/smccall/parameters && "
                         f"echo {function:x} {a1:x} {a2:x} {a3:x} 0 0 0 {a7:x} > call && cat call")
        return tuple(int(word, 16) for word in answer.split())

    def mediate(self, mode, wrong=0, answer=0):
        """Tell tests/mediator what to do, see there."""
        assert self.smc(MEDIATOR_CONTROL, mode, wrong, answer)[0] == 0

    def calls(self, command, timeout=PATIENCE):
        """What the driver's own functions for calls send during a command, less the
        tag that ours put in: (function, a1, a7) of each call."""
        self.sh("cd /sys/kernel/tracing && echo 8192 > buffer_size_kb && echo > trace && "
                "for way in smc hvc; do echo p:$way optee:optee_smccc_$way "
                "a0=%x0:x32 a1=%x1:x32 a7=%x7:x32; done > kprobe_events && "
                "echo 1 > events/kprobes/enable")
        self.sh(command, timeout)
        trace = self.sh("cd /sys/kernel/tracing && echo 0 > events/kprobes/enable && "
                        "cut -d: -f3- trace; echo > kprobe_events", timeout)
        found = re.findall(r"a0=0x(\w+) a1=0x(\w+) a7=0x(\w+)", trace)
        return [tuple(int(word, 16) for word in words) for words in found]

    def find_disks(self, last):
        self.sh("insmod /modules/virtio_mmio.ko; insmod /modules/virtio_blk.ko; "
                f"until [ -e /dev/{last} ]; do usleep 10000; done")

    def read_disks(self):
        """Have what kexec wants: /tmp/kernel, /tmp/initrd, /tmp/dtb."""
        size = (self.logs / "board.dtb").stat().st_size
        self.find_disks("vdc")
        self.sh("for disk in /sys/block/vd*; do "
                "cat /dev/${disk##*/} > /tmp/$(cat $disk/serial); done; "
                f"truncate -s {size} /tmp/dtb")

    def boots_again(self, command):
        """Run a command that ends this kernel, and wait for the next one's shell."""
        self.goes_on(LAST_WORDS + command, "Booting Linux on")

    def goes_on(self, command, sign):
        """Run a command in whose course another kernel takes the console, which prints
        this sign, and wait for its shell."""
        self.target.deactivate(self.shell)
        self.qemu.sendline(command)
        self.qemu.expect(sign, timeout=120 * self.machine.patience)
        self.target.activate(self.shell)

    def fill(self):
        """Announce guests until OP-TEE has no room for another; their ids."""
        guests = []
        while self.smc(VM_CREATED, 5 + len(guests))[0] == 0:
            guests.append(5 + len(guests))
        return guests

    def remove(self, guests):
        """Remove guests that are there."""
        for guest in guests:
            assert self.smc(VM_DESTROYED, guest)[0] == 0

    def has_guest(self, guest):
        """Whether OP-TEE has a guest with this id."""
        return self.smc(CALLS_UID, a7=guest)[0] == UID_0

    def notifications(self):
        """How many asynchronous notifications of OP-TEE Linux has been interrupted by."""
        counts = re.search(r"^ *\d+:((?: +\d+)+) .*optee_notification",
                           self.sh("cat /proc/interrupts"), re.M)
        return sum(int(count) for count in counts[1].split())

    def normal(self):
        """The normal world's console so far."""
        return self.qemu.normal()

    def secure(self):
        """The secure console so far."""
        return self.qemu.secure()

    def guests(self):
        """How many guests OP-TEE has added and removed since it was started."""
        running = self.secure().rpartition("OP-TEE version: ")[2]
        return tuple(len(re.findall(what, running))
                     for what in (r"Added guest [1-9]",
                                  r"Removing guest [1-9]\d*\s+(?!E/TC.*not found)[^\d\s]"))

    def power_off(self):
        """Have the kernel, or U-Boot without OP-TEE's driver, switch the machine
        off, as far as it is still on."""
        if self.qemu.ended():
            return
        self.qemu.sendline(f"{LAST_WORDS}poweroff -f" if self.shell else
                           "unbind /firmware/optee; poweroff")
        try:
            self.qemu.expect("no such line", timeout=60 * self.machine.patience)
        except BoardLost:
            return
        except TIMEOUT:
            raise AssertionError("the machine did not switch itself off") from None
