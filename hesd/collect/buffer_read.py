"""The rows of a profile or log from some time to some time, had in the way that the meter allows.

By range where it takes one, else by entry from the newest on, else the whole buffer; where the
newest are wanted, however old, as `newest_rows` has them. Long ranges go in pieces. What came of a
transfer that broke is kept, and the rest asked for once more as long as that brings anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Final

from twisted.internet.interfaces import IReactorTime

from hesd.collect.buffer_entries import joined, newest_rows, rows_of
from hesd.collect.buffer_request import (
    FINAL,
    PIECE,
    TRIES,
    BufferRequests,
    BufferRows,
    DatedRow,
    ShapeChanged,
)
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.meter_zone import MeterZone
from hesd.collect.profile_shape import ProfileShape
from hesd.collect.session_errors import AccessRefused
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.selective_access import EntryDescriptor, RangeDescriptor, SelectiveAccess
from hesd.model.errors import HesdError
from hesd.model.obis import OBIS

# A piece of time without any rows is followed by one that is so many times longer.
_GROWTH: Final = 4
_FIRST_ENTRIES: Final = 16


Way = Callable[[int, int], Awaitable[BufferRows]]


class BufferReader:
    """Reads one profile of one meter; `way` is how its rows were had last, as a number."""

    def __init__(
        self, meter: DLMSMeter, obis: OBIS, shape: ProfileShape, clock: IReactorTime, way: int = 0
    ) -> None:
        self.way = way
        self._ask = BufferRequests(meter, obis, shape, clock)
        self._shape = shape
        self._clock = clock
        self._ranges = [partial(self._by_range, form) for form in (DataType.OCTET_STRING, DataType.DATE_TIME)]

    async def between(self, since_ms: int, until_ms: int) -> BufferRows:
        """The rows from `since_ms` to `until_ms`, both included, and those that no clock dates.

        Raises only where there are none: `AccessRefused`, `ShapeChanged`, and what
        `Session.get_long` raises.
        """
        # Without a clock there is nothing to choose rows by.
        ways: list[Way] = (
            [*self._ranges, self._by_entry, self._whole] if self._shape.clocks else [self._whole]
        )
        return await self._first_of(ways, since_ms, until_ms)

    async def newest(self, count: int) -> BufferRows:
        """The newest `count` rows, or all where there are fewer; raises what `newest_rows` raises."""
        return await newest_rows(self._ask, self._shape, count, partial(self._first_of, self._ranges))

    async def _first_of(self, ways: Sequence[Way], since_ms: int, until_ms: int) -> BufferRows:
        """The rows in the first of these ways that the meter does not refuse."""
        order = list(dict.fromkeys((min(self.way, len(ways) - 1), *range(len(ways)))))
        for number in order:
            try:
                found: BufferRows = await ways[number](since_ms, until_ms)
            except AccessRefused as refusal:
                if refusal.result in FINAL or number == order[-1]:
                    raise
            else:
                if ways[number] != self._whole:  # the last resort is not for next time
                    self.way = number
                found.rows = [
                    each for each in found.rows if each.at_ms is None or since_ms <= each.at_ms <= until_ms
                ]
                return found
        raise AssertionError("the last way gives rows or raises")

    # -- the ways -----------------------------------------------------------------------

    async def _by_range(self, form: DataType, since_ms: int, until_ms: int) -> BufferRows:
        zone = await self._ask.zone()
        found, at, span = BufferRows(), since_ms, self._shape.period * PIECE * 1000
        length = span
        while at <= until_ms:
            end = min(until_ms, at + length) if span else until_ms
            try:
                piece = await self._piece(form, zone, at, end)
            except HesdError as problem:
                if not found.rows or isinstance(problem, ShapeChanged):
                    raise
                piece = BufferRows([], problem, at)
            found.rows += piece.rows
            if piece.problem is not None:
                found.problem, found.missing_from_ms = piece.problem, piece.missing_from_ms
                break
            at, length = end + 1000, span if piece.rows else length * _GROWTH
        return found

    async def _piece(self, form: DataType, zone: MeterZone, since_ms: int, until_ms: int) -> BufferRows:
        """A range as one request, or as few as it takes with what breaks."""
        found = BufferRows()
        for _ in range(TRIES):
            try:
                part = await self._ask.rows(self._range(form, zone, since_ms, until_ms))
            except HesdError as problem:
                if not found.rows or isinstance(problem, ShapeChanged):
                    raise
                part = BufferRows(problem=problem)
            found.problem = part.problem
            times = [each.at_ms for each in part.rows if each.at_ms is not None]
            if part.problem is None or not times:
                found.rows += part.rows
                break
            # What is of the last second before the break may have come in part: it is read again.
            edge = times[-1] // 1000 * 1000
            newest_first = times[0] > times[-1] or (times[0] == times[-1] and self._shape.newest_first)
            left = (since_ms, edge) if newest_first else (edge, until_ms)
            if left == (since_ms, until_ms) or not since_ms <= edge <= until_ms:
                found.rows += part.rows
                break
            since_ms, until_ms = left
            found.rows += _outside(part.rows, since_ms, until_ms)
        if found.problem is not None:
            found.missing_from_ms = since_ms
        return found

    async def _by_entry(self, since_ms: int, until_ms: int) -> BufferRows:  # noqa: ARG002  # newest first
        in_use = await self._ask.entries_in_use()
        found, done, count = BufferRows(), 0, self._entries_since(since_ms)
        while done < in_use:
            count = min(count, in_use - done)
            newest_first = self._shape.newest_first
            wanted = EntryDescriptor.from_newest(done, count, in_use, newest_first=newest_first)
            asked = rows_of(self._ask, wanted, newest_first=newest_first)
            part = await joined(found, asked, newest_first=newest_first)
            if part.problem is not None:
                found.missing_from_ms = since_ms
                break
            if not part.rows or self._reaches(part.rows, since_ms):
                break
            done += count
            count = min(2 * count, PIECE)
        return found

    async def _whole(self, since_ms: int, until_ms: int) -> BufferRows:  # noqa: ARG002  # all there is
        found = await self._ask.rows(None)
        if found.problem is not None:
            found.missing_from_ms = since_ms
        return found

    def _entries_since(self, since_ms: int) -> int:
        """How many entries are likely to be newer; where something else captures, a few."""
        if not self._shape.period:
            return _FIRST_ENTRIES
        seconds = self._clock.seconds() - since_ms / 1000
        return min(max(int(seconds // self._shape.period) + 2, 2), PIECE)

    def _reaches(self, rows: Iterable[DatedRow], since_ms: int) -> bool:
        """Whether all that is older than these rows is too old."""
        if not self._shape.in_order_of_time:
            return False
        return any(each.at_ms is not None and each.at_ms < since_ms for each in rows)

    def _range(self, form: DataType, zone: MeterZone, since_ms: int, until_ms: int) -> SelectiveAccess:
        # A second that has begun belongs to the range.
        start, end = (Data.of(form, zone.stamp(at_ms).octets) for at_ms in (since_ms, until_ms))
        return RangeDescriptor(start, end, self._shape.columns[self._shape.clocks[0]]).access


def _outside(rows: Iterable[DatedRow], since_ms: int, until_ms: int) -> list[DatedRow]:
    """The rows that will not come again when this range is read."""
    return [each for each in rows if each.at_ms is None or not since_ms <= each.at_ms < until_ms + 1000]
