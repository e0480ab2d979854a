# SPDX-License-Identifier: BSD-2-Clause
"""What a release brings: packages, installed and removed again, and their commands."""

import os
import re
import shutil

import pytest

from bench.machine import BUILD, Machine
from bench.qemu_board import QemuBoard
from conftest import LINES, RESULTS, TOP
from test_linux import SUBSET
from test_static import clean, run, snapshot, tracked

full = pytest.mark.full

VERSION = (TOP / "VERSION").read_text().strip()
MODULE_VERSION = f"1.0+virt-compat.{VERSION}"  # the driver has 1.0 from 5.10 to 6.12
PACKAGES = BUILD / "packages"
DEBS = {name: PACKAGES / f"{name.rpartition('-')[0]}_{VERSION}_{name.rpartition('-')[2]}.deb"
        for name in ("optee-shim-amd64", "optee-shim-arm64", "optee-virt-compat-dkms-all")}
WRAP = BUILD / "shim/optee-shim-wrap"

each_deb = pytest.mark.parametrize("deb", DEBS.values(), ids=DEBS)


class Room:
    """This machine's own file system with a layer above it that takes all changes; a
    command is its root's."""

    def __init__(self, place):
        self.layer = place / "layer"
        self.start = place / "start"
        for name in ("layer", "work", "root"):
            (place / name).mkdir()
        root = place / "root"
        options = f"lowerdir=/,upperdir={self.layer},workdir={place / 'work'}"
        binds = "".join(f"mkdir -p {root}{path}\nmount {how} {path} {root}{path}\n"
                        for how, path in (("--rbind", "/proc"), ("--rbind", "/dev"),
                                          ("--bind", TOP), ("--bind", BUILD), ("--bind", place)))
        self.start.write_text(
            f"set -eu\nmount -t overlay -o {options} none {root}\n{binds}"
            f"rm -f {root}/var/lib/man-db/auto-update\nexec chroot {root} sh -c \"$1\"\n")

    def try_sh(self, command):
        """(what it said, its exit status)"""
        result = run("env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C", "unshare", "--mount",
                     "sh", self.start, command)
        return result.stdout, result.returncode

    def sh(self, command):
        out, status = self.try_sh(command)
        assert status == 0, f"{command!r} failed with {status}:\n{out}"
        return out


@pytest.fixture
def room(tmp_path):
    if os.getuid() != 0:
        pytest.skip("a layer above the machine's file system takes root")
    chosen = Room(tmp_path)
    out, status = chosen.try_sh("rm -f /boot/vmlinuz-*")
    if status:
        pytest.skip(f"a container without mounts: {out.strip()}")
    return chosen


@each_deb
def test_package_is_clean(deb):
    clean("lintian", "--allow-root", "--pedantic", "--display-info", deb)


@each_deb
def test_manual_pages_are_clean(deb, tmp_path):
    assert run("dpkg-deb", "-x", deb, tmp_path).returncode == 0
    pages = sorted((tmp_path / "usr/share/man").glob("*/*"))
    assert pages
    for page in pages:
        clean("mandoc", "-Tlint", "-Wstyle", page)
        clean("sh", "-c", f"LC_ALL=C.UTF-8 man --warnings --local-file --ditroff {page} "
              "> /dev/null")
        assert f'"optee-virt-compat {VERSION}"' in run("zcat", page).stdout


def test_wrap_shows_what_it_is():
    shown = run(WRAP, "--help")
    assert shown.returncode == 0 and "Exit status" in shown.stdout
    assert (run(WRAP, "--version").stdout, run(WRAP, "-V").stdout) == \
        2 * (f"optee-shim-wrap {VERSION}\n",)
    page = (TOP / "packages/man/optee-shim-wrap.1").read_text().replace("\\-", "-")
    for option in re.findall(r"--[a-z-]+", shown.stdout):
        assert option in page


