# SPDX-License-Identifier: BSD-2-Clause
"""The changes as series for the lists of their projects."""

import pathlib
import re
import shutil

import pytest

from bench.board import VM_CREATED, VM_DESTROYED, ours
from bench.machine import XEN
from conftest import LINES, TOP
from test_linux import SUBSET
from test_hypervisor import DROP, TAG
from test_static import BUILD, run, snapshot

machine = pytest.mark.machine
full = pytest.mark.full

DRIVER = "drivers/tee/optee"
PATCHES = sorted(path.name for path in (TOP / "linux/series").glob("[0-9][0-9]-*") if path.is_dir())
CONCERNS = [name[3:] for name in PATCHES]
WRITER = ("env", "GIT_AUTHOR_NAME=Ann Author", "GIT_AUTHOR_EMAIL=ann@example.org",
          "GIT_COMMITTER_NAME=Ann Author", "GIT_COMMITTER_EMAIL=ann@example.org")


@pytest.fixture(params=(LINES[0], pytest.param("newest", marks=full)))
def base(request):
    """A Linux tree in git."""
    tree = BUILD / "series" / request.param / "base"
    if not (tree / ".git/done").exists():
        pytest.skip(f"build/series/{request.param} is not there: its suite has not answered")
    return tree


def git(tree, *command):
    result = run("git", "-C", tree, *command)
    assert result.returncode == 0, result.stdout
    return result.stdout


@pytest.fixture
def series(base, tmp_path):
    result = run(*WRITER, "core/make-series", "linux", "series", base, tmp_path / "series")
    assert result.returncode == 0, result.stdout
    return tmp_path / "series"


def test_series_is_the_driver(base, series, tmp_path, note):
    """git am of all gives what linux/apply gives, and so does the one patch file."""
    patches = sorted(series.iterdir())
    assert len(patches) == 1 + len(PATCHES)
    for patch in patches[1:]:
        assert "Signed-off-by: Ann Author <ann@example.org>" in patch.read_text()

    trees = [tmp_path / name for name in ("series-tree", "patch-tree", "applied")]
    for tree in trees:
        git(tmp_path, "clone", "-q", base, tree)
    git(trees[0], "-c", "user.name=M", "-c", "user.email=m@example.org", "am", "-q", *patches[1:])
    result = run(*WRITER, "core/make-series", "linux", "patch", base, tmp_path / "patch")
    assert result.returncode == 0, result.stdout
    git(trees[1], "apply", "--index", tmp_path / "patch")
    assert run("linux/apply", trees[2]).returncode == 0
    drivers = [snapshot(tree / DRIVER) for tree in trees]
    assert drivers[0] == drivers[2] and drivers[1] == drivers[2]
    assert git(trees[0], "diff", "--stat", "HEAD").strip() == ""
    assert f"base-commit: {git(base, 'rev-parse', 'HEAD').strip()}" in patches[0].read_text()
    note(re.search(r"^Together.*\n.*code", patches[0].read_text(), re.M)[0].replace("\n", " "))


def test_series_answers_the_review(series):
    cover = (series / "0000-cover-letter.patch").read_text()
    assert not re.search(r"\*\*\*|@[A-Z]+@", cover)
    costs = re.search(r"(\w+) instructions more, the load of one number",
                      (TOP / "README.md").read_text())[1]
    assert f"takes {costs} instructions more" in cover
    for answer in ("global", "special invoke function", '"hvc"', "no hypervisor", "Documentation",
                   "Why not in OP-TEE", "entered at EL2 is the hypervisor"):
        assert answer in cover


def remarks(tree, patches):
    """What the tree's own checkpatch remarks. MAINTAINERS has drivers/tee/optee as a
    whole; U-Boot's commands are tested in its sandbox, which cannot build the driver."""
    for patch in patches:
        result = run("env", "-C", tree, "perl", "scripts/checkpatch.pl", "--no-tree", "--strict",
                     "--terse", "--show-types", "--ignore", "FILE_PATH_CHANGES,CMD_TEST", patch)
        yield from (line for line in result.stdout.splitlines()
                    if result.returncode or not line.startswith("total: "))


def test_series_is_clean(base, series):
    assert not list(remarks(base, sorted(series.iterdir())[1:]))


def headers():
    return next((BUILD / "linux" / LINES[0] / "root/usr/src").glob("linux-headers-*-arm64"))


