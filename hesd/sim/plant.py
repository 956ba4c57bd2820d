"""The plant file: which meters hang where, what they feed, and what is wrong with them.

    title = "Gear works"

    [[area]]
    code = "MCS"
    name = "Machine shop"

    [[bus]]
    name = "bus-1"
    baud = 38400

    [[bus.meters]]
    unit_id = 1
    serial = "0412"
    driver = "schneider-em1200"
    name = "CNC lathe 1"
    area = "MCS"
    load = "machine"
    rated = 18.5

The head end reads the same file for its registry, so an entry has all a meter needs there.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from hesd.config import Name
from hesd.sim.faults import RULES, FaultKind, Scope
from hesd.toml_file import ConfigError, Duration, convert, read

LoadKind = Literal[
    "machine", "press", "furnace", "compressor", "chiller", "pump", "fan", "lighting", "office", "flat"
]
UnitID = Annotated[int, Meta(ge=1, le=247)]


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Area(_Table, frozen=True, kw_only=True):
    """A part of the plant that meters are filtered and added up by."""

    code: Name
    name: str
    description: str = ""


class Meter(_Table, frozen=True, kw_only=True):
    """A meter and what it feeds.

    `rated` is the connected load in kW, `pv` what panels behind the meter give at best,
    `energy` the kWh it had counted when the plant's `since` began. `turnaround` is the time
    it thinks before it answers; left out it is somewhere from 5 to 20 ms, always the same.
    """

    unit_id: UnitID
    serial: Name
    driver: Name
    name: str
    area: Name
    room: str = ""
    panel: str = ""
    load: LoadKind
    rated: Annotated[float, Meta(gt=0)]
    pv: Annotated[float, Meta(ge=0)] = 0.0
    phases: Literal[1, 3] = 3
    energy: Annotated[float, Meta(ge=0)] = 0.0
    turnaround: Duration | None = None


class Bus(_Table, frozen=True, kw_only=True):
    """An RS-485 line on a pty, reached by the symbolic link `name`.

    A `paced` line takes the time its characters take at `baud`; on a `strict` one a meter
    misses a request that comes before 3.5 characters of silence, as the standard has it.
    """

    name: Name
    baud: Annotated[int, Meta(ge=300, le=921_600)] = 9600
    parity: Literal["N", "E", "O"] = "E"
    stopbits: Literal[1, 2] = 1
    paced: bool = True
    strict: bool = True
    meters: tuple[Meter, ...]

    @property
    def bits_per_character(self) -> int:
        """Start bit, eight data bits, parity, stop bits."""
        return 9 + (self.parity != "N") + self.stopbits


class TCP(_Table, frozen=True, kw_only=True):
    """A Modbus TCP server. A `gateway` says 0x0B for a meter that does not answer it."""

    name: Name
    port: Annotated[int, Meta(ge=0, le=65535)] = 0
    interface: str = "127.0.0.1"
    delay: Duration = Duration(0)
    gateway: bool = False
    meters: tuple[Meter, ...]


class Fault(_Table, frozen=True, kw_only=True):
    """Something that is wrong from the start; `target` is a line's name or a meter's serial."""

    target: Name
    kind: FaultKind
    value: float | None = None


class Plant(_Table, frozen=True, kw_only=True):
    """The whole file. Local time, by which shifts begin, is UTC plus `utc_offset` hours."""

    title: str
    seed: int = 1
    since: datetime.date = datetime.date(2026, 1, 1)
    utc_offset: Annotated[float, Meta(ge=-12, le=14)] = 0.0
    area: tuple[Area, ...] = ()
    bus: tuple[Bus, ...] = ()
    tcp: tuple[TCP, ...] = ()
    fault: tuple[Fault, ...] = ()

    def lines(self) -> Iterator[tuple[str, Bus | TCP]]:
        """Every line with its key in the file."""
        for index, bus in enumerate(self.bus):
            yield f"bus[{index}]", bus
        for index, tcp in enumerate(self.tcp):
            yield f"tcp[{index}]", tcp

    def meters(self) -> Iterator[tuple[str, Meter]]:
        """Every meter with the name of the line it hangs on."""
        for _, line in self.lines():
            for meter in line.meters:
                yield line.name, meter

    @property
    def since_seconds(self) -> float:
        """The start of the day `since` in UTC, in seconds since 1970."""
        midnight = datetime.datetime.combine(self.since, datetime.time(), datetime.UTC)
        return midnight.timestamp()


def load_plant(path: Path, drivers: Collection[str] | None = None) -> Plant:
    """The plant in `path`, whose meters must be of one of `drivers` where these are given.

    Raises `ConfigError` naming file, key and expectation.
    """
    plant = convert(path, read(path), Plant)
    for problem in (*_problems(plant), *_strangers(plant, drivers)):
        raise ConfigError(f"{path}: {problem}")
    return plant


def _strangers(plant: Plant, drivers: Collection[str] | None) -> Iterator[str]:
    for key, line in plant.lines():
        for index, meter in enumerate(line.meters):
            if drivers is not None and meter.driver not in drivers:
                known = ", ".join(sorted(drivers))
                yield f"{key}.meters[{index}].driver: expected one of {known}, got {meter.driver!r}"


def _problems(plant: Plant) -> Iterator[str]:
    codes = [area.code for area in plant.area]
    names = [line.name for _, line in plant.lines()]
    serials = [meter.serial for _, meter in plant.meters()]
    for index, code in enumerate(codes):
        if code in codes[:index]:
            yield f"area[{index}].code: expected a code used once, got {code!r} again"
    for index, (key, line) in enumerate(plant.lines()):
        if line.name in names[:index]:
            yield f"{key}.name: expected a name used once, got {line.name!r} again"
        yield from _line_problems(key, line, codes)
    for key, serial in _repeated_serials(plant):
        yield f"{key}.serial: expected a serial used once, got {serial!r} again"
    targets = {Scope.METER: serials, Scope.LINE: names, Scope.BUS: [bus.name for bus in plant.bus]}
    for index, fault in enumerate(plant.fault):
        rule = RULES[fault.kind]
        if fault.target not in targets[rule.scope]:
            yield f"fault[{index}].target: expected {rule.scope} for {fault.kind}, got {fault.target!r}"
        if fault.value is not None and not rule.takes(fault.value):
            yield f"fault[{index}].value: expected {rule.usual} for {fault.kind}, got {fault.value:g}"


def _repeated_serials(plant: Plant) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for key, line in plant.lines():
        for index, meter in enumerate(line.meters):
            if meter.serial in seen:
                yield f"{key}.meters[{index}]", meter.serial
            seen.add(meter.serial)


def _line_problems(key: str, line: Bus | TCP, codes: list[str]) -> Iterator[str]:
    unit_ids = [meter.unit_id for meter in line.meters]
    for index, meter in enumerate(line.meters):
        if meter.unit_id in unit_ids[:index]:
            yield f"{key}.meters[{index}].unit_id: expected one used once, got {meter.unit_id} again"
        if meter.area not in codes:
            yield f"{key}.meters[{index}].area: expected the code of an area, got {meter.area!r}"
