# SPDX-License-Identifier: BSD-2-Clause
"""What can be said of the source without running it, and of the tools that put
it into a kernel."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

from bench.machine import BUILD
from benchmark.measure import instructions
from conftest import LINES, TOP


def run(*command):
    """Run a command as from a shell, not as from the make that runs these tests."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run([str(word) for word in command], cwd=TOP, text=True, env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def clean(*command):
    """The command succeeds and has nothing to say."""
    result = run(*command)
    assert (result.returncode, result.stdout) == (0, ""), result.stdout


def tracked(*patterns):
    found = run("git", "ls-files", "--cached", "--others", "--exclude-standard",
                "--", *patterns).stdout.split()
    assert found
    return found


def test_cppcheck():
    clean("cppcheck", "--quiet", "--enable=warning,style,performance,portability",
          "--inline-suppr", "--std=c11", "--error-exitcode=1", "-Icore",
          # A parameter's name is KUnit's to use.
          "--suppress=unusedStructMember:linux/*_test.c",
          # A layout is somebody else's.
          "--suppress=unusedStructMember:tests/domain/*.c",
          "core", "linux", "shim", "tests", "benchmark", "xen")


@pytest.mark.parametrize("ignored, patterns", (
    ("", ("linux/*.[ch]", "core/*.[ch]", "tests/smccall/*.c", "tests/misdeeds/*.c")),
    # The C library's types, and names of libteec's.
    ("PREFER_KERNEL_TYPES,CAMELCASE", ("benchmark/*.c", "tests/ftpm/*.[ch]", "tests/domain/*.c")),
), ids=("kernel", "user-space"))
def test_checkpatch(ignored, patterns):
    result = run("perl", BUILD / "linux/6.12/src/scripts/checkpatch.pl", "--no-tree",
                 "--strict", "--terse", "--ignore", ignored, "-f", *tracked(*patterns))
    remarks = [line for line in result.stdout.splitlines() if not line.startswith("total: ")]
    assert result.returncode == 0 and not remarks, result.stdout


def test_kernel_doc():
    clean("perl", BUILD / "linux/6.12/src/scripts/kernel-doc", "-none", "-Werror",
          *tracked("linux/*.[ch]", "core/*.[ch]", "shim/*.[ch]", "xen/*.[ch]"))


def test_shellcheck():
    scripts = [name for name in tracked() if (TOP / name).is_file() and
               re.match(rb"#!/bin/(busybox )?sh", (TOP / name).read_bytes())]
    assert scripts
    clean("shellcheck", "--shell=sh", *scripts)


def test_reuse():
    result = run("reuse", "lint")
    assert result.returncode == 0, result.stdout


def test_core_coverage(note):
    """Every line and every branch of core/ is reached by the host tests."""
    counters = sorted(path for name in ("test_guest-optee_guest", "test_ffa-ffa_guest")
                      for path in (BUILD / "tests").glob(f"{name}*.gcda"))
    assert len(counters) == len(list((TOP / "core").glob("*.c")))
    result = run("gcov", "--branch-probabilities", "--branch-counts", "--stdout", *counters)
    summary = run("gcov", "-n", "--branch-probabilities", *counters).stdout
    figures = [[float(figure) for figure in file] for file in
               re.findall(r"File '.*core/\w*_guest\w*\.c'\n"
                          r"Lines executed:([\d.]+)% of (\d+)\n.*\n"
                          r"Taken at least once:([\d.]+)% of (\d+)", summary)]
    assert len(figures) == len(counters), summary
    note(f"coverage of core/: {min(file[0] for file in figures)} % of "
         f"{sum(file[1] for file in figures):.0f} lines, {min(file[2] for file in figures)} % "
         f"of {sum(file[3] for file in figures):.0f} branches")
    missed = [line for line in result.stdout.splitlines()
              if "#####" in line or re.search(r"branch.*(taken 0|never)", line)]
    assert not missed, "\n".join(missed)


@pytest.fixture
def built_line(request):
    if not (BUILD / "linux" / request.param / "ready").exists():
        pytest.skip(f"build/linux/{request.param} is not there: its suite has not answered")
    return request.param


