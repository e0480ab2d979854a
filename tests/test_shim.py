# SPDX-License-Identifier: BSD-2-Clause
"""The EL2 shim below an unmodified kernel with its own driver, on real firmware."""

import re
import shutil
import subprocess

import pytest

from bench.board import UID_0, VM_CREATED, VM_DESTROYED
from bench.machine import BUILD, DOM0_ADDRESS, KERNEL_ADDRESS, VHE, Machine
from bench.qemu_board import QemuBoard
from test_cpus import LOOP, SWITCH_ON, runs_on_each_cpu
from test_life import CLIENTS
from test_linux import SUBSET
from test_static import run, tracked
from test_uboot import BOOTI, uboot

machine = pytest.mark.machine
full = pytest.mark.full

SHIM = {"shim": True}


def printed(board):
    """The shim's lines on the console, whose colours a boot loader may have set."""
    return re.findall(r"^(?:\x1b\[[\d;=]*\w)*optee-shim: (.*?)\r?$", board.normal(), re.M)


def check_memory(board):
    """The shim's memory is in the device tree and not the kernel's."""
    start, end = (int(word, 16) for word in
                  re.search(r"memory (0x\w+)\.\.(0x\w+)", printed(board)[0]).groups())
    assert start == (DOM0_ADDRESS if board.machine.uboot else KERNEL_ADDRESS)
    assert 0 < end - start < 1 << 21
    node = f"/proc/device-tree/reserved-memory/optee-shim@{start:x}"
    reg = bytes.fromhex(board.sh(f"od -An -v -tx1 {node}/reg | tr -d ' \\n'; ls {node}/no-map "
                                 "> /dev/null"))
    assert [int.from_bytes(reg[:8], "big"), int.from_bytes(reg[8:], "big")] == \
        [start, end + 1 - start]
    board.sh(f"grep -q optee-shim@{start:x} /sys/firmware/fdt")
    reserved = [tuple(int(word, 16) for word in line.split(" : ")[0].split("-"))
                for line in board.sh("cat /proc/iomem").splitlines() if line.endswith(": reserved")]
    assert any(low <= start and end <= high for low, high in reserved), reserved


@pytest.mark.each_line
@pytest.mark.parametrize("machine", (
    {**SHIM, "cpus": 2}, {**SHIM, **VHE, "cpus": 1, "method": "hvc"},
    pytest.param({**SHIM, "cpus": 4, "method": "hvc"}, marks=full),
    pytest.param({**SHIM, **VHE, "cpus": 2}, marks=full),
    pytest.param({**SHIM, "cpus": 8, "firmware": "eight", "suite": "sid"}, marks=full),
), ids=("smc-2", "hvc-max-1", "hvc-4", "smc-max-2", "smc-8"), indirect=True)
def test_stock_kernel(board):
    cpus = board.machine.cpus
    assert printed(board)[0].startswith(f"guest 1, {cpus} CPU"), printed(board)
    assert "no KVM" in printed(board)[1] and "no EFI stub" in printed(board)[1]
    assert board.sh("nproc") == str(cpus)
    assert "All CPU(s) started at EL1" in board.dmesg()
    check_memory(board)

    log = board.load("debian")
    assert "initialized driver" in log
    board.xtest(SUBSET if board.machine.line == "6.12" and cpus == 2 else "1004")
    for cpu in range(cpus):
        assert "0 failed" in board.sh(f"taskset {1 << cpu:x} xtest 1001", timeout=60)
    # Linux knows of asynchronous notifications from 5.17 on.
    if board.machine.line != "5.10":
        assert "Asynchronous notifications enabled" in log and board.notifications() > 0
    assert "stopped" not in "".join(printed(board))


@machine(**SHIM, **LOOP)
def test_every_cpu_has_been_through_optee(board):
    """A trusted application does not return on a CPU that is switched on after the
    guest was made and never before."""
    board.load("debian")
    runs_on_each_cpu(board)


@full
@pytest.mark.parametrize("machine", (
    {**SHIM, **LOOP}, {**SHIM, **LOOP, "cpu": "neoverse-n2", "cpus": 4}),
                         ids=("n1-2", "n2-4"), indirect=True)
