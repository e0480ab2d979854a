# SPDX-License-Identifier: BSD-2-Clause
"""What OP-TEE costs on one way to reach it, in instructions: the guest's clock
counts them (QEMU -icount), so the figures are the same on any host."""

import dataclasses
import re
import subprocess

from bench.machine import BUILD, XEN, Machine
from bench.qemu_board import QemuBoard

# An instruction takes 16 ns, as a tick of QEMU's system counter does.
ICOUNT = {"icount": 4, "cpus": 1}

# What people may choose from: (machine, driver, the tag of its calls)
COLUMNS = {
    "limit": (Machine(**ICOUNT, firmware="plain"), "stock", 0),
    "ours": (Machine(**ICOUNT), "id-1", 1),
    "ours, plain": (Machine(**ICOUNT, firmware="plain"), "id-1", 0),
    "shim": (Machine(**ICOUNT, shim=True), "stock", 0),
    "Xen": (Machine(**ICOUNT, xen=XEN), "stock", 0),
}

# The same where OP-TEE is called by FF-A.
SPMC = {**ICOUNT, "suite": "sid", "ffa": True}
FFA_COLUMNS = {
    "limit, FF-A": (Machine(**SPMC, firmware="ffa-plain"), "stock", None),
    "ours, FF-A": (Machine(**SPMC, firmware="ffa"), "id-1", None),
    "shim, FF-A": (Machine(**SPMC, firmware="ffa", shim=True), "stock", None),
}

SIZES = [4096 << n for n in range(9)]
SESSIONS = [1 << n for n in range(7)]
THREADS = [1, 2, 4]


def size_name(size):
    return f"{size >> 10} KiB" if size < 1 << 20 else f"{size >> 20} MiB"


# What the client is to do, (rounds, row of benchmark/client.c), in this order.
CLIENT_ROWS = [
    (20, "session-user"),
    (100, "session-pseudo"),
    (200, "invoke-user"),
    (200, "invoke-pseudo"),
    *((50, f"registered:{size}") for size in SIZES),
    *((50, f"temporary:{size}") for size in SIZES),
    (20, "storage"),
    *((1000, f"threads:{threads}") for threads in THREADS),
    *((50, f"sessions:{sessions}") for sessions in SESSIONS),
]
KERNEL = ("invoke-user", "invoke-pseudo")
FFA_ROWS = [(rounds, row) for rounds, row in CLIENT_ROWS
            if row in ("session-user", "session-pseudo", *KERNEL, "registered:4096",
                       "temporary:4096", "storage")]


def say(text):
    print(text, flush=True)


@dataclasses.dataclass(frozen=True)
class Counts:
    """Of one row: the least, the median, the 99th percentile; how often each was seen."""

    least: int
    median: int
    p99: int
    histogram: dict

    def __str__(self):
        return f"{self.least:,} / {self.median:,} / {self.p99:,}"


def client(board, rounds, row, kernel=False):
    """Have the client do a row; its counts, or None if Xen refuses it."""
    out, status = board.try_sh(f"/client {'-k ' if kernel else ''}{rounds} {row}", 600)
    if status and board.machine.xen and "failed with 0x" in out:
        return None
    name, *numbers = out.split()
    assert status == 0 and name == row, out
    histogram = dict(map(int, entry.split("*")) for entry in numbers[3:])
    return Counts(*map(int, numbers[:3]), histogram)


def entry(machine, logs):
    """The system counter where BL31 enters the normal world."""
    with QemuBoard(dataclasses.replace(machine, stamp=True), logs, wait=False) as board:
        _, _, match, _ = board.console.expect(r"entered at 0x([0-9a-f]{16})", timeout=60)
        return int(match[1], 16)


def first_program(board):
    """The same when /init was entered. A hypervisor sets the counter back that
    programs see."""
    at = int(re.search(r"entered the first program at (\d+)", board.normal())[1])
    physical, virtual = map(int, board.sh(
        "insmod /modules/smccall.ko; cat /sys/module/smccall/parameters/counters").split())
    return at + physical - virtual


def instructions(line, function):
    """Of a function of our driver, their names, less nops."""
    out = subprocess.run(["aarch64-linux-gnu-objdump", f"--disassemble={function}",
                          BUILD / "linux" / line / "id-1" / "optee.ko"], check=True,
                         capture_output=True, text=True).stdout
    names = re.findall(r"^ +[0-9a-f]+:\t[0-9a-f]{8} \t(\w+)", out, re.M)
    return [name for name in names if name != "nop"]


def code(machine, driver):
    """Bytes of code and constants between Linux' TEE subsystem and the firmware."""
    programs = [BUILD / "linux" / machine.line / driver / "optee.ko",
                *([BUILD / "shim/shim.elf"] if machine.shim else []),
                *([machine.xen_image.with_name("xen-syms")] if machine.xen else [])]
    out = subprocess.run(["aarch64-linux-gnu-size", *programs], check=True, capture_output=True,
                         text=True).stdout
    return sum(int(line.split()[0]) for line in out.splitlines()[1:])


def memory_below(board):
    """Bytes that the kernel does not have because of who is below it."""
    machine = board.machine
    if machine.shim:
        start, end = re.search(r"memory 0x(\w+)\.\.0x(\w+)", board.normal()).groups()
        return int(end, 16) + 1 - int(start, 16)
    if not machine.xen:
        return 0
    # Three times control A is for Xen's own console, H lists its free memory.
    board.console.write(b"\x01\x01\x01H")
    board.console.expect("zone=36", timeout=60)
    board.console.write(b"\x01\x01\x01")
    log = board.normal()
    free = sum(int(pages) for pages in re.findall(r"heap\[.*\] -> (\d+) pages", log)) << 12
    dom0 = int(re.search(r"totalling (\d+)MB for dom0", log)[1]) << 20
    assert free, "Xen does not tell what it has"
    return (int(machine.memory[:-1]) << 20) - dom0 - free


def measure(column, logs, rows=None):
    """Have a column do the rows; what it counted, by name."""
    machine, driver, tag = {**COLUMNS, **FFA_COLUMNS}[column]
    rows = rows or (FFA_ROWS if machine.ffa else CLIENT_ROWS)
    result = {}

    def done(name, value):
        result[name] = value
        say(f"  {column:12} {name:28} {value or 'refused'}")

    entered = entry(machine, logs / "entry")
    with QemuBoard(dataclasses.replace(machine, client=True), logs) as board:
        done("boot", first_program(board) - entered)
        if machine.ffa:
            board.load_ffa(driver)
        else:
            board.load(driver)
            done("fast-call", client(board, 256, f"fast-call:{tag}"))
            done("code", code(machine, driver))
            done("memory", int(board.sh("cat /sys/module/optee/coresize")) + memory_below(board))
            done("probe", client(board, 10, "probe"))
        board.sh("tee-supplicant -d")
        for rounds, row in rows:
            done(row, client(board, rounds, row))
            if row in KERNEL and not machine.xen:  # which hides that counter
                done(f"{row} in the kernel", client(board, rounds, row, kernel=True))
        board.power_off()
        board.watch()
    return result

