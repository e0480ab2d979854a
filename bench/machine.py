# SPDX-License-Identifier: BSD-2-Clause
"""What a scenario runs on: firmware, what is below Linux, kernel, and QEMU's processor."""

import dataclasses
import pathlib
import re
import subprocess

BUILD = pathlib.Path(__file__).resolve().parent.parent / "build"
QEMU = pathlib.Path(__file__).resolve().parent / "qemu"

KERNEL_ADDRESS = 0x42200000  # bench/firmware.mk: BL33
XEN_ADDRESS = 0x44000000     # below U-Boot, which is at KERNEL_ADDRESS then
DOM0_ADDRESS = 0x45000000    # of any kernel that something else boots
XEN = "4.17/stock"
STAMP = BUILD / "bench" / "stamp.bin"
CLIENT = BUILD / "bench" / "client.cpio"
TPM_CLIENT = BUILD / "tests" / "pcr.cpio"
EDK2 = BUILD / "edk2" / "QEMU_EFI.fd"
CLIENT_32 = BUILD / "bench" / "armhf" / "client.cpio"

MEDIATOR = BUILD / "tests" / "mediator.bin"
MEDIATED_KERNEL_ADDRESS = 0x42400000  # tests/tests.mk: MEDIATED_KERNEL

AARCH32 = BUILD / "tests" / "aarch32.bin"
KERNEL_32_ADDRESS = 0x44000000        # tests/tests.mk: KERNEL_32

# Of a distribution, for GRUB.
GRUB_CONFIG = """linux /vmlinuz console=ttyAMA0 panic=-1
initrd /initrd
boot
"""


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
    edk2: str = ""                  # or EDK2, whose shell runs this
    esp: str = ""                   # a folder whose files are on the EFI system partition too
    grub: str = GRUB_CONFIG         # what GRUB runs there
    mediator: bool = False          # tests/mediator below Linux
    aarch32: bool = False           # a 32-bit kernel, entered by tests/aarch32
    disks: bool = False             # the kernel and the initrd as disks, for kexec
    swap: bool = False              # a disk that it can hibernate to
    disk: str = ""                  # with its root file system, written to; extra is its initrd
    reboots: bool = False           # a reset starts the machine anew
    icount: int | None = None       # 2^N ns of the guest's clock are an instruction
    shim: bool = False              # below Linux
    image: str = ""                 # instead of the line's kernel
    append: str = ""                # to the kernel's command line
    xen_append: str = ""            # to Xen's
    tpm: bool = False               # a firmware TPM, its event log, and /pcr to read registers
    extra: str = ""                 # an archive behind the root file system's others
    client: bool = False            # benchmark/client.c before /init
    stamp: bool = False             # benchmark/stamp.S instead of everything
    patience: int = 1               # times that its commands may take longer than others'

    @property
    def machine(self):
        # With ACPI tables EDK2 would hand over no device tree.
        return f"virt,secure=on,gic-version=3,virtualization={'on' if self.el2 else 'off'}" \
               f"{',acpi=off' if self.edk2 else ''}"

    @property
    def memory(self):
        return "2048M" if self.disks else "1024M"

    @property
    def flash(self):
        return BUILD / "firmware" / f"{self.suite}-{self.firmware}.bin"

    @property
    def initrd_parts(self):
        if self.disk:
            return [pathlib.Path(self.extra)]
        modules = [] if self.built_in else [BUILD / "linux" / self.line / "modules.cpio"]
        if self.aarch32:
            return [BUILD / "rootfs" / f"{self.suite}-armhf.cpio", *modules, CLIENT_32]
        return [BUILD / "rootfs" / f"{self.suite}.cpio", *modules,
                *([BUILD / "linux" / self.line / "ffa.cpio"] if self.ffa else []),
                *([CLIENT] if self.client else []),
                *([TPM_CLIENT] if self.tpm else []),
                *([pathlib.Path(self.extra)] if self.extra else [])]

    def initrd(self):
        """All of them as one archive."""
        return b"".join(part.read_bytes() for part in self.initrd_parts)

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
        if self.edk2:
            return {KERNEL_ADDRESS: EDK2}
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
        for path in (self.edk2 and EDK2, self.esp and pathlib.Path(self.esp)):
            if path and not path.exists():
                return f"{path.relative_to(BUILD.parent)} is not there: its suite has not answered"
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
                            r"|^xen |^u-boot |^edk2 |^qemu-system-arm ")
        lines = [] if self.qemu else [subprocess.run(
            ["dpkg-query", "-W", "-f", "${Package} ${Version}", "qemu-system-arm"],
            check=True, capture_output=True, text=True).stdout]
        for path in (*([self.qemu_root / "versions"] if self.qemu else []),
                     *([self.xen_image.parents[1] / "root" / "versions"] if self.xen else []),
                     *([self.uboot_image.parents[1] / "root" / "versions"]
                       if self.uboot else []),
                     *([EDK2.parent / "root" / "versions"] if self.edk2 else []),
                     BUILD / "optee" / self.suite / "root" / "versions",
                     BUILD / "tfa" / "root" / "versions",
                     *([pathlib.Path(f"{self.disk}.versions")] if self.disk else
                       [BUILD / "rootfs" / f"{self.suite}.cpio.versions",
                        BUILD / "linux" / self.line / "root" / "versions"])):
            lines += path.read_text().splitlines()
        return dict(line.split()[:2] for line in lines if wanted.search(line))


# Where Linux can find itself without a hypervisor: EL1 below which EL2 has been, EL2,
# and EL1 without EL2. QEMU's own pointer authentication is quicker than Arm's.
NVHE = {"cpu": "cortex-a57"}
VHE = {"cpu": "max,pauth-impdef=on"}
NO_EL2 = {"el2": False}
