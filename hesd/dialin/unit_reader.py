"""Cuts what a dial-in connection says into its units: frames, logins, lines of text.

Heartbeats, registrations and alarms come between the frames of a conversation at any
time, never inside one. So at the end of every unit anything may begin, and the first
octets tell what:

====================  ===============================================================
``00 01``             a wrapper frame, which may hold a family W login
``7E A.``             an HDLC frame
``8E``                a frame of family H
``68``, ``FE``        DL/T 645 or M-Bus, when it is the first thing said
letters and digits    a registration, or a DSMR 4 alarm
an APDU's tag         an APDU without a header, after a heartbeat of family W
====================  ===============================================================

Line ends and HDLC flags that open nothing are skipped. On HDLC, what is none of these is
thrown away up to the next flag. A wrapper has nothing to find the next frame by, and of a
stranger nothing is known: there it ends the stream.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from struct import Struct
from typing import Final

from hesd.dialin import family_h, family_w
from hesd.dialin.ascii_registration import line_size
from hesd.dialin.bare_apdu import MAX_APDU, apdu_size, begins_apdu
from hesd.dialin.dsmr4_alarm import alarm_size
from hesd.dialin.errors import DialInError
from hesd.dialin.event import Family, Layer
from hesd.dlms.errors import FrameError
from hesd.dlms.hdlc_frame import FLAG, MAX_LENGTH, FrameReader, HDLCFrame, decode_frame
from hesd.dlms.link import DiscardReason
from hesd.dlms.wrapper import DEFAULT_CAP, HEADER_LENGTH, VERSION

_HEADER: Final = Struct(">HHHH")
_FILL: Final = re.compile(rb"(?:[\r\n]|\x7e(?=[^\xa0-\xaf]))+")
_SHORTEST_HDLC: Final = 9
_LONGEST_HDLC_HEADER: Final = 1 + 2 + 4 + 4 + 1 + 2
# More at once than any meter says; it bounds how long one feed can take.
MAX_UNITS: Final = 1000
_PREAMBLE: Final = re.compile(rb"\xfe{0,8}")
_SHOWN: Final = 32


class UnitKind(Enum):
    WRAPPER = auto()
    HDLC = auto()
    FAMILY_H = auto()
    LINE = auto()
    ALARM = auto()
    APDU = auto()
    DLT645 = auto()
    MBUS = auto()
    NOISE = auto()
    REFUSED = auto()


_LAST: Final = (UnitKind.DLT645, UnitKind.MBUS, UnitKind.REFUSED)
_FRAMING: Final = {UnitKind.WRAPPER: Layer.WRAPPER, UnitKind.HDLC: Layer.HDLC}


@dataclass(frozen=True, slots=True)
class Unit:
    """Octets that belong together; `reason` says why they were refused or are noise."""

    kind: UnitKind
    octets: bytes
    reason: str = ""


class UnitReader:
    """Feed it whatever arrived; no more than one unit stays in memory.

    `framing` is what the conversation runs on once that is known: from its first frame, or
    from somebody who sets it. A login of family W does not tell: HDLC may follow.
    """

    __slots__ = ("_buffer", "_ended", "_families", "_in_noise", "_max_apdu", "framing", "saw_family_w")

    def __init__(self, families: frozenset[Family], max_apdu: int = DEFAULT_CAP) -> None:
        self._families = families
        self._max_apdu = max_apdu
        self._buffer = b""
        self._in_noise = False
        self._ended = False
        self.framing: Layer | None = None
        self.saw_family_w = False

    @property
    def pending(self) -> bytes:
        """The octets of a unit that has only begun."""
        return self._buffer

    def take_frame(self, octets: bytes) -> bool:
        """Whether these octets are one frame of `framing`, from its first to its last.

        That is how nearly all octets of a conversation arrive. They are then done with; else
        they must be fed. Only the length is looked at: a link checks the rest.
        """
        if self._buffer not in (b"", b"\x7e") or self._in_noise or self._ended:
            return False
        if self.framing is Layer.HDLC:
            if not _spans_hdlc(octets):
                return False
            self._buffer = b"\x7e"  # which may open the next frame
            return True
        if self.framing is None or len(octets) < HEADER_LENGTH or self._buffer:
            return False
        length = len(octets) - HEADER_LENGTH
        version, _, _, announced = _HEADER.unpack_from(octets)
        return (version, announced) == (VERSION, length) and length <= self._max_apdu

    def feed(self, octets: bytes) -> list[Unit]:
        """The units that are complete now. After one that ends the stream there are no more."""
        self._buffer += octets
        return self._cut(settled=False)

    def settle(self) -> list[Unit]:
        """Nothing more comes for now: take what may be complete for complete."""
        return self._cut(settled=True)

    def _cut(self, settled: bool) -> list[Unit]:
        octets, self._buffer = self._buffer, b""
        units: list[Unit] = []
        start = 0
        while not self._ended:
            start = self._begin(octets, start, units)
            if start >= len(octets):
                break
            if len(units) >= MAX_UNITS:
                start = self._refuse(octets, start, "more at once than a meter says", units)
                break
            try:
                kind, size = self._look_at(octets, start, settled)
            except DialInError as refusal:
                start = self._give_up(octets, start, str(refusal), units)
                continue
            if not size:
                break
            units.append(self._learn_from(Unit(kind, octets[start : start + size])))
            # The flag that closes a frame may open the next one.
            start += size - (kind is UnitKind.HDLC)
        self._buffer = b"" if self._ended else octets[start:]
        return units

    def _learn_from(self, unit: Unit) -> Unit:
        self._ended = unit.kind in _LAST
        if unit.kind is UnitKind.WRAPPER and family_w.is_family_w(unit.octets[HEADER_LENGTH:]):
            self.saw_family_w = True
        elif self.framing is None:
            self.framing = _FRAMING.get(unit.kind)
        return unit

    def _begin(self, octets: bytes, start: int, units: list[Unit]) -> int:
        """Where the next unit begins, behind noise and fill."""
        if self._in_noise:
            start = self._drop(octets, start, start, str(DiscardReason.NOISE), units)
        fill = _FILL.match(octets, start)
        return fill.end() if fill else start

    def _give_up(self, octets: bytes, start: int, reason: str, units: list[Unit]) -> int:
        if self.framing is Layer.HDLC or (octets[start] == FLAG and self.framing is None):
            return self._drop(octets, start, start + 1, reason, units)
        return self._refuse(octets, start, reason, units)

    def _refuse(self, octets: bytes, start: int, reason: str, units: list[Unit]) -> int:
        units.append(Unit(UnitKind.REFUSED, octets[start : start + _SHOWN], reason))
        self._ended = True
        return len(octets)

    def _drop(self, octets: bytes, start: int, search: int, reason: str, units: list[Unit]) -> int:
        """Throw away up to the next flag from `search` on, now or when it comes."""
        flag = octets.find(FLAG, search)
        self._in_noise = flag < 0
        end = len(octets) if flag < 0 else flag
        if end > start:
            units.append(Unit(UnitKind.NOISE, octets[start:end], reason))
        return end

    def _look_at(self, octets: bytes, start: int, settled: bool) -> tuple[UnitKind, int]:
        """What begins at `start`, and its size; 0 while more must come. Raises `DialInError`."""
        first = octets[start]
        if first == 0:
            return UnitKind.WRAPPER, self._wrapper_size(octets, start)
        if first == FLAG and self.framing is not Layer.WRAPPER:
            return UnitKind.HDLC, _hdlc_size(octets, start)
        if first == family_h.START and Family.HEXCELL in self._families:
            window = octets[start : start + family_h.MAX_FRAME]
            return UnitKind.FAMILY_H, family_h.frame_size(window, settled)
        if self.framing is None and first in (0x68, 0xFE):
            foreign = _foreign(octets, start, settled)
            if foreign is not None:
                return foreign
        if self.saw_family_w and begins_apdu(octets, start):
            return UnitKind.APDU, apdu_size(octets[start : start + MAX_APDU])
        return self._text(octets, start, settled)

    def _wrapper_size(self, octets: bytes, start: int) -> int:
        # On HDLC only a login can come in a wrapper; a 00 in noise must not hold up frames.
        limit = family_w.MAX_FRAME - HEADER_LENGTH if self.framing is Layer.HDLC else self._max_apdu
        if octets[start + 1 : start + 2] not in (b"", b"\x01"):
            raise DialInError(DiscardReason.VERSION)
        if len(octets) - start < HEADER_LENGTH:
            return 0
        version, _, _, length = _HEADER.unpack_from(octets, start)
        if version != VERSION or length > limit:
            raise DialInError(DiscardReason.OVERSIZE)
        size = HEADER_LENGTH + length
        return size if len(octets) - start >= size else 0

    def _text(self, octets: bytes, start: int, settled: bool) -> tuple[UnitKind, int]:
        if Family.PUSH in self._families:
            size = alarm_size(octets, start, settled)
            if size is not None:
                return UnitKind.ALARM, size
        if 0x20 <= octets[start] < FLAG and self._families & {Family.ASCII, Family.PUSH}:
            return UnitKind.LINE, line_size(octets, start, settled)
        raise DialInError(f"nothing a meter says here begins with {octets[start]:02x}")


def _spans_hdlc(octets: bytes) -> bool:
    """Whether one frame's length and flags fit all of these octets."""
    size = len(octets)
    if size < _SHORTEST_HDLC or octets[0] != FLAG or octets[-1] != FLAG or octets[1] & 0xF0 != 0xA0:
        return False
    return (octets[1] << 8 | octets[2]) & MAX_LENGTH == size - 2