@pytest.mark.parametrize("arguments, status, says", (
    ((), 2, "give a kernel and the file to write"), (("one",), 2, "give a kernel"),
    (("--id=1", "one", "two"), 2, "--id=1 is no option"), (("--shim",), 2, "--shim"),
    (("/nowhere", "out"), 1, "/nowhere cannot be read"),
    (("--shim=/dev/null", "/dev/null", "out"), 1, "/dev/null is no shim"),
    (("--vm-id=65536", BUILD / "linux/6.12/vmlinuz", "out"), 1, "1..65535"),
    (("--version", ">", "/dev/full"), 1, "cannot write"),
), ids=str)
def test_wrap_refuses_in_a_line(tmp_path, arguments, status, says):
    result = run("sh", "-c", f"cd {tmp_path} && {WRAP} {' '.join(map(str, arguments))}")
    assert result.returncode == status and len(result.stdout.splitlines()) == 1
    assert result.stdout.startswith("optee-shim-wrap: ") and says in result.stdout
    assert not list(tmp_path.iterdir())


def kernel_package(place, version, image):
    """A kernel's package as far as the hook is concerned: an image, and what is run for it."""
    root = place / f"kernel-{version}"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "boot").mkdir()
    (root / "boot/vmlinuz-9-test").write_bytes(image)
    (root / "DEBIAN/control").write_text(
        f"Package: linux-image-9-test\nVersion: {version}\nArchitecture: all\n"
        "Maintainer: Test <test@example.org>\nDescription: test\n")
    for when in ("postinst", "postrm"):
        script = root / "DEBIAN" / when
        script.write_text(f"#!/bin/sh\nset -e\n[ $1 != upgrade ] || exit 0\n"
                          f"/etc/kernel/{when}.d/optee-shim 9-test /boot/vmlinuz-9-test\n")
        script.chmod(0o755)
    deb = root.with_suffix(".deb")
    assert run("dpkg-deb", "-Znone", "--build", root, deb).returncode == 0
    return deb


def test_kernels_are_wrapped_when_asked_for(room, tmp_path):
    """Through the lives of the packages of the shim and of a kernel."""
    image = (BUILD / "linux/6.1/vmlinuz").read_bytes()[:1 << 16]
    other = (BUILD / "linux/6.12/vmlinuz").read_bytes()[:1 << 16]
    kernel, original = "/boot/vmlinuz-9-test", "/var/lib/optee-shim/vmlinuz-9-test"

    def installed(version, image):
        return room.sh(f"dpkg -i {kernel_package(tmp_path, version, image)}")

    def content(path):
        return (room.layer / path[1:]).read_bytes()

    def wrapped(image, vm_id=1):
        (tmp_path / "Image").write_bytes(image)
        clean(WRAP, f"--vm-id={vm_id}", tmp_path / "Image", tmp_path / "Image.guest")
        return (tmp_path / "Image.guest").read_bytes()

    room.sh(f"dpkg -i {DEBS['optee-shim-amd64']}")
    installed(1, image)
    assert content(kernel) == image

    room.sh("sed -i s/OPTEE_SHIM=no/OPTEE_SHIM=yes/ /etc/default/optee-shim; optee-shim-kernels")
    assert content(kernel) == wrapped(image) and content(original) == image
    room.sh("sed -i s/VM_ID=1/VM_ID=7/ /etc/default/optee-shim; optee-shim-kernels")
    assert content(kernel) == wrapped(image, 7) and content(original) == image
    installed(2, other)
    assert content(kernel) == wrapped(other, 7) and content(original) == other

    # What cannot be wrapped is there as it is.
    said = installed(3, b"\x1f\x8b" + image)
    assert f"{original} is compressed with gzip" in said, said
    assert content(kernel) == b"\x1f\x8b" + image
    assert room.sh(f"dpkg-divert --list '{kernel}'") == ""
    said, status = room.try_sh("optee-shim-kernels")
    assert status == 1 and len(said.splitlines()) == 1

    installed(4, image)
    assert content(kernel) == wrapped(image, 7)
    for command, says in (("optee-shim-kernels --all", "usage: "),
                          ("sed -i s/SHIM=yes/SHIM=on/ /etc/default/optee-shim; "
                           "optee-shim-kernels", "must be yes or no")):
        said, status = room.try_sh(command)
        assert status == 1 and len(said.splitlines()) == 1 and says in said, said
    room.sh("sed -i s/SHIM=on/SHIM=yes/ /etc/default/optee-shim")
    assert content(kernel) == wrapped(image, 7)
    room.sh("dpkg --purge linux-image-9-test")
    assert room.sh("ls /boot/vmlinuz* /var/lib/optee-shim/* 2> /dev/null; dpkg-divert --list "
                   f"'{kernel}'") == ""

    installed(5, other)
    assert content(kernel) == wrapped(other, 7)
    room.sh("dpkg --purge optee-shim")
    assert content(kernel) == other and room.sh(f"dpkg-divert --list '{kernel}'") == ""
    left = [path for path in room.layer.rglob("*optee*shim*") if "var/lib/dpkg" not in str(path)]
    assert not left, left


