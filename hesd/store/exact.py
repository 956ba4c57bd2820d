"""Any value a meter can give, in one SQLite column, and back as it was.

SQLite keeps integers of 64 bits, floats, text and octets. What does not fit (larger
integers, NaN, text that is no Unicode) becomes octets with a tag before them; octets
themselves get a tag too, so that nothing can be mistaken for something else.
"""

from __future__ import annotations

from struct import Struct

from hesd.model.reading import Raw

Packed = int | float | str | bytes | None

_OCTETS, _INTEGER, _TEXT, _NAN, _NONE = b"o", b"i", b"t", b"n", b"-"
_NEAREST = b"f"  # beside a value: the float32 that is nearest to it
_FLOAT32 = Struct("<f")
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


def pack(value: Raw) -> Packed:
    """`value` in a form SQLite keeps exactly."""
    match value:
        case float():
            return value if value == value else _NAN
        case int():
            return int(value) if _SMALLEST <= value <= _LARGEST else _INTEGER + b"%x" % value
        case str():
            return value if value.isprintable() else _pack_text(value)
        case bytes():
            return _OCTETS + value
    return None


def unpack(packed: Packed) -> Raw:
    """The value that was packed."""
    if not isinstance(packed, bytes):
        return packed
    tag, rest = packed[:1], packed[1:]
    if tag == _OCTETS:
        return rest
    if tag == _INTEGER:
        return int(rest, 16)
    if tag == _TEXT:
        return rest.decode(errors="surrogatepass")
    return float("nan") if tag == _NAN else None


def pack_raw(raw: Raw, value: Raw) -> Packed:
    """`raw` beside its value: NULL where both are the same, and nearly as little for a float32.

    Its value is what it is in decimal, so the one gives the other.
    """
    if raw is value:
        return None
    # -0.0 equals 0.0 and is not the same.
    if type(raw) is type(value) and raw == value and (raw or str(raw) == str(value)):
        return None
    if raw and type(raw) is float and type(value) is float and _nearest(value) == raw:
        return _NEAREST
    return _NONE if raw is None else pack(raw)


def unpack_raw(packed: Packed, value: Raw) -> Raw:
    """The raw value that was packed beside `value`."""
    if packed == _NEAREST and isinstance(value, float):
        return _nearest(value)
    return value if packed is None else unpack(packed)


def _nearest(value: float) -> float | None:
    """The float32 that is nearest to `value`; None where that is beyond them all."""
    try:
        nearest: float = _FLOAT32.unpack(_FLOAT32.pack(value))[0]
    except OverflowError:
        return None
    return nearest


def _pack_text(text: str) -> Packed:
    try:
        text.encode()
    except UnicodeEncodeError:
        return _TEXT + text.encode(errors="surrogatepass")
    return str(text)
