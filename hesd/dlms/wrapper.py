"""The TCP and UDP wrapper (IEC 62056-47): eight octets in front of every APDU.

::

    version 0001 | source wPort 2 | destination wPort 2 | length 2 | APDU

There is nothing to find a frame by but the length before it, so a header that cannot be
one means the stream is out of step for good: the connection has to be given up.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

from hesd.dlms.errors import FrameError, LinkError
from hesd.dlms.link import (
    ClosedReason,
    DiscardReason,
    FrameDiscarded,
    LinkClosed,
    LinkEvent,
    LinkOpened,
    LinkParameters,
    PDUReceived,
    Role,
)

VERSION: Final = 1
HEADER_LENGTH: Final = 8
MAX_APDU: Final = 0xFFFF
# Meters that announce more than this in one frame are not known; it bounds what a
# stranger can make us hold.
DEFAULT_CAP: Final = 0x4000
_HEADER: Final = Struct(">HHHH")
_pack = _HEADER.pack
_unpack_from = _HEADER.unpack_from


@dataclass(frozen=True, slots=True)
class WPDU:
    """An APDU and the wrapper ports it goes between."""

    source: int
    destination: int
    apdu: bytes

    def encode(self) -> bytes:
        """The frame. Raises `FrameError` beyond 65535 octets."""
        return encode_wpdu(self.source, self.destination, self.apdu)


@dataclass(frozen=True, slots=True)
class StreamBroken:
    """No frame can be found in this stream any more."""

    reason: DiscardReason
    octets: bytes


def encode_wpdu(source: int, destination: int, apdu: bytes) -> bytes:
    """An APDU with its header. Raises `FrameError` beyond 65535 octets."""
    if len(apdu) > MAX_APDU:
        raise FrameError(f"a wrapper APDU of {len(apdu)} octets")
    return _pack(VERSION, source, destination, len(apdu)) + apdu


class WPDUReader:
    """Cuts a stream into frames of at most `max_apdu` octets."""

    __slots__ = ("_broken", "_buffer", "_max_apdu")

    def __init__(self, max_apdu: int = DEFAULT_CAP) -> None:
        self._max_apdu = max_apdu
        self._buffer = b""
        self._broken = False

    @property
    def pending(self) -> bytes:
        """The octets of a frame that has only begun."""
        return self._buffer

    def feed(self, octets: bytes) -> list[WPDU | StreamBroken]:
        """The frames that are complete now; `StreamBroken`, once, is the last event of all."""
        return [found if isinstance(found, StreamBroken) else WPDU(*found) for found in self.cut(octets)]

    def cut(self, octets: bytes) -> list[tuple[int, int, bytes] | StreamBroken]:
        """The same as `feed` with source, destination and APDU bare, for who needs no more."""
        if self._broken:
            return []
        if self._buffer:
            octets = self._buffer + octets
        found: list[tuple[int, int, bytes] | StreamBroken] = []
        start, available = 0, len(octets)
        while available - start >= HEADER_LENGTH:
            version, source, destination, length = _unpack_from(octets, start)
            if version != VERSION or length > self._max_apdu:
                reason = DiscardReason.OVERSIZE if version == VERSION else DiscardReason.VERSION
                found.append(StreamBroken(reason, octets[start : start + HEADER_LENGTH]))
                self._broken, start = True, available
                break
            end = start + HEADER_LENGTH + length
            if end > available:
                break
            found.append((source, destination, octets[start + HEADER_LENGTH : end]))
            start = end
        self._buffer = octets[start:]
        return found


class WrapperLink:
    """A `Link` over the wrapper: open as soon as it is asked to be, for TCP is already there."""

    __slots__ = ("_events", "_open", "_out", "_reader", "own", "peer", "role")

    def __init__(self, role: Role, own: int, peer: int, max_apdu: int = DEFAULT_CAP) -> None:
        self.role = role
        self.own = own
        self.peer = peer
        # A server answers from the start; a client that has not connected is not open.
        self._open = role is Role.SERVER
        self._reader = WPDUReader(max_apdu)
        self._out: list[bytes] = []
        self._events: list[LinkEvent] = []

    @property
    def is_open(self) -> bool:
        return self._open

    def connect(self) -> None:
        """`LinkOpened` comes with the next call of `receive`, which may be given nothing."""
        if self._open:
            raise LinkError("the wrapper link is open")
        self._open = True
        self._events.append(LinkOpened(LinkParameters(DEFAULT_CAP, DEFAULT_CAP)))

    def send(self, pdu: bytes) -> None:
        """Send an APDU. Raises `LinkError` when not open, `FrameError` beyond 65535 octets."""
        if not self._open:
            raise LinkError("the wrapper link is not open")
        self._out.append(encode_wpdu(self.own, self.peer, pdu))

    def disconnect(self) -> None:
        """`LinkClosed` comes with the next call of `receive`."""
        if not self._open:
            raise LinkError("the wrapper link is not open")
        self._open = False
        self._events.append(LinkClosed(ClosedReason.RELEASED))

    def timed_out(self) -> None:
        """TCP repeats what was lost; there is nothing to do."""

    def data_to_send(self) -> bytes:
        out, self._out = self._out, []
        return out[0] if len(out) == 1 else b"".join(out)

    def receive(self, octets: bytes) -> list[LinkEvent]:
        events, self._events = self._events, []
        for found in self._reader.cut(octets):
            if isinstance(found, StreamBroken):
                self._open = False
                events.append(FrameDiscarded(found.reason, found.octets))
                events.append(LinkClosed(ClosedReason.BROKEN))
                break
            source, destination, apdu = found
            if source == self.peer and destination == self.own:
                events.append(PDUReceived(apdu))
            else:
                events.append(FrameDiscarded(DiscardReason.STRANGER, encode_wpdu(*found)))
        return events
