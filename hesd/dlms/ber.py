"""The little BER that ACSE needs: tag, length, content (ISO/IEC 8825)."""

from __future__ import annotations

from hesd.dlms.axdr_length import decode_length, only_content
from hesd.dlms.errors import ACSEError, DataError


class Fields(dict[int, bytes]):
    """The contents of elements by tag. Raises `ACSEError` where one is asked for that is missing."""

    def __missing__(self, tag: int) -> bytes:
        raise ACSEError(f"field {tag:02x} is missing")


def fields(octets: bytes) -> Fields:
    """The elements that follow each other. Raises `ACSEError`, also where a tag comes twice."""
    found = Fields()
    end, size = 0, len(octets)
    while end < size:
        tag = octets[end]
        if tag & 0x1F == 0x1F:
            raise ACSEError("a tag of more than one octet")
        if tag in found:
            raise ACSEError(f"field {tag:02x} comes twice")
        try:
            length, start = octets[end + 1], end + 2
            if length >= 0x80:
                length, start = decode_length(octets, end + 1)
        except (IndexError, DataError):
            raise ACSEError("an element without a length") from None
        end = start + length
        found[tag] = octets[start:end]
    if end > size:
        raise ACSEError("an element longer than what it is in")
    return found


def only(tag: int, octets: bytes) -> bytes:
    """The content of the one element these octets are. Raises `ACSEError`."""
    content = only_content(octets)
    if content is None or octets[0] != tag:
        raise ACSEError(f"not one element with tag {tag:02x}: {octets[:16].hex()}")
    return content


def number(octets: bytes) -> int:
    """An INTEGER element with its tag. Raises `ACSEError`."""
    content = only_content(octets)
    if content is None or octets[0] != 2 or not 1 <= len(content) <= 4:
        raise ACSEError(f"no integer: {octets[:16].hex()}")
    return int.from_bytes(content, "big", signed=True)
