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


def only_content(octets: bytes) -> bytes | None:
    """What is behind a tag of one octet and a length, where that is all there is; else None."""
    size = len(octets) - 2
    if 0 <= size < 0x80 and octets[1] == size:
        return octets[2:]
    try:
        length, start = decode_length(octets, 1)
    except (IndexError, DataError):
        return None
    return octets[start:] if start + length == len(octets) else None


def encode_tagged(tag: int, content: bytes) -> bytes:
    """A tag of one octet, the length of the content, and the content."""
    length = len(content)
    if length < 0x80:
        return b"%c%c%b" % (tag, length, content)
    return b"%c%b%b" % (tag, encode_length(length), content)


def encode_length(length: int) -> bytes:
    """The shortest form of `length`."""
    if length < 0x80:
        return bytes((length,))
    size = (length.bit_length() + 7) // 8
    return bytes((0x80 | size,)) + length.to_bytes(size, "big")
