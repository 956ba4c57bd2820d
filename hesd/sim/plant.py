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
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from msgspec import Meta
from msgspec.structs import replace

from hesd.config import Name
from hesd.driver.loading import Driver
from hesd.sim.dlms_plant import (
    DialIn,
    DLMSBus,
    DLMSMeter,
    DLMSPlace,
    DLMSPort,
    dialled_address,
)
from hesd.sim.faults import FaultKind
from hesd.sim.plant_check import problems
from hesd.sim.plant_meter import MeteredLoad, Table
from hesd.toml_file import ConfigError, Duration, convert, read

UnitID = Annotated[int, Meta(ge=1, le=247)]


class Area(Table, frozen=True, kw_only=True):
    """A part of the plant that meters are filtered and added up by."""

    code: Name
    name: str
    description: str = ""


class Meter(MeteredLoad, frozen=True, kw_only=True):
    """A Modbus meter and what it feeds."""

    unit_id: UnitID


class Bus(Table, frozen=True, kw_only=True):
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


class TCP(Table, frozen=True, kw_only=True):
    """A Modbus TCP server. A `gateway` says 0x0B for a meter that does not answer it."""

    name: Name
    port: Annotated[int, Meta(ge=0, le=65535)] = 0
    interface: str = "127.0.0.1"
    delay: Duration = Duration(0)
    gateway: bool = False
    meters: tuple[Meter, ...]


class Fault(Table, frozen=True, kw_only=True):
    """Something that is wrong from the start; `target` is a line's name or a meter's serial."""

    target: Name
    kind: FaultKind
    value: float | None = None


class Plant(Table, frozen=True, kw_only=True):
    """The whole file. Local time, by which shifts begin, is UTC plus `utc_offset` hours."""

    title: str
    seed: int = 1
    since: datetime.date = datetime.date(2026, 1, 1)
    utc_offset: Annotated[float, Meta(ge=-12, le=14)] = 0.0
    area: tuple[Area, ...] = ()
    bus: tuple[Bus, ...] = ()
    tcp: tuple[TCP, ...] = ()
    dialin: tuple[DialIn, ...] = ()
    dlms: tuple[DLMSPort, ...] = ()
    dlms_bus: tuple[DLMSBus, ...] = ()
    fault: tuple[Fault, ...] = ()

    def lines(self) -> Iterator[tuple[str, Bus | TCP]]:
        """Every line of Modbus meters with its key in the file."""
        yield from _numbered("bus", self.bus)
        yield from _numbered("tcp", self.tcp)

    def dlms_places(self) -> Iterator[tuple[str, DLMSPlace]]:
        """Every place of DLMS meters with its key in the file."""
        yield from _numbered("dialin", self.dialin)
        yield from _numbered("dlms", self.dlms)
        yield from _numbered("dlms_bus", self.dlms_bus)

    def places(self) -> Iterator[tuple[str, Bus | TCP | DLMSPlace]]:
        """Everything meters hang on, with its key in the file."""
        yield from self.lines()
        yield from self.dlms_places()

    def meters(self) -> Iterator[tuple[str, Meter]]:
        """Every Modbus meter with the name of the line it hangs on."""
        for _, line in self.lines():
            for meter in line.meters:
                yield line.name, meter

    def dlms_meters(self) -> Iterator[tuple[DLMSPlace, DLMSMeter]]:
        """Every DLMS meter with the place it is reached at."""
        for _, place in self.dlms_places():
            for meter in place.meters:
                yield place, meter

    def dialling(self, endpoints: Mapping[str, str]) -> Plant:
        """The same plant with other endpoints for those that dial in, by the name of the listener.

        Raises `ConfigError`.
        """
        names = [place.name for place in self.dialin]
        for name, endpoint in endpoints.items():
            if name not in names:
                raise ConfigError(f"nobody dials in to {name!r}; there are {', '.join(names) or 'none'}")
            try:
                dialled_address(endpoint)
            except ValueError as error:
                raise ConfigError(f"{name}: {error}") from error
        moved = (replace(place, endpoint=endpoints.get(place.name, place.endpoint)) for place in self.dialin)
        return replace(self, dialin=tuple(moved))

    @property
    def since_seconds(self) -> float:
        """The start of the day `since` in UTC, in seconds since 1970."""
        midnight = datetime.datetime.combine(self.since, datetime.time(), datetime.UTC)
        return midnight.timestamp()


def load_plant(path: Path, drivers: Mapping[str, Driver] | None = None) -> Plant:
    """The plant in `path`, whose meters must be of one of `drivers` where these are given.

    Raises `ConfigError` naming file, key and expectation.
    """
    plant = convert(path, read(path), Plant)
    for problem in problems(plant, drivers):
        raise ConfigError(f"{path}: {problem}")
    return plant


P = TypeVar("P")


def _numbered(key: str, tables: tuple[P, ...]) -> Iterator[tuple[str, P]]:
    for index, table in enumerate(tables):
        yield f"{key}[{index}]", table
