"""The little BER that ACSE needs: tag, length, content (ISO/IEC 8825)."""

from __future__ import annotations

from collections.abc import Iterator

from hesd.dlms.axdr_length import decode_length, encode_length
from hesd.dlms.errors import ACSEError, DataError


def element(tag: int, content: bytes) -> bytes:
    """One element with a tag of one octet."""
    return bytes((tag,)) + encode_length(len(content)) + content


def elements(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements that follow each other. Raises `ACSEError`."""
    at = 0
    while at < len(octets):
        tag = octets[at]
        start, at = _content(octets, at)
        yield tag, octets[start:at]


def only(tag: int, octets: bytes) -> bytes:
    """The content of the one element these octets are. Raises `ACSEError`."""
    start, end = _content(octets, 0) if octets else (0, 0)
    if not octets or octets[0] != tag or end != len(octets):
        raise ACSEError(f"not one element with tag {tag:02x}: {octets[:16].hex()}")
    return octets[start:]


def _content(octets: bytes, at: int) -> tuple[int, int]:
    """Where the content of the element at `at` begins and ends."""
    if octets[at] & 0x1F == 0x1F:
        raise ACSEError("a tag of more than one octet")
    try:
        length, start = decode_length(octets, at + 1)
    except (IndexError, DataError):
        raise ACSEError("an element without a length") from None
    if start + length > len(octets):
        raise ACSEError("an element longer than what it is in")
    return start, start + length


def number(octets: bytes) -> int:
    """An INTEGER element with its tag. Raises `ACSEError`."""
    content = only(2, octets)
    if not 1 <= len(content) <= 4:
        raise ACSEError(f"an integer of {len(content)} octets")
    return int.from_bytes(content, "big", signed=True)