# The room has an arm64 kernel's modules; dkms is the machine's, and cross-compiles.
KERNEL = "6.1"
CROSS = "export ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-; "


def modules_of_a_kernel(room):
    """The release of the kernel whose TEE modules and headers are in the room now."""
    root = BUILD / "linux" / KERNEL / "root"
    release = next((root / "lib/modules").iterdir()).name
    headers = next((root / "usr/src").glob("linux-headers-*-arm64"))
    room.sh(f"mkdir -p /lib/modules/{release}/kernel/drivers && cd /lib/modules/{release} && "
            f"cp -r {root}/lib/modules/{release}/modules.* . && "
            f"cp -r {root}/lib/modules/{release}/kernel/drivers/tee kernel/drivers && "
            f"ln -s {headers} build && depmod {release}")
    return release


@full
def test_dkms(room, tmp_path):
    """The module is built by dkms, loaded before the kernel's own, with the options of the
    package's file, and gone after a purge."""
    deb = DEBS["optee-virt-compat-dkms-all"]
    if not deb.exists():
        pytest.skip(f"{deb.relative_to(TOP)} is not there: a kernel's suite has not answered")
    name = f"optee-virt-compat/{VERSION}"
    said = room.sh(f"dpkg -i {deb}; dkms status")
    assert "BUILD_EXCLUSIVE" in said or f"{name}: added" in said, said  # no driver for this host
    release = modules_of_a_kernel(room)
    chosen = f"modprobe -S {release} --show-depends optee | tail -n 1"
    stock = f"insmod /lib/modules/{release}/kernel/drivers/tee/optee/optee.ko"
    assert room.sh(chosen).strip() == stock

    room.sh(f"{CROSS}dkms install {name} -k {release} -a aarch64")
    assert room.sh(chosen).split()[1] == f"/lib/modules/{release}/updates/dkms/optee.ko"
    assert room.sh(f"modinfo -k {release} -F version optee").strip() == MODULE_VERSION
    refused, status = room.try_sh(f"{CROSS}dkms build {name} -k 6.18.0-arm64 -a aarch64 "
                                  f"--kernelsourcedir /lib/modules/{release}/build")
    assert status != 0 and "BUILD_EXCLUSIVE" in refused, refused
    refused, status = room.try_sh(f"{CROSS}make -C /lib/modules/{release}/build VERSION=6 "
                                  f"PATCHLEVEL=18 M=/usr/src/{name.replace('/', '-')} modules")
    assert status != 0 and f"of Linux {' '.join(LINES[::-1])} and not of 6.18: " in refused, refused

    options = "etc/modprobe.d/optee-virt-compat-dkms.conf"
    room.sh(f"sed -i 's/^#\\(options optee vm_id=\\)1/\\17/' /{options}")
    room.sh(f"cd / && {{ echo usr/lib/modules; echo etc; echo etc/modprobe.d; "
            f"find usr/lib/modules/{release} {options} ! -type l; }} | "
            f"cpio -o -H newc -R 0:0 --quiet > {tmp_path}/modules.cpio")
    logs = RESULTS / "test_ship.test_dkms"
    with QemuBoard(Machine(line=KERNEL, extra=str(tmp_path / "modules.cpio")), logs) as board:
        board.sh("modprobe optee")
        assert "guest 7, conduit smc" in board.dmesg()
        assert board.sh("cat /sys/module/optee/version") == MODULE_VERSION
        board.xtest(SUBSET)
        board.power_off()
        assert board.guests() == (1, 1)

    room.sh("dpkg --purge optee-virt-compat-dkms")
    assert room.sh(chosen).strip() == stock
    assert room.sh(f"dkms status; ls /{options} /usr/src/optee-virt* "
                   f"/lib/modules/{release}/updates 2> /dev/null || true") == ""