def test_subset_on_each_cpu(board):
    board.load("debian")
    board.sh("tee-supplicant -d")
    for cpu in range(board.machine.cpus):
        out = board.sh(f"taskset {1 << cpu:x} xtest {SUBSET}", timeout=600)
        assert re.search(r"^\d+ test cases of which 0 failed", out, re.M), out[-2000:]


@machine(**SHIM, **LOOP, append="maxcpus=1")
def test_cpu_that_comes_late(board):
    board.load("debian")
    assert board.sh("nproc") == "1"
    board.sh(SWITCH_ON)
    runs_on_each_cpu(board)


@full
@machine(**SHIM, cpus=5)
def test_cpu_that_optee_was_not_built_for(board):
    """Debian's OP-TEE is for four CPUs, another one never comes back from it, and no CPU
    can be switched on after it."""
    assert [line for line in printed(board) if line.startswith("CPU ")] == [
        "CPU 0x4 is not used, PSCI AFFINITY_INFO a second after CPU_ON answers 2"]
    assert board.sh("nproc") == "4"
    board.load("debian")
    board.xtest("1004")


@machine(**SHIM, suite="sid", firmware="async")
def test_notifications_that_halt_optee_are_hidden(board):
    """The fault of 4.3.0 and 4.4.0."""
    assert "4.3.0 and 4.4.0" in printed(board)[2] and "4.5.0" in printed(board)[2], printed(board)
    log = board.load("debian")
    assert "initialized driver" in log and "otification" not in log
    board.xtest(SUBSET)


@machine(**SHIM, suite="sid", firmware="crowded")
def test_no_room_for_a_first_guest(board):
    assert "no room for a first guest" in printed(board)[0], printed(board)
    assert "as if the shim were not there" in printed(board)[1]
    assert "All CPU(s) started at EL2" in board.dmesg() and board.sh("nproc") == "2"


@machine(**SHIM, psci="/firmware/psci")
def test_psci_anywhere(board):
    assert printed(board)[0].startswith("guest 1, 2 CPUs")
    assert board.sh("nproc") == "2"
    board.load("debian")
    board.xtest("1004")


@machine(**SHIM, firmware="plain", method="hvc")
def test_plain_optee(board):
    assert printed(board)[0].startswith("plain, 2 CPUs")
    board.load("debian")
    board.xtest("1004")
    assert board.guests() == (0, 0)


@machine(**SHIM)
def test_our_driver_finds_nothing_to_do(board):
    board.load()
    assert board.attributes() == ("plain", "none", "smc")
    board.xtest("1004")
    assert board.guests() == (1, 0)


# Function, operand and conduit of a call, and a0 of its answer, None for any.
CALLS_UID, CALLS_REVISION, EXCHANGE = 0xbf00ff01, 0xbf00ff03, 0xb2000009
SVE_HINT = 1 << 16
PSCI_VERSION, PSCI_CPU_SUSPEND, PSCI_CPU_ON = 0x84000000, 0x84000001, 0xc4000003
PSCI_AFFINITY_INFO, PSCI_FEATURES = 0xc4000004, 0x8400000a
INVALID_PARAMETERS, INVALID_ADDRESS, ALREADY_ON = (1 << 64) - 2, (1 << 64) - 9, (1 << 64) - 4
NOBODY = (1 << 64) - 1


