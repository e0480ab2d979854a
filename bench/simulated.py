# SPDX-License-Identifier: BSD-2-Clause
"""A board that is QEMU and looks like one to labgrid: a power switch (bench/power), two
consoles by TCP, U-Boot that fetches kernel and root file system by TFTP. Makes the folder
that bench/power wants, with the two ports."""

import pathlib
import shlex
import shutil
import sys

from . import devicetree
from .machine import KERNEL_ADDRESS, Machine

MACHINE = Machine(uboot="2023.01/id-1")


def prepare(place, ports):
    """Whatever is there is made anew."""
    shutil.rmtree(place, ignore_errors=True)
    tftp = place / "tftp"
    tftp.mkdir(parents=True)
    shutil.copy(MACHINE.kernel, tftp / "Image")
    (tftp / "initrd").write_bytes(MACHINE.initrd())
    qemu = ["qemu-system-aarch64", "-cpu", MACHINE.cpu, "-m", MACHINE.memory, "-smp",
            str(MACHINE.cpus), "-display", "none", "-bios", str(MACHINE.flash),
            "-netdev", f"user,id=net,tftp={tftp}", "-device", "virtio-net-device,netdev=net"]
    dtb = place / "board.dtb"
    # U-Boot puts in where it has loaded the root file system to.
    devicetree.build(dtb, qemu, MACHINE.machine, MACHINE.method, MACHINE.interrupt,
                     "console=ttyAMA0 panic=-1", (0, 0))
    # It starts when somebody listens to the second one.
    serials = [word for port, wait in zip(ports, ("off", "on")) for word in
               ("-serial", f"tcp:127.0.0.1:{port},server=on,wait={wait},nodelay=on")]
    command = [*qemu, "-machine", MACHINE.machine, "-dtb", str(dtb), *serials,
               "-monitor", "none", "-device",
               f"loader,file={MACHINE.uboot_image},addr={KERNEL_ADDRESS:#x},force-raw=on"]
    (place / "command").write_text(shlex.join(command) + "\n")
    (place / "port").write_text(f"{ports[1]}\n")


if __name__ == "__main__":
    reason = MACHINE.missing()
    if reason:
        sys.exit(reason)
    prepare(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:4])
