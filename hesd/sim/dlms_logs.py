"""Event logs: what happened to a meter, drawn from its seed, and what happened in this run.

Both shapes are here. Some vendors have a log for each kind of event, with a clock for its
start and mostly one for its end; others a log for each subject, whose entries have a clock
and a code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zlib import crc32

from hesd.dlms import axdr
from hesd.dlms.data_type import DataType
from hesd.driver.cosem import Column, EventLog
from hesd.model.obis import OBIS
from hesd.sim.dlms_capture import capture_objects, cell_of, stamped
from hesd.sim.dlms_quantity import Quantity
from hesd.sim.dlms_token import Entry
from hesd.sim.load import DAY, noise

if TYPE_CHECKING:
    from hesd.sim.dlms_meter import SimulatedDLMSMeter

_CLOCK: Final = 8
_DATA: Final = 1
_CAPACITY: Final = 100
_DAYS_KEPT: Final = 150
# On so many days of a hundred there is an event in a log of one kind, and in one of a subject.
_OFTEN, _OFTEN_CODED = 0.04, 0.25
_LONGEST: Final = 5400.0
# Group E of Hexcell's logs 1-0:99.98.E (relay, purchases) that have something to tell.
_HEXCELL: Final = (1, 0, 99, 98)
_RELAY_OFF, _RELAY_ON = 46, 47
_PURCHASES: Final = (70, 84, 85)
_NEVER: Final = (86, 87, 88)  # no management token was entered, no mode changed
# Codes of a relay that was switched from afar (IDIS).
_REMOTE_OFF, _REMOTE_ON = 62, 63

Source = Callable[["SimulatedDLMSMeter"], list["Event"]]


@dataclass(frozen=True, slots=True)
class Event:
    """From `start` to `end` in seconds since 1970 by the meter's clock."""

    start: float
    end: float
    code: int = 0
    purchase: Entry | None = None


class LogRows:
    """The entries of one log."""

    period = 0
    capacity = _CAPACITY

    def __init__(self, log: EventLog) -> None:
        columns = log.columns or _usual_columns(log)
        self.columns = capture_objects(columns)
        self._source = _source(log)
        self._cells = list(_cells(columns))

    def entries(self, meter: SimulatedDLMSMeter) -> Sequence[Event]:
        return sorted(self._source(meter), key=self.time)[-self.capacity :]

    def time(self, entry: Event) -> float:
        return entry.start

    def cells(self, meter: SimulatedDLMSMeter, entry: Event) -> list[bytes]:
        return [cell(meter, entry) for cell in self._cells]


def _usual_columns(log: EventLog) -> tuple[Column, ...]:
    """A clock, and the code object that belongs to the log."""
    clock = Column(OBIS("0.0.1.0.0.255"), _CLOCK)
    if not log.codes:
        return clock, clock
    return clock, Column(OBIS(f"0.0.96.11.{log.obis.groups[4]}.255"), _DATA)


def _cells(columns: Sequence[Column]) -> list[Callable[[SimulatedDLMSMeter, Event], bytes]]:
    clocks = 0
    cells: list[Callable[[SimulatedDLMSMeter, Event], bytes]] = []
    for column in columns:
        if column.class_id == _CLOCK:
            cells.append(_end if clocks else _start)
            clocks += 1
        else:
            cells.append(_other(column))
    return cells


def _start(meter: SimulatedDLMSMeter, event: Event) -> bytes:
    return stamped(meter.clock.stamp(event.start))


def _end(meter: SimulatedDLMSMeter, event: Event) -> bytes:
    return stamped(meter.clock.stamp(event.end))


def _other(column: Column) -> Callable[[SimulatedDLMSMeter, Event], bytes]:
    if column.secret:
        return lambda _, event: axdr.encode(DataType.OCTET_STRING, _bcd(event.purchase))
    if column.class_id == _DATA:
        return lambda _, event: axdr.encode(DataType.UNSIGNED, event.code)
    quantity = Quantity.of(column.obis, column.unit, column.scaler, column.type)
    measured = cell_of(column)

    def read(meter: SimulatedDLMSMeter, event: Event) -> bytes:
        if event.purchase is not None:
            return quantity.octets(event.purchase.wh)
        return measured(meter, event.start, event.start)

    return read


def _bcd(purchase: Entry | None) -> bytes:
    return bytes(10) if purchase is None else bytes.fromhex(purchase.digits)


def _source(log: EventLog) -> Source:
    *family, number, _ = log.obis.groups
    if log.codes:
        return _coded(log)
    if tuple(family) == _HEXCELL:
        if number in (_RELAY_OFF, _RELAY_ON):
            return lambda meter: _switched(meter, closed=number == _RELAY_ON)
        if number in _PURCHASES:
            return _bought
        if number in _NEVER:
            return lambda _: []
    seed = crc32(log.obis.encode())
    return lambda meter: _drawn(meter, seed, _OFTEN, (0,))


def _coded(log: EventLog) -> Source:
    seed, codes = crc32(log.obis.encode()), tuple(code for code, _ in log.codes)
    relay = {True: _REMOTE_ON, False: _REMOTE_OFF}

    def read(meter: SimulatedDLMSMeter) -> list[Event]:
        events = _drawn(meter, seed, _OFTEN_CODED, codes)
        for closed, code in relay.items():
            if code in codes:
                events += [Event(each.start, each.end, code) for each in _switched(meter, closed=closed)]
        return events

    return read


def _drawn(meter: SimulatedDLMSMeter, seed: int, often: float, codes: Sequence[int]) -> list[Event]:
    """One event on some days, the same ones whenever they are asked for."""
    now, seed = meter.clock.now(), seed + meter.seed
    today = int(now // DAY)
    events = []
    for day in range(max(int(meter.since // DAY) + 1, today - _DAYS_KEPT), today + 1):
        if noise(seed, 4 * day) < often:
            start = float(int((day + noise(seed, 4 * day + 1)) * DAY))
            end = start + int(60 + noise(seed, 4 * day + 2) * _LONGEST)
            code = codes[int(noise(seed, 4 * day + 3) * len(codes)) % len(codes)]
            if end <= now:
                events.append(Event(start, end, code))
    return events


def _switched(meter: SimulatedDLMSMeter, *, closed: bool) -> list[Event]:
    times = (at + meter.clock.error(at) for at, became in meter.relay.switched if became is closed)
    return [Event(time, time) for time in times]


def _bought(meter: SimulatedDLMSMeter) -> list[Event]:
    return [Event(each.at, each.at, 0, each) for each in meter.ledger.purchases(meter.at())]