@machine(**SHIM)
def test_registers(board):
    """x4..x30 come back from every kind of call; the answers are right."""
    def call(conduit, function, *arguments, operand=0):
        words = " ".join(f"{word:x}" for word in (function, *arguments))
        out = board.sh("cd /sys/module/smccall/parameters && "
                       f"echo {conduit} {operand} {words} > registers && cat registers").split()
        assert out[4:] == [], f"{conduit} {function:#x} changes {out[4:]}"
        return [int(word, 16) for word in out[:4]]

    board.sh("insmod /modules/smccall.ko")
    for conduit in ("smc", "hvc"):
        # Tagged; to be tagged, but not passed on as they are; not tagged; PSCI.
        assert call(conduit, CALLS_UID)[0] == UID_0
        assert call(conduit, CALLS_UID | SVE_HINT)[0] == UID_0
        assert call(conduit, CALLS_REVISION)[0] > 0
        answer = call(conduit, EXCHANGE)
        assert answer[0] == 0 and answer[1] & ~8 == answer[1] and answer[1] & 4
        assert call(conduit, EXCHANGE | SVE_HINT)[1] == answer[1]
        for function in (VM_CREATED, VM_DESTROYED, VM_DESTROYED | SVE_HINT):
            assert call(conduit, function, 1)[0] == NOBODY
        assert call(conduit, 0x80000000)[0] == 0x10005  # SMCCC_VERSION
        assert call(conduit, 0x80000001, 0x80008000)[0] is not None  # SMCCC_ARCH_FEATURES
        assert call(conduit, PSCI_VERSION)[0] == 0x10001
        assert call(conduit, PSCI_FEATURES, PSCI_CPU_SUSPEND)[0] == 0
        assert call(conduit, PSCI_AFFINITY_INFO, 1)[0] == 0
        assert call(conduit, PSCI_CPU_ON, 1, 0x50000000)[0] == ALREADY_ON
        assert call(conduit, PSCI_CPU_ON, 77, 0x50000000)[0] == INVALID_PARAMETERS
        assert call(conduit, PSCI_CPU_ON, 1, KERNEL_ADDRESS)[0] == INVALID_ADDRESS
        assert call(conduit, 0xc4000020)[0] == NOBODY  # SDEI_VERSION
        assert call(conduit, 0xc6000000)[0] == NOBODY  # of a hypervisor
        assert call(conduit, CALLS_UID, operand=1)[0] == NOBODY
    assert board.has_guest(1)
    assert "stopped" not in "".join(printed(board))


HOTPLUG = "cd /sys/devices/system/cpu && for i in $(seq {}); do for c in 1 2 3; do " \
          "echo 0 > cpu$c/online && echo 1 > cpu$c/online || exit 1; done; done; nproc"


@pytest.mark.parametrize("cycles", (
    pytest.param(3, marks=pytest.mark.short), pytest.param(50, marks=full)))
@pytest.mark.lost
@machine(**SHIM, cpus=4)
def test_hotplug_and_reboot(board, cycles):
    board.load("debian")
    board.sh("tee-supplicant -d; (until [ -e /tmp/stop ]; do xtest 1006 || "
             "touch /tmp/stop /tmp/failed; done; touch /tmp/stopped) > /tmp/xtest 2>&1 &")
    assert board.sh(HOTPLUG.format(cycles), timeout=600) == "4"
    # The client ends by itself: one that is killed may take tee-supplicant with it.
    board.sh("touch /tmp/stop; until [ -e /tmp/stopped ]; do usleep 50000; done; "
             "[ ! -e /tmp/failed ] || { tail -n 40 /tmp/xtest; exit 1; }", timeout=60)
    for cpu in range(4):
        assert "0 failed" in board.sh(f"taskset {1 << cpu:x} xtest 1001", timeout=60)

    board.ends_with("reboot -f")
    assert "Removing guest 1" in board.secure()


@machine(**SHIM)
def test_power_off_with_clients_active(board):
    """board looks for as many guests removed as added."""
    board.load("debian")
    board.sh(CLIENTS)


@full
@machine(**SHIM, disks=True)
@pytest.mark.parametrize("wrapped", (False, True), ids=("image", "wrapped"))
def test_kexec(board, wrapped):
    """The next kernel is in the same place: at EL1, the same guest. The shim of a
    wrapped one finds that there is nothing to do."""
    board.load("debian")
    board.xtest("1004")
    board.read_disks()
    if not wrapped:
        board.sh(f"tail -c +{(1 << 21) + 1} /tmp/kernel > /tmp/Image && mv /tmp/Image /tmp/kernel")
    board.sh("kexec -i -l /tmp/kernel --initrd=/tmp/initrd --reuse-cmdline", timeout=120)
    board.boots_again("kexec -e")
    assert len(printed(board)) == (4 if wrapped else 2)
    assert not wrapped or printed(board)[2].startswith("entered at EL1")
    assert "All CPU(s) started at EL1" in board.dmesg() and board.sh("nproc") == "2"
    check_memory(board)
    board.load("debian")
    # PKCS#11's application still runs, and its files were in the last file system.
    board.xtest("-t regression 1004")
    assert board.guests() == (1, 0)


@uboot("id-1", newer=True, shim=True)
def test_booted_by_uboot(board):
    """booti takes the wrapped kernel for one; U-Boot's own guest has gone before."""
    board.boot(BOOTI)
    assert printed(board)[0].startswith("guest 1, 2 CPUs")
    assert board.guests() == (2, 1)
    check_memory(board)
    board.load("debian")
    board.xtest("1004")


