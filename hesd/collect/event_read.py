"""Reads a log of a meter: what happened, when, and until when.

Logs have two shapes. In one, entries have a clock and a code, whose meaning the driver's table
knows by log. In the other a log is of one kind of event, and its entries have a clock for the
start and mostly one for the end. Tokens in logs are masked before anybody sees them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hesd.collect.buffer_entries import is_contrary
from hesd.collect.buffer_request import DatedRow
from hesd.collect.buffers import BufferRead, Buffers
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.meter_zone import instant
from hesd.collect.profile_columns import ShownColumn, cell_of
from hesd.collect.profile_shape import ProfileShape, table_of
from hesd.driver.cosem import EventLog
from hesd.model.errors import HesdError
from hesd.model.event import MeterEvent
from hesd.model.obis import OBIS
from hesd.model.quantities import quantity
from hesd.model.reading import shift
from hesd.model.units import Unit

_DATA: Final = 1
# Event codes stand at 0-b:96.11.e (IEC 62056-6-1, 6.2.14).
_CODE: Final = (0, 96, 11)
_CODE_OCTETS: Final = 4
# Clocks are set back, and what is known is kept once: so much is read again.
OVERLAP_MS: Final = 86_400_000
# A meter's clock may be ahead of ours.
_AHEAD_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class EventsRead:
    """What came of a log, oldest first. Where it broke off, `problem` says why.

    `undated` is how many entries were dropped because nothing says when they happened, `doubt`
    says where the log's columns are not those of the driver's table. `in_use` is how many entries the
    log has, None where the meter was not asked.
    """

    events: tuple[MeterEvent, ...]
    problem: HesdError | None = None
    undated: int = 0
    doubt: str = ""
    in_use: int | None = None

    def reaches(self, at_ms: int | None) -> bool:
        """Whether all came from an event of that time on, or from the first that the log has."""
        if self.problem is not None or self.undated:
            return False
        is_all = self.in_use is not None and len(self.events) >= self.in_use
        return is_all or (at_ms is not None and any(event.at_ms <= at_ms for event in self.events))


async def read_events(meter: DLMSMeter, obis: OBIS, since_ms: int, buffers: Buffers) -> EventsRead:
    """The entries of a log from `since_ms` on (UTC, ms since 1970).

    Raises what `Buffers.read` raises.
    """
    log = log_of(meter, obis)
    until_ms = int(buffers.clock.seconds() * 1000) + _AHEAD_MS
    read = await buffers.read(meter, obis, since_ms, until_ms)
    rows = read.found.rows
    if not read.shape.clocks and log.times is not None:
        dated = _dated(read, await buffers.read(meter, log.times, 0, until_ms))
        rows = [row for row in dated if row.at_ms is None or row.at_ms >= since_ms]
    return _events_of(meter, log, read, rows)


async def read_newest_events(meter: DLMSMeter, obis: OBIS, count: int, buffers: Buffers) -> EventsRead:
    """The newest `count` entries of a log, or all where there are fewer.

    Raises what `Buffers.newest` raises.
    """
    log = log_of(meter, obis)
    read = await buffers.newest(meter, obis, count)
    rows = read.found.rows
    if not read.shape.clocks and log.times is not None:
        times = await buffers.newest(meter, log.times, count)
        again = await buffers.newest(meter, obis, count)
        # Where something happened meanwhile, or the numbers of one run otherwise than it says, the
        # newest of one are not those of the other.
        is_alike = times.found.in_use == read.found.in_use and again.found == read.found
        if is_alike and not is_contrary(times.found, newest_first=times.shape.newest_first):
            rows = _dated(read, times)
    return _events_of(meter, log, read, rows)


def log_of(meter: DLMSMeter, obis: OBIS) -> EventLog:
    """What the driver's table says of a log; of one it does not know, its name."""
    table = table_of(meter, obis)
    return table if isinstance(table, EventLog) else EventLog(obis, str(quantity(obis).label))


def _events_of(meter: DLMSMeter, log: EventLog, read: BufferRead, rows: list[DatedRow]) -> EventsRead:
    events = [event for row in rows for event in _events(meter, log, read, row)]
    events.sort(key=lambda event: event.at_ms)
    undated = sum(row.at_ms is None for row in rows)
    return EventsRead(tuple(events), read.found.problem, undated, read.doubt, read.found.in_use)


def _dated(read: BufferRead, times: BufferRead) -> list[DatedRow]:
    """The rows with the times in another log; undated as they are where the two do not match."""
    rows, dates = read.found.rows, [row.at_ms for row in times.found.rows]
    complete = read.found.problem is None and times.found.problem is None
    if not complete or len(rows) != len(dates):
        return rows
    if read.shape.newest_first is not times.shape.newest_first:
        dates.reverse()
    return [DatedRow(at_ms, row.cells) for at_ms, row in zip(dates, rows, strict=True)]


def _events(meter: DLMSMeter, log: EventLog, read: BufferRead, row: DatedRow) -> Iterator[MeterEvent]:
    if row.at_ms is None:
        return
    place = code_column(read.shape)
    code = None if place is None else _code(row.cells[place])
    ends = read.shape.clocks[1:2] if place is None else ()
    shown = {*read.shape.clocks[:1], *ends, *(() if place is None else (place,))}
    until_ms = instant(meter.spec.driver, row.cells[ends[0]]) if ends else None
    yield MeterEvent(
        meter=meter.spec.serial,
        log=log.obis,
        at_ms=row.at_ms,
        name=_name(log, code),
        code=code,
        until_ms=until_ms if until_ms is not None and until_ms >= row.at_ms else None,
        detail=_detail(meter, read.columns, row, shown),
    )


def code_column(shape: ProfileShape) -> int | None:
    """Which column holds the codes of the events, None in a log of one kind of event."""
    for at, each in enumerate(shape.columns):
        a, _, *rest = each.instance.groups
        if each.class_id == _DATA and (a, *rest[:2]) == _CODE:
            return at
    return None


def _code(cell: Any) -> int | None:
    if isinstance(cell, bytes) and 0 < len(cell) <= _CODE_OCTETS:
        return int.from_bytes(cell, "big")
    return int(cell) if isinstance(cell, int) else None


def _name(log: EventLog, code: int | None) -> str:
    if code is None:
        return log.event or log.name
    return next((name for number, name in log.codes if number == code), f"event {code}")


def _detail(
    meter: DLMSMeter, columns: list[ShownColumn], row: DatedRow, shown: set[int]
) -> Mapping[str, Any]:
    """The other columns by name: a text or number, with its unit where it has one."""
    detail: dict[str, Any] = {}
    for at, (each, cell) in enumerate(zip(columns, row.cells, strict=True)):
        if at in shown:
            continue
        _, value = cell_of(each, meter.spec.driver, meter.spec.ratio, cell)
        unit = each.column.unit
        if isinstance(value, int | float) and unit is not Unit.NONE:
            detail[each.column.name] = {"value": shift(value, -unit.exponent), "unit": unit.sign}
        else:
            detail[each.column.name] = value
    return detail
