# SPDX-License-Identifier: BSD-2-Clause
"""Inputs of the user's own: make check OPTEE=... and what does not fit."""

import re
import shutil
import struct
import subprocess

import pytest

from bench import own
from bench.machine import BUILD
from conftest import TOP, readme_rows
from test_static import run

LINE = BUILD / "linux/6.12"


def refused(says, **given):
    """A line, and nothing put where a board would look for it."""
    with pytest.raises(own.Unfit) as unfit:
        own.prepare({name: str(path) for name, path in given.items()})
    assert says in str(unfit.value) and "\n" not in str(unfit.value), unfit.value


@pytest.fixture
def optee(tmp_path):
    return shutil.copytree(own.DEFAULT, tmp_path / "optee")


def test_optee_that_does_not_fit(tmp_path, optee):
    refused("has no tee-header_v2.bin: give optee_os/out/arm/core", OPTEE=tmp_path)
    refused("does not tell of guests: build it with CFG_NS_VIRTUALIZATION=y",
            OPTEE=own.DEFAULT.parent / "vexpress-qemu_armv8a")
    header = bytearray((optee / "tee-header_v2.bin").read_bytes())
    struct.pack_into("<I", header, 16, 0x60000000)
    (optee / "tee-header_v2.bin").write_bytes(header)
    refused("for another board, its address is 0x60000000", OPTEE=optee)
    (optee / "tee-header_v2.bin").write_bytes(b"no header at all, is it?")
    refused("is no header of OP-TEE's", OPTEE=optee)


def test_optee_with_another_key(optee):
    """Of the trusted applications."""
    core = (optee / "tee-pager_v2.bin").read_bytes()
    place = own.trusted_key(core, "trixie")
    assert place > 0
    (optee / "tee-pager_v2.bin").write_bytes(core[:place] + b"another" + core[place + 7:])
    refused("default key: give ROOTFS=", OPTEE=optee)


def test_tfa_that_does_not_fit(tmp_path):
    refused("has no plat/qemu/qemu: give the source of TF-A", TFA=tmp_path)


def test_root_file_system_that_does_not_fit(tmp_path):
    refused("is not there", ROOTFS=tmp_path / "none")
    refused("has no xtest in its bin or sbin", ROOTFS=tmp_path)
    (tmp_path / "text").write_text("no archive")
    refused("is no cpio archive", ROOTFS=tmp_path / "text")


def test_kernel_that_does_not_fit(tmp_path):
    kernel, driver = LINE / "vmlinuz", LINE / "id-1/optee.ko"
    modules = tmp_path / "modules"
    modules.mkdir()
    refused("is not there: give arch/arm64/boot/Image", KERNEL=tmp_path / "none")
    refused("is no arm64 Image", KERNEL=driver, MODULES=modules)
    refused("needs MODULES=<folder>", KERNEL=kernel)
    refused("needs KERNEL=<Image>", MODULES=modules)
    refused("has no optee.ko: the kernel needs CONFIG_TEE", KERNEL=kernel, MODULES=modules)
    shutil.copy(LINE / "stock/optee.ko", modules)
    refused("has no vm_id, it is without our change", KERNEL=kernel, MODULES=modules)
    shutil.copy(BUILD / "linux/6.1/id-1/optee.ko", modules)
    refused("give modules and kernel of one build", KERNEL=kernel, MODULES=modules)


def test_uboot_that_does_not_fit(tmp_path):
    refused("is not there: give u-boot.bin", UBOOT=tmp_path / "none")
    refused("is without our change: see make uboot-apply",
            UBOOT=BUILD / "u-boot/2023.01/stock/u-boot.bin")


def test_what_does_not_fit_ends_before_anything_is_booted(tmp_path):
    result = run("make", "own", f"OPTEE={tmp_path}")
    assert result.returncode and f"OPTEE={tmp_path} has no tee-header" in result.stdout
    assert not (tmp_path / "firmware").exists()


def test_each_row_of_the_readme_is_a_scenario():
    numbers = [number for number, *_ in readme_rows()]
    assert numbers == list(range(1, 1 + len(numbers))) and len(numbers) > 10
    marked = {int(number) for path in (TOP / "tests").glob("test_*.py")
              for number in re.findall(r"\brow\((\d+)\)", path.read_text())}
    assert marked == set(numbers)


@pytest.fixture
def four():
    """An OP-TEE as its own build leaves it, with room for four guests."""
    optee = BUILD / "optee/sid-four/out/core"
    if not optee.exists():
        pytest.skip("build/optee/sid-four is not there: sid has not answered")
    return optee


@pytest.mark.full
def test_before_and_after_on_ones_own_optee(four):
    result = run("make", "run", f"OPTEE={four}")
    assert result.returncode == 0, result.stdout
    for row in (r"probe +never returns +ok", r"guests added / removed +0 / 0 +1 / 1",
                r"secure world alive +no, it has halted the machine +yes"):
        assert re.search(f"^{row}$", result.stdout, re.M), result.stdout


@pytest.mark.full
def test_uboot_of_ones_own(tmp_path):
    image = shutil.copy(BUILD / "u-boot/2023.01/id-1/u-boot.bin", tmp_path)
    result = run("make", "check", f"UBOOT={image}", "T=test_guest_and_then_linux or "
                 "(test_uboot and test_no_free_slot)")
    assert result.returncode == 0, result.stdout
    assert re.search(r"^([2-9]|\d\d+) passed, 0 failed", result.stdout, re.M), result.stdout


@pytest.mark.full
def test_everything_of_ones_own(tmp_path, four, note):
    """An OP-TEE with room for four guests, TF-A's source, a kernel and its modules, and a root
    file system, as a user has them, outside of build/."""
    kernel = shutil.copy(LINE / "vmlinuz", tmp_path / "Image")
    modules = tmp_path / "modules"
    shutil.copytree(LINE / "root/usr/lib/modules" if (LINE / "root/usr/lib/modules").exists()
                    else LINE / "root/lib/modules", modules, symlinks=True)
    own.find_module(modules, "optee").unlink()
    shutil.copy(LINE / "id-1/optee.ko", modules)
    (modules / "build").symlink_to(next((LINE / "root/usr/src").glob("linux-headers-*-arm64")))
    rootfs = tmp_path / "rootfs"
    rootfs.mkdir()
    with open(BUILD / "rootfs/sid.cpio", "rb") as archive:
        subprocess.run(["cpio", "-id", "--quiet"], cwd=rootfs, stdin=archive, check=True)
    typed = re.search(r"^    make check-full (.*)", (TOP / "docs/guide/ready.md").read_text(), re.M)
    places = {"OPTEE": four, "TFA": BUILD / "tfa/root/arm-trusted-firmware", "ROOTFS": rootfs,
              "KERNEL": kernel, "MODULES": modules}
    given = [f"{name}={places[name]}" for name in re.findall(r"(\w+)=<", typed[1])]
    assert len(given) == len(places)
    result = run("make", "check", *given,
                 "T=test_what_this_optee_is or test_guest or test_no_free_slot or "
                 "test_mediator_that_drops or test_plain_optee")
    assert result.returncode == 0, result.stdout
    assert re.search(r"note: OP-TEE 4\.\d+: .*room for 4 guests", result.stdout)
    for number in (1, 5, 12):
        assert re.search(rf"^ *{number} .*: holds$", result.stdout, re.M), result.stdout
    assert re.search(r"^14 .*: not seen: it needs an OP-TEE that is built for it$", result.stdout,
                     re.M), result.stdout
    note(result.stdout.splitlines()[-1])
