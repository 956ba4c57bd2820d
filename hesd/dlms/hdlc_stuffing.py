"""HDLC with octet stuffing (ISO/IEC 13239, 4.5.2), which some customer ports speak.

There a flag never stands inside a frame: 7E and 7D in it are sent as 7D followed by the
octet with bit 6 turned. IEC 62056-46 has no such thing, so nobody can tell from a frame
which of the two it is; a listener is told.
"""

from __future__ import annotations

import re
from typing import Final

from hesd.dlms.errors import FrameError
from hesd.dlms.hdlc_frame import MAX_LENGTH, HDLCFrame, decode_frame
from hesd.dlms.link import DiscardReason, FrameDiscarded

_FLAG: Final = b"\x7e"
_STUFFED = re.compile(rb"\x7d(.)", re.DOTALL)
_SPECIAL = re.compile(rb"[\x7d\x7e]")
_TURNED: Final = 0x20


def stuff(octets: bytes) -> bytes:
    """What is between the flags, as it goes on the wire."""
    return _SPECIAL.sub(lambda match: bytes((0x7D, match[0][0] ^ _TURNED)), octets)


def unstuff(octets: bytes) -> bytes:
    """What came between two flags, as it was meant."""
    return _STUFFED.sub(lambda match: bytes((match[1][0] ^ _TURNED,)), octets)


class StuffedFrameReader:
    """The counterpart of `FrameReader` for such a stream."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, octets: bytes) -> list[HDLCFrame | FrameDiscarded]:
        """The frames that are complete now, and what had to be thrown away."""
        *pieces, rest = (self._buffer + octets).split(_FLAG)
        events: list[HDLCFrame | FrameDiscarded] = []
        for piece in filter(None, pieces):
            try:
                events.append(decode_frame(unstuff(piece)))
            except FrameError:
                events.append(FrameDiscarded(DiscardReason.FORMAT, piece))
        if len(rest) > 2 * MAX_LENGTH:
            events.append(FrameDiscarded(DiscardReason.OVERSIZE, rest))
            rest = b""
        self._buffer = rest
        return events
