# SPDX-License-Identifier: BSD-2-Clause
"""Somebody's own OP-TEE, kernel, root file system and U-Boot instead of ours, see
docs/guide/ready.md. Whatever does not fit is one line, before anything is booted; the rest
is put where bench/machine.py looks for the suite "own", the line "own" and U-Boot own/id-1."""

import gzip
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from .machine import BUILD, Machine

OPTEE_FILES = ("tee-header_v2.bin", "tee-pager_v2.bin", "tee-pageable_v2.bin")
MODULES = ("tee", "ffa-core", "virtio_mmio", "virtio_blk")
SUITES = (Machine.suite, "sid")  # the default key is not the same for all versions
FIRMWARE = {"OPTEE", "TFA", "ROOTFS"}  # what becomes the suite
OWN = "own"


def debian(suite, package):
    """What a suite's package has for our board."""
    return BUILD / f"optee/{suite}/root/usr/lib/{package}/vexpress-qemu_armv8a-virtualized"


DEFAULT = debian(Machine.suite, "optee")


class Unfit(Exception):
    """What was given cannot be used; the text says why and what would fit."""


def machine(names, wanted):
    """A scenario's wishes of bench.machine.Machine, with the user's own parts of these names in
    it. Raises Unfit if none of them can be a part of it."""
    mine = {}
    if FIRMWARE & set(names):
        if wanted.get("suite", Machine.suite) != Machine.suite or "firmware" in wanted:
            raise Unfit("it needs an OP-TEE that is built for it")
        mine["suite"] = OWN
    if "KERNEL" in names:
        if {"built_in", "image", "aarch32"} & set(wanted) or wanted.get("line", OWN) != OWN:
            raise Unfit("it needs a kernel that is built for it")
        mine["line"] = OWN
    if "UBOOT" in names and "uboot" in wanted:
        if not wanted["uboot"].endswith("/id-1"):
            raise Unfit("it needs a U-Boot that is built for it")
        mine["uboot"] = f"{OWN}/id-1"
    if not mine:
        raise Unfit("nothing of yours takes part")
    return {**wanted, **mine}


def fresh(*parts):
    """An empty folder of build/."""
    place = BUILD.joinpath(*parts)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return place


def load_address(header):
    # struct optee_header and optee_image of optee_os 4.5.0, scripts/gen_tee_bin.py
    magic, _, _, _, _, high, low = struct.unpack_from("<4sBBHIII", header)
    return high << 32 | low if magic == b"OPTE" else None


def text(data, pattern):
    found = re.search(pattern, data)
    return found[0].decode(errors="replace") if found else "of an unknown version"


