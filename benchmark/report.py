# SPDX-License-Identifier: BSD-2-Clause
"""make bench: all columns of benchmark/measure.py, as a table, a page of plots, JSON and
the page docs/results.md. With a folder as its argument these are kept there, and
README.md quotes them."""

import concurrent.futures
import dataclasses
import json
import pathlib
import re
import shutil
import subprocess
import sys

from bench.machine import BUILD
from .measure import (COLUMNS, FFA_COLUMNS, KERNEL, SESSIONS, SIZES, THREADS, Counts,
                      instructions, measure, say, size_name)

OUT = BUILD / "bench"
HERE = pathlib.Path(__file__).resolve().parent
HEADING = "OP-TEE reached in five ways"

INSTRUCTIONS, BYTES, THROUGHPUT = "instructions", "bytes", "calls per million"
ROWS = {
    "fast-call": ("fast call, CALLS_UID", INSTRUCTIONS),
    "session-user": ("session, user TA", INSTRUCTIONS),
    "session-pseudo": ("session, pseudo TA", INSTRUCTIONS),
    "invoke-user": ("empty invocation, user TA", INSTRUCTIONS),
    "invoke-pseudo": ("empty invocation, pseudo TA", INSTRUCTIONS),
    **{f"{kind}:{size}": (f"invocation, {size_name(size)} {kind}", INSTRUCTIONS)
       for kind in ("registered", "temporary") for size in (4 << 10, 64 << 10, 1 << 20)},
    "storage": ("storage write, 1 KiB", INSTRUCTIONS),
    **{f"threads:{n}": (f"throughput, {n} thread{'s' * (n > 1)}", THROUGHPUT) for n in THREADS},
    "probe": ("probe of the driver", INSTRUCTIONS),
    "boot": ("firmware exit to /init", INSTRUCTIONS),
    "memory": ("memory taken", BYTES),
    "code": ("code and constants", BYTES),
}

# (title, what grows, its values, the row of one)
GROWTH = (
    ("invocation, by open sessions", "sessions", SESSIONS, "sessions:{}"),
    ("invocation, by registered memory", "bytes", SIZES, "registered:{}"),
    ("invocation, by temporary memory", "bytes", SIZES, "temporary:{}"),
)


def figure(results, column, row):
    """What a table or a plot has for a row, or None."""
    value = results[column][row]
    if isinstance(value, Counts):
        value = value.median
    return 1e6 / value if value and ROWS.get(row, (0, 0))[1] == THROUGHPUT else value


def difference(results, column, row):
    """From the limit, in words."""
    value, limit = figure(results, column, row), figure(results, "limit", row)
    if value is None:
        return "refused"
    if column == "limit":
        return ""
    if ROWS[row][1] == BYTES:
        return f"{(value - limit) / 1024:+,.0f} KiB"
    return f"{round(100 * (value / limit - 1), 1) + 0.0:+} %"


def cell(results, column, row):
    value = figure(results, column, row)
    text = "" if value is None else f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
    return f"{text} {difference(results, column, row)}".strip()


def table(results):
    """Rows of cells, the first one is the heading."""
    return [["median", "unit", *results],
            *([title, unit, *(cell(results, column, row) for column in results)]
              for row, (title, unit) in ROWS.items() if row in results["limit"])]


def spread(results):
    """The same of the client's rows: least, median and 99th percentile."""
    return [["", *results],
            *([title, *(str(results[column][row] or "refused") for column in results)]
              for row, (title, _) in ROWS.items()
              if isinstance(results["limit"][row], Counts) and not row.startswith("threads"))]


def shares(results):
    """Whose the instructions are that an empty invocation of ours has more."""
    lines = [["", *(ROWS[row][0] for row in KERNEL)]]
    parts = {"limit": [], "OP-TEE's change of guests, and TF-A": [], "our driver": [], "ours": []}
    for row in KERNEL:
        limit, ours = results["limit"][row].least, results["ours"][row].least
        kernel = results["ours"][f"{row} in the kernel"].least - \
            results["limit"][f"{row} in the kernel"].least
        for part, value in zip(parts.values(), (f"{limit:,}", f"{ours - limit - kernel:+,}",
                                                f"{kernel:+,}", f"{ours:,}")):
            part.append(value)
    return lines + [[name, *values] for name, values in parts.items()]


def fast_calls(results):
    plain, ours = (results[column]["fast-call"].least for column in ("limit", "ours"))
    return f"The least client, a fast call without any driver: {plain:,} on the plain OP-TEE, " \
           f"{ours:,} tagged on the virtualized one, {ours - plain:+,}."


def disassembly(line):
    stock, tagged = (" ".join(instructions(line, function))
                     for function in ("optee_smccc_smc", "tagged_smc"))
    return f"stock  {stock}\nours   {tagged}"


def markdown(rows):
    head, *rest = rows
    lines = [head, ["---" if not n else "---:" for n in range(len(head))], *rest]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def plain(rows):
    widths = [max(map(len, cells)) for cells in zip(*rows)]
    return "\n".join("  ".join(text.rjust(width) if n > 1 else text.ljust(width)
                               for n, (text, width) in enumerate(zip(row, widths)))
                     for row in rows)


def inputs():
    """(suite, the date of its package lists) of what ran, and all versions."""
    versions = {}
    for machine, _, _ in COLUMNS.values():
        versions.update(machine.versions())
    dates = {}
    for suite in ("trixie", "bookworm-backports", "bookworm"):
        release = next((BUILD / "apt" / suite / "lists").glob(f"*_{suite}_InRelease"))
        dates[suite] = re.search(r"^Date: (.*)", release.read_text(), re.M)[1]
    return dates, dict(sorted(versions.items()))


