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
from enum import IntEnum
from typing import Final

from fastcrc import crc16

from hesd.dlms.errors import FrameError
from hesd.dlms.link import DiscardReason, FrameDiscarded

FLAG: Final = 0x7E
_FLAGS: Final = b"\x7e"
_SEGMENTED: Final = 0x800
MAX_LENGTH: Final = 0x7FF
MIN_LENGTH: Final = 7  # format, two short addresses, control, HCS
_SHORTEST: Final = MIN_LENGTH + 2  # with its flags
FINAL: Final = 0x10  # the poll/final bit of every control field

# The X.25 checksum of any octets followed by their own checksum.
_RESIDUE: Final = 0x0F47
_checksum = crc16.ibm_sdlc


class FrameKind(IntEnum):
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
        return encode_frame(self.destination, self.source, self.control, self.information, self.segmented)


def encode_frame(
    destination: bytes, source: bytes, control: int, information: bytes = b"", segmented: bool = False
) -> bytes:
    """A frame with its flags. Raises `FrameError` beyond 2047 octets."""
    length = len(destination) + len(source) + 5 + (len(information) + 2 if information else 0)
    if length > MAX_LENGTH:
        raise FrameError(f"an HDLC frame of {length} octets")
    format_field = 0xA000 | (_SEGMENTED if segmented else 0) | length
    octets = b"%b%b%b%c" % (format_field.to_bytes(2, "big"), destination, source, control)
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
        found = _frame_at(b"\x7e%b\x7e" % octets, 0)
    except _Discard as discard:
        raise FrameError(f"no HDLC frame: {discard.reason}") from None
    if isinstance(found, int) or found[1] != len(octets) + 1:
        raise FrameError(f"no HDLC frame: {DiscardReason.LENGTH}")
    return found[0]


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
        self._needed = _SHORTEST
        self._max_length = max_length

    def feed(self, octets: bytes) -> list[HDLCFrame | FrameDiscarded]:
        """The frames that are complete now, and what had to be thrown away."""
        octets = self._buffer + octets
        events: list[HDLCFrame | FrameDiscarded] = []
        start = 0
        while len(octets) - start >= self._needed:
            if octets[start] != FLAG or octets[start + 1] == FLAG:
                start = _last_flag(octets, start, events)
            try:
                found = _frame_at(octets, start, self._max_length)
            except _Discard as discard:
                end = octets.find(FLAG, start + 1)
                end = len(octets) if end < 0 else end
                events.append(FrameDiscarded(discard.reason, octets[start:end]))
            else:
                if isinstance(found, int):
                    self._needed = found
                    break
                frame, end = found
                events.append(frame)
            self._needed = _SHORTEST
            start = end
        self._buffer = octets[start:]
        return events


def _last_flag(octets: bytes, start: int, events: list[HDLCFrame | FrameDiscarded]) -> int:
    """The last of the flags at or after `start`, which is where a frame may begin."""
    flag = octets.find(FLAG, start)
    flag = len(octets) if flag < 0 else flag
    if flag > start:
        events.append(FrameDiscarded(DiscardReason.NOISE, octets[start:flag]))
    while octets.startswith(b"\x7e\x7e", flag):
        flag += 1
    return flag


def _frame_at(octets: bytes, flag: int, max_length: int = MAX_LENGTH) -> tuple[HDLCFrame, int] | int:
    """The frame that `flag` opens and where its closing flag is.

    While it is incomplete, how many octets there must be at least to look again.
    """
    available = len(octets) - flag
    if available < _SHORTEST:
        return _SHORTEST
    start = flag + 1
    if octets[start] & 0xF0 != 0xA0:
        raise _Discard(DiscardReason.FORMAT)
    length = (octets[start] << 8 | octets[start + 1]) & MAX_LENGTH
    if not MIN_LENGTH <= length <= max_length:
        raise _Discard(DiscardReason.LENGTH if length < MIN_LENGTH else DiscardReason.OVERSIZE)
    try:
        source = start + 3 if octets[start + 2] & 1 else _after_address(octets, start + 2)
        control = source + 1 if octets[source] & 1 else _after_address(octets, source)
    except IndexError:
        return available + 1
    body, end = control + 3, start + length
    if body > end or body + 1 == end:
        raise _Discard(DiscardReason.LENGTH)
    if len(octets) < body:
        return body - flag
    if _checksum(octets[start:body]) != _RESIDUE:
        raise _Discard(DiscardReason.HCS)
    if len(octets) <= end:
        return length + 2
    if octets[end] != FLAG:
        raise _Discard(DiscardReason.FLAG)
    if body < end and _checksum(octets[start:end]) != _RESIDUE:
        raise _Discard(DiscardReason.FCS)
    information = octets[body : end - 2]
    segmented = octets[start] & 0x08 != 0
    frame = HDLCFrame(
        octets[start + 2 : source], octets[source:control], octets[control], information, segmented
    )
    return frame, end


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