def trusted_key(core, suite):
    """Where OP-TEE has the default key of its version in this suite, or -1."""
    pem = debian(suite, "optee-os-dev") / "keys/default_ta.pem"
    if not pem.exists():
        return -1
    key = load_pem_private_key(pem.read_bytes(), None)
    return core.find(key.public_key().public_numbers().n.to_bytes(key.key_size // 8, "big"))


def check_optee(path):
    """(the folder that has OP-TEE, its version, the suite whose trusted applications it takes
    or None)"""
    path = pathlib.Path(path)
    for place in (path, path / "core", path / "out/arm/core"):
        if all((place / name).is_file() for name in OPTEE_FILES):
            break
    else:
        raise Unfit(f"OPTEE={path} has no {OPTEE_FILES[0]}: "
                    "give optee_os/out/arm/core, or another folder with tee-*_v2.bin")
    ours = (DEFAULT / OPTEE_FILES[0]).read_bytes()
    at, wanted = load_address((place / OPTEE_FILES[0]).read_bytes()), load_address(ours)
    if at is None:
        raise Unfit(f"OPTEE={path}: {OPTEE_FILES[0]} is no header of OP-TEE's")
    if at != wanted:
        raise Unfit(f"OPTEE={path} is for another board, its address is {at:#x}: "
                    "build it with PLATFORM=vexpress-qemu_armv8a")
    core = (place / OPTEE_FILES[1]).read_bytes()
    if b"Added guest" not in core:
        raise Unfit(f"OPTEE={path} does not tell of guests: build it with "
                    "CFG_NS_VIRTUALIZATION=y and CFG_TEE_CORE_LOG_LEVEL=3, the tests read that")
    suite = next((suite for suite in SUITES if trusted_key(core, suite) >= 0), None)
    return place, text(core, rb"[\w.+-]+ (?=\(gcc|\(clang|\(Debian)").strip(), suite


def names_in(rootfs):
    """The files of a root file system, a folder or a cpio archive."""
    if rootfs.is_dir():
        return [str(path.relative_to(rootfs)) for path in rootfs.rglob("*")]
    data = rootfs.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    result = subprocess.run(["cpio", "-it", "--quiet"], input=data, capture_output=True)
    if result.returncode:
        raise Unfit(f"ROOTFS={rootfs} is no cpio archive, nor one that gzip has packed")
    return [name.removeprefix("./") for name in result.stdout.decode().splitlines()]


def archive(folder, names=None):
    """A cpio archive of a folder, or of these names in it."""
    names = names or sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    return subprocess.run(["cpio", "-o", "-H", "newc", "-R", "0:0", "--quiet"], cwd=folder,
                          input="\n".join(names).encode(), check=True, capture_output=True).stdout


def check_rootfs(path):
    """The archive to boot: the user's, and on top of it the bench's /init with its shell."""
    rootfs = pathlib.Path(path)
    if not rootfs.exists():
        raise Unfit(f"ROOTFS={path} is not there: give a cpio archive or a folder")
    names = set(names_in(rootfs))
    for wanted in ("xtest", "tee-supplicant"):
        if not any(re.fullmatch(rf"(usr/)?s?bin/{wanted}", name) for name in names):
            raise Unfit(f"ROOTFS={path} has no {wanted} in its bin or sbin: install "
                        "optee_client and optee_test there")
    if "bin" not in names:
        raise Unfit(f"ROOTFS={path} has no /bin, where the bench puts a shell of its own")
    shell = fresh(OWN, "shell")
    init = pathlib.Path(__file__).resolve().parent / "rootfs" / "init"
    busybox = subprocess.run(["cpio", "-i", "--to-stdout", "--quiet", "usr/bin/busybox",
                              "./usr/bin/busybox"], check=True, capture_output=True,
                             input=(BUILD / "rootfs" / f"{Machine.suite}.cpio").read_bytes())
    (shell / "bin").mkdir()
    (shell / "bin/busybox").write_bytes(busybox.stdout)
    shutil.copy(init, shell / "init")
    for name in ("init", "bin/busybox"):
        (shell / name).chmod(0o755)
    data = archive(rootfs) if rootfs.is_dir() else rootfs.read_bytes()
    # Four bytes is what the kernel wants between two archives. An entry for /bin would take
    # the place of a link there.
    data += bytes(-len(data) % 4)
    return data + archive(shell, ["init", "bin/busybox"])


def modinfo(module, field):
    return subprocess.run(["/sbin/modinfo", "-F", field, module], check=True, capture_output=True,
                          text=True).stdout


def find_module(folder, name):
    return next((path for path in sorted(folder.rglob(f"{name}.ko*"))
                 if re.fullmatch(rf"{name}\.ko(\.xz)?", path.name)), None)


def check_kernel(kernel, modules):
    """(image, name -> module, version, the build folder that the modules link to or None)."""
    image = pathlib.Path(kernel)
    if not image.is_file():
        raise Unfit(f"KERNEL={kernel} is not there: give arch/arm64/boot/Image of a build")
    data = image.read_bytes()
    # Documentation/arch/arm64/booting.rst: the header's magic
    if data[56:60] != b"ARMd":
        raise Unfit(f"KERNEL={kernel} is no arm64 Image: give arch/arm64/boot/Image of a build, "
                    "not a packed one")
    if not modules or not pathlib.Path(modules).is_dir():
        raise Unfit("KERNEL= needs MODULES=<folder> with that kernel's optee.ko, as "
                    "make modules_install writes it: CONFIG_OPTEE=m")
    folder = pathlib.Path(modules)
    found = {name: find_module(folder, name) for name in (*MODULES, "optee")}
    version = re.search(rb"Linux version (\S+) ", data)
    if not version:
        raise Unfit(f"KERNEL={kernel} has no \"Linux version\" in it: it is not Linux")
    version = version[1].decode()
    if not found["optee"]:
        raise Unfit(f"MODULES={modules} has no optee.ko: the kernel needs CONFIG_TEE, and "
                    "CONFIG_OPTEE=m")
    magic = modinfo(found["optee"], "vermagic").split()[0]
    if magic != version:
        raise Unfit(f"MODULES={modules} is for Linux {magic}, but KERNEL={kernel} is {version}: "
                    "give modules and kernel of one build")
    if not re.search("^vm_id:", modinfo(found["optee"], "parm"), re.M):
        raise Unfit(f"MODULES={modules}: optee.ko has no vm_id, it is without our change: see "
                    "make linux-apply, and enable CONFIG_OPTEE_VIRT_COMPAT")
    build = next((link for link in (folder / "build", *folder.glob("lib/modules/*/build"))
                  if (link / "include/config/auto.conf").is_file()), None)
    return image, found, version, build


def check_uboot(path):
    image = pathlib.Path(path)
    if not image.is_file():
        raise Unfit(f"UBOOT={path} is not there: give u-boot.bin of a build")
    data = image.read_bytes()
    if b"CFG_VIRT_GUEST_COUNT" not in data:
        raise Unfit(f"UBOOT={path} is without our change: see make uboot-apply, and enable "
                    "CONFIG_OPTEE_VIRT_COMPAT for qemu_arm64_defconfig")
    return data, text(data, rb"U-Boot 20\d\d\.\d\d[^ \0]*")


def put_kernel(image, found, version, build):
    line = fresh("linux", OWN)
    shutil.copy(image, line / "vmlinuz")
    place = line / "root/lib/modules"
    place.mkdir(parents=True)
    for name in MODULES:
        if found[name]:
            shutil.copy(found[name], place)
    driver = line / "id-1" / found["optee"].name
    driver.parent.mkdir()
    shutil.copy(found["optee"], driver)
    if driver.suffix == ".xz":
        subprocess.run(["unxz", driver], check=True)
    (line / "root/versions").write_text(f"linux-image {version}\n")
    (line / "ready").touch()
    if build:
        (line / "build").symlink_to(build.resolve())


def prepare(given):
    """Check all, then put all: nothing is half there."""
    optee = rootfs = kernel = uboot = None
    if "TFA" in given and not (pathlib.Path(given["TFA"]) / "plat/qemu/qemu").is_dir():
        raise Unfit(f"TFA={given['TFA']} has no plat/qemu/qemu: give the source of TF-A")
    if "OPTEE" in given:
        optee = check_optee(given["OPTEE"])
        if not optee[2] and "ROOTFS" not in given:
            raise Unfit(f"OPTEE={given['OPTEE']} takes no trusted applications that are signed "
                        "with OP-TEE's default key: give ROOTFS=<cpio or folder> with your xtest")
    if "ROOTFS" in given:
        rootfs = check_rootfs(given["ROOTFS"])
    if "KERNEL" in given:
        kernel = check_kernel(given["KERNEL"], given.get("MODULES"))
    elif "MODULES" in given:
        raise Unfit("MODULES= needs KERNEL=<Image>, the kernel that they are for")
    if "UBOOT" in given:
        uboot = check_uboot(given["UBOOT"])

    if FIRMWARE & set(given):
        place = fresh("optee", OWN, "root")
        files = optee[0] if optee else DEFAULT
        for name in OPTEE_FILES:
            shutil.copy(files / name, place)
        versions = BUILD / "optee" / Machine.suite / "root/versions"
        (place / "versions").write_text(f"optee_os {optee[1]}\n" if optee
                                        else versions.read_text())
        default = BUILD / "rootfs" / f"{optee[2] if optee else Machine.suite}.cpio"
        mine = BUILD / "rootfs" / f"{OWN}.cpio"
        if rootfs:
            mine.write_bytes(rootfs)
            mine.with_suffix(".cpio.versions").write_text("tee-supplicant of-ROOTFS\n")
        else:
            shutil.copy(default, mine)
            shutil.copy(f"{default}.versions", f"{mine}.versions")
    if kernel:
        put_kernel(*kernel)
    if uboot:
        place = fresh("u-boot", OWN)
        for part, name, data in (("id-1", "u-boot.bin", uboot[0]),
                                 ("root", "versions", f"u-boot {uboot[1]}\n".encode())):
            (place / part).mkdir()
            (place / part / name).write_bytes(data)
    for name, what in (("OP-TEE", optee and optee[1]), ("Linux", kernel and kernel[2]),
                       ("U-Boot", uboot and uboot[1])):
        if what:
            print(f"== your {name}: {what}")


def main():
    try:
        prepare({name: os.environ[f"OWN_{name}"] for name in sys.argv[1:]})
    except Unfit as unfit:
        sys.exit(str(unfit))


if __name__ == "__main__":
    main()
