# SPDX-License-Identifier: BSD-2-Clause
"""CBMC on core/ and on the shim: what tests/proof/ states holds for all inputs within the
bounds that are printed, and a copy of the source with an error in it fails."""

import json
import re
import shutil
import subprocess

import pytest

from bench.machine import BUILD
from conftest import TOP

ROOT = BUILD / "cbmc/root"
LIBRARIES = f"{ROOT}/usr/lib/x86_64-linux-gnu:{ROOT}/usr/lib"

# any_guest() asks about 65535 ids. Its loop is not unwound: what holds before and after any
# one round is proven to hold, and all that a round changes is taken for any value within it.
ROUND = "id >= 1 && id <= 65536"
CONTRACTS = {
    "answers": ("peer", "peer.calls, peer.seen",
                "peer.calls < 1000000 && "
                "peer.calls + 1 == __CPROVER_loop_entry(peer.calls) + id"),
    "optee": ("world", "", "(world.witness >= id || !world.witnessed)"),
}

# Loops over guests end with core/'s limit, those of the shim with its CPUs.
LIMIT = "#define OPTEE_GUEST_LIMIT\t\t64"
CORE = ["--unsigned-overflow-check"]
# The stacks of the shim's slots are not used here.
SMALL_SLOTS = ("#define SHIM_SLOT_SHIFT\t\t11", "#define SHIM_SLOT_SHIFT\t\t9")
# Room for four of the smallest descriptors.
SMALL_BUFFERS = ("#define FFA_BUFFER\t\t4096u", "#define FFA_BUFFER\t\t32u")
DISPATCH = ["--unwind", "5", "--unwindset", "smc.0:19,refuse.0:6"]
TFA = BUILD / "tfa/root/arm-trusted-firmware"
LIBFDT = sorted((TFA / "lib/libfdt").glob("fdt*.c"))
# The tree's memory reservations are gone through, of 16 bytes each.
TREE_BYTES = 256
TREE = ["--unwind", TREE_BYTES // 16 + 2, "--drop-unused-functions"]


def tool(name, *arguments, cwd):
    """A program of another suite, with that suite's libraries."""
    command = [ROOT / "usr/lib64/ld-linux-x86-64.so.2", "--library-path", LIBRARIES,
               ROOT / "usr/bin" / name, *arguments]
    return subprocess.run([str(word) for word in command], cwd=cwd, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def edit(place, gone, instead):
    """In the one file of a copy that has it."""
    files = [path for path in place.glob("*/*.[ch]") if gone in path.read_text()]
    assert len(files) == 1 and files[0].read_text().count(gone) == 1, (gone, files)
    files[0].write_text(files[0].read_text().replace(gone, instead))


def contract(name, path):
    peer, changes, invariant = CONTRACTS[name]
    path.write_text(json.dumps({"functions": [{"any_guest": [{
        "loop_id": "0",
        "assigns": ", ".join(filter(None, ("id", "answer", changes))),
        "invariants": f"{ROUND} && {invariant}",
        "decreases": "65536 - id",
        "symbol_map": f"id,any_guest::1::id;answer,any_guest::1::answer;{peer},{peer}",
    }]}]}))


def cbmc(place, name, *options, limit=64, edits=(), defines=(), only=None):
    """Run one proof on a copy of the source in which each of edits is made; only: a part of
    what the properties that matter say."""
    if not ROOT.exists():
        pytest.skip("build/cbmc is not there: its suite has not answered")
    for part in ("core", "shim"):
        shutil.copytree(TOP / part, place / part)
    harness = "dispatch"
    if name in CONTRACTS:
        harness = name
        edits = (*edits, (LIMIT, LIMIT.replace("64", str(limit))))
        sources = sorted((place / "core").glob("*.c"))
        options = (*CORE, "--unwind", limit + 2, *options)
    elif name == "tree":
        harness = name
        sources = [place / "shim/tree.c", *LIBFDT]
        defines = (f"BYTES={TREE_BYTES}", "ROOM=0x200000", *defines)
        options = (*TREE, "--function", name, *options)
    else:
        edits = (*edits, SMALL_SLOTS, SMALL_BUFFERS)
        sources = [place / "shim/call.c", place / "shim/ffa.c"]
        defines = (f"CPUS={3 if name == 'announcement' else 2}", *defines)
        options = (*DISPATCH, "--function", name, *options)
    for change in edits:
        edit(place, *change)
    built = tool("goto-cc", *(f"-D{define}" for define in defines), "-Icore", "-Ishim",
                 f"-I{TOP}/tests/host", "-isystem", TFA / "include/lib/libfdt", "-o", "program",
                 TOP / f"tests/proof/{harness}.c", *sources, cwd=place)
    assert built.returncode == 0, built.stdout
    if name in CONTRACTS:
        contract(name, place / "contract.json")
        applied = tool("goto-instrument", "--apply-loop-contracts", "--loop-contracts-file",
                       "contract.json", "program", "program", cwd=place)
        assert applied.returncode == 0, applied.stdout
    if only:
        known = tool("cbmc", "program", "--show-properties", *options, cwd=place).stdout
        options += sum((("--property", name) for name, said in
                        re.findall(r"Property (\S+):\n.*\n(.*)\n", known) if only in said), ())
        options += ("--stop-on-fail",)
    return tool("cbmc", "program", "--object-bits", "12", "--pointer-overflow-check",
                "--slice-formula", *options, cwd=place).stdout


full = pytest.mark.full


@pytest.mark.parametrize("name, limit, options, bounds", (
    ("answers", 64, {}, "no bound"),
    pytest.param("answers", 64, {"defines": ["REGISTER=uint32_t"]},
                 "answers of 32 bits, none of them shortened", marks=full),
    ("optee", 5, {}, "at most 4 guests where core/ allows for 5"),
    pytest.param("optee", 12, {}, "at most 11 guests where core/ allows for 12", marks=full),
    ("dispatch", 0, {}, "one call, 2 CPUs"),
    ("ffa", 0, {}, "one call of FF-A, 2 CPUs"),
    ("announcement", 0, {}, "3 CPUs"),
    ("tree", 0, {}, f"{TREE_BYTES} bytes"),
), ids=("answers", "answers-32", "optee", "optee-12", "dispatch", "ffa", "announcement", "tree"))
def test_proof(name, limit, options, bounds, tmp_path, note):
    narrow = name == "optee" or options
    said = cbmc(tmp_path, name, *["--conversion-check"][:bool(narrow)], limit=limit, **options)
    checks = re.search(r"\*\* 0 of (\d+) failed", said)
    assert checks and "VERIFICATION SUCCESSFUL" in said, \
        "\n".join(line for line in said.splitlines() if "FAILURE" in line) or said[-2000:]
    assert int(checks[1]) > 100
    note(f"proof {name}: {checks[1]} checks hold; {bounds}")


@pytest.mark.parametrize("name, found, gone, instead", (
    # Only CALLS_UID carries a tag.
    ("answers", "!a7", "fid, id, 0, res", "fid, id, id, res"),
    ("answers", "peer.id < 1", "if (!optee_guest_id_valid(id))", "if (!id)"),
    # Ends after a number of calls.
    ("answers", "unwinding assertion", "n < OPTEE_GUEST_LIMIT && there == PRESENT",
     "there == PRESENT"),
    ("answers", "invariant", "id <= OPTEE_GUEST_ID_MAX; id++)", "id <= OPTEE_GUEST_ID_MAX; id--)"),
    # A guest is left behind.
    ("answers", "!peer.exists ||", "return withdraw(guest, transport, OPTEE_GUEST_EANSWER)",
     "return OPTEE_GUEST_EANSWER"),
    ("answers", "!peer.strangers ||", "for (; added; added--)", "for (; added > 1; added--)"),
    ("answers", "err || !peer.exists", "? OPTEE_GUEST_ESTRANDED :", "? OPTEE_GUEST_OK :"),
    # A role that OP-TEE did not give, or one after an error.
    ("answers", "peer.seen", "if (there == PRESENT) {\n\t\t\tguest->answer",
     "if (there != NEITHER) {\n\t\t\tguest->answer"),
    ("answers", "!err == ", "return withdraw(guest, transport, OPTEE_GUEST_EINVISIBLE)",
     "guest->role = OPTEE_GUEST_GUEST;\n\t\treturn OPTEE_GUEST_EINVISIBLE"),
    # Not safe, or memory that is not ours.
    ("answers", "asked->safe", "if (!conduits->hvc_safe)", "if (conduits->hvc_safe < 0)"),
    ("answers", "upper bound", "(unsigned int)res[3] == OPTEE_GUEST_UID_3",
     "(unsigned int)res[4] == OPTEE_GUEST_UID_3"),
    # A guest is announced twice, or OP-TEE halts.
    ("optee", "world.own == ", "there == PRESENT) {\n\t\tenum", "there != PRESENT) {\n\t\tenum"),
    ("optee", "world.major == 4", "(unsigned int)res[1] == 3 ||", "(unsigned int)res[1] == 2 ||"),
    ("optee", "EDROPPED", "note == OPTEE_GUEST_UNSURE ?\n", "note != OPTEE_GUEST_UNSURE ?\n"),
    ("optee", "world.strangers == ", "#define HONESTY_PROBES\t3", "#define HONESTY_PROBES\t1"),
    ("dispatch", "el3.in[7] ==", "x[7] = tag;", "x[7] = a7 ? a7 : tag;"),
    ("dispatch", "x[7] == (tag", "x[7] = a7;", "x[7] = tag;"),
    ("dispatch", "!el3.calls && x[n]", "fid == OPTEE_GUEST_VM_DESTROYED", "fid == OPTEE_GUEST_CALLS_UID"),
    ("dispatch", "ENTRY", "x[2] = shim->entry;", "x[2] = start.entry;"),
    ("dispatch", "84000020", "SDEI_FIRST ... SDEI_LAST", "SDEI_FIRST ... SDEI_LAST - 1"),
    ("ffa", "n == changed", "x[2] &= FFA_PHYSICAL_INSTANCE;", "x[2] |= FFA_PHYSICAL_INSTANCE;"),
    ("ffa", "n == changed", "x[4] = ffa_guest_owner(&f->guest);", "x[4] = f->guest.id;"),
    ("ffa", "!el3.calls && (uint32_t)x[0]", "if (x[2] & FFA_FRAMEWORK)", "if (x[2] == FFA_FRAMEWORK)"),
    ("ffa", "el3.removed && !shim", "const char *error = ffa_remove(shim);\n\n\tif (error)",
     "const char *error = NULL;\n\n\tif (error)"),
    ("ffa", "(uint16_t)el3.out[2]", "error = (uint16_t)x[2] ? NULL : survey(shim);",
     "error = survey(shim);"),
    ("announcement", "MODEL_CAP_VIRTUALIZATION", "|= OPTEE_GUEST_CAP_VIRTUALIZATION",
     "|= OPTEE_GUEST_CAP_ASYNC_NOTIF"),
    ("announcement", "parked", "if (error)\n\t\tswitch_off_parked",
     "if (!error)\n\t\tswitch_off_parked"),
    ("tree", "FDT_MAGIC", "|| fdt_check_header(fdt))", ")"),
    ("tree", "fdt_size_dt_struct(fdt)", "+ fdt_size_dt_struct(fdt) <= strings", "<= strings"),
))
def test_proof_finds(name, found, gone, instead, tmp_path):
    """An error made on purpose; the property that it breaks is the one that fails."""
    said = cbmc(tmp_path, name, limit=5, edits=((gone, instead),), only=found)
    assert "VERIFICATION FAILED" in said, said[-2000:]
    broken = said[said.index("Violated property:"):]
    assert found in broken, broken
