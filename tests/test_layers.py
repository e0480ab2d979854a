# SPDX-License-Identifier: BSD-2-Clause
"""The layer for Yocto and the tree for Buildroot. Neither bitbake nor Buildroot is in Debian:
their files are read here by the few rules of bitbake's that they use, by a Kconfig of the
generation that Buildroot has, and by make with Buildroot's variables and macros faked."""

import re
import shutil
import types

import pytest

from bench.machine import BUILD
from conftest import LINES, TOP
from test_static import clean, run, snapshot

VERSION = (TOP / "VERSION").read_text().strip()
# The newest of each that check has.
LINUX, UBOOT = LINES[0], "2023.01"
SOURCES = {("linux", LINUX): BUILD / "linux" / LINUX, ("u-boot", UBOOT): BUILD / "u-boot" / UBOOT}
TREES = {"linux": "src", "u-boot": "root/u-boot"}
PARTS = {"linux": ("drivers/tee",), "u-boot": ("drivers/tee", "include/dm/device.h")}
WRAP = [TOP / "shim/wrap.c", TOP / "shim/image.c", TOP / "shim/image.h",
        TOP / "core/optee_guest.h", BUILD / "shim/shim.bin"]
EPOCH = ("env", "SOURCE_DATE_EPOCH=1700000000")


def packed(place, sources):
    """The layers with patches for (port, version): source, unpacked."""
    patches = []
    for (port, version), source in sources.items():
        patches.append(place / f"optee-virt-compat-{VERSION}-{port}-{version}.patch")
        clean(*EPOCH, "packages/make-patch", patches[-1], port, source)
    clean(*EPOCH, "packages/pack-layers", place, " ".join(map(str, WRAP)), *patches)
    found = {}
    for kind in ("meta-optee-virt-compat", "optee-virt-compat-buildroot"):
        clean("tar", "xf", place / f"{kind}-{VERSION}.tar.xz", "-C", place)
        found[kind.split("-")[-1]] = place / f"{kind}-{VERSION}"
    return found["compat"], found["buildroot"]


@pytest.fixture(scope="module")
def layers(tmp_path_factory):
    return packed(tmp_path_factory.mktemp("layers"), SOURCES)


@pytest.fixture
def yocto(layers):
    return layers[0]


@pytest.fixture
def buildroot(layers):
    return layers[1]


class SkipRecipe(Exception):
    pass


class Metadata:
    """As much of bitbake's data as the layer uses. What is not of its few forms is no
    line of it."""

    ASSIGNMENT = re.compile(r'([\w:.-]+)(?:\[([\w.-]+)\])? (=|\?=|:=|\+=|\.=) "([^"]*)"')
    OPERATION = re.compile(r"([\w-]+):(append|prepend)")

    def __init__(self, **values):
        self.values, self.flags, self.inherited, self.functions = values, {}, [], []
        bb, oe = types.SimpleNamespace(), types.SimpleNamespace()
        bb.utils = types.SimpleNamespace(contains=self.contains, which=self.which)
        bb.data = types.SimpleNamespace(inherits_class=lambda name, d: name in d.inherited)
        bb.parse = types.SimpleNamespace(SkipRecipe=SkipRecipe)
        oe.utils = types.SimpleNamespace(
            trim_version=lambda version, parts: ".".join(version.split(".")[:parts]))
        self.names = {"d": self, "bb": bb, "oe": oe}

    @staticmethod
    def contains(name, item, yes, no, d):
        return yes if item in d.getVar(name).split() else no

    @staticmethod
    def which(path, item):
        return next((f"{folder}/{item}" for folder in path.split(":")
                     if folder and (TOP / folder / item).exists()), "")

    def expand(self, text):
        def value(match):
            return str(eval(match[2], self.names) if match[1] else self.getVar(match[2]))
        while True:
            expanded = re.sub(r"\$\{(@?)(.+?)\}", value, text)
            if expanded == text:
                return text
            text = expanded

    def getVar(self, name):
        return self.expand(self.values[name]) if name in self.values else None

    def getVarFlag(self, name, flag):
        return self.flags.get((name, flag))

    def read(self, path):
        lines = iter(path.read_text().splitlines())
        for line in lines:
            if line == "python () {":
                body = "".join(f"{part}\n" for part in iter(lambda: next(lines), "}"))
                self.functions.append(compile("if True:\n" + body, path.name, "exec"))
            elif line.startswith("inherit "):
                for name in self.expand(line[8:]).split():
                    self.inherited.append(name)
                    self.read(path.parents[2] / f"classes/{name}.bbclass")
            elif line and not line.startswith("#"):
                match = self.ASSIGNMENT.fullmatch(line)
                assert match, f"{path}: {line}"
                self.assign(*match.groups())

    def assign(self, name, flag, how, value):
        if flag:
            self.flags[name, flag] = value
            return
        operation = self.OPERATION.fullmatch(name)
        if operation:
            name, old = operation[1], self.values.get(operation[1], "")
            value = self.expand(value) if how == ":=" else value
            self.values[name] = old + value if operation[2] == "append" else value + old
        elif how == "+=" or how == ".=":
            self.values[name] = self.values.get(name, "") + (" " if how == "+=" else "") + value
        elif how == "=" or name not in self.values:
            self.values[name] = value


