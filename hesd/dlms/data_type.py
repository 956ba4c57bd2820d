"""The data types of COSEM (IEC 62056-6-2, 4.1.5): their tags and fixed layouts."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final


class DataType(IntEnum):
    """A CHOICE of `Data`; the value is the tag on the wire."""

    NULL_DATA = 0
    ARRAY = 1
    STRUCTURE = 2
    BOOLEAN = 3
    BIT_STRING = 4
    DOUBLE_LONG = 5
    DOUBLE_LONG_UNSIGNED = 6
    OCTET_STRING = 9
    VISIBLE_STRING = 10
    UTF8_STRING = 12
    BCD = 13
    INTEGER = 15
    LONG = 16
    UNSIGNED = 17
    LONG_UNSIGNED = 18
    COMPACT_ARRAY = 19
    LONG64 = 20
    LONG64_UNSIGNED = 21
    ENUM = 22
    FLOAT32 = 23
    FLOAT64 = 24
    DATE_TIME = 25
    DATE = 26
    TIME = 27
    DELTA_INTEGER = 28
    DELTA_LONG = 29
    DELTA_DOUBLE_LONG = 30
    DELTA_UNSIGNED = 31
    DELTA_LONG_UNSIGNED = 32
    DELTA_DOUBLE_LONG_UNSIGNED = 33
    DONT_CARE = 255


# The struct code of every type that is one number on the wire.
NUMBERS: Final[Mapping[int, str]] = {
    DataType.BOOLEAN: "?",
    DataType.DOUBLE_LONG: "i",
    DataType.DOUBLE_LONG_UNSIGNED: "I",
    DataType.BCD: "B",
    DataType.INTEGER: "b",
    DataType.LONG: "h",
    DataType.UNSIGNED: "B",
    DataType.LONG_UNSIGNED: "H",
    DataType.LONG64: "q",
    DataType.LONG64_UNSIGNED: "Q",
    DataType.ENUM: "B",
    DataType.FLOAT32: "f",
    DataType.FLOAT64: "d",
    DataType.DELTA_INTEGER: "b",
    DataType.DELTA_LONG: "h",
    DataType.DELTA_DOUBLE_LONG: "i",
    DataType.DELTA_UNSIGNED: "B",
    DataType.DELTA_LONG_UNSIGNED: "H",
    DataType.DELTA_DOUBLE_LONG_UNSIGNED: "I",
}

# Types of a fixed number of octets that are kept as octets.
MOMENTS: Final[Mapping[int, int]] = {
    DataType.DATE_TIME: 12,
    DataType.DATE: 5,
    DataType.TIME: 4,
}

# Types of any number of octets behind a length.
STRINGS: Final[frozenset[int]] = frozenset(
    {DataType.OCTET_STRING, DataType.VISIBLE_STRING, DataType.UTF8_STRING}
)