each_built_line = pytest.mark.parametrize("built_line", LINES, indirect=True)


def warnings(line, way):
    """Of gcc with W=1, of kernel-doc and of sparse."""
    log = (BUILD / "linux" / line / way / "log").read_text()
    assert "CHECK" in log
    return [re.sub(r".*/optee/|:\d+", "", text) for text in log.splitlines() if "warning" in text]


@each_built_line
@pytest.mark.parametrize("way", ("id-1", "off"))
def test_module_builds_without_a_warning_of_ours(built_line, way):
    # 6.1 has one of its own: a parameter of optee_handle_rpc().
    assert warnings(built_line, way) == warnings(built_line, "stock")
    assert not warnings("6.12", way)


@each_built_line
def test_option_off_is_the_stock_driver(built_line):
    def code(way):
        result = run("aarch64-linux-gnu-objdump", "--disassemble-all", "--reloc",
                     "--section=.text", "--section=.init.text", "--section=.exit.text",
                     BUILD / "linux" / built_line / way / "optee.ko")
        assert result.returncode == 0
        return result.stdout.splitlines()[3:]

    assert len(code("stock")) > 1000
    assert code("off") == code("stock")
    assert code("id-1") != code("stock")


@each_built_line
def test_tagged_call_costs_two_instructions(built_line):
    stock, tagged = (instructions(built_line, function) for function in ("optee_smccc_smc", "tagged_smc"))
    assert stock and sorted(tagged) == sorted(stock + ["adrp", "ldr"])


def compile_commands(line, way):
    """How kbuild has compiled each file of ours, without what would be written."""
    for path in sorted((BUILD / "linux" / line / way / "drivers/tee/optee").glob(".*.o.cmd")):
        command = re.match(r"(?:saved)?cmd_\S+ := (.* -c .*?)(?: ; .*)?\n", path.read_text())
        if command and re.match(r"[.](virt_compat|optee_guest)", path.name):
            yield re.sub(r"-Wp,-MM?D,\S+", "", command[1]) + " -o /dev/null"


def test_gcc_analyzer():
    """No finding in core/ as a host's program nor in the driver as the kernel builds it."""
    for path in tracked("core/*.c"):
        clean("gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-fanalyzer", "-Icore", "-c",
              "-o", "/dev/null", path)
    headers = next((BUILD / "linux/6.12/root/usr/src").glob("linux-headers-*-arm64"))
    commands = list(compile_commands("6.12", "id-1"))
    assert len(commands) > len(tracked("core/*.c"))
    for command in commands:
        clean("sh", "-c", f"cd {headers} && {command} -fanalyzer")


def test_missing_packages_are_a_line(tmp_path):
    """The command that root has to type; nothing is tried without root."""
    for name, script in (("id", "echo 1000"), ("dpkg-query", "echo 'ii bc'"),
                         ("apt-get", "echo apt-get was run")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    wanted = [line for line in (TOP / "bench/packages").read_text().splitlines()
              if line not in ("bc", "") and line[0] != "#"]
    for command in ("./run", "./check"):
        result = run("env", f"PATH={tmp_path}:{os.environ['PATH']}", command)
        assert result.returncode != 0 and result.stdout == \
            "packages are missing, as root type: " \
            f"apt-get install -y --no-install-recommends {' '.join(wanted)}\n"


def contents(archive):
    """Mode, owner, kind and size of each file in a cpio archive, but no time."""
    with open(archive, "rb") as file:
        out = subprocess.run(["cpio", "-itvn", "--quiet"], stdin=file, check=True,
                             capture_output=True, text=True).stdout
    return sorted((line.split()[0], *line.split()[2:5], *line.split()[8:])
                  for line in out.splitlines())


def test_root_file_system_needs_no_root():
    """An ordinary user's archive is what the scenarios boot."""
    packages = re.search(r" arm64 \\\n\t+(\S+)\n", (TOP / "bench/firmware.mk").read_text())[1]
    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        for part in ("bench/apt", "bench/rootfs", "bench/unpack", "build/apt/trixie/mirror",
                     "build/optee/trixie/root/usr/lib/optee-os-dev"):
            copy = shutil.copytree if (TOP / part).is_dir() else shutil.copy
            (place / part).parent.mkdir(parents=True, exist_ok=True)
            copy(TOP / part, place / part)
        command = [place / "bench/rootfs/build", place / "out.cpio", "trixie",
                   place / "build/optee/trixie/root", "arm64", packages]
        if os.getuid() == 0:
            run("chown", "-R", "nobody:nogroup", place)
            command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]
        result = run("env", f"TMPDIR={place}", *command)
        if re.search("Could not (resolve|connect)|Failed to fetch", result.stdout):
            pytest.skip("the suite trixie does not answer")
        assert result.returncode == 0, result.stdout
        found = contents(place / "out.cpio")
        assert found == contents(BUILD / "rootfs/trixie.cpio")
    assert len(found) > 100 and {tuple(line[1:3]) for line in found} == {("0", "0")}


