# SPDX-License-Identifier: BSD-2-Clause
"""One runner for all tests: the host's cmocka programs, static checks, and the
scenarios on the bench. It ends with the line "N passed, N failed, N skipped"."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from bench import own  # noqa: E402
from bench.board import Lacking  # noqa: E402
from bench.machine import BUILD, Machine  # noqa: E402
from bench.qemu_board import QemuBoard  # noqa: E402
from bench.real_board import RealBoard, features, needs  # noqa: E402

# Those of somebody's own inputs, or of a board, are apart: tests/tests.mk.
RESULTS = BUILD / os.environ.get("RESULTS", "results")
# Of the kernel, the newest first.
LINES = re.search(r"^LINES := (.*)", (TOP / "linux/linux.mk").read_text(), re.M)[1].split()[::-1]


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="also run what takes long")
    parser.addoption("--own", action="append", default=[],
                     help="an input that is the user's own, see bench/own.mk")
    parser.addoption("--board", help="labgrid's environment of a board, see docs/guide/board.md")


def elsewhere(config):
    """Whether the scenarios run on inputs of the user's own, or on a board."""
    return config.getoption("own") or config.getoption("board")


def pytest_configure(config):
    config.addinivalue_line("markers", "machine(...): what bench.machine.Machine to boot")
    config.addinivalue_line("markers", "halts: the secure world is expected to halt")
    config.addinivalue_line("markers", "lost: the normal world is expected to be lost")
    config.addinivalue_line("markers", "each_line: runs on each kernel line without --full too")
    config.addinivalue_line("markers", "other_lines: with --full on the older lines, less the oldest")
    config.addinivalue_line("markers", "oldest_line: with --full on the oldest line too")
    config.addinivalue_line("markers", "full: takes long, runs with --full only")
    config.addinivalue_line("markers", "short: a part of one marked full, which runs instead")
    config.addinivalue_line("markers", "row(n): what row n of README.md's table says")


def pytest_collection_modifyitems(config, items):
    """The older lines take none that takes long. With inputs of the user's own only
    scenarios run."""
    def left_out(item):
        line = getattr(item, "callspec", None) and item.callspec.params.get("line")
        whole = config.getoption("--full") and line not in LINES[1:]
        host = elsewhere(config) and "machine" not in getattr(item, "fixturenames", ())
        return host or item.get_closest_marker("short" if whole else "full")

    out = [item for item in items if left_out(item)]
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in out]
    for item in items:
        for marker in item.iter_markers("row"):
            item.user_properties.append(("row", marker.args[0]))


def pytest_generate_tests(metafunc):
    """Scenarios run on the newest kernel line. The older ones are there for what the
    driver needs of the kernel, and take the marked ones."""
    if "machine" not in metafunc.fixturenames:
        return
    marks = {mark.name for mark in metafunc.definition.iter_markers()}
    marker = metafunc.definition.get_closest_marker("machine")
    if "KERNEL" in metafunc.config.getoption("own"):
        lines = [own.OWN]
    elif metafunc.config.getoption("board"):
        lines = [Machine.line]
    elif marker and "line" in marker.kwargs:
        lines = [marker.kwargs["line"]]
    elif "each_line" in marks:
        lines = LINES
    elif not metafunc.config.getoption("--full"):
        lines = LINES[:1]
    elif "oldest_line" in marks:
        lines = LINES
    else:
        lines = LINES[:-1] if "other_lines" in marks else LINES[:1]
    metafunc.parametrize("line", lines, indirect=True)


@pytest.fixture
def line(request):
    return request.param


