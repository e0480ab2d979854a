# SPDX-License-Identifier: BSD-2-Clause
"""A run that is interrupted, a mirror that goes away, a disk that is full: nothing half done
stays, and the next run goes on."""

import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from bench.machine import BUILD
from conftest import TOP
from test_static import run

# In place of apt-get: the package is there, or its second half is not.
APT = """#!/bin/sh
cp "$DEB" hello_1_all.deb
[ ! "${GONE-}" ] || { truncate -s -5000 hello_1_all.deb; exit 100; }
"""


@pytest.fixture
def place(tmp_path):
    """bench/ as in a checkout, with a mirror of one package."""
    (tmp_path / "bench").mkdir()
    for name in ("fetch", "apt"):
        shutil.copy(TOP / "bench" / name, tmp_path / "bench")
    (tmp_path / "build/apt/trixie").mkdir(parents=True)
    (tmp_path / "build/apt/trixie/mirror").write_text("http://localhost/none\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/apt-get").write_text(APT)
    (tmp_path / "bin/apt-get").chmod(0o755)
    package = tmp_path / "hello"
    (package / "DEBIAN").mkdir(parents=True)
    (package / "DEBIAN/control").write_text(
        "Package: hello\nVersion: 1\nArchitecture: all\nMaintainer: Ann <ann@example.org>\n"
        "Description: hello\n")
    (package / "usr").mkdir()
    (package / "usr/large").write_bytes(os.urandom(1 << 20))
    assert run("dpkg-deb", "-b", package, tmp_path / "hello.deb").returncode == 0
    return tmp_path


def fetch(place, *environment, before=""):
    return run("env", f"PATH={place / 'bin'}:{os.environ['PATH']}", f"DEB={place / 'hello.deb'}",
               *environment, "sh", "-c",
               f"{before} exec {place}/bench/fetch {place}/out trixie hello")


@pytest.mark.parametrize("environment, before", (
    (("GONE=1",), ""),
    # Of a file no more than 512 KiB can be written.
    ((), "ulimit -f 1024;"),
), ids=("mirror", "disk"))
def test_package_that_does_not_come_whole(place, environment, before):
    result = fetch(place, *environment, before=before)
    assert result.returncode and not (place / "out").exists() and not (place / "out.part").exists()
    assert result.stdout.splitlines()[-1].startswith(
        "bench/fetch: hello of trixie did not come whole: see above"), result.stdout

    assert fetch(place).returncode == 0
    assert (place / "out/versions").read_text() == "hello 1 \n"
    assert (place / "out/usr/large").stat().st_size == 1 << 20


def processes(word):
    """Those that have a word on their command line."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if word in command and "qemu-system" in command:
            found.append(path.parent.name)
    return found


@pytest.mark.full
@pytest.mark.parametrize("file", ("board.dtb", "secure.log"), ids=("tree", "machine"))
def test_interrupted_run_leaves_nothing(file):
    """As Ctrl-C does: the signal goes to all of the terminal's processes, here as soon as QEMU
    makes the device tree, or the machine runs."""
    logs = BUILD / "results/run-stock"
    # What runs in a shell's background has been told to ignore it.
    with subprocess.Popen(["make", "run"], cwd=TOP, start_new_session=True,
                          preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as make:
        while not processes(f"{logs}/{file}"):
            assert make.poll() is None, "make run has ended by itself"
        os.killpg(make.pid, signal.SIGINT)
        assert make.wait() != 0
    assert not processes(f"{logs}/")
    assert not (logs / "initrd").exists()
