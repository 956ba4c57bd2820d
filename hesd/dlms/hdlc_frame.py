"""One HDLC frame (IEC 62056-46, 6.4), and the reader that finds frames in a byte stream.

::

    7E | format 2 | destination 1/2/4 | source 1/2/4 | control | HCS 2 | information | FCS 2 | 7E

The format field is of type 3: four bits 1010, the segmentation bit, eleven bits of
length. The length counts everything between the flags and alone decides where a frame
ends: 7E and 7D are plain octets inside it. HCS and FCS are CRC-16/X.25, low octet
first; a frame without information has only one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from fastcrc import crc16

from hesd.dlms.errors import FrameError
from hesd.dlms.link import DiscardReason, FrameDiscarded

FLAG: Final = 0x7E
_FLAGS: Final = b"\x7e"
_SEGMENTED: Final = 0x800
MAX_LENGTH: Final = 0x7FF
MIN_LENGTH: Final = 7  # format, two short addresses, control, HCS
FINAL: Final = 0x10  # the poll/final bit of every control field

# The X.25 checksum of any octets followed by their own checksum.
_RESIDUE: Final = 0x0F47
_checksum = crc16.ibm_sdlc


class FrameKind(Enum):
    """What a control field says; the value is the control octet without its variable bits."""

    I = 0x00  # noqa: E741 - the name in the standard
    RR = 0x01
    RNR = 0x05
    SNRM = 0x83
    DISC = 0x43
    UA = 0x63
    DM = 0x0F
    FRMR = 0x87
    UI = 0x03
    UNKNOWN = -1


def _kind_of(control: int) -> FrameKind:
    if not control & 1:
        return FrameKind.I
    fixed = control & 0x0F if control & 3 == 1 else control & ~FINAL
    return FrameKind._value2member_map_.get(fixed, FrameKind.UNKNOWN)  # type: ignore[return-value]


_KINDS: Final = tuple(_kind_of(control) for control in range(256))


@dataclass(frozen=True, slots=True)
class HDLCFrame:
    """A frame; the addresses are kept as the octets on the wire."""

    destination: bytes
    source: bytes
    control: int
    information: bytes = b""
    segmented: bool = False

    @property
    def kind(self) -> FrameKind:
        return _KINDS[self.control]

    @property
    def final(self) -> bool:
        """The poll bit of a client's frame, the final bit of a server's."""
        return self.control & FINAL != 0

    @property
    def send_sequence(self) -> int:
        """N(S); only I frames have one."""
        return self.control >> 1 & 7

    @property
    def receive_sequence(self) -> int:
        """N(R); only I, RR and RNR frames have one."""
        return self.control >> 5

    def encode(self) -> bytes:
        """The frame with its flags. Raises `FrameError` beyond 2047 octets."""
        information = self.information
        header = self.destination + self.source + bytes((self.control,))
        length = len(header) + 4 + (len(information) + 2 if information else 0)
        if length > MAX_LENGTH:
            raise FrameError(f"an HDLC frame of {length} octets")
        format_field = 0xA000 | (_SEGMENTED if self.segmented else 0) | length
        octets = format_field.to_bytes(2, "big") + header
        octets += _checksum(octets).to_bytes(2, "little")
        if information:
            octets += information
            octets += _checksum(octets).to_bytes(2, "little")
        return b"\x7e%b\x7e" % octets


class _Discard(Exception):
    """Control flow inside the reader: these octets are no frame."""

    def __init__(self, reason: DiscardReason) -> None:
        self.reason = reason


def decode_frame(octets: bytes) -> HDLCFrame:
    """The frame between two flags. Raises `FrameError`."""
    try:
        if _length(octets, 0) != len(octets):
            raise _Discard(DiscardReason.LENGTH)
        return _frame(octets, _control_at(octets, 0))
    except _Discard as discard:
        raise FrameError(f"no HDLC frame: {discard.reason}") from None
    except IndexError:
        raise FrameError("an HDLC frame that ends in its header") from None


class FrameReader:
    """Finds frames in a stream; `feed` it whatever arrived.

    Octets that cannot be a frame come out as `FrameDiscarded`. After a fault the search
    goes on at the next flag behind the one that failed, because that one may have been
    noise in front of a real frame. One flag may close a frame and open the next.
    A header is checked before its frame is waited for, so noise delays nothing, and no
    more than one frame stays in memory.
    """

    __slots__ = ("_buffer", "_max_length", "_needed")

    def __init__(self, max_length: int = MAX_LENGTH) -> None:
        self._buffer = b""
        self._needed = 0
        self._max_length = max_length

    def feed(self, octets: bytes) -> list[HDLCFrame | FrameDiscarded]:
        """The frames that are complete now, and what had to be thrown away."""
        octets = self._buffer + octets
        events: list[HDLCFrame | FrameDiscarded] = []
        start = 0
        while len(octets) - start >= self._needed:
            start = _next_flag(octets, start, events)
            try:
                end = self._end_of_frame(octets, start)
                if end is None:
                    break
                events.append(_frame(octets[start + 1 : end], _control_at(octets, start + 1) - start - 1))
            except _Discard as discard:
                end = octets.find(FLAG, start + 1)
                end = len(octets) if end < 0 else end
                events.append(FrameDiscarded(discard.reason, octets[start:end]))
            self._needed = 0
            start = end
        self._buffer = octets[start:]
        return events

    def _end_of_frame(self, octets: bytes, start: int) -> int | None:
        """Where the closing flag is; None while the frame is incomplete."""
        if len(octets) - start < MIN_LENGTH + 2:
            self._needed = MIN_LENGTH + 2
            return None
        length = _length(octets, start + 1)
        if length > self._max_length:
            raise _Discard(DiscardReason.OVERSIZE)
        end = start + 1 + length
        try:
            header = _control_at(octets, start + 1) + 3
            if header > end:
                raise _Discard(DiscardReason.LENGTH)
            octets[header - 1]
        except IndexError:
            self._needed = len(octets) - start + 1
            return None
        if _checksum(octets[start + 1 : header]) != _RESIDUE:
            raise _Discard(DiscardReason.HCS)
        if len(octets) <= end:
            self._needed = length + 2
            return None
        if octets[end] != FLAG:
            raise _Discard(DiscardReason.FLAG)
        return end


def _next_flag(octets: bytes, start: int, events: list[HDLCFrame | FrameDiscarded]) -> int:
    """The last of the flags at or after `start`, which is where a frame may begin."""
    flag = octets.find(FLAG, start)
    flag = len(octets) if flag < 0 else flag
    if flag > start:
        events.append(FrameDiscarded(DiscardReason.NOISE, octets[start:flag]))
    while octets[flag + 1 : flag + 2] == b"\x7e":
        flag += 1
    return flag


def _length(octets: bytes, at: int) -> int:
    """The length in the format field."""
    if octets[at] & 0xF0 != 0xA0:
        raise _Discard(DiscardReason.FORMAT)
    length = (octets[at] << 8 | octets[at + 1]) & MAX_LENGTH
    if length < MIN_LENGTH:
        raise _Discard(DiscardReason.LENGTH)
    return length


def _control_at(octets: bytes, at: int) -> int:
    """Where the control field is in the frame whose format field is at `at`."""
    source = at + 3 if octets[at + 2] & 1 else _after_address(octets, at + 2)
    return source + 1 if octets[source] & 1 else _after_address(octets, source)


def _after_address(octets: bytes, at: int) -> int:
    """The lowest bit of an address octet says that it is the last (6.4.2.2)."""
    end = at
    while not octets[end] & 1:
        end += 1
        if end - at >= 4:
            raise _Discard(DiscardReason.ADDRESS)
    if end - at == 2:
        raise _Discard(DiscardReason.ADDRESS)
    return end + 1


def _frame(octets: bytes, control: int) -> HDLCFrame:
    """The frame whose octets, without flags, have been found complete."""
    header = control + 3
    information = octets[header:-2]
    if len(octets) == header + 1 or _checksum(octets[:header]) != _RESIDUE:
        raise _Discard(DiscardReason.HCS)
    if len(octets) > header and _checksum(octets) != _RESIDUE:
        raise _Discard(DiscardReason.FCS)
    source = 3 if octets[2] & 1 else _after_address(octets, 2)
    return HDLCFrame(
        octets[2:source],
        octets[source:control],
        octets[control],
        information,
        octets[0] & 0x08 != 0,
    )