def built(tree, name, way):
    """A driver's code, built without a warning."""
    out = BUILD / "series" / LINES[0] / f"{name}-{way}"
    result = run("linux/build-module", out, tree, headers(), way)
    assert result.returncode == 0, result.stdout
    log = (out / "log").read_text()
    assert "CHECK" in log and "warning" not in log, log
    return code(out / "optee.ko")


def code(module):
    lines = run("aarch64-linux-gnu-objdump", "--disassemble-all", "--reloc", "--section=.text",
                "--section=.init.text", module).stdout.splitlines()[3:]
    assert len(lines) > 1000
    return lines


def checkout(line, concern, place):
    """The tree with the patches up to that concern's."""
    archive = place / "tree.tar"
    git(BUILD / "series" / line / "tree", "archive", "-o", archive, concern)
    assert run("tar", "xf", archive, "-C", place).returncode == 0


each_prefix = pytest.mark.parametrize("concern", CONCERNS[1:2] + CONCERNS[-1:] + [
    pytest.param(name, marks=full) for name in CONCERNS[2:-1]])


@each_prefix
def test_prefix_builds_without_a_warning(concern, tmp_path):
    """As a module, with the option and without, which gives the stock driver."""
    checkout(LINES[0], concern, tmp_path)
    stock = code(BUILD / "linux" / LINES[0] / "stock/optee.ko")
    assert built(tmp_path, concern, "off") == stock
    assert built(tmp_path, concern, "1") != stock


def driver_files(tree):
    """The files that we add, or hook into."""
    return [path for pattern in ("virt_compat*.[ch]", "optee_guest*.[ch]", "smc_abi.c", "core.c")
            for path in sorted((tree / DRIVER).glob(pattern))]


@each_prefix
def test_prefix_builds_into_a_kernel(concern, tmp_path):
    """Without a warning, also where sections of code are thrown away."""
    checkout(LINES[0], concern, tmp_path)
    objects = [path.with_suffix(".o").name for path in driver_files(tmp_path)
               if path.suffix == ".c" and not path.stem.endswith("_test")]
    result = run("make", "-C", headers(), f"M={tmp_path / DRIVER}", "ARCH=arm64", "W=1", "C=2",
                 "CROSS_COMPILE=aarch64-linux-gnu-", "CC=aarch64-linux-gnu-gcc",
                 "CONFIG_TEE=y", "CONFIG_OPTEE=y", "CONFIG_OPTEE_VIRT_COMPAT=y",
                 "KCFLAGS=-DCONFIG_OPTEE_VIRT_COMPAT=1 -DCONFIG_OPTEE_VIRT_COMPAT_VM_ID=1",
                 *objects)
    assert result.returncode == 0 and "warning" not in result.stdout, result.stdout
    assert result.stdout.count("CHECK ") == len(objects)
    commands = "".join((tmp_path / DRIVER / f".{name}.cmd").read_text() for name in objects)
    assert "-DKBUILD_MODNAME" in commands and "-DMODULE" not in commands


# smatch is in none of bookworm, bookworm-backports, trixie and sid.
@full
@pytest.mark.parametrize("concern", CONCERNS[1:])
def test_prefix_passes_coccicheck(concern, tmp_path, note):
    """The kernel's own semantic patches have nothing to say of the files that we add or hook
    into; those written in OCaml need its compiler and are left out."""
    checkout(LINES[0], concern, tmp_path)
    place = BUILD / "linux" / LINES[0] / "src/scripts/coccinelle"
    rules = [rule for rule in sorted(place.glob("**/*.cocci")) if "ocaml" not in rule.read_text()]
    assert len(rules) > 60
    files = driver_files(tmp_path)
    found = []
    for rule in rules:
        result = run("spatch", "-D", "report", "--very-quiet", "--no-show-diff",
                     "--cocci-file", rule, *files)
        # spatch doubts some rules, too.
        remarks = [line for line in result.stdout.splitlines()
                   if not line.startswith("warning: line ")]
        if result.returncode or remarks:
            found += [rule.name, *remarks]
    assert not found, "\n".join(found)
    note(f"coccicheck: {len(rules)} of the kernel's rules on {len(files)} files")


@full
@pytest.mark.parametrize("concerns", re.findall(
    r"^\| \d+ \| `(\w+)`.* (\d+) \|$",
    (TOP / "docs/upstream.md").read_text().partition("## U-Boot")[0], re.M),
    ids=lambda concern: concern[0])