class HostProgram(pytest.File):
    """A cmocka program; make has built it as build/tests/NAME. It runs once,
    its cases are the items."""

    def collect(self):
        program = BUILD / "tests" / self.path.stem
        run = subprocess.run([program], capture_output=True, text=True, cwd=BUILD / "tests",
                             env={**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP"})
        cases = re.findall(r"^(not ok|ok) \d+ - (\S+)(.*(?:\n#.*)*)", run.stdout, re.M)
        failed = any(status == "not ok" for status, _, _ in cases)
        if not cases or (run.returncode != 0) != failed:
            yield HostCase.from_parent(self, name="run", message=run.stdout + run.stderr)
        for status, name, rest in cases:
            yield HostCase.from_parent(
                self, name=name, message=rest + run.stderr if status == "not ok" else None)


class HostCase(pytest.Item):
    def __init__(self, *, message, **kwargs):
        super().__init__(**kwargs)
        self.message = message

    def runtest(self):
        assert self.message is None, self.message

    def repr_failure(self, excinfo):
        return self.message


def pytest_collect_file(file_path, parent):
    if file_path.parent.name == "host" and re.fullmatch(r"test_.*\.c", file_path.name):
        return HostProgram.from_parent(parent, path=file_path)
    return None


@pytest.fixture
def machine(request, line):
    marker = request.node.get_closest_marker("machine")
    wanted = {"line": line, **(marker.kwargs if marker else {}), **getattr(request, "param", {})}
    names, environment = request.config.getoption("own"), request.config.getoption("board")
    if environment:
        chosen = Machine(**wanted)
        lacking = needs(chosen) - features(environment)
        if lacking:
            pytest.skip(f"this board does not have: {', '.join(sorted(lacking))}")
        return chosen
    try:
        chosen = Machine(**(own.machine(names, wanted) if names else wanted))
    except own.Unfit as unfit:
        pytest.skip(str(unfit))
    reason = chosen.missing()
    if reason:
        pytest.skip(reason)
    return chosen


@pytest.fixture
def board(request, machine):
    """The marked machine at its shell prompt. When the test is done the machine
    is switched off by its kernel; OP-TEE must not have halted, and as many guests
    must have left as came."""
    # With the file's name: two files may have a test of the same name, run at once.
    logs = RESULTS / re.sub(r"[^\w.-]+", "_", f"{request.path.stem}.{request.node.name}")
    request.node.logs = logs
    environment = request.config.getoption("board")
    with RealBoard(environment, machine, logs) if environment else QemuBoard(machine, logs) \
            as running:
        yield running
        if request.node.get_closest_marker("halts"):
            return
        if not request.node.get_closest_marker("lost"):
            running.power_off()
        running.watch()
    if not running.watched:
        request.node.user_properties.append(("secure console", "not watched"))
        return
    added, removed = running.guests()
    if machine.xen and added:  # which has announced dom0 and ends with it
        added -= 1
    assert added == removed, f"{added} guests added, {removed} removed: see {logs}/secure.log"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if elsewhere(item.config) and call.excinfo and call.excinfo.errisinstance(Lacking):
        report.outcome, report.longrepr = "skipped", (*item.location[:2], str(call.excinfo.value))
    logs = getattr(item, "logs", None)
    if report.failed and logs:
        for name in ("normal", "secure"):
            path = logs / f"{name}.log"
            if path.exists():
                tail = path.read_text(errors="replace").splitlines()[-30:]
                report.sections.append((f"end of {path}", "\n".join(tail)))


def pytest_terminal_summary(terminalreporter):
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "call":
                for name, text in report.user_properties:
                    if name == "note":
                        terminalreporter.write_line(f"note: {text}")
    config = terminalreporter.config
    environment = config.getoption("board")
    if environment:
        watched = "secure-console" in features(environment)
        terminalreporter.write_line(
            f"board: {environment}, secure console {'watched' if watched else 'NOT WATCHED'}")
    if elsewhere(config):
        terminalreporter.write_line("\n" + rows_that_hold(terminalreporter.stats))


def rows_that_hold(stats):
    """README.md's table, with what has been seen of it."""
    seen = {}
    for kind in ("passed", "failed", "error", "skipped"):
        for report in stats.get(kind, []):
            # What could not be collected has none.
            for name, number in getattr(report, "user_properties", ()):
                if name == "row" and (kind != "passed" or report.when == "call"):
                    seen.setdefault(number, {}).setdefault(kind, report)

    def state(kinds):
        if {"failed", "error"} & set(kinds):
            return "DOES NOT HOLD"
        if "passed" in kinds:
            return "holds"
        return f"not seen: {kinds['skipped'].longrepr[-1].removeprefix('Skipped: ')}" \
            if kinds else "not run"

    return "\n".join(f"{number:>2} {built}, {below}, {tree}: {state(seen.get(number, {}))}"
                     for number, built, below, tree in readme_rows())


def readme_rows():
    """(number, what OP-TEE is built for, what is below Linux, the device tree's conduit)"""
    rows = re.findall(r"^\| (\d+) \| (.*?) \| (.*?) \| (.*?) \|", (TOP / "README.md").read_text(),
                      re.M)
    return [(int(number), built, re.sub(r"\[(.*?)\]\(.*?\)", r"\1", below), tree.replace("`", ""))
            for number, built, below, tree in rows]


@pytest.fixture
def note(record_property):
    """Add a line to the end of the run's output."""
    return lambda text: record_property("note", text)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or config.option.collectonly:
        return
    count = {kind: len(reporter.stats.get(kind, []))
             for kind in ("passed", "failed", "error", "skipped")}
    print(f"{count['passed']} passed, {count['failed'] + count['error']} failed, "
          f"{count['skipped']} skipped")
