# SPDX-License-Identifier: BSD-2-Clause
"""What a board for scenarios can do, whichever it is: U-Boot and a shell on the console of
the normal world, the console of the secure world, Linux with OP-TEE's driver."""

import pathlib
import re

from pexpect import TIMEOUT

PATIENCE = 120               # seconds of silence that are a failure, on a busy host too
LAST_WORDS = "dmesg -n 7; "  # while the shell runs, the kernel is silent: it would interrupt

# tests/mediator/mediator.c: what it may be told
MEDIATOR_CONTROL = 0x86000001
TAG, DROP, FILTER, STRIP, EFFECT, OBLIGE = 1, 2, 4, 8, 16, 32

# optee_os 4.5.0, core/arch/arm/include/sm/optee_smc.h
CALLS_UID, UID_0 = 0xbf00ff01, 0x384fb3e0
GET_OS_REVISION, EXCHANGE_CAPABILITIES = 0xb2000001, 0xb2000009
VM_CREATED, VM_DESTROYED = 0xb200000d, 0xb200000e
ENOTAVAIL = 7

# What OP-TEE and TF-A say when they halt. A trusted application that panics is
# another matter: xtest has some that do it on purpose.
HALT = re.compile(r"(E/TC:.*(\bPanic\b|assertion .* failed|abort outside|Core .*abort)"
                  r"|Unhandled .*Exception in EL3|PANIC (at|in) ).*")


class SecureWorldHalted(Exception):
    """OP-TEE has stopped the machine; the text is what it said."""


class Lacking(Exception):
    """What the board was given lacks something."""


class BoardLost(Exception):
    """The board went away or does not answer."""


def ours(log):
    """The lines of our own in what the kernel said."""
    return [line for line in log.splitlines()
            if line.startswith("optee firmware:optee: ") and " probe " not in line]