def test_concern_needs_what_the_docs_say(concerns, tmp_path):
    """The others may be refused."""
    wanted = [concerns[0]]
    needs = int(concerns[1])
    while needs:
        wanted.insert(0, CONCERNS[needs - 1])
        needs = {7: 6, 6: 2, 2: 1}.get(needs, 0)
    shutil.copytree(BUILD / "linux" / LINES[0] / "src/drivers/tee", tmp_path / "drivers/tee")
    result = run("linux/apply", tmp_path, *wanted)
    assert result.returncode == 0, result.stdout
    built(tmp_path, f"{concerns[0]}-alone", "1")


def refused(tree, out, says, *environment, port="linux"):
    before = snapshot(out.parent)
    result = run("env", *environment, "core/make-series", port, "series", tree, out)
    assert result.returncode != 0 and snapshot(out.parent) == before
    assert len(result.stdout.splitlines()) == 1 and says in result.stdout, result.stdout


def commit(tree):
    git(tree, "add", "-A")
    git(tree, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qm", "x")


def test_series_refuses_bad_input_in_a_line(tmp_path):
    base = BUILD / "series" / LINES[0] / "base"
    tree = tmp_path / "tree"
    git(tmp_path, "clone", "-q", base, tree)
    place = tmp_path / "place"
    place.mkdir()
    out = place / "out"
    name = ("GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.org")

    refused(tree, out, "no git identity", "HOME=/nowhere", "GIT_CONFIG_NOSYSTEM=1")
    refused(tree, place, "is there already", *name)
    refused(tree, place / "none" / "out", "is no folder", *name)
    with open(tree / DRIVER / "smc_abi.c", "a", encoding="ascii") as driver:
        driver.write("/* mine */\n")
    refused(tree, out, "commit or stash", *name)
    git(tree, "checkout", "-q", ".")

    plain = tmp_path / "plain"
    shutil.copytree(tree / "drivers", plain / "drivers")
    refused(plain, out, "no git tree", *name)

    run("linux/apply", tree)
    commit(tree)
    refused(tree, out, "already", *name)
    git(tree, "reset", "-q", "--hard", "HEAD~1")
    core = tree / DRIVER / "core.c"
    core.write_text(core.read_text().replace("optee_dev_attrs", "attrs"))
    commit(tree)
    refused(tree, out, "too old", *name)


def in_git(port, source, tree):
    """What a port's series is made for, of a source in build/."""
    source = BUILD / source
    if not source.exists():
        pytest.skip(f"{source.relative_to(BUILD.parent)} is not there: its suite has not answered")
    parts = re.search(r"^parts='?([^'\n]*)", (TOP / port / "series/port").read_text(), re.M)[1]
    for part in map(pathlib.Path, parts.split()):
        (tree / part).parent.mkdir(parents=True, exist_ok=True)
        if (source / part).is_dir():
            shutil.copytree(source / part, tree / part, symlinks=True)
        else:
            shutil.copy(source / part, tree / part)
    git(tree, "init", "-q")
    commit(tree)
    return source


@pytest.mark.parametrize("port, source, count", (
    ("xen", "xen/4.17/root/xen", 1),
    ("linux/ffa", "linux/6.12/ffa/src", 1),
    ("optee-os", "optee/sid-source/root/optee-os", 8),
    ("u-boot", "u-boot/2023.01/root/u-boot", 4),
    pytest.param("u-boot", "u-boot/2025.01/root/u-boot", 4, marks=full),
))
def test_series_of_a_neighbour_is_its_change(port, source, count, tmp_path):
    tree, applied, series = (tmp_path / name for name in ("tree", "applied", "series"))
    source = in_git(port, source, tree)
    shutil.copytree(tree, applied, symlinks=True)
    result = run(*WRITER, "core/make-series", port, "series", tree, series)
    assert result.returncode == 0, result.stdout
    patches = sorted(path for path in series.iterdir() if "cover" not in path.name)
    assert len(patches) == count
    assert "Signed-off-by: Ann Author <ann@example.org>" in patches[-1].read_text()
    assert not re.search(r"\*\*\*|@[A-Z]+@", sorted(series.iterdir())[0].read_text())
    if (source / "scripts/checkpatch.pl").exists():
        assert not list(remarks(source, patches))
    git(tree, "-c", "user.name=M", "-c", "user.email=m@example.org", "am", "-q", *patches)
    assert run(f"{port}/apply", applied).returncode == 0
    driver = re.search(r"^driver=(\S+)", (TOP / port / "series/port").read_text(), re.M)[1]
    assert snapshot(tree / driver) == snapshot(applied / driver)


@full
@pytest.mark.parametrize("version", ("2023.01", "2025.01"))
def test_prefix_builds_into_uboot(version, tmp_path):
    """Each, the options switched on as soon as they are there, and the last patch without
    the one before."""
    base, tree = tmp_path / "base", tmp_path / "tree"
    in_git("u-boot", f"u-boot/{version}/root/u-boot", base)
    shutil.copytree(BUILD / "u-boot" / version / "stock/src", tree, symlinks=True)
    for concerns in (["protocol"], ["protocol", "guest"], ["protocol", "guest", "keep"],
                     ["protocol", "guest", "keep", "cmd"], ["protocol", "guest", "cmd"]):
        git(base, "checkout", "-q", "-f", ".")
        git(base, "clean", "-qfd")
        result = run("u-boot/apply", base, *concerns)
        assert result.returncode == 0, result.stdout
        # As new, for make.
        shutil.copytree(base / DRIVER, tree / DRIVER, copy_function=shutil.copy,
                        dirs_exist_ok=True)
        with open(tree / ".config", "a", encoding="ascii") as config:
            config.write("CONFIG_OPTEE_VIRT_COMPAT=y\nCONFIG_OPTEE_VIRT_COMPAT_KEEP=y\n")
        for target in ("olddefconfig", "u-boot"):
            result = run("make", "-C", tree, "CROSS_COMPILE=aarch64-linux-gnu-", "-j2", target)
            assert result.returncode == 0, result.stdout
        assert "drivers/tee/optee/core.o" in result.stdout
        assert not re.search(r"/optee/.*warning: ", result.stdout), result.stdout
        config = (tree / ".config").read_text()
        assert ("CONFIG_OPTEE_VIRT_COMPAT=y" in config) == ("guest" in concerns)
        assert ("CONFIG_OPTEE_VIRT_COMPAT_KEEP=y" in config) == ("keep" in concerns)
        assert ("CONFIG_CMD_OPTEE_GUEST=y" in config) == ("cmd" in concerns)
    shutil.rmtree(tree)


def test_series_for_uboot_refuses_a_tree_in_a_line(tmp_path):
    tree, out = tmp_path / "tree", tmp_path / "place" / "out"
    out.parent.mkdir()
    in_git("u-boot", "u-boot/2023.01/root/u-boot", tree)
    assert run("u-boot/apply", tree).returncode == 0
    refused(tree, out, "commit or stash", port="u-boot")
    commit(tree)
    refused(tree, out, "already", port="u-boot")
    git(tree, "reset", "-q", "--hard", "HEAD~1")
    header = tree / "include/dm/device.h"
    header.write_text(header.read_text().replace("DM_FLAG_VITAL", "DM_FLAG_OTHER"))
    commit(tree)
    refused(tree, out, "too old", port="u-boot")


# The first two patches by themselves.
FIRST = "first"


def test_first_patches_make_a_guest(board):
    log = board.load(FIRST)
    assert ours(log) == ["optee firmware:optee: guest 1, conduit smc"], log
    board.xtest(SUBSET)
    board.unload()
    assert not board.has_guest(1)


@machine(firmware="plain")
def test_first_patches_on_plain_optee(board):
    assert "plain, conduit smc" in board.load(FIRST)
    board.xtest("1004")


@machine(xen=XEN)
def test_first_patches_in_dom0_of_xen(board):
    assert "plain, conduit smc" in board.load(FIRST)
    board.xtest("1004")


@machine(interrupt=False)
def test_first_patches_remove_the_guest_of_a_failed_probe(board):
    assert "optee: platform_get_irq: ret " in board.load(FIRST)
    assert "Added guest 1" in board.secure() and not board.has_guest(1)


@pytest.mark.parametrize("mode", (TAG, DROP), ids=("tags", "drops"))
@machine(mediator=True, cpus=1)
def test_first_patches_refuse_a_mediator_that_hides_nothing(board, mode):
    """No TEE, and nothing sent but questions."""
    if mode == TAG:
        assert board.smc(VM_CREATED, 1)[0] == 0
    board.mediate(mode)
    log = board.load(FIRST)
    assert len(ours(log)) == 1 and "a7 does not reach OP-TEE" in log, log
    board.sh("! ls /dev/tee0")
    board.mediate(0)
    if mode == TAG:
        assert board.smc(VM_DESTROYED, 1)[0] == 0


@machine(reboots=True)
def test_first_patches_remove_the_guest_at_reboot(board):
    board.load(FIRST)
    board.boots_again("reboot -f")
    first, second = board.secure().split("Primary CPU initializing")[1:]
    assert first.count("Removing guest 1") == first.count("Added guest 1") == 1
    board.load(FIRST)
    board.xtest("1004")