@machine(**SHIM, firmware="none")
def test_no_optee(board):
    assert printed(board)[0].startswith("no OP-TEE answers") and len(printed(board)) == 2
    assert "All CPU(s) started at EL2" in board.dmesg()


@full
@machine(**SHIM, el2=False)
def test_entered_at_el1(board):
    """Nothing to be done there: the kernel boots as if the shim were not there."""
    assert printed(board)[0].startswith("entered at EL1") and len(printed(board)) == 2
    board.load()
    assert board.attributes() == ("guest", "1", "smc")
    board.xtest("1004")


def test_booted_by_qemu_without_firmware():
    """By QEMU's own -kernel, where there is no EL3."""
    out = run("timeout", 120, *Machine().qemu_command, "-machine", "virt,gic-version=3,virtualization=on",
              "-cpu", "cortex-a57", "-m", "1024", "-smp", "2", "-display", "none", "-monitor", "none", "-nic", "none",
              "-serial", "stdio", "-no-reboot", "-kernel", Machine(**SHIM).kernel,
              "-initrd", Machine().initrd_parts[0], "-append",
              "console=ttyAMA0 panic=-1 rdinit=/usr/bin/busybox -- poweroff -f").stdout
    assert "optee-shim: this processor has no EL3" in out
    assert "All CPU(s) started at EL2" in out and "reboot: Power down" in out, out[-2000:]


# Boards of QEMU's without EL3's firmware: the shim prints why it is of no use.
DTBS = BUILD / "linux/6.12/root/usr/lib"


@pytest.mark.parametrize("qemu, board, tree, serial", (
    ("", "raspi3b", "broadcom/bcm2837-rpi-3-b.dtb", ("-serial", "null", "-serial", "stdio")),
    ("10", "imx8mp-evk", "freescale/imx8mp-evk.dtb", ("-serial", "null", "-serial", "stdio")),
), ids=("bcm2835-aux", "imx"))
def test_console_of_another_kind(qemu, board, tree, serial):
    """On buses whose addresses are translated."""
    machine = Machine(**SHIM, qemu=qemu)
    if machine.missing():
        pytest.skip(machine.missing())
    command = [*machine.qemu_command, "-machine", board, "-display", "none", "-monitor", "none",
               *serial, "-kernel", machine.kernel, "-dtb", next(DTBS.glob(f"linux-image-*/{tree}"))]
    with subprocess.Popen(["timeout", "120", *map(str, command)], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, errors="replace") as process:
        lines = []
        while len(lines) < 2 and (line := process.stdout.readline()):
            lines += [line.strip()] if line.startswith("optee-shim: ") else []
        process.terminate()
    assert lines[1:] == ["optee-shim: the kernel boots as if the shim were not there"], lines


def test_device_trees_of_the_kernel(note):
    """What the shim finds in all that Debian's kernel package has."""
    files = sorted(DTBS.glob("linux-image-*/**/*.dtb"))
    out = subprocess.run([BUILD / "tests/trees", *files], check=True, capture_output=True,
                         text=True).stdout
    found = {name: [int(word, 0) for word in words]
             for name, *words in map(str.split, out.splitlines())}
    assert len(found) == len(files) > 500
    named = [name for name, (_, _, is_named, _, _) in found.items() if is_named]
    consoles = [name for name in named if found[name][3]]
    assert len(consoles) >= 0.85 * len(named)
    assert len(consoles) == sum(console != 0 for _, _, _, console, _ in found.values())
    for file in files:
        psci, cpus, _, _, reserved = found[str(file)]
        assert reserved and (cpus or not psci), file
        # A name of its own or of a driver's: PSCI 0.2 and later have both.
        assert not psci or b"arm,psci-" in file.read_bytes(), file
    psci = sum(psci for psci, *_ in found.values())
    assert psci >= 0.9 * len(files)
    note(f"shim: of {len(files)} device trees of Debian's kernel {psci} have PSCI, "
         f"{len(named)} name a console, {len(consoles)} of these are of a known kind, memory can "
         f"be reserved in all; {max(cpus for _, cpus, *_ in found.values())} CPUs at most")


def patched(tmp_path, change):
    """The wrapped kernel with some of its first bytes changed."""
    image = tmp_path / "Image"
    shutil.copy(Machine(**SHIM).kernel, image)
    with open(image, "r+b") as file:
        head = bytearray(file.read(1 << 16))
        change(head)
        file.seek(0)
        file.write(head)
    return image


