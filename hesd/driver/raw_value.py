"""One register's item in a struct to its raw value, and back.

"Not available" becomes None: a float that is NaN (0xFFC00000 among them) or infinite; the
most negative number of a signed type (0x8000...); a BCD number with a digit above 9; a
string of nothing but 0xFF; and whatever the register lists as `unavailable`. Unsigned
numbers have no such value of their own, because a counter or a bit field may well be all
ones: a data sheet that says otherwise is followed by listing it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from hesd.driver.register import DataType, Register
from hesd.model.reading import Raw

_LOWEST: Final = {DataType.INT16: -(1 << 15), DataType.INT32: -(1 << 31), DataType.INT64: -(1 << 63)}
_FLOATS: Final = frozenset({DataType.FLOAT32, DataType.FLOAT64})
# The sign is set so that it packs to 0xFFC00000, which is what meters send.
_NOT_A_NUMBER: Final = math.copysign(math.nan, -1)

FromItem = Callable[[Any], Raw]
ToItem = Callable[[Raw], Any]


def layout(register: Register) -> str:
    """The struct format of the register; types that struct does not know are bytes."""
    code: str = register.type.value[0]
    return code if len(code) == 1 else f"{2 * register.length}s"


def is_plain_float(register: Register) -> bool:
    """Whether every finite number the register holds is its raw value."""
    return register.type in _FLOATS and not register.unavailable


def can_be_absent(register: Register) -> bool:
    """Whether the register has a way to say "not available"."""
    signed_or_more = (DataType.BCD, DataType.STRING, *_LOWEST, *_FLOATS)
    return bool(register.unavailable) or register.type in signed_or_more


def swap_bytes(data: bytes) -> bytes:
    """The two bytes of each word exchanged."""
    swapped = bytearray(len(data) & ~1)
    swapped[0::2] = data[1::2]
    swapped[1::2] = data[0 : len(swapped) : 2]
    return bytes(swapped)


def from_item(register: Register, little: bool) -> FromItem:
    """What turns the item of a struct (of little endianness or big) into the raw value."""
    absent = frozenset(register.unavailable)
    match register.type:
        case DataType.FLOAT32 | DataType.FLOAT64:
            return lambda item: item if math.isfinite(item) and item not in absent else None
        case DataType.BCD:
            return lambda item: _present(_decimal(_big(item, little)), absent)
        case DataType.STRING:
            return lambda item: _text(swap_bytes(item) if little else item)
        case DataType.BITS:
            mask, low = register.mask or -1, _lowest_bit(register.mask)
            return lambda item: _field(int.from_bytes(_big(item, little)), mask, low, absent)
        case _:
            absent |= {_LOWEST[register.type]} if register.type in _LOWEST else set()
            return lambda item: None if item in absent else item


def to_item(register: Register, little: bool) -> ToItem:
    """The inverse of `from_item`; raises `ValueError` or `struct.error` for what does not fit."""
    size = 2 * register.length
    absent = _absent(register)
    match register.type:
        case DataType.BCD:
            return lambda raw: _big(_digits(raw, size), little)
        case DataType.STRING:
            return lambda raw: swap_bytes(_characters(raw, size)) if little else _characters(raw, size)
        case DataType.BITS:
            field, low = register.mask or (1 << 8 * size) - 1, _lowest_bit(register.mask)
            nothing = int(absent).to_bytes(size)
            return lambda raw: _big(nothing if raw is None else _bits(raw, field, low, size), little)
        case DataType.FLOAT32 | DataType.FLOAT64:
            return lambda raw: absent if raw is None else raw
        case _:
            return lambda raw: absent if raw is None else _whole(raw)


def _absent(register: Register) -> float:
    """What is written for "not available": all ones where the type has no such value."""
    if register.unavailable:
        return register.unavailable[0]
    if register.type in _FLOATS:
        return _NOT_A_NUMBER
    return _LOWEST.get(register.type, register.mask or (1 << 16 * register.length) - 1)


def _present(number: int | None, absent: frozenset[float]) -> int | None:
    return None if number in absent else number


def _field(number: int, mask: int, low: int, absent: frozenset[float]) -> int | None:
    """The bits of one quantity, unless the register as a whole says that it has none."""
    return None if number in absent else (number & mask) >> low


def _whole(raw: Any) -> Any:
    """An integer type takes 2.0 for 2: settings come as the numbers people write."""
    return int(raw) if isinstance(raw, float) and raw.is_integer() else raw


def _big(item: bytes, little: bool) -> bytes:
    return item[::-1] if little else item


def _lowest_bit(mask: int) -> int:
    return (mask & -mask).bit_length() - 1 if mask else 0


def _decimal(item: bytes) -> int | None:
    digits = item.hex()
    return int(digits) if digits.isdecimal() else None


def _digits(raw: Raw, size: int) -> bytes:
    if raw is None:
        return b"\xff" * size
    if not isinstance(raw, int) or not 0 <= raw < 100**size:
        raise ValueError(f"expected a number of at most {2 * size} digits")
    return bytes.fromhex(f"{raw:0{2 * size}d}")


def _text(item: bytes) -> str | None:
    if item.count(0xFF) == len(item):
        return None
    return item.partition(b"\0")[0].rstrip(b" ").decode("latin-1")


def _characters(raw: Raw, size: int) -> bytes:
    if raw is None:
        return b"\xff" * size
    if not isinstance(raw, str) or len(raw) > size:
        raise ValueError(f"expected a text of at most {size} characters")
    return raw.encode("latin-1").ljust(size, b"\0")


def _bits(raw: Raw, field: int, low: int, size: int) -> bytes:
    if not isinstance(raw, int) or raw < 0 or raw << low & ~field:
        raise ValueError(f"expected a number that the bits {field:#x} hold")
    return (raw << low).to_bytes(size)
