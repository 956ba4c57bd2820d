"""Lengths of A-XDR and BER: one octet up to 127, else a count of octets and the number."""

from __future__ import annotations

from hesd.dlms.errors import DataError


def decode_length(octets: bytes, at: int) -> tuple[int, int]:
    """The length at `at` and where it ends; more octets than needed are allowed.

    Raises `DataError` for an indefinite length or one above 32 bits, `IndexError` at the end.
    """
    first = octets[at]
    at += 1
    if first < 0x80:
        return first, at
    end = at + (first & 0x7F)
    if not at < end <= at + 4:
        raise DataError(f"a length of {first & 0x7F} octets")
    if end > len(octets):
        raise IndexError(end)
    return int.from_bytes(octets[at:end], "big"), end


def encode_length(length: int) -> bytes:
    """The shortest form of `length`."""
    if length < 0x80:
        return bytes((length,))
    size = (length.bit_length() + 7) // 8
    return bytes((0x80 | size,)) + length.to_bytes(size, "big")
