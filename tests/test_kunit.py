# SPDX-License-Identifier: BSD-2-Clause
"""The driver's KUnit tests, in a kernel that has the driver in it."""

import re

import pytest

from bench.machine import NO_EL2, NVHE, VHE
from conftest import TOP
from test_processors import QEMU_10

full = pytest.mark.full

# Of each line that counts, what is indented and what is said.
START = re.compile(r"((?: {4})*)KTAP version 1")
PLAN = re.compile(r"((?: {4})*)1\.\.(\d+)")
RESULT = re.compile(r"((?: {4})*)(ok|not ok) (\d+) (.*?)(?: # SKIP (.*))?")
# KUnit has no plan for a case's parameters, only this afterwards.
TOTAL = re.compile(r"((?: {4})*)# \w+: pass:\d+ fail:\d+ skip:\d+ total:(\d+)")


class BrokenKTAP(Exception):
    """Results that are missing, cut off or do not count up."""


def read_ktap(log):
    """(suite, case, status, what was printed before the result) of each case that was run;
    the parameters' results are a part of it. Kernel's Documentation/dev-tools/ktap.rst."""
    levels, cases, before = [], [], []  # of a level: results that are to come, that came

    def check(right):
        if not right:
            raise BrokenKTAP(f"not in its place: {line}")

    for line in log.splitlines():
        start, plan, result, total = (
            kind.fullmatch(line) for kind in (START, PLAN, RESULT, TOTAL))
        if start:
            check(len(start[1]) == 4 * len(levels))
            if len(levels) < 2:
                before = []
            levels.append([None, 0])
        elif plan:
            check(len(plan[1]) == 4 * len(levels) - 4 and levels[-1] == [None, 0])
            levels[-1][0] = int(plan[2])
        elif total and (len(levels), len(total[1])) == (3, 4):
            check(levels[-1][0] in (None, int(total[2])))
            levels[-1][0] = int(total[2])
        elif result:
            level = len(result[1]) // 4
            if level == len(levels) - 2:
                wanted, came = levels.pop()
                check(wanted == came)
            check(level == len(levels) - 1)
            levels[level][1] += 1
            check(int(result[3]) == levels[level][1])
            if level == 0:
                cases = [(suite or result[4], *rest) for suite, *rest in cases]
            elif level == 1:
                status = "skip" if result[5] else result[2]
                cases.append((None, result[4], status, result[5] or "\n".join(before)))
                before = []
            elif result[2] == "not ok":
                before.append(line)
        else:
            before.append(line)
    if len(levels) != 1 or levels[0][0] != levels[0][1]:
        raise BrokenKTAP(f"it ends too early: {log[-300:]}")
    return cases


def in_source():
    """(suite, case) of each KUnit case that there is."""
    cases = []
    for path in (TOP / "linux").glob("*_test.c"):
        text = path.read_text()
        suite, = re.findall(r'\.name = "(optee_\w+)"', text)
        cases += [(suite, case) for case in re.findall(r"KUNIT_CASE(?:_PARAM)?\((\w+)", text)]
    return sorted(cases)


AT_EL2 = ("optee_virt_compat_conduit", "conduit_of_hvc_at_el2")
BELOW_IS_EL2 = ("optee_virt_compat_conduit", "conduit_of_hvc_that_reaches_optee")


@pytest.mark.machine(line="whole", built_in=True, append="kunit.enable=1")
@pytest.mark.parametrize("machine, skips", (
    pytest.param(NVHE, [AT_EL2], id="nvhe"),
    pytest.param(VHE, [BELOW_IS_EL2], marks=full, id="vhe"),
    pytest.param(NO_EL2, [AT_EL2, BELOW_IS_EL2], marks=full, id="no-el2"),
    # Where a CPU that was off when the guest was made is refused.
    pytest.param({**QEMU_10, "cpu": "neoverse-n1"}, [BELOW_IS_EL2], marks=full, id="n1"),
), indirect=["machine"])
def test_kunit(board, skips, note):
    log = re.sub(r"^\[ *[\d.]+\] ", "", board.dmesg(), flags=re.M)
    (board.logs / "ktap.txt").write_text(log)
    cases = read_ktap(log)
    failed = [f"{suite}: {case}\n{said}" for suite, case, status, said in cases
              if status == "not ok"]
    assert not failed, "\n".join(failed)
    assert sorted(case[:2] for case in cases) == in_source()
    assert sorted(case[:2] for case in cases if case[2] == "skip") == sorted(skips)
    note(f"KUnit: {len(cases) - len(skips)} cases passed, {len(skips)} skipped")
    # OP-TEE was sent nothing.
    assert board.guests() == (1, 0)


WHOLE = """\
KTAP version 1
1..2
    KTAP version 1
    # Subtest: one
    1..2
        KTAP version 1
        # Subtest: first
        ok 1 a text
device: 1..2 is what it says
        ok 2 another
    # first: pass:2 fail:0 skip:0 total:2
    ok 1 first
    ok 2 second # SKIP not here
# one: pass:1 fail:0 skip:1 total:2
ok 1 one
    KTAP version 1
    # Subtest: two
    1..1
    # third: EXPECTATION FAILED at file.c:1
    not ok 1 third
not ok 2 two
"""


def test_ktap_is_read():
    cases = read_ktap(f"booted\n{WHOLE}more\n")
    assert [case[:3] for case in cases] == [
        ("one", "first", "ok"), ("one", "second", "skip"), ("two", "third", "not ok")]
    assert cases[1][3] == "not here" and "EXPECTATION FAILED at file.c:1" in cases[2][3]


@pytest.mark.parametrize("number", range(WHOLE.count("\n")))
def test_ktap_that_ends_early_is_found(number):
    with pytest.raises(BrokenKTAP):
        read_ktap("\n".join(WHOLE.splitlines()[:number]))


@pytest.mark.parametrize("number", [
    number for number, line in enumerate(WHOLE.splitlines())
    if any(kind.fullmatch(line) for kind in (START, PLAN, RESULT))])
def test_ktap_that_lacks_a_line_is_found(number):
    lines = WHOLE.splitlines()
    del lines[number]
    with pytest.raises(BrokenKTAP):
        read_ktap("\n".join(lines))