def test_parameters_are_explained():
    """Each of the driver's, in the manual page, in the file of options and in README."""
    source = "".join(path.read_text() for path in (TOP / "linux").glob("virt_compat*.c"))
    names = set(re.findall(r"^module_param(?:_cb)?\((\w+),", source, re.M))
    assert len(names) == 4
    for path, pattern in (("packages/man/optee-virt-compat.4", r"^\.BI (\w+)= "),
                          ("packages/debian/optee-virt-compat-dkms.modprobe",
                           r"^#options optee (\w+)="),
                          ("README.md", r"^\| `optee\.(\w+)=")):
        assert set(re.findall(pattern, (TOP / path).read_text(), re.M)) == names


def test_documents_are_found():
    """A newcomer's page names each of them, and README stays short."""
    index = (TOP / "docs/README.md").read_text()
    pages = {path.relative_to(TOP / "docs").as_posix() for path in (TOP / "docs").glob("**/*.md")}
    assert pages - {"README.md"} == {link for link in re.findall(r"\]\(([^)#]+)", index)
                                     if not link.startswith("../")}
    assert len((TOP / "README.md").read_text().splitlines()) <= 150
    assert len(index.splitlines()) <= 30


def test_help_has_groups():
    shown = run("make", "--no-print-directory", "help").stdout
    told = set(re.findall(r"^  make (\S+) ", shown, re.M))
    assert re.match(r"\w.*\n  make help ", shown) and len(re.findall(r"^\w", shown, re.M)) > 5
    for path in (TOP / "Makefile", *TOP.glob("*/*.mk")):
        for target in re.findall(r"^([a-z-]+):.* ## ", path.read_text(), re.M):
            assert target in told
    assert {"dist", "shim-deb", "dkms-deb"} <= told


def test_versions_agree():
    assert re.fullmatch(r"\d+\.\d+\.\d+", VERSION)
    headings = re.findall(r"^## \[(.*?)\] - (unreleased|\d{4}-\d\d-\d\d)$",
                          (TOP / "CHANGELOG.md").read_text(), re.M)
    assert headings and headings[0][0] == VERSION
    module = BUILD / "linux" / LINES[0] / "id-1/optee.ko"
    assert run("/sbin/modinfo", "-F", "version", module).stdout.strip() == MODULE_VERSION
    assert f"\0{VERSION}\0".encode() in (BUILD / "shim/shim.bin").read_bytes()


