# SPDX-License-Identifier: BSD-2-Clause
"""make run: the stock driver, then ours, on the same firmware. What matters
of it, and a table of before and after. Its arguments name the user's own inputs."""

import dataclasses
import re
import sys

from . import own
from .board import SecureWorldHalted
from .machine import BUILD, Machine
from .qemu_board import QemuBoard

LOGS = BUILD / "results"
SUBSET = "1001 1002 1003 1004 1005 1007 6001"
SHOWN = re.compile(r"optee|assertion|Panic|guest \d|HALT")


def say(text):
    print(text, flush=True)


def show(world, text):
    for line in text.splitlines():
        if SHOWN.search(line) and "taint" not in line:
            say(f"  {world} | {line.strip()}")


def attempt(name, driver, machine):
    """Boot, load the driver, open sessions; what the table has in a column."""
    logs = LOGS / f"run-{name}"
    say(f"\n== {name} driver on {machine.firmware} OP-TEE, no hypervisor")
    probe, role, xtest = "never returns", "-", "not reached"
    with QemuBoard(machine, logs) as board:
        say("  booted to a shell")
        try:
            log = board.load(driver)
            show("kernel", log)
            probe = "ok" if "initialized driver" in log else "fails"
            role = " ".join(board.attributes()[:2])
            say(f"  running xtest {SUBSET}")
            cases, subtests = board.xtest(SUBSET)
            xtest = f"{cases} cases, {subtests} subtests, 0 failed"
            say(f"  {xtest}")
            board.unload()
            board.power_off()
            board.watch()
            alive = "yes"
        except SecureWorldHalted as halted:
            show("OP-TEE", str(halted))
            alive = "no, it has halted the machine"
        added, removed = board.guests()
        sessions = board.secure().count("Destroy session")
    return (probe, role, f"{sessions} opened and closed" if sessions else "none", xtest,
            f"{added} / {removed}", alive)


def main():
    names = sys.argv[1:]
    try:
        machine = Machine(**own.machine(names, {})) if names else Machine()
    except own.Unfit as unfit:
        sys.exit(f"{' and '.join(names)} is for make check: {unfit} here")
    missing = machine.missing()
    if missing:
        sys.exit(missing)
    # A kernel of the user's has one driver, ours.
    before = attempt("stock", "debian", dataclasses.replace(machine, line=Machine.line))
    after = attempt("compat", "id-1", machine)

    rows = ("probe", "role, guest id", "sessions", "xtest subset",
            "guests added / removed", "secure world alive")
    width = max(len(cell) for cell in before) + 2
    say(f"\n{'':24}{'before (stock)':{width}}after (optee-virt-compat)")
    for row, left, right in zip(rows, before, after):
        say(f"{row:24}{left:{width}}{right}")
    say("\nversions: " + ", ".join(f"{name} {version}" for name, version in
                                   sorted(machine.versions().items())))
    say(f"full logs: {LOGS}/run-stock, {LOGS}/run-compat")
    if (after[0], *after[4:]) != ("ok", "1 / 1", "yes"):
        sys.exit("the after-column is not good")


main()