def recipe(layer, name, version, *inherited, features="optee-virt-compat"):
    """The data of a recipe of OE-core's, with the layer's bbappend to it."""
    data = Metadata(LAYERDIR=str(layer), PV=version, MACHINE_FEATURES=features, BBPATH="",
                    SRC_URI="git://source", FILESEXTRAPATHS="")
    data.inherited += inherited
    data.read(layer / "conf/layer.conf")
    appends = [path for pattern in data.getVar("BBFILES").split()
               for path in layer.glob(pattern.removeprefix(f"{layer}/")) if path.name == name]
    assert len(appends) == 1
    data.read(appends[0])
    data.values["FILESPATH"] = data.values["FILESEXTRAPATHS"]
    for function in data.functions:
        exec(function, data.names)
    return data


RECIPES = {"linux": ("linux-yocto_%.bbappend", "kernel"), "u-boot": ("u-boot_%.bbappend", "uboot")}


@pytest.mark.parametrize("port, version, patch", (
    ("linux", f"{LINUX}.67+git", LINUX), ("u-boot", UBOOT, UBOOT)))
def test_yocto_takes_the_patch_of_the_version(yocto, port, version, patch):
    name, kind = RECIPES[port]
    files = [f"optee-virt-compat-{port}-{patch}.patch", "optee-virt-compat.cfg"]
    assert recipe(yocto, name, version, kind).getVar("SRC_URI").split() == \
        ["git://source", *(f"file://{file}" for file in files)]
    assert all((yocto / "files" / file).is_file() for file in files)
    untouched = recipe(yocto, name, version, kind, features="optee")
    assert untouched.getVar("SRC_URI") == "git://source" and untouched.inherited == [kind]


@pytest.mark.parametrize("port, version, lacks", (
    ("linux", "6.6.111+git", "linux-6.6"), ("u-boot", "2021.01", "u-boot-2021.01")))
def test_yocto_skips_a_version_that_has_no_patch(yocto, port, version, lacks):
    with pytest.raises(SkipRecipe, match=f"there is no optee-virt-compat-{lacks}.patch: make it"):
        recipe(yocto, RECIPES[port][0], version, RECIPES[port][1])


def test_layers_tell_what_is_in_them(yocto, buildroot):
    """And whom to ask, as Yocto Compatible wants it."""
    series = re.search('LAYERSERIES_COMPAT_.*"(.*)"', (yocto / "conf/layer.conf").read_text())[1]
    text = (yocto / "README.md").read_text()
    assert set(re.findall(r"^\| (\w+) \(\d", text, re.M)) <= set(series.split())
    assert "## Dependencies" in text and re.search("^To .*@.* maintains it", text, re.M)
    likes = re.findall(r"LIKE\[(.*)\] = \"(.*)\"", (yocto / "classes/optee-virt-compat.bbclass")
                       .read_text())
    for version, other in likes:
        assert f"| {version}: takes that of {other} |" in text
        assert re.search(rf"{other} (is )?for {version}", (buildroot / "README.md").read_text())
    for layer in (yocto, buildroot):
        assert not [path for path in layer.rglob("*") if path.is_file() and
                    re.search(rb"@[A-Z]+@", path.read_bytes())]


