# SPDX-License-Identifier: BSD-2-Clause
"""make report: what the last make check or check-full has shown, as people share it:
build/results/report.html, one page with all that it needs in it, and report.ktap."""

import html
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

from .machine import BUILD

RESULTS = BUILD / os.environ.get("RESULTS", "results")
PLOT = BUILD / "bench" / "results.svg"
CONSOLES = (("normal", "normal world"), ("secure", "secure world"))
SHOWN_LINES = 300  # of a console, the last ones

STYLE = """
body { font: 15px/1.45 sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em; }
table { border-collapse: collapse; margin: 1em 0; }
td, th { border-bottom: 1px solid #ccc; padding: .2em .9em .2em 0; text-align: left;
         vertical-align: top; }
td.number { text-align: right; }
pre { background: #f4f4f4; font-size: 12px; margin: 0; padding: .7em; }
.box { display: flex; flex-direction: column-reverse; max-height: 30em; overflow: auto; }
.failed { color: #b00020; font-weight: bold; } .passed { color: #1b6e20; }
.skipped { color: #8a6100; } svg { height: auto; max-width: 100%; }
"""


class Case:
    """One test of a JUnit file."""

    def __init__(self, element):
        self.place = element.get("classname").rpartition(".")[2]
        self.name = element.get("name")
        self.seconds = float(element.get("time"))
        self.properties = [(item.get("name"), item.get("value"))
                           for item in element.iter("property")]
        self.outcome, self.message, self.text = "passed", "", ""
        for kind, outcome in (("skipped", "skipped"), ("failure", "failed"), ("error", "failed")):
            found = element.find(kind)
            if found is not None:
                self.outcome, self.message = outcome, found.get("message") or ""
                self.text = found.text or ""

    @property
    def logs(self):
        """The folder of its board, as tests/conftest.py names it."""
        return re.sub(r"[^\w.-]+", "_", f"{self.place}.{self.name}")

    def reason(self):
        lines = self.message.splitlines()
        return lines[0].removeprefix("Skipped: ") if lines else ""


def versions(results, cases):
    """What ran in the boards of these tests: name -> its versions."""
    found = {}
    for case in cases:
        record = results / case.logs / "versions.json"
        if record.exists():
            for name, version in json.loads(record.read_text())["versions"].items():
                found.setdefault(name, set()).add(version)
    return {name: ", ".join(sorted(found[name])) for name in sorted(found)}


def revision():
    result = subprocess.run(["git", "-C", BUILD.parent, "describe", "--always", "--dirty"],
                            capture_output=True, text=True)
    return result.stdout.strip() or "not in git"


def table(heading, rows):
    """Cells are text, or (text, class)."""
    def cell(tag, value):
        text, kind = value if isinstance(value, tuple) else (value, "")
        return f"<{tag}{f' class={kind}' if kind else ''}>{html.escape(str(text))}</{tag}>"

    lines = ["".join(cell("th", value) for value in heading)] if heading else []
    lines += ["".join(cell("td", value) for value in row) for row in rows]
    return "<table>\n" + "".join(f"<tr>{line}</tr>\n" for line in lines) + "</table>\n"


def box(text):
    """Its end is what is seen first."""
    return f"<div class=box><pre>{html.escape(text)}</pre></div>\n"


def failure(results, case):
    """What a failed test says, and the ends of both its consoles."""
    parts = [f"<details open><summary class=failed>{html.escape(case.place)}: "
             f"{html.escape(case.name)}</summary>\n{box(case.text)}"]
    for name, world in CONSOLES:
        log = results / case.logs / f"{name}.log"
        if log.exists():
            lines = log.read_text(errors="replace").splitlines()
            text = "\n".join(re.sub(r"[^\x20-\x7e]", "", line) for line in lines[-SHOWN_LINES:])
            parts.append(f"<p>Console of the {world}, {min(len(lines), SHOWN_LINES)} of "
                         f"{len(lines)} lines</p>\n{box(text)}")
    return "".join(parts) + "</details>\n"


def page(results, cases, when, plot):
    """The whole as HTML."""
    count = {kind: sum(case.outcome == kind for case in cases)
             for kind in ("passed", "failed", "skipped")}
    counts = ", ".join(f"{number} {kind}" for kind, number in count.items())
    failed = [case for case in cases if case.outcome == "failed"]
    notes = [(text,) for case in cases for name, text in case.properties if name == "note"]
    parts = [
        "<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
        f"<title>optee-virt-compat: {counts}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>optee-virt-compat: {counts}</h1>\n",
        table((), [("run", when), ("revision", revision()),
                   *versions(results, cases).items()]),
    ]
    if failed:
        parts += ["<h2>What has failed</h2>\n", *(failure(results, case) for case in failed)]
    if notes:
        parts += ["<h2>Notes</h2>\n", table((), notes)]
    if plot:
        parts += ["<h2>Benchmark</h2>\n", plot]
    parts += ["<h2>All</h2>\n", table(
        ("part", "test", "outcome", "seconds", ""),
        [(case.place, case.name, (case.outcome, case.outcome), (f"{case.seconds:.1f}", "number"),
          case.reason()) for case in cases])]
    return "".join(parts) + "</body>\n</html>\n"


def ktap(cases):
    """The same as the kernel's test tools read it."""
    lines = ["KTAP version 1", f"1..{len(cases)}"]
    for number, case in enumerate(cases, 1):
        words = "not ok" if case.outcome == "failed" else "ok"
        skip = f" # SKIP {case.reason()}" if case.outcome == "skipped" else ""
        name = f"{case.place}.{case.name}".replace("#", "_")
        lines.append(f"{words} {number} {name}{skip}")
    return "\n".join(lines) + "\n"


def report(results, plot=None):
    """Write both beside the JUnit file of a run."""
    junit = results / "junit.xml"
    if not junit.exists():
        sys.exit("there are no results yet: run ./check first")
    try:
        root = ElementTree.parse(junit).getroot()
    except ElementTree.ParseError as error:
        sys.exit(f"{junit} is not whole ({error}): run ./check again")
    cases = [Case(element) for element in root.iter("testcase")]
    when = root.find("testsuite").get("timestamp")[:16].replace("T", " ")
    for name, text in (("report.html", page(results, cases, when, plot)),
                       ("report.ktap", ktap(cases))):
        part = results / f"{name}.part"
        part.write_text(text)
        part.rename(results / name)
        print(results / name)


def drawing(path):
    """A plot to put into a page: what is before the drawing itself has no place there."""
    text = path.read_text()
    return text[text.index("<svg"):]


if __name__ == "__main__":
    report(RESULTS, drawing(PLOT) if PLOT.exists() else None)
