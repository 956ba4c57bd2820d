"""Profile generic (class 7) over rows that are computed when somebody asks for them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from hesd.dlms.access_result import ActionResult, DataAccessResult, DataResult
from hesd.dlms.axdr_length import encode_length
from hesd.dlms.cosem_meaning import SortMethod
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.errors import DLMSError
from hesd.dlms.selective_access import (
    BY_ENTRY,
    BY_RANGE,
    CaptureObject,
    EntryDescriptor,
    RangeDescriptor,
    SelectiveAccess,
)
from hesd.model.obis import OBIS
from hesd.sim.dlms_object import Attribute, ServedObject, constant, done, fixed

if TYPE_CHECKING:
    from hesd.sim.dlms_meter import SimulatedDLMSMeter

CLASS_ID: Final = 7
_CLOCK_CLASS: Final = 8
_NULL: Final = b"\x00"
_NOTHING: Final = CaptureObject(0, OBIS("0.0.0.0.0.0"), 0)

E = TypeVar("E")


class Rows(Protocol[E]):
    """What a profile captures: its columns, and its entries in the order of time.

    `period` is the capture period in seconds, 0 where something else than time captures;
    `capacity` is how many entries there is room for.
    """

    @property
    def columns(self) -> tuple[CaptureObject, ...]: ...

    @property
    def period(self) -> int: ...

    @property
    def capacity(self) -> int: ...

    def entries(self, meter: SimulatedDLMSMeter) -> Sequence[E]:
        """Those there are now, oldest first."""

    def time(self, entry: E) -> float:
        """When it was captured, by the meter's own clock."""

    def cells(self, meter: SimulatedDLMSMeter, entry: E) -> list[bytes]:
        """The data of its columns."""


@dataclass(frozen=True, slots=True)
class BufferForm:
    """How a type of meters hands its buffers out.

    With `newest_first` entries are numbered and sent from the newest on (LIFO); with
    `null_data` a value that is as in the row before is sent as null-data, and so is a clock
    that is one capture period later. `selectors` are the ways to ask for a part that it takes.
    """

    newest_first: bool = False
    null_data: bool = False
    selectors: frozenset[int] = frozenset({BY_RANGE, BY_ENTRY})


def profile_object(obis: OBIS, rows: Rows[Any], form: BufferForm) -> ServedObject:
    """Class 7 with these rows."""
    clock = next((each for each in rows.columns if each.class_id == _CLOCK_CLASS), _NOTHING)
    sort = SortMethod.LIFO if form.newest_first else SortMethod.FIFO
    buffer = _Buffer(rows, form)

    def in_use(meter: SimulatedDLMSMeter) -> Data:
        return Data.of(DataType.DOUBLE_LONG_UNSIGNED, len(rows.entries(meter)))

    return ServedObject(
        CLASS_ID,
        obis,
        {
            2: Attribute(buffer.whole, select=buffer.selected),
            3: fixed(Data.array(*(each.data for each in rows.columns))),
            4: constant(DataType.DOUBLE_LONG_UNSIGNED, rows.period),
            5: constant(DataType.ENUM, sort),
            6: fixed(clock.data),
            7: Attribute(in_use),
            8: constant(DataType.DOUBLE_LONG_UNSIGNED, rows.capacity),
        },
        {1: lambda *_: done(ActionResult.READ_WRITE_DENIED), 2: lambda *_: done()},
        version=1,
    )


class _Buffer:
    """Attribute 2, whole or in part."""

    def __init__(self, rows: Rows[Any], form: BufferForm) -> None:
        self._rows = rows
        self._form = form

    def whole(self, meter: SimulatedDLMSMeter) -> DataResult:
        return self._encoded(meter, self._rows.entries(meter), range(len(self._rows.columns)))

    def selected(self, meter: SimulatedDLMSMeter, access: SelectiveAccess) -> DataResult:
        if access.selector in (BY_RANGE, BY_ENTRY) and access.selector not in self._form.selectors:
            return DataAccessResult.SCOPE_OF_ACCESS_VIOLATED
        try:
            if access.selector == BY_RANGE:
                return self._by_range(meter, RangeDescriptor.of(access))
            return self._by_entry(meter, EntryDescriptor.of(access))
        except DLMSError:
            return DataAccessResult.TYPE_UNMATCHED

    def _by_range(self, meter: SimulatedDLMSMeter, wanted: RangeDescriptor) -> DataResult:
        columns = self._rows.columns
        start, end = _instant(meter, wanted.start), _instant(meter, wanted.end)
        if start is None or end is None:
            return DataAccessResult.TYPE_UNMATCHED
        if wanted.restricting.class_id != _CLOCK_CLASS or wanted.restricting not in columns:
            return DataAccessResult.OTHER_REASON
        if any(column not in columns for column in wanted.columns):
            return DataAccessResult.OBJECT_UNDEFINED
        entries = self._rows.entries(meter)
        first = bisect_left(entries, start, key=self._rows.time)
        last = bisect_right(entries, end, key=self._rows.time)
        chosen = [columns.index(column) for column in wanted.columns] or range(len(columns))
        return self._encoded(meter, entries[first:last], chosen)

    def _by_entry(self, meter: SimulatedDLMSMeter, wanted: EntryDescriptor) -> DataResult:
        entries = self._rows.entries(meter)
        count = len(entries)
        first, last = max(1, wanted.from_entry), wanted.to_entry or count
        if self._form.newest_first:  # the numbers count in the order of the buffer
            first, last = count + 1 - last, count + 1 - first
        right = wanted.to_column or len(self._rows.columns)
        chosen = range(len(self._rows.columns))[max(0, wanted.from_column - 1) : right]
        return self._encoded(meter, entries[max(0, first - 1) : max(0, last)], chosen)

    def _encoded(self, meter: SimulatedDLMSMeter, entries: Sequence[Any], columns: Sequence[int]) -> Data:
        """The rows as one array. Rows are many: their octets are put together, then read once."""
        ordered = reversed(entries) if self._form.newest_first else entries
        octets = [bytes((DataType.ARRAY,)) + encode_length(len(entries))]
        head = bytes((DataType.STRUCTURE,)) + encode_length(len(columns))
        before: list[bytes] = []
        expected = None
        for entry in ordered:
            cells = self._rows.cells(meter, entry)
            octets.append(head)
            octets += self._compressed(cells, before, columns, self._rows.time(entry) == expected)
            before = cells
            expected = self._rows.time(entry) + self._rows.period if self._rows.period else None
        return Data.decode(b"".join(octets))

    def _compressed(
        self, cells: list[bytes], before: list[bytes], columns: Sequence[int], is_due: bool
    ) -> list[bytes]:
        if not self._form.null_data or not before:
            return [cells[column] for column in columns]
        clocks = [each.class_id == _CLOCK_CLASS for each in self._rows.columns]
        return [
            _NULL if (is_due if clocks[column] else cells[column] == before[column]) else cells[column]
            for column in columns
        ]


def _instant(meter: SimulatedDLMSMeter, end: Data) -> float | None:
    return meter.clock.instant(end.value) if isinstance(end.value, bytes) else None
