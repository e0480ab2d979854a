# SPDX-License-Identifier: BSD-2-Clause
"""A board of the user's: whatever labgrid can switch on and has the console of, see
docs/guide/board.md. Nothing here knows which board that is."""

import dataclasses
import json
import threading

from labgrid import Environment
from labgrid.exceptions import NoDriverFoundError
from serial import SerialException

from .board import HALT, LAST_WORDS, Board, Lacking, SecureWorldHalted
from .machine import Machine

NORMAL, SECURE = "normal", "secure"  # names of the consoles in the environment
SECURE_CONSOLE = "secure-console"    # the feature of a board that has the second one


def features(environment):
    """What an environment says that its board has."""
    return Environment(str(environment)).get_target_features()


def needs(machine):
    """What a scenario asks of its machine that no board has by itself."""
    default = Machine()
    return {field.name for field in dataclasses.fields(Machine)
            if getattr(machine, field.name) != getattr(default, field.name)} - {"reboots"}


class RealBoard(Board):
    """Use like any board. environment: labgrid's file."""

    def __init__(self, environment, machine, logs):
        super().__init__(machine, logs)
        self.environment = Environment(str(environment))
        self.watched = SECURE_CONSOLE in self.environment.get_target_features()
        self.power = None
        self._off = False
        self._before = (0, 0)  # guests of boot stages
        self._halt = None  # the line by which the secure world said so
        self._end = threading.Event()
        self._reader = None

    def start(self):
        self.logs.mkdir(parents=True, exist_ok=True)
        for name in (NORMAL, SECURE):
            (self.logs / f"{name}.log").unlink(missing_ok=True)
        board = self.environment.config.get_option("board", "unnamed")
        (self.logs / "versions.json").write_text(json.dumps(
            {"features": sorted(self.environment.get_target_features()),
             "versions": {"board": board}}) + "\n")
        self.target = self.environment.get_target("main")
        self.power = self.target.get_driver("PowerProtocol")
        self.power.cycle()
        self.console = self.target.get_driver("ConsoleProtocol", name=NORMAL)
        self._keep_what_is_read()
        if self.watched:
            secure = self.target.get_driver("SerialDriver", name=SECURE)
            self._reader = threading.Thread(target=self._read_secure, args=(secure.serial,))
            self._reader.start()
        self._boot()

    def _boot(self):
        try:
            self.uboot = self.target.get_driver("UBootDriver")
        except NoDriverFoundError:
            pass  # it boots by itself
        else:
            self.uboot.boot("")
            self.uboot.await_boot()
            self.target.deactivate(self.uboot)
        self.shell = self.target.get_driver("ShellDriver")
        if self.watched:
            self._before = super().guests()

    def guests(self):
        """Without those of earlier boot stages: Linux has just been started."""
        return tuple(now - then for now, then in zip(super().guests(), self._before))

    def stop(self):
        if self.power:
            self.power.off()
        self._end.set()
        if self._reader:
            self._reader.join()
        if self.target:
            self.target.cleanup()

    def _keep_what_is_read(self):
        """In a file, and look at the other console meanwhile."""
        read = self.console._read

        def keep(*args, **kwargs):
            self.watch()
            data = read(*args, **kwargs)
            with open(self.logs / f"{NORMAL}.log", "ab") as log:
                log.write(data)
            return data

        self.console._read = keep

    def _read_secure(self, serial):
        serial.timeout = 0.2
        line = b""
        with open(self.logs / f"{SECURE}.log", "ab", buffering=0) as log:
            while not self._end.is_set():
                try:
                    data = serial.read()
                except SerialException:  # the console goes with the power
                    return
                log.write(data)
                line += data
                if data == b"\n":
                    halt = HALT.search(line.decode(errors="replace"))
                    self._halt = self._halt or halt and halt[0]
                    line = b""

    def _read(self, name):
        path = self.logs / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def normal(self):
        return self._read(NORMAL)

    def secure(self):
        if not self.watched:
            raise Lacking("this board has no console of the secure world")
        return self._read(SECURE)

    def watch(self):
        # What firmware says while it is being switched off is another matter.
        if self._halt and not self._off:
            raise SecureWorldHalted(self._halt)

    def ended(self):
        return self._off

    def boots_again(self, command):
        self.target.deactivate(self.shell)
        self.console.sendline(LAST_WORDS + command)
        self._boot()

    def power_off(self):
        self.target.deactivate(self.shell)
        self._off = True
        self.console.sendline(f"{LAST_WORDS}poweroff -f")
        self.console.expect("reboot: Power down", timeout=60)