@pytest.fixture
def kernel_tree(tmp_path):
    shutil.copytree(BUILD / "linux/6.12/src/drivers/tee", tmp_path / "drivers/tee")
    return tmp_path


@pytest.mark.full
@pytest.mark.parametrize("suite", ("bullseye", "bookworm", "bookworm-backports", "trixie",
                                   "trixie-backports", "sid"))
def test_apply_fits_every_kernel_of_the_suites(suite, tmp_path, note):
    trees = sorted((BUILD / "linux/suites" / suite).glob("linux-source-*"))
    if not trees:
        pytest.skip(f"build/linux/suites/{suite} is not there: the suite has not answered")
    for tree in trees:
        copy = tmp_path / tree.name
        shutil.copytree(tree, copy)
        result = run("linux/apply", copy)
        assert result.returncode == 0 and "applied" in result.stdout, result.stdout
        hooks = [line for path in (copy / "drivers/tee/optee").glob("*.c")
                 if not path.name.startswith("virt_compat")
                 for line in path.read_text().splitlines() if "optee_virt_compat_" in line]
        note(f"{suite} {tree.name}: {len(hooks)} hooks")
        core = (tree / "drivers/tee/optee/core.c").read_text()
        attributes = 3 * ("optee_dev_attrs[]" in core)
        assert len(hooks) == 6 + ("= optee_ffa_abi_register()" in core) + attributes, hooks


def snapshot(tree):
    return {path.relative_to(tree): path.read_bytes()
            for path in sorted(tree.rglob("*")) if path.is_file()}


def refusal(apply, tree, driver, gone, instead):
    """What apply says of a tree whose driver has something else at a hook's place. The
    tree stays as it is."""
    text = driver.read_text()
    assert gone in text
    driver.write_text(text.replace(gone, instead))
    before = snapshot(tree)
    result = run(apply, tree)
    assert result.returncode != 0
    assert snapshot(tree) == before
    return result.stdout


def refused_in_a_line(apply, tree, change, says):
    """A tree that was changed so is refused by this line, and stays as it is."""
    change(tree)
    before = snapshot(tree)
    result = run(apply, tree)
    assert result.returncode != 0 and snapshot(tree) == before
    assert len(result.stdout.splitlines()) == 1 and re.search(says, result.stdout), result.stdout


def applied_once(tree, apply, *first):
    """Apply, or the command first, puts the change into a tree, and apply then finds it
    there; the tree's files."""
    result = run(*(first or (apply, tree)))
    assert result.returncode == 0 and "applied" in result.stdout, result.stdout
    files = snapshot(tree)
    again = run(apply, tree)
    assert again.returncode == 0 and "is there already" in again.stdout, again.stdout
    assert snapshot(tree) == files
    return files


def test_apply_puts_the_change_into_a_tree_once(kernel_tree):
    files = applied_once(kernel_tree, "linux/apply")
    assert "OPTEE_VIRT_COMPAT" in (kernel_tree / "drivers/tee/optee/Kconfig").read_text()

    (kernel_tree / "drivers/tee/optee/virt_compat.c").write_text("/* an older one */\n")
    third = run("linux/apply", kernel_tree)
    assert third.returncode == 0 and "up to date now" in third.stdout, third.stdout
    assert snapshot(kernel_tree) == files


