"""The data types of COSEM attributes as object lists print them (IEC 62056-6-2, 4.1.5)."""

from __future__ import annotations

from enum import StrEnum


class CosemType(StrEnum):
    """A choice of `Data`, by the standard's name."""

    NULL_DATA = "null-data"
    ARRAY = "array"
    STRUCTURE = "structure"
    BOOLEAN = "boolean"
    BIT_STRING = "bit-string"
    DOUBLE_LONG = "double-long"
    DOUBLE_LONG_UNSIGNED = "double-long-unsigned"
    OCTET_STRING = "octet-string"
    VISIBLE_STRING = "visible-string"
    UTF8_STRING = "utf8-string"
    BCD = "bcd"
    INTEGER = "integer"
    LONG = "long"
    UNSIGNED = "unsigned"
    LONG_UNSIGNED = "long-unsigned"
    COMPACT_ARRAY = "compact-array"
    LONG64 = "long64"
    LONG64_UNSIGNED = "long64-unsigned"
    ENUM = "enum"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    DATE_TIME = "date-time"
    DATE = "date"
    TIME = "time"
