"""Compact arrays: the type of the elements once, then their contents without tags.

IEC 62056-6-2, 4.1.5::

    TypeDescription ::= tag                                    a simple type
                      | 1, number of elements 2, TypeDescription
                      | 2, length, TypeDescription ...
    compact-array   ::= TypeDescription, length in octets, contents

The contents of a small compact array could stand for any number of values if its
description held nothing but nulls; so each octet may become four values at most.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct
from typing import Any, Final

from hesd.dlms.axdr_length import decode_length
from hesd.dlms.data_type import MOMENTS, NUMBERS, STRINGS, DataType
from hesd.dlms.errors import DataError

_MAX_DEPTH: Final = 8
_VALUES_PER_OCTET: Final = 4
_SIMPLE: Final = frozenset(NUMBERS) | frozenset(MOMENTS) | STRINGS
_Content = Callable[[int, bytes, int], tuple[Any, int]]


@dataclass(frozen=True, slots=True)
class TypeDescription:
    """What an element is: for an array `count` times its one part, for a structure its parts."""

    type: DataType
    parts: tuple[TypeDescription, ...] = ()
    count: int = 0

    @property
    def octets(self) -> bytes:
        inner = b"".join(part.octets for part in self.parts)
        if self.type is DataType.ARRAY:
            return b"\x01" + self.count.to_bytes(2, "big") + inner
        if self.type is DataType.STRUCTURE:
            return bytes((2, len(self.parts))) + inner
        return bytes((self.type,))

    @property
    def values(self) -> int:
        """How many values an element becomes, counting containers."""
        return 1 + max(self.count, 1) * sum(part.values for part in self.parts)

    @property
    def min_octets(self) -> int:
        """How many octets the contents of an element take at least."""
        if self.type in NUMBERS:
            return Struct(">" + NUMBERS[self.type]).size
        if self.type in (DataType.ARRAY, DataType.STRUCTURE):
            inner = sum(part.min_octets for part in self.parts)
            return inner * self.count if self.type is DataType.ARRAY else inner
        return MOMENTS.get(self.type, self.type is not DataType.NULL_DATA)


def decode_description(octets: bytes, at: int, depth: int = _MAX_DEPTH) -> tuple[TypeDescription, int]:
    """The description at `at` and where it ends. Raises `DataError`, `IndexError` at the end."""
    tag = octets[at]
    at += 1
    if depth == 0:
        raise DataError("a compact array described deeper than it may nest")
    if tag == DataType.STRUCTURE:
        count, at = decode_length(octets, at)
        if count > len(octets) - at:
            raise IndexError(count)
        parts: list[TypeDescription] = []
        for _ in range(count):
            part, at = decode_description(octets, at, depth - 1)
            parts.append(part)
        return TypeDescription(DataType.STRUCTURE, tuple(parts)), at
    if tag == DataType.ARRAY:
        count = octets[at] << 8 | octets[at + 1]
        part, at = decode_description(octets, at + 2, depth - 1)
        return TypeDescription(DataType.ARRAY, (part,), count), at
    if tag not in _SIMPLE and tag not in (DataType.NULL_DATA, DataType.BIT_STRING):
        raise DataError(f"a compact array of the type {tag}")
    return TypeDescription(DataType(tag)), at


def decode_compact_array(octets: bytes, at: int, content: _Content) -> tuple[list[Any], int]:
    """The elements, in the plain values of `axdr`, and where the compact array ends.

    `content` decodes a value without its tag. Raises `DataError`, `IndexError` at the end.
    """
    description, at = decode_description(octets, at)
    size, at = decode_length(octets, at)
    end = at + size
    if end > len(octets):
        raise IndexError(end)
    least = description.min_octets
    if description.values > _VALUES_PER_OCTET * least or 0 < size < least:
        raise DataError("a compact array that would become more than it is")
    values: list[Any] = []
    body = octets[:end]
    while at < end:
        value, at = _element(description, body, at, content)
        values.append(value)
    return values, end


def _element(description: TypeDescription, octets: bytes, at: int, content: _Content) -> tuple[Any, int]:
    if description.type not in (DataType.ARRAY, DataType.STRUCTURE):
        return content(description.type, octets, at)
    values: list[Any] = []
    repeated = description.type is DataType.ARRAY
    for part in description.parts * (description.count if repeated else 1):
        value, at = _element(part, octets, at, content)
        values.append(value)
    return (values if repeated else tuple(values)), at