def test_apply_refuses_a_tree_that_has_a_part(kernel_tree):
    assert run("linux/apply", kernel_tree, "protocol", "guest").returncode == 0
    refused_in_a_line("linux/apply", kernel_tree, lambda tree: None, "has a part of optee-virt")


@pytest.mark.parametrize("name, gone, instead, hook", (
    ("smc_abi.c", '#include "optee_private.h"', '#include "other.h"', "virt_compat.h"),
    ("smc_abi.c", "get_invoke_func(&pdev->dev)", "find_it()", "optee_virt_compat_conduit"),
    ("smc_abi.c", "if (!optee_msg_exchange_capabilities(", "if (!exchange(",
     "optee_virt_compat_enter"),
    ("smc_abi.c", "optee_shutdown(struct platform_device *pdev)", "optee_shutdown(void *pdev)",
     "optee_virt_compat_shutdown"),
    ("core.c", '#include "optee_private.h"', '#include "other.h"', "virt_compat_kdump.h"),
    ("core.c", "= optee_ffa_abi_register();", "= optee_ffa_abi_register() ?: 0;",
     "optee_virt_compat_ffa_register"),
))
def test_apply_names_a_hook_that_does_not_fit(kernel_tree, name, gone, instead, hook):
    driver = kernel_tree / "drivers/tee/optee" / name
    said = refusal("linux/apply", kernel_tree, driver, gone, instead)
    assert hook in said and "instead of" in said, said


def without_shutdown(tree):
    driver = tree / "drivers/tee/optee/smc_abi.c"
    driver.write_text(re.sub(r"static void optee_shutdown\(.*?\n}\n|\t\.shutdown = .*?\n", "",
                             driver.read_text(), flags=re.S))


def elsewhere(tree):
    (tree / "drivers/soc/vendor").mkdir(parents=True)
    (tree / "drivers/tee/optee").rename(tree / "drivers/soc/vendor/optee")


@pytest.mark.parametrize("change, says", (
    (without_shutdown, r"lacks optee_shutdown\(\) .* f25889f93184 .* in Linux 5.14 and 5.10.58"),
    (elsewhere, "drivers/soc/vendor/optee is an OP-TEE client of this tree's own, .* since 4.12"),
))
def test_apply_names_what_a_tree_lacks(kernel_tree, change, says):
    refused_in_a_line("linux/apply", kernel_tree, change, says)


@pytest.mark.parametrize("source, warned", (
    ('of_property_read_u32(node, "arm,smc-id", &id); arm_smccc_smc(id);', True),
    ("arm_smccc_1_1_smc(ARM_SMCCC_CALL_VAL(1, 0, ARM_SMCCC_OWNER_TRUSTED_OS, 9), &res);", True),
    ("arm_smccc_smc(OPTEE_SMC_GET_SHM_CONFIG, 0, 0, 0, 0, 0, 0, 0, &res);", True),
    ("arm_smccc_smc(0xb2000123, 0, 0, 0, 0, 0, 0, 0, &res);", True),
    ("arm_smccc_smc(0x32000004, 0, 0, 0, 0, 0, 0, 0, &res);", True),
    ("arm_smccc_smc(0xc2000123, 0, 0, 0, 0, 0, 0, 0, &res);", False),
    ("arm_smccc_smc(ARM_SMCCC_OWNER_SIP, 0xb2345678, 0, 0, 0, 0, 0, 0, &res);", False),
    ("writel(0xb2000123, base);", False),
))
def test_apply_warns_of_other_callers(kernel_tree, source, warned):
    caller = kernel_tree / "drivers/soc/caller.c"
    caller.parent.mkdir()
    caller.write_text(source)
    result = run("linux/apply", kernel_tree)
    assert result.returncode == 0
    *warnings, applied = result.stdout.splitlines()
    assert len(warnings) == warned and "applied" in applied
    assert all(str(caller) in line and "docs/guide/shim.md" in line for line in warnings)


