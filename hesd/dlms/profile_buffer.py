"""Rows of a profile generic as meters send them, and as they are meant (IEC 62056-6-2, 4.3.6).

To save octets a meter may send null-data for a value that is the same as in the row
before, and for a clock that is one capture period later; or a delta to that value.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from hesd.dlms.cosem_time import Date, DateTime, Time
from hesd.dlms.errors import DataError
from hesd.dlms.value import Delta

Row = tuple[Any, ...]


def complete_rows(
    rows: Iterable[Sequence[Any]], clock_columns: frozenset[int] = frozenset(), period: int = 0
) -> list[Row]:
    """Rows with every null and delta filled in.

    `clock_columns` are the indices of clocks, `period` is the capture period in seconds,
    negative where the newest row comes first; with period 0 (captured asynchronously) a null
    clock stays None. So does any value of
    which no row before says what it is.
    """
    completed: list[Row] = []
    previous: Row = ()
    for row in rows:
        if None in row or any(type(cell) is Delta for cell in row):
            row = tuple(
                _complete(
                    cell, previous[index] if index < len(previous) else None, index in clock_columns, period
                )
                for index, cell in enumerate(row)
            )
        previous = tuple(row)
        completed.append(previous)
    return completed


def _complete(cell: Any, before: Any, is_clock: bool, period: int) -> Any:
    if cell is None:
        return _later(before, period) if is_clock else before
    if type(cell) is Delta:
        return before + cell if isinstance(before, int | float) else None
    return cell


def _later(clock: Any, period: int) -> bytes | None:
    """A date-time's octets, `period` seconds later by the same clock."""
    if not isinstance(clock, bytes) or not period:
        return None
    try:
        stamp = DateTime.from_octets(clock)
    except DataError:
        return None
    local = DateTime(stamp.date, stamp.time).moment()
    if local is None:
        return None
    try:
        local += dt.timedelta(seconds=period)
    except OverflowError:
        return None
    day_of_week = None if stamp.date.day_of_week is None else local.isoweekday()
    date = Date(local.year, local.month, local.day, day_of_week)
    time = Time(local.hour, local.minute, local.second, stamp.time.hundredths)
    return DateTime(date, time, stamp.deviation, stamp.status).octets
