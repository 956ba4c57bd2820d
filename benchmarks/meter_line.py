"""The line that is measured: 79 meters with the field's register table, and its least cycle."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from hesd.driver import ModbusDriver
from hesd.driver.loading import load_drivers, usable
from hesd.modbus.read_plan import BusTiming, plan, plan_seconds

METERS = 79
DRIVER = "schneider-em"
_SERIAL = "{:04d}"
_HEAD = """
title = "Bench"
[[area]]
code = "A"
name = "Area"
[[bus]]
name = "line"
baud = {baud}
parity = "E"
strict = {strict}
"""
_METER = """
[[bus.meters]]
unit_id = {unit_id}
serial = "{serial}"
driver = "{driver}"
name = "Meter"
area = "A"
load = "machine"
rated = 20
turnaround = "{milliseconds:.6f}ms"
"""


def turnarounds() -> list[float]:
    """Of each meter in seconds: evenly spread over 5 to 20 ms, shuffled, always the same."""
    spread = [0.005 + 0.015 * (n + 0.5) / METERS for n in range(METERS)]
    Random(7).shuffle(spread)
    return spread


def table() -> ModbusDriver:
    return usable(load_drivers(None))[DRIVER]


def least_cycle(baud: int, *, without: int = 0) -> float:
    """Seconds the best plan of each meter takes on the wire, the first `without` meters left out."""
    driver, total = table(), 0.0
    for turnaround in turnarounds()[without:]:
        timing = BusTiming(baud, turnaround=turnaround)
        total += plan_seconds(plan(driver, driver.registers, timing), timing)
    return total


@dataclass(frozen=True, slots=True)
class Running:
    """A simulated line in its own process."""

    path: str
    process: subprocess.Popen[str]

    def ask(self, command: str) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def report(self) -> dict[str, float]:
        """What was counted on the wire."""
        counted: dict[str, float] = json.loads(self.ask("status"))["line"]
        return counted


@contextmanager
def running(baud: int, *, strict: bool = True, dead: int = 0) -> Iterator[Running]:
    """The line, paced to the character; its first `dead` meters do not answer."""
    with tempfile.TemporaryDirectory() as directory:
        plant = Path(directory) / "plant.toml"
        meters = [
            _METER.format(unit_id=n, serial=_SERIAL.format(n), driver=DRIVER, milliseconds=seconds * 1000)
            for n, seconds in enumerate(turnarounds(), 1)
        ]
        plant.write_text(_HEAD.format(baud=baud, strict=str(strict).lower()) + "".join(meters))
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "hesd.ctl.main",
                "sim",
                str(plant),
                "--dir",
                directory,
                "--until-eof",
                "--precise",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            assert process.stdout is not None
            if not process.stdout.readline().startswith("READY"):
                raise RuntimeError("the simulated line did not come up")
            line = Running(f"{directory}/line", process)
            for n in range(1, dead + 1):
                line.ask(f"fault {_SERIAL.format(n)} dead on")
            yield line
            assert process.stdin is not None
            process.stdin.close()