def _hdlc_size(octets: bytes, start: int) -> int:
    """Flags included. Whether a header is one is known before the frame is waited for.

    Every false start costs little, for there may be one at every third octet.
    """
    if len(octets) - start < 3:
        return 0
    length = (octets[start + 1] << 8 | octets[start + 2]) & MAX_LENGTH
    end = start + 1 + length
    if end >= len(octets):
        found = FrameReader().feed(octets[start : start + _LONGEST_HDLC_HEADER])
        if found and not isinstance(found[0], HDLCFrame):
            raise DialInError(found[0].reason)
        return 0
    if octets[end] != FLAG:
        raise DialInError(DiscardReason.FLAG)
    try:
        decode_frame(octets[start + 1 : end])
    except FrameError as error:
        raise DialInError(str(error)) from None
    return length + 2


def _foreign(octets: bytes, start: int, settled: bool) -> tuple[UnitKind, int] | None:
    """M-Bus (68 L L 68) or DL/T 645 (68, six octets of address, 68); None for neither."""
    preamble = _PREAMBLE.match(octets, start)
    begin = preamble.end() if preamble else start
    head = octets[begin : begin + 8]
    size = len(octets) - start
    if head[:1] not in (b"", b"\x68"):
        return None
    if len(head) >= 4 and head[1] == head[2] and head[3] == 0x68:
        return UnitKind.MBUS, size
    if head[7:8] == b"\x68":
        return UnitKind.DLT645, size
    if len(head) < 8 and not settled and not (b"\r" in head or b"\n" in head):
        return UnitKind.DLT645, 0
    return None
