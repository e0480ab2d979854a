# SPDX-License-Identifier: BSD-2-Clause
"""Boards that are not QEMU's, by labgrid: one that is simulated, and what is no board."""

import socket

import pytest
import yaml
from labgrid.factory import target_factory

from bench import simulated
from bench.machine import Machine
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


@pytest.mark.parametrize("scenarios, passes", (
    pytest.param("test_what_this_optee", 1, marks=pytest.mark.short, id="one"),
    pytest.param("test_what_this_optee or test_guest_with or test_no_free_slot or (life and "
                 "(left_behind or power_off or reboot))", 10, marks=pytest.mark.full, id="ten"),
))
def test_simulated_board(environment, scenarios, passes, note):
    result = run("make", "--no-print-directory", "check-board", f"LG_ENV={environment}",
                 f"T={scenarios}")
    assert result.returncode == 0, result.stdout
    assert f"board: {environment}, secure console watched" in result.stdout
    assert f"\n{passes} passed, 0 failed, " in result.stdout, result.stdout
    note(f"simulated board: {result.stdout.splitlines()[-1]}")
