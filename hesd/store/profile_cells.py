"""The cells of a profile's rows, packed: a year of quarter hours of one meter is 35 000 of them.

A value is mostly the raw number with the point moved by the column's scaler. Where all of a
row are, only the raws are kept, and every value comes back as exactly what it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from hesd.model.profile import ProfileColumn, ProfileRow
from hesd.model.reading import Raw, Value, shift
from hesd.store.exact import pack, unpack

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list).decode

Packed = tuple[bytes, bytes | None]


def pack_row(columns: Sequence[ProfileColumn], row: ProfileRow) -> Packed:
    """The raws of a row, and its values where these do not follow from them."""
    raws = _encode([pack(cell) for cell in row.raws])
    if all(_follows(*cell) for cell in zip(columns, row.raws, row.values, strict=True)):
        return raws, None
    return raws, _encode([pack(cell) for cell in row.values])


def unpack_row(columns: Sequence[ProfileColumn], at_ms: int, packed: Packed) -> ProfileRow:
    """The row that was packed with these columns."""
    raws: tuple[Raw, ...] = tuple(unpack(cell) for cell in _decode(packed[0]))
    if packed[1] is None:
        return ProfileRow(at_ms, tuple(_value(*cell) for cell in zip(columns, raws, strict=True)), raws)
    values: Any = tuple(unpack(cell) for cell in _decode(packed[1]))
    return ProfileRow(at_ms, values, raws)


def _follows(column: ProfileColumn, raw: Raw, value: Value) -> bool:
    expected = _value(column, raw)
    if type(value) is not type(expected) or value != expected:
        return False
    # -0.0 equals 0.0 and is not the same.
    return bool(value) or repr(value) == repr(expected)


def _value(column: ProfileColumn, raw: Raw) -> Value:
    if isinstance(raw, (int, float)) and raw == raw:
        return shift(raw, column.scaler)
    return None if isinstance(raw, bytes) else raw