def test_refused_by_optee(tmp_path):
    """An id that cannot be announced: the board comes up all the same."""
    def change(head):
        head[88:96] = (0).to_bytes(8, "little")

    with QemuBoard(Machine(image=str(patched(tmp_path, change))), tmp_path / "logs") as board:
        assert "1..65535" in printed(board)[0] and "as if the shim were not there" in printed(board)[1]
        assert "All CPU(s) started at EL2" in board.dmesg()
        board.load()
        assert board.attributes() == ("guest", "1", "smc")
        board.power_off()
        assert board.guests() == (1, 1)


def symbols():
    out = subprocess.run(["aarch64-linux-gnu-nm", BUILD / "shim/shim.elf"], check=True,
                         capture_output=True, text=True).stdout
    return {name: int(address, 16) for address, _, name in map(str.split, out.splitlines())}


def test_unexpected_exception_stops_the_cpu(tmp_path):
    """Such an exception has to be made: an undefined instruction in a tagged call."""
    def change(head):
        smc = head.index(bytes.fromhex("030000d4"), symbols()["lower_sync"])
        head[smc:smc + 4] = bytes(4)

    with QemuBoard(Machine(image=str(patched(tmp_path, change)), cpus=1), tmp_path / "logs") as board:
        board.shell.console.sendline("insmod /modules/tee.ko; insmod /modules/debian/optee.ko")
        board.shell.console.expect("x30 0x", timeout=30)
        screen = "\n".join(printed(board)[2:])
        for what in ("stopped CPU 0x0", "vector 4", "EC 0x0 ", "function id 0xbf00ff01",
                     f"ELR {KERNEL_ADDRESS + symbols()['lower_sync'] + 0x48:#x}"):
            assert what in screen, screen


def path(code, taken):
    """The instructions of lower_sync to its eret, with the branches to these
    symbols taken and no others."""
    at, done = code["lower_sync"], []
    while not done or done[-1][0] != "eret":
        name, operands, target = code[at]
        done.append((name, operands))
        at = code[target] if target in taken else at + 4
    return done


def test_budget(note):
    """What a tagged call and one CPU cost."""
    out = subprocess.run(["aarch64-linux-gnu-objdump", "--disassemble", "--no-show-raw-insn",
                          BUILD / "shim/shim.elf"], check=True, capture_output=True,
                         text=True).stdout
    code = symbols()
    for at, name, operands, target in re.findall(
            r"^ *([0-9a-f]+):\t(\S+)[ \t]*(.*?)(?: <(\w+)>.*)?$", out, re.M):
        code[int(at, 16)] = (name, operands, target if name.startswith("b") else None)
    paths = {kind: path(code, taken) for kind, taken in (
        ("yielding SMC", ()), ("fast SMC", ("optee_fast", "tag")),
        ("yielding HVC", ("lower_sync_other", "trusted_os")),
        ("fast HVC", ("lower_sync_other", "trusted_os", "optee_fast", "tag")))}
    for done in paths.values():
        assert len(done) <= 60 and "smc" in dict(done)
        assert not [line for line in done if "[" in line[1]], "memory is touched"
    note("shim: instructions added to a tagged call, none touches memory: " +
         ", ".join(f"{len(done)} ({kind})" for kind, done in paths.items()))

    linked = (BUILD / "shim/shim.elf.map").read_text().split("Linker script and memory map")[1]
    libfdt = sum(int(size, 16) for size in re.findall(
        r"^ \.(?:text|rodata)\S*\s+0x\w+ +0x(\w+) \S+/libfdt/", linked, re.M))
    ours = code["__end"] + 2048 - libfdt
    assert libfdt > 4096 and ours <= 22528
    note(f"shim: {ours} bytes for one CPU, {libfdt} of libfdt, 2048 for each further CPU")


@full
@machine(**SHIM)
def test_whole_xtest(board, note):
    board.load("debian")
    cases, subtests = board.xtest("-l 0", timeout=3000)
    note(f"whole xtest, virtualized OP-TEE, stock {board.machine.line} and its driver on the "
         f"shim, {board.machine.method}: {cases} cases, {subtests} subtests, 0 failed")