def parts(port, source, place):
    """A git tree of what the patch is made of, and Kconfig beside it."""
    for part in PARTS[port]:
        (place / part).parent.mkdir(parents=True, exist_ok=True)
        clean("cp", "-r", source / TREES[port] / part, place / part)
    clean("git", "init", "-q", place)
    clean("git", "-C", place, "add", "-A", "-f")
    clean("git", "-C", place, "-c", "user.name=M", "-c", "user.email=m@example.org", "commit",
          "-qm", "source")
    return place


def applied(port, source, patch, place):
    """What git am of the patch gives, which has to be what PORT/apply does."""
    ours, theirs = (parts(port, source, place / name) for name in ("patched", "applied"))
    clean("git", "-C", ours, "-c", "user.name=M", "-c", "user.email=m@example.org", "am", "-q",
          patch)
    assert run(f"{port}/apply", theirs).returncode == 0
    assert snapshot(ours / "drivers") == snapshot(theirs / "drivers")
    return ours


def configured(tree, top, config, **environment):
    """What a Kconfig leaves of a configuration."""
    (tree / "Kconfig.top").write_text(top)
    (tree / ".config").write_text(config)
    settings = [f"{name}={value}" for name, value in environment.items()]
    result = run("env", "-C", tree, *settings, "kconfig-conf", "--olddefconfig", "Kconfig.top")
    assert result.returncode == 0 and "warning" not in result.stdout, result.stdout
    return set((tree / ".config").read_text().splitlines())


@pytest.mark.parametrize("port, version", SOURCES)
def test_patch_and_options_fit_their_source(layers, tmp_path, port, version):
    """The patch gives what linux/apply and u-boot/apply do, and no option of the fragment is
    lost in their Kconfig."""
    name = f"files/optee-virt-compat-{port}-{version}.patch"
    tree = applied(port, SOURCES[port, version], layers[0] / name, tmp_path)
    top = "".join(f"config {name}\n\tdef_bool y\n" for name in
                  ("ARM", "ARM64", "ARM_SMCCC", "HAVE_ARM_SMCCC", "MMU"))
    wanted = (layers[0] / "files/optee-virt-compat.cfg").read_text()
    options = set(re.findall("^CONFIG.*", wanted, re.M))
    assert len(options) == 3
    assert options <= configured(tree, f'{top}source "drivers/tee/Kconfig"\n', wanted)
    assert (layers[0] / name).read_bytes() == (layers[1] / name).read_bytes()


NEWEST = BUILD / "linux/newest"


@pytest.mark.full
@pytest.mark.parametrize("port, version, other", (
    ("linux", "7.2", "7.3"), ("u-boot", "2024.01", "2025.01")))
def test_patch_fits_the_version_that_takes_it(tmp_path, port, version, other):
    """No suite has U-Boot 2024.01: what fits the releases before it and after it is its too."""
    likes = dict(re.findall(r"LIKE\[(.*)\] = \"(.*)\"", (
        TOP / "packages/layers/yocto/classes/optee-virt-compat.bbclass").read_text()))
    assert likes[version] == other
    if port == "linux":
        found = sorted(BUILD.glob(f"linux/suites/*/linux-source-{version}"))
        origin = NEWEST / "root/versions"
        if not found or not origin.exists() or f"linux-source-{other} " not in origin.read_text():
            pytest.skip(f"no suite has Linux {version} and, as its newest, {other} any more")
        source, made_of = tmp_path / "source", NEWEST
        source.mkdir()
        (source / "src").symlink_to(found[0])
    else:
        source, made_of = BUILD / "u-boot" / UBOOT, BUILD / "u-boot" / other
        if not (made_of / "root/versions").exists():
            pytest.skip(f"build/u-boot/{other} is not there: no suite offers this U-Boot")
    patch = tmp_path / "the.patch"
    clean(*EPOCH, "packages/make-patch", patch, port, made_of)
    applied(port, source, patch, tmp_path)


