# SPDX-License-Identifier: BSD-2-Clause
"""What docs/guide tells to type, typed on the bench. kexec.md is in test_life.py."""

import re

import pytest

from bench.machine import XEN
from conftest import TOP

VARIABLES = "TEE=/modules/tee.ko OPTEE=/modules/id-1/optee.ko"


def commands(guide):
    """The commands that a guide tells to type, in its order, each block as one line."""
    text = (TOP / "docs/guide" / guide).read_text()
    blocks = re.findall(r"^```sh\n(.*?)\n```", text, re.M | re.S)
    return [re.sub(r"\n", "; ", re.sub(r" *\\\n\s*", " ", block)) for block in blocks]


def follow(board, guide):
    """Type all of them; what they said."""
    return "\n".join(board.sh(f"{VARIABLES}; {block}", 60) for block in commands(guide))


def test_recovery(board):
    out = follow(board, "recovery.md")
    assert "vm_role:guest" in out and "vm_id:1" in out and "vm_conduit:smc" in out
    assert "subtests of which 0 failed" in out
    assert "Removing guest 1" in board.secure()


@pytest.mark.parametrize("machine, role", (({}, "guest"), ({"xen": XEN}, "plain")),
                         ids=("native", "xen"), indirect=["machine"])
def test_xen_and_native(board, role):
    out = follow(board, "xen-and-native.md")
    assert role in out.splitlines() and "subtests of which 0 failed" in out