@pytest.mark.parametrize("change, tells", (
    ({0: b"\x1f\x8b"}, "gunzip"), ({4: b"zimg"}, "zboot"), ({56: b"BAD!"}, "no arm64 Image"),
    ({64: b"oteeshim"}, "wrapped already"), (None, "too short"),
), ids=("gzip", "zboot", "magic", "twice", "short"))
def test_bad_image_is_refused_in_a_line(tmp_path, change, tells):
    image, out = tmp_path / "Image", tmp_path / "out"
    with open(BUILD / "shim/6.12.Image", "rb") as file:
        file.seek(1 << 21)
        data = bytearray(file.read(1 << 16 if change else 10))
    for at, text in (change or {}).items():
        data[at:at + len(text)] = text
    image.write_bytes(data)
    result = make_image(KERNEL=image, OUT=out)
    assert result.returncode != 0 and not out.exists()
    assert tells in result.stdout and result.stdout.count("optee-shim-wrap: ") == 1, result.stdout
    assert list(tmp_path.iterdir()) == [image]


def make_image(**arguments):
    return run("make", "--no-print-directory", "shim-image",
               *(f"{name}={value}" for name, value in arguments.items()))


@pytest.mark.parametrize("arguments, tells", (
    ({}, "KERNEL="), ({"KERNEL": "/nowhere", "OUT": "out"}, "cannot be read"),
    ({"KERNEL": "Image", "OUT": "out", "VM_ID": "0"}, "1..65535"),
    ({"KERNEL": "Image", "OUT": "out", "VM_ID": "65536"}, "1..65535"),
    ({"KERNEL": "Image", "OUT": "out", "VM_ID": "one"}, "1..65535"),
    ({"KERNEL": "Image", "OUT": "/nowhere/out"}, "cannot be written"),
))
def test_bad_argument_is_refused_in_a_line(tmp_path, arguments, tells):
    kernel = BUILD / "linux/6.12/vmlinuz"
    places = {"Image": kernel, "out": tmp_path / "out"}
    result = make_image(**{name: places.get(value, value) for name, value in arguments.items()})
    errors = [line for line in result.stdout.splitlines() if not line.startswith("make")]
    assert result.returncode != 0 and len(errors) == 1 and tells in errors[0], result.stdout
    assert not list(tmp_path.iterdir())


def test_wrapped_image_is_one(tmp_path):
    out = tmp_path / "Image.guest"
    kernel = BUILD / "linux/6.12/vmlinuz"
    result = make_image(KERNEL=kernel, VM_ID=65535, OUT=out)
    assert result.returncode == 0 and result.stdout.splitlines()[-1] == str(out), result.stdout
    assert "Linux kernel ARM64 boot executable Image" in run("file", out).stdout
    assert out.stat().st_size == kernel.stat().st_size + (1 << 21)
    assert list(tmp_path.iterdir()) == [out]


def test_pure_parts_are_covered(note):
    """Every line of what the host tests compile."""
    lines = 0
    for part in ("call", "ffa", "console", "el2", "tree", "image", "regime", "next"):
        data = BUILD / f"tests/test_shim-{part}.gcda"
        out = run("gcov", "-n", "--object-directory", BUILD / "tests", data).stdout
        figures = re.search(rf"File 'shim/{part}\.c'\nLines executed:([\d.]+)% of (\d+)", out)
        missed = re.findall(r".*#####.*", run("gcov", "--stdout", "--object-directory",
                                              BUILD / "tests", data).stdout)
        assert figures and figures[1] == "100.00", (out, missed)
        lines += int(figures[2])
    note(f"coverage of shim/'s pure parts: 100 % of {lines} lines")


def test_style():
    """As core/ and linux/, but for what belongs to the kernel only."""
    ignored = ("PREFER_KERNEL_TYPES,BIT_MACRO,PREFER_DEFINED_ATTRIBUTE_MACRO,AVOID_EXTERNS,"
               "VOLATILE,CAMELCASE,STRCPY,ARRAY_SIZE,EMBEDDED_FUNCTION_NAME")
    result = run("perl", BUILD / "linux/6.12/src/scripts/checkpatch.pl", "--no-tree", "--strict",
                 "--terse", "--ignore", ignored, "-f", *tracked("shim/*.[ch]"))
    remarks = [line for line in result.stdout.splitlines() if not line.startswith("total: ")]
    assert result.returncode == 0 and not remarks, result.stdout
