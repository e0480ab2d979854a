# SPDX-License-Identifier: BSD-2-Clause
"""Boards that are not QEMU's, by labgrid: one that is simulated, and what is no board."""

import os
import re
import shlex
import socket
import subprocess
import time

import pytest
import yaml
from labgrid.factory import target_factory

from bench import simulated
from bench.machine import BUILD, Machine
from bench.real_board import features, needs
from conftest import TOP
from test_static import run

BOARDS = TOP / "docs/boards"


def test_scenario_asks_for_what_a_board_may_not_have():
    assert needs(Machine()) == needs(Machine(reboots=True)) == set()
    assert needs(Machine(mediator=True, cpus=1)) == {"mediator", "cpus"}
    assert features(BOARDS / "qemu.yaml") == {"secure-console"}


@pytest.mark.parametrize("name", ("qemu", "local", "remote"))
def test_environment_is_of_labgrids_own(name):
    """Its resources and drivers, with what make check-board looks for."""
    # labgrid's own tags.
    text = (BOARDS / f"{name}.yaml").read_text().replace("!template ", "")
    target = yaml.safe_load(text)["targets"]["main"]
    for kind, known in (("resources", target_factory.all_classes),
                        ("drivers", target_factory.all_classes)):
        for entry in target[kind]:
            for cls in entry:
                assert cls in known, cls
    serials = {entry["SerialDriver"]["name"] for entry in target["drivers"]
               if "SerialDriver" in entry}
    assert serials == {"normal", "secure"}


@pytest.mark.parametrize("environment", ("", "LG_ENV=/nowhere/environment.yaml"))
def test_no_environment_is_a_line(environment):
    result = run("make", "--no-print-directory", "check-board", *environment.split())
    assert result.returncode
    assert "give labgrid's environment of your board: make check-board LG_ENV=" in result.stdout


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def environment(tmp_path):
    """docs/boards/qemu.yaml, with a board of its own."""
    if simulated.MACHINE.missing():
        pytest.skip(simulated.MACHINE.missing())
    ports = free_port(), free_port()
    simulated.prepare(tmp_path / "board", ports)
    text = (BOARDS / "qemu.yaml").read_text()
    for old, new in (("23001", ports[0]), ("23002", ports[1]), ("$BASE/../..", TOP),
                     (f"{TOP}/build/board", tmp_path / "board")):
        assert str(old) in text
        text = text.replace(str(old), str(new))
    (tmp_path / "environment.yaml").write_text(text)
    yield tmp_path / "environment.yaml"
    assert run(TOP / "bench/power", "off", tmp_path / "board").returncode == 0


def passes(environment, scenarios, number):
    """So many scenarios pass on this board: the last line of that run."""
    result = run("make", "--no-print-directory", "check-board", f"LG_ENV={environment}",
                 f"T={scenarios}")
    assert result.returncode == 0, result.stdout
    assert f"board: {environment}, secure console watched" in result.stdout
    assert f"\n{number} passed, 0 failed, " in result.stdout, result.stdout
    return result.stdout.splitlines()[-1]


@pytest.mark.parametrize("scenarios, number", (
    pytest.param("test_what_this_optee", 1, marks=pytest.mark.short, id="one"),
    pytest.param("test_what_this_optee or test_guest_with or test_no_free_slot or (life and "
                 "(left_behind or power_off or reboot))", 10, marks=pytest.mark.full, id="ten"),
))
def test_simulated_board(environment, scenarios, number, note):
    note(f"simulated board: {passes(environment, scenarios, number)}")


@pytest.fixture
def coordinator(environment, tmp_path, monkeypatch):
    """The commands of docs/guide/board.md, with the ports of this board."""
    root = BUILD / "labgrid/root"
    if not (root / "versions").exists():
        pytest.skip("no labgrid with a coordinator: sid has not answered")
    ports = re.findall(r"localhost, port: (\d+)", environment.read_text())
    address = f"127.0.0.1:{free_port()}"
    exports = (BOARDS / "exports.yaml").read_text()
    for old, new in zip(re.findall(r"port: (\d+)", exports), ports, strict=True):
        exports = exports.replace(old, new)
    (tmp_path / "exports.yaml").write_text(exports)
    monkeypatch.setenv("PYTHONPATH", str(root / "usr/lib/python3/dist-packages"))
    monkeypatch.setenv("PATH", f"{root / 'usr/bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("LG_COORDINATOR", address)
    guide = (TOP / "docs/guide/board.md").read_text()
    first, second, *client = [shlex.split(line) for line in
                              re.findall(r"^    (labgrid-.*)$", guide, re.MULTILINE)]
    first += ["--listen", address]
    second[-1] = tmp_path / "exports.yaml"
    with open(tmp_path / "log", "w") as log, \
            subprocess.Popen(first, cwd=tmp_path, stdout=log, stderr=log) as serves, \
            subprocess.Popen(second, cwd=tmp_path, stdout=log, stderr=log) as exports:
        try:
            while run("labgrid-client", "resources").stdout.count("NetworkSerialPort") < 2:
                assert serves.poll() is exports.poll() is None, (tmp_path / "log").read_text()
                time.sleep(0.5)
            for command in client:
                result = run(*command)
                assert result.returncode == 0, result.stdout
            yield
            assert run("labgrid-client", "-p", "qemu", "release").returncode == 0
        finally:
            exports.terminate()
            serves.terminate()


@pytest.mark.full
def test_simulated_board_at_a_coordinator(coordinator, environment):
    text, count = re.subn("(      - NetworkSerialPort: .*\n){2}",
                          "      - RemotePlace: {name: qemu}\n", environment.read_text())
    assert count == 1
    environment.write_text(text)
    passes(environment, "test_what_this_optee", 1)