@pytest.mark.parametrize("arguments, says", (
    (["linux-apply"], "KSRC"),
    (["linux-apply", "KSRC=/nowhere"], "no drivers/tee/optee"),
    (["linux-module", "KVER=5.4"], "5.10 6.1 6.12"),
    (["linux-module", "KSRC=/nowhere"], "no drivers/tee/optee"),
    (["linux-module", f"KSRC={BUILD}/linux/6.12/src", "KDIR=/nowhere"], "no configured kernel"),
    (["linux-module", "CONFIG_OPTEE_VIRT_COMPAT_VM_ID=0"], "1..65535"),
    (["linux-module", "CONFIG_OPTEE_VIRT_COMPAT_VM_ID=65536"], "1..65535"),
    (["linux-module", "CONFIG_OPTEE_VIRT_COMPAT_VM_ID=one"], "1..65535"),
    (["linux-series"], "KSRC"),
    (["linux-patch", "KSRC=/nowhere"], "OUT"),
    (["linux-series", "KSRC=/nowhere", f"OUT={BUILD}/nothing"], "no drivers/tee/optee"),
    (["linux-ffa-apply"], "KSRC"),
    (["linux-ffa-apply", "KSRC=/nowhere"], "no drivers/firmware/arm_ffa/driver.c"),
    (["linux-ffa-series"], "KSRC"),
    (["xen-apply"], "XSRC"),
    (["xen-apply", "XSRC=/nowhere"], "no xen/arch/arm/tee/optee.c"),
    (["optee-apply"], "OSRC"),
    (["optee-apply", "OSRC=/nowhere"], "no core/arch/arm/kernel/virtualization.c"),
    (["optee-apply", "OSRC=/nowhere", "FIX=other"], "no fix other"),
))
def test_make_refuses_bad_input_in_a_line(arguments, says):
    result = run("make", "--no-print-directory", *arguments)
    assert result.returncode != 0
    errors = [line for line in result.stdout.splitlines()
              if not line.startswith(("make", "==", "linux/build-module"))]
    assert len(errors) == 1 and says in errors[0], result.stdout


@pytest.mark.parametrize("release", ("5.9.16", "6.13.0-rc1", "7.2.1"))
def test_kernel_that_was_never_run_is_refused(tmp_path, release):
    config = tmp_path / "include/config"
    config.mkdir(parents=True)
    (config / "auto.conf").write_text("CONFIG_TEE=m\nCONFIG_ARM64=y\n")
    (config / "kernel.release").write_text(f"{release}\n")
    command = ["linux/build-module", tmp_path / "out", BUILD / "linux/6.12/src", tmp_path, "1"]
    refused = run(*command)
    assert refused.returncode != 0 and not (tmp_path / "out").exists()
    assert "ANY_KERNEL=1" in refused.stdout and len(refused.stdout.splitlines()) == 1
    # It goes as far as the kernel's own make, which has no makefile here.
    assert "the build failed" in run("env", "ANY_KERNEL=1", *command).stdout


def test_kernel_of_another_architecture_is_refused(tmp_path):
    config = tmp_path / "include/config"
    config.mkdir(parents=True)
    (config / "auto.conf").write_text("CONFIG_TEE=m\nCONFIG_RISCV=y\n")
    (config / "kernel.release").write_text("6.12.1\n")
    refused = run("linux/build-module", tmp_path / "out", BUILD / "linux/6.12/src", tmp_path, "1")
    assert refused.returncode != 0 and not (tmp_path / "out").exists()
    assert "neither for arm64 nor for arm" in refused.stdout
    assert len(refused.stdout.splitlines()) == 1


def test_linux_module_of_a_users_tree():
    headers = next((BUILD / "linux/6.12/root/usr/src").glob("linux-headers-*-arm64"))
    result = run("make", "linux-module", f"KSRC={BUILD}/linux/6.12/src", f"KDIR={headers}")
    assert result.returncode == 0, result.stdout
    assert result.stdout.splitlines()[-1] == str(BUILD / "linux/user/optee.ko")
    assert (BUILD / "linux/user/optee.ko").exists()