PATH = "BR2_EXTERNAL_OPTEE_VIRT_COMPAT_PATH"
SHIM = "BR2_PACKAGE_HOST_OPTEE_SHIM=y"


def test_buildroot_offers_the_shim(buildroot, tmp_path):
    tree = shutil.copytree(buildroot, tmp_path / "tree")
    for processor, offered in (("aarch64", True), ("x86_64", False)):
        top = (f"config {PATH}\n\tstring\n\toption env=\"{PATH}\"\n"
               f'config BR2_{processor}\n\tdef_bool y\nsource "Config.in"\n')
        left = configured(tree, top, SHIM, CONFIG_="", **{PATH: tree})
        assert (SHIM in left) == offered, left
    description = (buildroot / "external.desc").read_text()
    assert re.fullmatch(r"name: [A-Z0-9_]+\ndesc: .{1,40}\n", description)


# Buildroot's, as far as the tree uses them.
MAKEFILE = f"""
qstrip = $(strip $(subst ",,$(1)))
BUILT = $({PATH})/package/optee-shim/src/built
host-generic-package = $$(BUILT): ; $$(HOST_OPTEE_SHIM_BUILD_CMDS)
include $({PATH})/external.mk
$(BUILT)-installed: $(BUILT) ; $(HOST_OPTEE_SHIM_INSTALL_CMDS)
install: $(BUILT)-installed
"""


def make(tree, place, *arguments):
    makefile = place / "Makefile"
    makefile.write_text(MAKEFILE)
    return run("make", "-s", "-f", makefile, f"{PATH}={tree}", "HOSTCC=gcc", "HOST_CFLAGS=-O2",
               "INSTALL=install", f"HOST_DIR={place}", *arguments)


def test_buildroot_builds_the_tool_that_wraps(buildroot, tmp_path):
    tree = shutil.copytree(buildroot, tmp_path / "tree")
    result = make(tree, tmp_path, "install")
    assert result.returncode == 0 and result.stdout == "", result.stdout
    tool = tmp_path / "bin/optee-shim-wrap"
    assert run(tool, "--version").stdout == f"optee-shim-wrap {VERSION}\n"
    image = tmp_path / "Image"
    image.write_bytes((BUILD / f"linux/{LINUX}/vmlinuz").read_bytes()[:1 << 16])
    line = re.search(r'^    ("\$HOST_DIR.*)', (tree / "README.md").read_text(), re.M)[1]
    clean("env", f"HOST_DIR={tmp_path}", f"BINARIES_DIR={tmp_path}", "sh", "-c", line)
    clean(BUILD / "shim/optee-shim-wrap", image, tmp_path / "expected")
    assert (tmp_path / "Image.guest").read_bytes() == (tmp_path / "expected").read_bytes()


@pytest.mark.parametrize("name", ("BR2_LINUX_KERNEL_PATCH", "BR2_TARGET_UBOOT_PATCH"))
def test_buildroot_stops_at_a_patch_that_is_not_there(buildroot, tmp_path, name):
    """While it builds; its menus are open."""
    files = buildroot / "files"
    there, gone = next(files.glob("*.patch")), files / "optee-virt-compat-linux-1.0.patch"
    for patches, building, stops in ((there, "y", False), (gone, "y", True), (gone, "", False),
                                     ("/else/where.patch", "y", False)):
        result = make(buildroot, tmp_path, "install", "-n", f'{name}="{patches}"',
                      f"BR_BUILDING={building}")
        assert (result.returncode != 0) == stops, result.stdout
        assert (f"there is no {gone}: make it of your source" in result.stdout) == stops
    assert f'\n    {name}="$({PATH})/files/' in (buildroot / "README.md").read_text()
