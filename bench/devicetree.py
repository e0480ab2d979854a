# SPDX-License-Identifier: BSD-2-Clause
"""The device tree of a bench machine: QEMU's own, and what Linux needs to boot
from memory and to find OP-TEE."""

import subprocess

import libfdt

# OP-TEE signals asynchronous notifications with this interrupt: SPI 187, edge
# (optee_os 4.5.0, core/arch/arm/plat-vexpress/platform_config.h).
NOTIFICATION = (0, 187, 1)


XEN_BOOTARGS = "console=dtuart dtuart=/pl011@9000000 dom0_mem=512M"


def _module(tree, chosen, kind, place, bootargs=None):
    """Tell Xen of a part of dom0, docs/misc/arm/device-tree/booting.txt there."""
    node = tree.add_subnode(chosen, f"module@{place[0]:x}")
    tree.setprop(node, "compatible", f"multiboot,{kind}\0multiboot,module\0".encode())
    tree.setprop(node, "reg", b"".join(cell.to_bytes(8, "big") for cell in place))
    if bootargs:
        tree.setprop_str(node, "bootargs", bootargs)


def _optee(tree, parent, method, interrupt):
    node = tree.add_subnode(parent, "optee")
    tree.setprop_str(node, "compatible", "linaro,optee-tz")
    if method:
        tree.setprop_str(node, "method", method)
    if interrupt:
        tree.setprop_u32(node, "interrupt-parent", tree.get_phandle(tree.path_offset("/intc")))
        tree.setprop(node, "interrupts",
                     b"".join(cell.to_bytes(4, "big") for cell in NOTIFICATION))


def build(path, qemu, machine, method, interrupt, bootargs, initrd, dom0=None, reserved=None,
          psci="/psci", callers=(), xen_append="", tpm_log=None, optee=True):
    """Write the device tree to path.

    qemu: the command that starts the machine without a device tree;
    machine: its -machine argument; method: the conduit for the OP-TEE node or
    None for no such property; interrupt: whether the node has one;
    initrd: (address, size); dom0: the same of its kernel, if Xen is to be booted;
    reserved: the same of memory that Linux must not use; psci: where its node is;
    callers: (compatible, function id) of devices that call the secure world;
    xen_append: to Xen's command line; tpm_log: (address, size) of the event log of the
    firmware TPM, if there is one; optee: whether there is a node for OP-TEE.
    """
    subprocess.run([*qemu, "-machine", f"{machine},dumpdtb={path}"], check=True,
                   capture_output=True, text=True)
    tree = libfdt.Fdt(path.read_bytes())
    tree.resize(tree.totalsize() + 4096)

    # Linux before 5.17 takes memory that is disabled for its own, here the secure world's.
    tree.del_node(tree.path_offset("/secram@e000000"))

    chosen = tree.path_offset("/chosen")
    # kexec wants it unused. And a bench wants what QEMU draws by lot the same on every
    # run, also OP-TEE's addresses: they move an invocation by up to a hundredth.
    tree.setprop_u64(chosen, "kaslr-seed", 0)
    tree.setprop(chosen, "rng-seed", bytes(32))
    tree.setprop_u64(tree.path_offset("/secure-chosen"), "kaslr-seed", 1)
    if dom0:
        tree.setprop_str(chosen, "xen,xen-bootargs", f"{XEN_BOOTARGS} {xen_append}")
        tree.setprop_u32(chosen, "#address-cells", 2)
        tree.setprop_u32(chosen, "#size-cells", 2)
        _module(tree, chosen, "ramdisk", initrd)
        _module(tree, chosen, "kernel", dom0, bootargs)
    else:
        tree.setprop_str(chosen, "bootargs", bootargs)
        tree.setprop_u64(chosen, "linux,initrd-start", initrd[0])
        tree.setprop_u64(chosen, "linux,initrd-end", sum(initrd))

    if reserved:
        parent = tree.add_subnode(0, "reserved-memory")
        tree.setprop_u32(parent, "#address-cells", 2)
        tree.setprop_u32(parent, "#size-cells", 2)
        tree.setprop(parent, "ranges", b"")
        node = tree.add_subnode(parent, f"below@{reserved[0]:x}")
        tree.setprop(node, "reg", b"".join(cell.to_bytes(8, "big") for cell in reserved))
        tree.setprop(node, "no-map", b"")

    if tpm_log:
        node = tree.add_subnode(0, "tpm_event_log")
        tree.setprop_str(node, "compatible", "arm,tpm_event_log")
        tree.setprop_u64(node, "tpm_event_log_sm_addr", tpm_log[0])
        tree.setprop_u32(node, "tpm_event_log_size", tpm_log[1])
        tree.setprop_str(tree.add_subnode(0, "tpm"), "compatible", "microsoft,ftpm")

    firmware = tree.add_subnode(0, "firmware")
    if optee:
        _optee(tree, firmware, method, interrupt)
    if psci != "/psci":
        # TF-A adds a node at /psci if there is none: this one says nothing.
        tree.add_subnode(0, "psci")
        parent, _, name = psci.rpartition("/")
        node = tree.add_subnode(tree.path_offset(parent), name)
        tree.setprop(node, "compatible", b"arm,psci-1.0\0arm,psci-0.2\0")
        tree.setprop_str(node, "method", "smc")
    for compatible, function in callers:
        node = tree.add_subnode(0, compatible.replace(",", "-"))
        tree.setprop_str(node, "compatible", compatible)
        tree.setprop_u32(node, "arm,smc-id", function)
    tree.pack()
    path.write_bytes(tree.as_bytearray()[:tree.totalsize()])
