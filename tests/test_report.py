# SPDX-License-Identifier: BSD-2-Clause
"""What make report writes of a run."""

import html.parser
import json
import re

import pytest
import yaml

from bench import page
from bench.machine import BUILD
from conftest import TOP
from test_static import run

JUNIT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" timestamp="2026-02-03T04:05:06.7">
<testcase classname="tests.test_linux" name="test_guest[6.12-&lt;b&gt;]" time="1.25">
<properties><property name="row" value="1" /><property name="note" value="5 &lt; 6" /></properties></testcase>
<testcase classname="tests.test_life" name="test_reboot[6.12]" time="2">
<failure message="assert False">board.py:1: &lt;halted&gt;</failure></testcase>
<testcase classname="tests.test_xen" name="test_inherit" time="0">
<skipped message="Skipped: no Xen # here" type="pytest.skip">x</skipped></testcase>
</testsuite></testsuites>
"""


@pytest.fixture
def results(tmp_path):
    (tmp_path / "junit.xml").write_text(JUNIT)
    for name, version in (("test_linux.test_guest_6.12-_b_", "4.5"), ("test_life.test_reboot_6.12_", "4.10")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "versions.json").write_text(json.dumps({"versions": {"optee": version}}))
    logs = tmp_path / "test_life.test_reboot_6.12_"
    (logs / "secure.log").write_text("".join(f"line {n}\n" for n in range(500)) + "E/TC: <Panic>\n")
    (logs / "normal.log").write_text("\x1b[6nbench# reboot\n")
    return tmp_path


class Strict(html.parser.HTMLParser):
    """That each element that is opened is closed, and what text there is."""

    def __init__(self):
        super().__init__()
        self.open, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        assert not [value for name, value in attrs if name in ("src", "href")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_page_has_all_that_it_needs_in_it(results):
    page.report(results, "<svg><text>plot</text></svg>")
    strict = Strict()
    strict.feed((results / "report.html").read_text())
    assert not strict.open
    for said in ("1 passed, 1 failed, 1 skipped", "2026-02-03 04:05", "4.10, 4.5", "5 < 6", "plot",
                 "test_guest[6.12-<b>]", "board.py:1: <halted>", "E/TC: <Panic>", "300 of 501 lines",
                 "[6nbench# reboot", "no Xen # here"):
        assert said in strict.text, said
    assert "line 200\n" not in strict.text


def test_ktap(results):
    page.report(results)
    assert (results / "report.ktap").read_text().splitlines() == [
        "KTAP version 1", "1..3", "ok 1 test_linux.test_guest[6.12-<b>]",
        "not ok 2 test_life.test_reboot[6.12]", "ok 3 test_xen.test_inherit # SKIP no Xen # here"]


def test_no_results_are_a_line(results):
    (results / "junit.xml").write_text(JUNIT[:400])
    for says in ("is not whole", "there are no results yet: run ./check first"):
        with pytest.raises(SystemExit) as end:
            page.report(results)
        assert says in str(end.value) and not (results / "report.html").exists()
        (results / "junit.xml").unlink(missing_ok=True)


# What is seen without scrolling to the side, or in a box.
SEEN = """<script>addEventListener("load", () => {
  const inside = (inner, outer) => inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1;
  const end = box => {
    const range = document.createRange(), text = box.querySelector("pre").firstChild;
    range.setStart(text, text.length - 1);
    range.setEnd(text, text.length);
    return inside(range.getBoundingClientRect(), box.getBoundingClientRect());
  };
  document.title = JSON.stringify({
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    ends: [...document.querySelectorAll(".box")].map(end),
    plot: document.querySelector("svg").getBoundingClientRect().width,
    rows: [...document.querySelectorAll("tr")].map(row => row.getBoundingClientRect().height),
  });
})</script>"""


def browse(page, profile, *options):
    """Debian's Chromium, run where it is."""
    root = BUILD / "chromium/root"
    libraries = list((root / "usr/lib").glob("*-linux-gnu"))
    libraries += [path / "pulseaudio" for path in libraries]
    return run("env", f"LD_LIBRARY_PATH={':'.join(map(str, libraries))}", f"FONTCONFIG_SYSROOT={root}",
               root / "usr/lib/chromium/chromium", "--headless", "--no-sandbox", "--disable-gpu",
               "--window-size=1200,2400", f"--user-data-dir={profile}", *options, f"file://{page}")


@pytest.mark.full
def test_page_in_a_browser(results):
    if not (BUILD / "chromium/root/versions").exists():
        pytest.skip("no Chromium: bookworm has not answered")
    page.report(results, page.drawing(TOP / "docs/results.svg"))
    written = results / "report.html"
    drawn = browse(written, results / "profile", f"--screenshot={results / 'picture.png'}")
    picture = (results / "picture.png").read_bytes()
    assert picture[:4] == b"\x89PNG" and len(picture) > 50000, drawn.stdout
    written.write_text(written.read_text() + SEEN)
    loaded = browse(written, results / "profile", "--dump-dom").stdout
    seen = json.loads(re.search("<title>(.*?)</title>", loaded, re.DOTALL)[1])
    assert seen["wide"] <= 0 and seen["plot"] > 800, seen
    assert len(seen["ends"]) == 3 and all(seen["ends"]), seen
    assert min(seen["rows"]) > 10, seen


@pytest.mark.parametrize("template", ("github-actions.yml", "gitlab-ci.yml"))
def test_ci_template(template):
    config = yaml.safe_load((TOP / "docs/ci" / template).read_text())
    jobs = config["jobs"] if "jobs" in config else config
    job = jobs["check"]
    commands = [step.get("run") for step in job["steps"]] if "steps" in job else job["script"]
    assert "./check" in commands
    assert "debian:12" in (job.get("container"), job.get("image"))
    assert "build/results/junit.xml" in json.dumps(job)