class Board:
    """A running machine at its prompt. Use as a context manager: it is off afterwards.

    Whoever derives from it has start() and stop(), normal() and secure(), which are the
    consoles so far, watch(), which raises SecureWorldHalted if the secure world has
    halted, and ended(). start() sets target, which is labgrid's, console, and shell or
    uboot. watched says whether there is a console of the secure world.

    machine: what to boot; logs: a folder for what it leaves; wait: whether to come back
    only when its first prompt is there.
    """

    def __init__(self, machine, logs, wait=True):
        self.machine = machine
        self.wait = wait
        self.logs = pathlib.Path(logs)
        self.patience = machine.patience
        self.target = None
        self.console = None
        self.shell = None  # as long as U-Boot runs
        self.watched = True

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def try_u(self, command, timeout=PATIENCE):
        """Have U-Boot run a command; (its output, its exit status)."""
        out, _, status = self.uboot.run(command, timeout=timeout)
        return "\n".join(out), status

    def u(self, command, timeout=PATIENCE):
        """Have U-Boot run a command that must succeed; its output as text."""
        out, status = self.try_u(command, timeout)
        if status:
            raise AssertionError(f"{command!r} failed with {status}:\n{out}")
        return out

    def reset(self):
        """Have U-Boot reset the machine, up to its prompt."""
        self.uboot.console.sendline("reset")
        self.target.deactivate(self.uboot)
        self.target.activate(self.uboot)

    def boot(self, command):
        """Have U-Boot start what is below it, up to the shell prompt."""
        self.uboot.console.sendline(command)
        self.target.deactivate(self.uboot)
        self.shell = self.target.get_driver("ShellDriver")

    def sh(self, command, timeout=PATIENCE):
        """Run a command that must succeed; its output as text."""
        out, status = self.try_sh(command, timeout)
        if status:
            raise AssertionError(f"{command!r} failed with {status}:\n{out}\n{self.dmesg(20)}")
        return out

    def try_sh(self, command, timeout=PATIENCE):
        """Run a command; (its output, its exit status)."""
        out, _, status = self.shell.run(command, timeout=timeout * self.patience)
        return "\n".join(out), status

    def dmesg(self, lines=0):
        out, _ = self.try_sh(f"dmesg | tail -n {lines}" if lines else "dmesg")
        return out

    def load(self, driver="id-1", parameters=""):
        """Load an optee.ko; what the kernel said."""
        self.sh(f"for name in $(cat /modules/{driver}/depends); do "
                "[ -d /sys/module/$(echo $name | tr - _) ] || insmod /modules/$name.ko; done; "
                "dmesg -c > /dev/null")
        self._insmod(f"{driver}/optee.ko", parameters)
        log = re.sub(r"^\[ *[\d.]+\] ", "", self.dmesg(), flags=re.M)
        return re.sub(r".*taint.*\n?", "", log)

    def _insmod(self, module, parameters=""):
        out, status = self.try_sh(f"insmod /modules/{module} {parameters}")
        if "No such file" in out:
            raise Lacking(f"there is no {module} for this kernel")
        assert not status, f"{out}\n{self.dmesg(20)}"

    def load_ffa(self, way="id-1"):
        """Load the FF-A driver and OP-TEE's; what the kernel said."""
        self.sh("[ -d /sys/module/ffa_core ] || insmod /modules/ffa-core.ko")
        self.sh(f"dmesg -c > /dev/null; insmod /modules/ffa-{way}.ko")
        said = re.sub(r"^\[ *[\d.]+\] ", "", self.dmesg(), flags=re.M)
        return f"{said}\n{self.load('ffa')}"

    def unload_ffa(self):
        self.unload()
        self.sh("rmmod ffa_module")

    def secure_without_time(self):
        """The secure console so far, less what OP-TEE prints each second."""
        return re.sub(r".*(periodic_callback|test_wd|wd_ndrv).*\n?", "", self.secure())

    def unload(self):
        self.sh("killall tee-supplicant 2> /dev/null; "
                "while pidof tee-supplicant > /dev/null; do usleep 50000; done; rmmod optee")

    def attributes(self):
        """What the driver says it is."""
        values = self.sh("cd /sys/class/tee/tee0 2> /dev/null; [ -e vm_role ] || "
                         "cd /sys/bus/platform/devices/firmware:optee; "
                         "cat vm_role vm_id vm_conduit")
        return tuple(values.split())

    def xtest(self, arguments, timeout=300):
        """Run xtest, all of which must pass; (cases, subtests)."""
        self.sh("pidof tee-supplicant > /dev/null || tee-supplicant -d")
        out, status = self.try_sh(f"xtest {arguments}", timeout)
        subtests = re.search(r"^(\d+) subtests? of which (\d+) failed", out, re.M)
        cases = re.search(r"^(\d+) test cases? of which (\d+) failed", out, re.M)
        failed = "\n".join(re.findall(r"^.*\bFAIL.*$", out, re.M))
        assert status == 0 and subtests and cases, out[-2000:]
        assert (subtests[2], cases[2]) == ("0", "0"), failed
        assert int(cases[1]) and int(subtests[1]), out[-2000:]
        return int(cases[1]), int(subtests[1])

    def pcr(self, number):
        """What a register of the firmware TPM has."""
        return bytes.fromhex(self.sh(f"/pcr {number}"))

    def smc(self, function, *a1_to_a3, a5=0, a7=0):
        """One fast call from EL1; a0..a3 of the answer."""
        if self.try_sh("[ -d /sys/module/smccall ]")[1]:
            self._insmod("smccall.ko")
        a1, a2, a3 = (*a1_to_a3, 0, 0, 0)[:3]
        answer = self.sh("cd /sys/module/smccall/parameters && "
                         f"echo {function:x} {a1:x} {a2:x} {a3:x} 0 {a5:x} 0 {a7:x} > call && cat call")
        return tuple(int(word, 16) for word in answer.split())

    def mediate(self, mode, wrong=0, answer=0):
        """Tell tests/mediator what to do, see there."""
        assert self.smc(MEDIATOR_CONTROL, mode, wrong, answer)[0] == 0

    def calls(self, command, timeout=PATIENCE):
        """What the driver's own functions for calls send during a command, less the
        tag that ours put in: (function, a1, a7) of each call."""
        self.sh("cd /sys/kernel/tracing && echo 8192 > buffer_size_kb && echo > trace && "
                "for way in smc hvc; do echo p:$way optee:optee_smccc_$way "
                "a0=%x0:x32 a1=%x1:x32 a7=%x7:x32; done > kprobe_events && "
                "echo 1 > events/kprobes/enable")
        self.sh(command, timeout)
        trace = self.sh("cd /sys/kernel/tracing && echo 0 > events/kprobes/enable && "
                        "cut -d: -f3- trace; echo > kprobe_events", timeout)
        found = re.findall(r"a0=0x(\w+) a1=0x(\w+) a7=0x(\w+)", trace)
        return [tuple(int(word, 16) for word in words) for words in found]

    def find_disks(self, last):
        self.sh("insmod /modules/virtio_mmio.ko; insmod /modules/virtio_blk.ko; "
                f"until [ -e /dev/{last} ]; do usleep 10000; done")

    def read_disks(self):
        """Have what kexec wants: /tmp/kernel, /tmp/initrd, /tmp/dtb."""
        size = (self.logs / "board.dtb").stat().st_size
        self.find_disks("vdd" if self.machine.uboot else "vdc")
        self.sh("for disk in /sys/block/vd*; do name=$(cat $disk/serial); "
                "[ -z \"$name\" ] || cat /dev/${disk##*/} > /tmp/$name; done; "
                f"truncate -s {size} /tmp/dtb")

    def boots_again(self, command):
        """Run a command that ends this kernel, and wait for the next one's shell."""
        self.goes_on(LAST_WORDS + command, "Booting Linux on")

    def goes_on(self, command, sign):
        """Run a command in whose course another kernel takes the console, which prints
        this sign, and wait for its shell."""
        self.target.deactivate(self.shell)
        self.console.sendline(command)
        self.console.expect(sign, timeout=120 * self.patience)
        self.target.activate(self.shell)

    def fill(self, smc=None):
        """Announce guests, by Linux or by what smc is, until OP-TEE has no room for another;
        their ids."""
        smc = smc or self.smc
        guests = []
        while smc(VM_CREATED, 5 + len(guests))[0] == 0:
            guests.append(5 + len(guests))
        return guests

    def remove(self, guests):
        """Remove guests that are there."""
        for guest in guests:
            assert self.smc(VM_DESTROYED, guest)[0] == 0

    def has_guest(self, guest):
        """Whether OP-TEE has a guest with this id."""
        return self.smc(CALLS_UID, a7=guest)[0] == UID_0

    def notifications(self):
        """How many asynchronous notifications of OP-TEE Linux has been interrupted by."""
        counts = re.search(r"^ *\d+:((?: +\d+)+) .*optee_notification",
                           self.sh("cat /proc/interrupts"), re.M)
        return sum(int(count) for count in counts[1].split())

    def guests(self):
        """How many guests OP-TEE has added and removed since it was started."""
        running = self.secure().rpartition("OP-TEE version: ")[2]
        return tuple(len(re.findall(what, running))
                     for what in (r"Added guest [1-9]",
                                  r"Removing guest [1-9]\d*\s+(?!E/TC.*not found)[^\d\s]"))

    def ends_with(self, command):
        """Run a command that switches the machine off, or resets one that ends then."""
        self.console.sendline(command)
        try:
            self.console.expect("no such line", timeout=60 * self.patience)
        except BoardLost:
            return
        except TIMEOUT:
            raise AssertionError("the machine did not switch itself off") from None

    def power_off(self):
        """Have the kernel, or U-Boot without OP-TEE's driver, switch the machine
        off, as far as it is still on."""
        if not self.ended():
            self.ends_with(f"{LAST_WORDS}poweroff -f" if self.shell else
                           "unbind /firmware/optee; poweroff")