@full
def test_release_is_the_same_twice(tmp_path, note):
    """Made of two checkouts, built anew in one, in the other after packages of another date.
    A checkout with changes is refused."""
    for version in re.search(r"^UBOOT_VERSIONS := (.*)", (TOP / "u-boot/u-boot.mk").read_text(),
                             re.M)[1].split():
        if not (BUILD / "u-boot" / version / "root/versions").exists():
            pytest.skip(f"build/u-boot/{version} is not there: no suite offers this U-Boot")
    if not (BUILD / "linux/newest/ready").exists():
        pytest.skip("build/linux/newest is not there: its suite has not answered")
    for name, origin in (("one", TOP), ("two", tmp_path / "one")):
        checkout = tmp_path / name
        assert run("git", "clone", "-q", origin, checkout).returncode == 0
        (checkout / "build").mkdir()
        for part in ("apt", "linux", "u-boot", "tfa"):
            (checkout / "build" / part).symlink_to(BUILD / part)
        # Older than what has been fetched.
        clean("find", checkout, "-type", "f", "-exec", "touch", "-d", "2020-01-01", "{}", "+")
        if name == "two":
            assert run("make", "-C", checkout, "shim-deb", "SOURCE_DATE_EPOCH=1").returncode == 0
        result = run("make", "-C", checkout, "dist", f"OUT={tmp_path / 'out'}-{name}")
        assert result.returncode == 0, result.stdout
    releases = [snapshot(tmp_path / f"out-{name}") for name in ("one", "two")]
    assert releases[0] == releases[1]
    note(f"release: {len(releases[0])} files, the same twice")

    names = {str(path) for path in releases[0]}
    bill = (tmp_path / f"out-one/optee-virt-compat-{VERSION}.spdx").read_text()
    assert set(re.findall("^PackageName: ((?:meta-)?optee.*)", bill, re.M)) == \
        names - {"SHA256SUMS", f"optee-virt-compat-{VERSION}.spdx"}
    assert set(re.findall("^FileName: [.]/(.*)", bill, re.M)) == {
        path for path in tracked() if not path.startswith(("LICENSES/", ".reuse/"))}
    assert "libfdt" in bill and str(tmp_path) not in bill
    assert {f"optee-virt-compat-{VERSION}-linux-{line}.patch" for line in LINES} <= names
    patches = {name.replace(f"-{VERSION}", "") for name in names if name.endswith(".patch")}
    for layer in (f"meta-optee-virt-compat-{VERSION}", f"optee-virt-compat-buildroot-{VERSION}"):
        packed = run("tar", "tf", tmp_path / f"out-one/{layer}.tar.xz").stdout.split()
        assert {f"{layer}/files/{patch}" for patch in patches} <= set(packed)
    clean("sh", "-c", f"cd {tmp_path}/out-one && sha256sum --quiet -c SHA256SUMS")
    tree = tmp_path / "tree"
    shutil.copytree(BUILD / "linux" / LINES[0] / "src/drivers/tee", tree / "drivers/tee")
    clean("sh", "-c", f"cd {tree} && patch -s -p1 < {tmp_path}/out-one/optee-virt-compat-"
          f"{VERSION}-linux-{LINES[0]}.patch")
    applied = tmp_path / "applied"
    shutil.copytree(BUILD / "linux" / LINES[0] / "src/drivers/tee", applied / "drivers/tee")
    assert run("linux/apply", applied).returncode == 0
    assert snapshot(tree) == snapshot(applied)

    (tmp_path / "one/VERSION").write_text("9.9.9\n")
    result = run("make", "-C", tmp_path / "one", "dist", f"OUT={tmp_path / 'new'}")
    assert "no commit has" in result.stdout and not (tmp_path / "new").exists()


@pytest.mark.parametrize("arguments, says", (
    ((), "make dist OUT="), ((f"OUT={TOP}",), "is there already"),
    (("OUT=/nowhere/out",), "is no folder"),
))
def test_release_is_refused_in_a_line(arguments, says):
    result = run("make", "--no-print-directory", "dist", *arguments)
    errors = [line for line in result.stdout.splitlines() if not line.startswith("make")]
    assert result.returncode != 0 and len(errors) == 1 and says in errors[0], result.stdout