def page(results, by_ffa, dates, versions):
    line = COLUMNS["ours"][0].line
    ffa = f"""## By FF-A

The same where OP-TEE 4.10 is a secure partition: the limit is the stock drivers on one without virtualization.

{markdown(table(by_ffa))}

""" if by_ffa else ""
    return f"""# Results

Written by `make bench-record`; [how to read it](bench.md#the-benchmark). Package lists: {
    ", ".join(f"{suite} of {date}" for suite, date in dates.items())}.

What a row costs, the median, and how much more than the limit: the stock driver on an OP-TEE without virtualization.

{markdown(table(results))}

![The same as a picture](results.svg)

## Whose the difference is

{markdown(shares(results))}

Least counts. The driver's part is counted by the processor's own counter of instructions in the kernel, and seen in the
functions that make a call:

    {disassembly(line).replace(chr(10), chr(10) + "    ")}

{fast_calls(results)}

{ffa}## What grows

![An invocation over sessions and memory](growth.svg)

## Least, median, 99th percentile

{markdown(spread(results))}

## Versions

{", ".join(f"{name} {version}" for name, version in versions.items())}
"""


def recorded(path):
    """(versions, results) that a run has kept."""
    kept = json.loads(path.read_text())
    return kept["versions"], {
        column: {row: Counts(**value) if isinstance(value, dict) else value
                 for row, value in rows.items()} for column, rows in kept["columns"].items()}


def gnuplot(script, terminal, output, titles, **variables):
    variables = {"heading": HEADING, "data": OUT / f"{script}.dat", **variables,
                 "titles": " ".join(f'"{title}"' for title in titles)}
    commands = [f"set terminal {terminal}", f"set output '{output}'",
                *(f"{name} = '{value}'" for name, value in variables.items())]
    subprocess.run(["gnuplot", "-e", "; ".join(commands), HERE / f"{script}.gp"], check=True)


def plot(results):
    blocks = ["\n".join(f'"{column}" {figure(results, column, row) or 0} '
                        f'"{difference(results, column, row)}"'
                        for column in results) for row in ROWS]
    (OUT / "results.dat").write_text("\n\n\n".join(blocks) + "\n")
    blocks = ["\n".join(" ".join([str(value), *(str(figure(results, column, row.format(value)) or
                                                    "NaN") for column in results)])
                        for value in values) for _, _, values, row in GROWTH]
    (OUT / "growth.dat").write_text("\n\n\n".join(blocks) + "\n")
    for kind, terminal in (("svg", "svg noenhanced size 1500,1500 font 'sans,11' background 'white'"),
                           ("png", "pngcairo noenhanced size 1500,1500 font 'sans,11'")):
        gnuplot("results", terminal, OUT / f"results.{kind}",
                [f"{title} ({unit})" for title, unit in ROWS.values()])
        gnuplot("growth", terminal.replace("1500,1500", "1500,550"), OUT / f"growth.{kind}",
                [title for title, *_ in GROWTH], units=" ".join(what for _, what, *_ in GROWTH),
                columns=" ".join(f'"{column}"' for column in results))


def summary(results):
    """The table of README.md."""
    return "\n".join(
        f"| {ROWS[row][0]} | {cell(results, 'limit', row)} | " +
        " | ".join(difference(results, column, row) for column in ("ours", "shim", "Xen")) + " |"
        for row in ("invoke-user", "boot", "memory"))


def update_readme(results):
    path = HERE.parent / "README.md"
    text, tables = re.subn(r"(^\| \| limit \|.*\n.*\n)(?:\|.*\n)+",
                           lambda match: f"{match[1]}{summary(results)}\n",
                           path.read_text(), flags=re.M)
    assert tables == 1, "README.md has no table with a column limit"
    path.write_text(text)


def main(keep=None):
    for machine, _, _ in COLUMNS.values():
        if machine.missing():
            sys.exit(machine.missing())
    lacking = next(filter(None, (machine.missing() for machine, _, _ in FFA_COLUMNS.values())),
                   None)
    columns = [*COLUMNS, *([] if lacking else FFA_COLUMNS)]
    say(f"{len(columns)} columns, two at a time; least / median / 99th percentile")
    if lacking:
        say(f"nothing by FF-A: {lacking}")
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        measured = dict(zip(columns, pool.map(
            measure, columns, [OUT / column.replace(", ", "-") for column in columns])))
    results = {column: measured[column] for column in COLUMNS}
    by_ffa = {column.split(",")[0]: measured[column] for column in columns[len(COLUMNS):]}

    dates, versions = inputs()
    (OUT / "results.json").write_text(json.dumps(
        {"inputs": dates, "versions": versions, "columns": results, "ffa": by_ffa}, indent=1,
        default=dataclasses.asdict) + "\n")
    (OUT / "results.md").write_text(page(results, by_ffa, dates, versions))
    plot(results)
    line = COLUMNS["ours"][0].line
    if by_ffa:
        say(f"\nby FF-A\n{plain(table(by_ffa))}")
    say(f"\n{plain(table(results))}\n\n{plain(shares(results))}\n\n{disassembly(line)}\n\n"
        f"{fast_calls(results)}\n")
    files = [OUT / name for name in ("results.md", "results.json", "results.svg", "growth.svg")]
    if keep:
        for file in files:
            shutil.copy(file, keep)
        update_readme(results)
    say(f"in {keep or OUT}: " + ", ".join(file.name for file in files))


if __name__ == "__main__":
    main(*sys.argv[1:])
