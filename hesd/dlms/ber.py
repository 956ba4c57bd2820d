"""The little BER that ACSE needs: tag, length, content (ISO/IEC 8825)."""

from __future__ import annotations

from hesd.dlms.axdr_length import decode_length, encode_length
from hesd.dlms.errors import ACSEError, DataError


def element(tag: int, content: bytes) -> bytes:
    """One element with a tag of one octet."""
    return bytes((tag,)) + encode_length(len(content)) + content


def elements(octets: bytes) -> list[tuple[int, bytes]]:
    """The elements that follow each other. Raises `ACSEError`."""
    found, end = [], 0
    while end < len(octets):
        tag = octets[end]
        if tag & 0x1F == 0x1F:
            raise ACSEError("a tag of more than one octet")
        try:
            length, start = decode_length(octets, end + 1)
        except (IndexError, DataError):
            raise ACSEError("an element without a length") from None
        end = start + length
        found.append((tag, octets[start:end]))
    if end > len(octets):
        raise ACSEError("an element longer than what it is in")
    return found


def only(tag: int, octets: bytes) -> bytes:
    """The content of the one element these octets are. Raises `ACSEError`."""
    found = elements(octets)
    if len(found) != 1 or found[0][0] != tag:
        raise ACSEError(f"not one element with tag {tag:02x}: {octets[:16].hex()}")
    return found[0][1]


def number(octets: bytes) -> int:
    """An INTEGER element with its tag. Raises `ACSEError`."""
    content = only(2, octets)
    if not 1 <= len(content) <= 4:
        raise ACSEError(f"an integer of {len(content)} octets")
    return int.from_bytes(content, "big", signed=True)
