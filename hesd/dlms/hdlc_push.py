"""Pushes over HDLC: APDUs that arrive without any link.

The standard way is a UI frame (IEC 62056-46, 6.4.3.7); some meters send I frames all the
same. A long push comes as frames with the segmentation bit, the LLC header in the first
only, or as general-block-transfer APDUs, which `block_transfer` joins; there the LLC
header may be missing from the second block on.
"""

from __future__ import annotations

from typing import Final

from hesd.dlms.hdlc_frame import FrameKind, FrameReader, HDLCFrame
from hesd.dlms.hdlc_stuffing import StuffedFrameReader
from hesd.dlms.link import MAX_PDU, DiscardReason, FrameDiscarded, PushReceived

LLC_COMMAND: Final = b"\xe6\xe6\x00"
LLC_RESPONSE: Final = b"\xe6\xe7\x00"
_PUSHES: Final = (FrameKind.UI, FrameKind.I)


def strip_llc(octets: bytes) -> bytes | None:
    """The APDU behind an LLC header of either direction; None without one."""
    return octets[3:] if octets[:3] in (LLC_COMMAND, LLC_RESPONSE) else None


class PushCollector:
    """Joins the segments of pushes that come one after the other."""

    __slots__ = ("_from", "_max_pdu", "_segments")

    def __init__(self, max_pdu: int = MAX_PDU) -> None:
        self._max_pdu = max_pdu
        self._segments = bytearray()
        self._from = (b"", b"")

    def collect(self, frame: HDLCFrame) -> PushReceived | FrameDiscarded | None:
        """The push this frame completes, or None while segments are missing.

        Segments of another sender start a new push; the unfinished one is lost with its sender.
        """
        addresses = (frame.source, frame.destination)
        if addresses != self._from:
            self._from = addresses
            self._segments.clear()
        self._segments += frame.information
        if len(self._segments) > self._max_pdu:
            self._segments.clear()
            return FrameDiscarded(DiscardReason.OVERSIZE, frame.information)
        if frame.segmented:
            return None
        octets = bytes(self._segments)
        self._segments.clear()
        pdu = strip_llc(octets)
        return PushReceived(octets if pdu is None else pdu, *addresses)


class PushReader:
    """Takes pushes from a byte stream on which nobody answers, whatever the addresses."""

    __slots__ = ("_collector", "_frames")

    def __init__(self, max_pdu: int = MAX_PDU, *, stuffed: bool = False) -> None:
        self._frames = StuffedFrameReader() if stuffed else FrameReader()
        self._collector = PushCollector(max_pdu)

    def feed(self, octets: bytes) -> list[PushReceived | FrameDiscarded]:
        """The pushes that are complete now, and what had to be thrown away."""
        events: list[PushReceived | FrameDiscarded] = []
        for found in self._frames.feed(octets):
            if isinstance(found, FrameDiscarded):
                events.append(found)
            elif found.kind not in _PUSHES:
                events.append(FrameDiscarded(DiscardReason.UNEXPECTED, found.encode()))
            elif (push := self._collector.collect(found)) is not None:
                events.append(push)
        return events
