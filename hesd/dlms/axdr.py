"""A-XDR: COSEM data as octets (IEC 62056-6-2, 4.1.5; IEC 61334-6).

Every value is a tag (`DataType`), for strings and containers a length, and the content.
`decode` gives plain Python values, because a load profile is a hundred thousand of
them; what type a value had stays in its octets, where `data.Data` finds it.

===================================  ==========================================
null-data                            `None`
boolean                              `bool`
integers, enum, bcd                  `int` (bcd as the octet it is)
delta-*                              `Delta`, an `int` to add to the value before
float32, float64                     `float`
octet-string, date-time, date, time  `bytes`, for only the attribute knows which
visible-string, utf8-string          `str`
bit-string                           `BitString`, a `str` of 0 and 1
array, compact-array                 `list`
structure                            `tuple`
don't-care                           `DONT_CARE`
===================================  ==========================================

Input is bounded by its own length: a container cannot have more elements than octets
follow it, and nests at most `MAX_DEPTH` deep.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from struct import Struct
from typing import Any, Final

from hesd.dlms.axdr_length import decode_length, encode_length
from hesd.dlms.compact_array import decode_compact_array
from hesd.dlms.data_type import MOMENTS, NUMBERS, STRINGS, DataType
from hesd.dlms.errors import DataError
from hesd.dlms.shaped_rows import decode_rows
from hesd.dlms.value import DONT_CARE, BitString, Delta, Value

MAX_DEPTH: Final = 16

_STRUCTS: Final[dict[int, Struct]] = {tag: Struct(">" + code) for tag, code in NUMBERS.items()}
_Unpack = Callable[[bytes, int], tuple[Any, ...]]
# By tag: the size and the unpacking of a number. Single octets are not worth a call.
_NUMBER: Final[list[tuple[int, _Unpack | None] | None]] = [None] * 256
for _tag, _struct in _STRUCTS.items():
    if _tag < DataType.DELTA_INTEGER:
        _NUMBER[_tag] = (_struct.size, None if NUMBERS[_tag] == "B" else _struct.unpack_from)
_CONTAINERS: Final = (DataType.ARRAY, DataType.STRUCTURE)


def decode(octets: bytes, at: int = 0) -> tuple[Value, int]:
    """The value at `at` and where it ends. Raises `DataError`."""
    try:
        return _decode(octets, at, MAX_DEPTH)
    except (IndexError, struct.error):
        raise DataError("the octets end inside a value") from None


def _decode(octets: bytes, at: int, depth: int) -> tuple[Any, int]:
    tag = octets[at]
    number = _NUMBER[tag]
    if number is not None:
        size, unpack = number
        at += 1
        return (octets[at] if unpack is None else unpack(octets, at)[0]), at + size
    if tag in _CONTAINERS:
        return _container(tag, octets, at + 1, depth)
    return _content(tag, octets, at + 1)


def _container(tag: int, octets: bytes, at: int, depth: int) -> tuple[Any, int]:
    """An array or structure. Numbers and short strings are decoded in place: they are the many."""
    if depth == 0:
        raise DataError(f"data nested deeper than {MAX_DEPTH}")
    count, at = decode_length(octets, at)
    if count > len(octets) - at:
        raise IndexError(count)
    if tag == DataType.ARRAY and count > 3 and octets[at] == DataType.STRUCTURE:
        return decode_rows(octets, at, count, lambda at: _decode(octets, at, depth - 1))
    values: list[Any] = []
    append = values.append
    for _ in range(count):
        inner = octets[at]
        number = _NUMBER[inner]
        if number is not None:
            size, unpack = number
            at += 1
            append(octets[at] if unpack is None else unpack(octets, at)[0])
            at += size
        elif inner == 9 and octets[at + 1] < 0x80:
            start = at + 2
            at = start + octets[at + 1]
            if at > len(octets):
                raise IndexError(at)
            append(octets[start:at])
        else:
            value, at = _decode(octets, at, depth - 1)
            append(value)
    return (values if tag == DataType.ARRAY else tuple(values)), at


def _content(tag: int, octets: bytes, at: int) -> tuple[Any, int]:
    """A value that is no container, behind its tag."""
    if tag in _STRUCTS:
        packed = _STRUCTS[tag]
        (value,) = packed.unpack_from(octets, at)
        return (Delta(value) if tag >= DataType.DELTA_INTEGER else value), at + packed.size
    if tag in STRINGS:
        return _string(tag, octets, at)
    if tag == DataType.NULL_DATA:
        return None, at
    if tag == DataType.DONT_CARE:
        return DONT_CARE, at
    if tag in MOMENTS:
        return _take(octets, at, MOMENTS[tag])
    if tag == DataType.COMPACT_ARRAY:
        return decode_compact_array(octets, at, _content)
    if tag == DataType.BIT_STRING:
        length, at = decode_length(octets, at)
        bits, at = _take(octets, at, (length + 7) // 8)
        return BitString.from_octets(bits, length), at
    raise DataError(f"no data type has the tag {tag}")


def _string(tag: int, octets: bytes, at: int) -> tuple[bytes | str, int]:
    length, at = decode_length(octets, at)
    text, at = _take(octets, at, length)
    if tag == DataType.OCTET_STRING:
        return text, at
    if tag == DataType.VISIBLE_STRING:
        return text.decode("latin-1"), at
    return text.decode("utf-8", "backslashreplace"), at


def _take(octets: bytes, at: int, size: int) -> tuple[bytes, int]:
    end = at + size
    if end > len(octets):
        raise IndexError(end)
    return octets[at:end], end


def encode(type_: DataType, value: Any) -> bytes:
    """One value that is no container. Raises `DataError` when the type cannot hold it."""
    try:
        return bytes((type_,)) + _encode_content(type_, value)
    except (struct.error, TypeError, ValueError, AttributeError, OverflowError):
        raise DataError(f"{value!r} is no {type_.name.lower().replace('_', '-')}") from None


def _encode_content(type_: DataType, value: Any) -> bytes:
    if type_ in _STRUCTS:
        return _STRUCTS[type_].pack(value)
    if type_ in (DataType.NULL_DATA, DataType.DONT_CARE):
        return b""
    if type_ is DataType.BIT_STRING:
        bits = BitString(value)
        if not set(bits) <= {"0", "1"}:
            raise ValueError(value)
        return encode_length(len(bits)) + bits.octets
    if type_ is DataType.VISIBLE_STRING:
        value = value.encode("latin-1")
    elif type_ is DataType.UTF8_STRING:
        value = value.encode("utf-8")
    text = bytes(memoryview(value))
    if type_ in STRINGS:
        return encode_length(len(text)) + text
    if len(text) != MOMENTS.get(type_):
        raise ValueError(type_)
    return text
