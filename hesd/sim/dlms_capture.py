"""What profiles capture: load every few minutes, bills at the end of a day or month.

Nothing is stored. A row is what the meter measured at its time, and that is a function of
time; so a plant has months of data the moment it starts, and the same ones the next time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from hesd.dlms import axdr
from hesd.dlms.data_type import DataType
from hesd.dlms.selective_access import CaptureObject
from hesd.driver.cosem import Column, ProfileKind, ProfileTable
from hesd.model.obis import OBIS
from hesd.sim.dlms_quantity import Quantity, data_type, highest_demand, start_of_month, value_at
from hesd.sim.load import DAY

if TYPE_CHECKING:
    from hesd.sim.dlms_meter import SimulatedDLMSMeter

# What a column holds for an instant: by true time, and by the meter's clock.
Cell = Callable[["SimulatedDLMSMeter", float, float], bytes]

_CLOCK, _DATA, _MEASURING = 8, 1, (3, 4, 5)
_CAPTURE_TIME: Final = (4, 5)  # attribute 5 of class 4
_DATE_TIME: Final = 12
_LOAD_DAYS, _BILLING_DAYS, _BILLING_MONTHS = 92, 62, 13
_DAILY: Final = (98, 2)  # groups C and D of a bill for each day


class LoadRows:
    """A profile that captures every `period` seconds, on the meter's own quarters."""

    def __init__(self, columns: Sequence[Column], period: int, days: int = _LOAD_DAYS) -> None:
        self.columns = capture_objects(columns)
        self.period = period
        self.capacity = int(days * DAY) // period
        self._cells = [cell_of(column) for column in columns]

    def entries(self, meter: SimulatedDLMSMeter) -> range:
        offset = int(meter.clock.utc_offset)
        newest = (int(meter.clock.now()) + offset) // self.period
        oldest = max(-(-(int(meter.since) + offset) // self.period), newest - self.capacity + 1)
        period = self.period
        return range(oldest * period - offset, newest * period - offset + 1, period)

    def time(self, entry: int) -> float:
        return entry

    def cells(self, meter: SimulatedDLMSMeter, entry: int) -> list[bytes]:
        return captured(self._cells, meter, entry)


class MonthRows:
    """A bill at the end of every month."""

    period = 0
    capacity = _BILLING_MONTHS

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = capture_objects(columns)
        self._cells = [cell_of(column) for column in columns]

    def entries(self, meter: SimulatedDLMSMeter) -> list[float]:
        now, offset = meter.clock.now(), meter.clock.utc_offset
        ends = (start_of_month(now, before, offset) for before in reversed(range(self.capacity)))
        return [end for end in ends if end > meter.since]

    def time(self, entry: float) -> float:
        return entry

    def cells(self, meter: SimulatedDLMSMeter, entry: float) -> list[bytes]:
        return captured(self._cells, meter, entry)


def rows_of(table: ProfileTable, columns: Sequence[Column], period: int) -> LoadRows | MonthRows:
    """The rows of a driver's profile; `period` is that of load profiles, in seconds."""
    if table.kind is ProfileKind.LOAD:
        return LoadRows(columns, period)
    daily = table.obis.groups[2:4] == _DAILY
    return LoadRows(columns, int(DAY), _BILLING_DAYS) if daily else MonthRows(columns)


def capture_objects(columns: Sequence[Column]) -> tuple[CaptureObject, ...]:
    return tuple(CaptureObject(each.class_id, each.obis, each.attribute, each.data_index) for each in columns)


def captured(cells: Sequence[Cell], meter: SimulatedDLMSMeter, time: float) -> list[bytes]:
    """A row: what was measured when the meter's clock showed `time`."""
    at = time - meter.clock.error(meter.at())
    return [cell(meter, at, time) for cell in cells]


def cell_of(column: Column) -> Cell:
    """How to come by the value of a column."""
    if column.class_id == _CLOCK:
        return lambda meter, _, time: stamped(meter.clock.stamp(time))
    if (column.class_id, column.attribute) == _CAPTURE_TIME:
        return _capture_time(column.obis)
    if column.class_id not in _MEASURING:
        octets = axdr.encode(DataType.UNSIGNED if column.type is None else data_type(column.type), 0)
        return lambda *_: octets
    quantity = Quantity.of(column.obis, column.unit, column.scaler, column.type)
    return lambda meter, at, _: quantity.octets(
        value_at(meter.point, quantity.obis, at, meter.clock.utc_offset)
    )


def _capture_time(obis: OBIS) -> Cell:
    def read(meter: SimulatedDLMSMeter, at: float, _: float) -> bytes:
        capture = highest_demand(meter.point, obis, at, meter.clock.utc_offset)
        return stamped(meter.clock.stamp(capture.at))

    return read


def stamped(date_time: bytes) -> bytes:
    """A date-time as meters send it: in an octet-string."""
    return bytes((DataType.OCTET_STRING, _DATE_TIME)) + date_time
