# SPDX-License-Identifier: BSD-2-Clause
"""libFuzzer on core/: a short run in make check, a long one in make check-full."""

import re
import subprocess

import pytest

from bench.board import BUILD
from conftest import RESULTS, TOP


@pytest.mark.parametrize("seconds", (60, pytest.param(600, marks=pytest.mark.full)))
def test_guest_protocol(seconds, note):
    """What tests/fuzz/fuzz_guest.c asserts holds for every answer it finds."""
    found = BUILD / "fuzz" / "guest"
    found.mkdir(parents=True, exist_ok=True)
    RESULTS.mkdir(exist_ok=True)
    run = subprocess.run(
        [BUILD / "tests/fuzz_guest", f"-max_total_time={seconds}", "-max_len=300",
         f"-artifact_prefix={RESULTS}/fuzz_guest-", found, TOP / "tests/fuzz/corpus"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    assert run.returncode == 0, run.stdout[-3000:]
    done = re.search(r"Done (\d+) runs", run.stdout)
    assert done and int(done[1]) > 10000, run.stdout[-3000:]
    note(f"fuzzer on core/: {done[1]} runs in {seconds} s, no assertion failed")
