# SPDX-License-Identifier: BSD-2-Clause
"""The benchmark: what ours costs does not grow unseen. Its figures are counts of
instructions, the same on any host."""

import pytest

from benchmark.measure import COLUMNS, FFA_COLUMNS, KERNEL, Counts, measure
from benchmark.report import inputs, recorded, summary
from conftest import TOP

full = pytest.mark.full

RECORDED = TOP / "docs/results.json"


def counted(column, folder, **rows):
    machine = {**COLUMNS, **FFA_COLUMNS}[column][0]
    if machine.missing():
        pytest.skip(machine.missing())
    return measure(column, folder / column.replace(", ", "-"), **rows)


def test_tagged_call_adds_two_instructions(tmp_path, note):
    """An invocation is one call. On the plain OP-TEE ours is the stock driver, to the
    instruction."""
    limit, ours, ours_plain = (counted(column, tmp_path, rows=[(100, row) for row in KERNEL])
                               for column in ("limit", "ours", "ours, plain"))
    for row in KERNEL:
        kernel = f"{row} in the kernel"
        assert ours[kernel].least == limit[kernel].least + 2
        assert ours_plain[kernel].least == limit[kernel].least
        assert ours_plain[row].least == limit[row].least
        note(f"{row}: {limit[row].least} instructions on the plain OP-TEE, {ours[row].least} as a "
             f"guest, {ours[kernel].least - limit[kernel].least} of which are the driver's")


@full
def test_call_by_ffa_adds_two_instructions_at_most(tmp_path, note):
    """The driver's own; the rest is OP-TEE's and the shim's."""
    limit, ours, shim = (counted(column, tmp_path, rows=[(100, row) for row in KERNEL])
                         for column in FFA_COLUMNS)
    for row in KERNEL:
        kernel = f"{row} in the kernel"
        assert ours[kernel].least <= limit[kernel].least + 2
        assert shim[kernel].least == limit[kernel].least
        note(f"{row} by FF-A: {limit[row].least} instructions on the plain OP-TEE, "
             f"{ours[row].least} as a guest, {shim[row].least} on the shim")


def test_readme_says_what_was_recorded():
    assert summary(recorded(RECORDED)[1]) in (TOP / "README.md").read_text()


def least(value):
    return value.least if isinstance(value, Counts) else value


@full
def test_counts_are_the_recorded_ones(tmp_path):
    versions, results = recorded(RECORDED)
    other = sorted(f"{name} {version}" for name, version in
                   inputs()[1].items() ^ versions.items())
    if other:
        pytest.skip("the results were recorded with other versions, make bench-record records "
                    f"them anew: {', '.join(other)}")
    ours = counted("ours", tmp_path)
    assert set(ours) == set(results["ours"])
    changed = {row: f"{least(was)}, now {least(ours[row])}" for row, was in results["ours"].items()
               if abs(least(ours[row]) - least(was)) > 0.01 * least(was)}
    assert not changed
