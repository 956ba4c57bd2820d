"""What a meter says of one access: the data, or why not (IEC 62056-5-3, 9.5)."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Self

from hesd.dlms.data import Data
from hesd.dlms.errors import APDUError
from hesd.dlms.octet_reader import OctetReader


class OpenEnum(IntEnum):
    """Codes no standard lists stay what they are, as members named after their number."""

    @classmethod
    def _missing_(cls, value: object) -> Any:
        if not isinstance(value, int) or not 0 <= value <= 255:
            return None
        member = int.__new__(cls, value)
        member._name_ = f"CODE_{value}"
        member._value_ = value
        return member

    @classmethod
    def codes(cls) -> tuple[Self, ...]:
        """What each octet is. To look one up takes a fraction of a call."""
        return tuple(map(cls, range(256)))

    @property
    def text(self) -> str:
        """The name as the standard writes it: ``read-write-denied``."""
        return self.name.lower().replace("_", "-")


class DataAccessResult(OpenEnum):
    """Result of GET and SET."""

    SUCCESS = 0
    HARDWARE_FAULT = 1
    TEMPORARY_FAILURE = 2
    READ_WRITE_DENIED = 3
    OBJECT_UNDEFINED = 4
    OBJECT_CLASS_INCONSISTENT = 9
    OBJECT_UNAVAILABLE = 11
    TYPE_UNMATCHED = 12
    SCOPE_OF_ACCESS_VIOLATED = 13
    DATA_BLOCK_UNAVAILABLE = 14
    LONG_GET_ABORTED = 15
    NO_LONG_GET_IN_PROGRESS = 16
    LONG_SET_ABORTED = 17
    NO_LONG_SET_IN_PROGRESS = 18
    DATA_BLOCK_NUMBER_INVALID = 19
    OTHER_REASON = 250


class ActionResult(OpenEnum):
    """Result of ACTION."""

    SUCCESS = 0
    HARDWARE_FAULT = 1
    TEMPORARY_FAILURE = 2
    READ_WRITE_DENIED = 3
    OBJECT_UNDEFINED = 4
    OBJECT_CLASS_INCONSISTENT = 9
    OBJECT_UNAVAILABLE = 11
    TYPE_UNMATCHED = 12
    SCOPE_OF_ACCESS_VIOLATED = 13
    DATA_BLOCK_UNAVAILABLE = 14
    LONG_ACTION_ABORTED = 15
    NO_LONG_ACTION_IN_PROGRESS = 16
    OTHER_REASON = 250


DataResult = Data | DataAccessResult


def encode_data_result(result: DataResult) -> bytes:
    """Get-Data-Result: a choice of data and why there is none."""
    return b"\x00" + result.octets if isinstance(result, Data) else bytes((1, result))


def read_data_result(reader: OctetReader) -> DataResult:
    choice = reader.octet()
    if choice == 0:
        return reader.data()
    if choice == 1:
        return DataAccessResult(reader.octet())
    raise APDUError(f"a result is data (0) or an error (1), not {choice}")
