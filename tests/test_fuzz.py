# SPDX-License-Identifier: BSD-2-Clause
"""libFuzzer on core/ and on the shim: a short run in make check, a long one in make
check-full."""

import re
import subprocess

import pytest

from bench.machine import BUILD
from conftest import RESULTS, TOP

full = pytest.mark.full
short = pytest.mark.short


@pytest.mark.parametrize("name, longest, seconds", (
    pytest.param("guest", 300, 30, marks=short), pytest.param("shim", 2000, 10, marks=short),
    pytest.param("ffa", 300, 5, marks=short), pytest.param("ffa", 300, 60, marks=full),
    pytest.param("guest", 300, 400, marks=full), pytest.param("shim", 2000, 400, marks=full)))
def test_fuzz(name, longest, seconds, note):
    """What tests/fuzz/fuzz_NAME.c asserts holds for all that it finds: answers of OP-TEE,
    by SMC and by FF-A; calls of a kernel, and device trees."""
    found = BUILD / "fuzz" / name
    found.mkdir(parents=True, exist_ok=True)
    RESULTS.mkdir(exist_ok=True)
    run = subprocess.run(
        [BUILD / f"tests/fuzz_{name}", f"-max_total_time={seconds}", f"-max_len={longest}",
         f"-artifact_prefix={RESULTS}/fuzz_{name}-", found, TOP / f"tests/fuzz/corpus-{name}"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    assert run.returncode == 0, run.stdout[-3000:]
    done = re.search(r"Done (\d+) runs", run.stdout)
    assert done and int(done[1]) > 1000, run.stdout[-3000:]
    note(f"fuzzer on {name}: {done[1]} runs in {seconds} s, no assertion failed")
