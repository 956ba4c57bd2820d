"""Selective access to the buffer of a profile generic (IEC 62056-6-2, 4.3.6.2.2).

Selector 1 takes the rows whose restricting object lies in a range, selector 2 the rows
and columns between two numbers. Other classes have selectors of their own, which go
through `SelectiveAccess` as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.errors import APDUError
from hesd.dlms.octet_reader import OctetReader
from hesd.model.obis import OBIS

BY_RANGE: Final = 1
BY_ENTRY: Final = 2


@dataclass(frozen=True, slots=True)
class SelectiveAccess:
    """A selector and its parameters."""

    selector: int
    parameters: Data

    @property
    def octets(self) -> bytes:
        return bytes((self.selector,)) + self.parameters.octets


def encode_access(access: SelectiveAccess | None) -> bytes:
    """The optional field of GET and SET."""
    return b"\x00" if access is None else b"\x01" + access.octets


def read_access(reader: OctetReader) -> SelectiveAccess | None:
    if not reader.flag():
        return None
    return SelectiveAccess(reader.octet(), reader.data())


@dataclass(frozen=True, slots=True)
class CaptureObject:
    """One column of a profile: an attribute, or with `data_index` an element of it."""

    class_id: int
    instance: OBIS
    attribute: int
    data_index: int = 0

    @property
    def data(self) -> Data:
        return Data.structure(
            Data.of(DataType.LONG_UNSIGNED, self.class_id),
            Data.of(DataType.OCTET_STRING, self.instance.octets),
            Data.of(DataType.INTEGER, self.attribute),
            Data.of(DataType.LONG_UNSIGNED, self.data_index),
        )

    @classmethod
    def of(cls, value: Any) -> CaptureObject:
        """Of the decoded structure. Raises `APDUError`."""
        match value:
            case (int(class_id), bytes(name), int(attribute), int(data_index)) if len(name) == 6:
                return cls(class_id, OBIS.from_octets(name), attribute, data_index)
        raise APDUError(f"no capture object: {value!r:.80}")


CLOCK: Final = CaptureObject(8, OBIS("0.0.1.0.0.255"), 2)


@dataclass(frozen=True, slots=True)
class RangeDescriptor:
    """Rows from one value of the restricting object to another, both included.

    Without `columns` all are meant. The ends are `Data`, for meters differ in the type
    they want: a date-time as octet-string of 12, or with its own tag.
    """

    start: Data
    end: Data
    restricting: CaptureObject = CLOCK
    columns: tuple[CaptureObject, ...] = ()

    @property
    def access(self) -> SelectiveAccess:
        columns = Data.array(*(column.data for column in self.columns))
        return SelectiveAccess(BY_RANGE, Data.structure(self.restricting.data, self.start, self.end, columns))

    @classmethod
    def of(cls, access: SelectiveAccess) -> RangeDescriptor:
        """What a client asked for. Raises `APDUError`."""
        parts = access.parameters.parts
        if access.selector != BY_RANGE or len(parts) != 4 or not isinstance(parts[3].value, list):
            raise APDUError("no range descriptor")
        columns = tuple(map(CaptureObject.of, parts[3].value))
        return cls(parts[1], parts[2], CaptureObject.of(parts[0].value), columns)


@dataclass(frozen=True, slots=True)
class EntryDescriptor:
    """Rows and columns by number, from 1, both ends included; 0 as an end is the last."""

    from_entry: int
    to_entry: int = 0
    from_column: int = 1
    to_column: int = 0

    @classmethod
    def from_newest(cls, skipped: int, count: int, in_use: int, *, newest_first: bool) -> EntryDescriptor:
        """`count` of `in_use` entries, those next older than the `skipped` newest ones.

        Entry 1 is the newest of a buffer with `newest_first`, else the oldest. `count` is from 1
        to as many as there are left.
        """
        first = skipped + 1 if newest_first else in_use - skipped - count + 1
        return cls(first, first + count - 1)

    @property
    def access(self) -> SelectiveAccess:
        """Raises `DataError` for numbers that do not fit."""
        parts = (
            Data.of(DataType.DOUBLE_LONG_UNSIGNED, self.from_entry),
            Data.of(DataType.DOUBLE_LONG_UNSIGNED, self.to_entry),
            Data.of(DataType.LONG_UNSIGNED, self.from_column),
            Data.of(DataType.LONG_UNSIGNED, self.to_column),
        )
        return SelectiveAccess(BY_ENTRY, Data.structure(*parts))

    @classmethod
    def of(cls, access: SelectiveAccess) -> EntryDescriptor:
        """What a client asked for. Raises `APDUError`."""
        match access.parameters.value:
            case (int(first), int(last), int(left), int(right)) if access.selector == BY_ENTRY:
                return cls(first, last, left, right)
        raise APDUError("no entry descriptor")
