"""What a meter says first on an accepted connection, and so who it may be.

A meter dials, says who it is in the way of its family, pushes, waits to be asked, or
wrongly asks itself. The sniffer tells which, from the octets alone; that a meter says
nothing is for whoever has a clock to see. It goes on until the conversation begins: then
`hand_over` gives the stream, with what is left in it, to a `Separator`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from hesd.dialin.errors import DialInError
from hesd.dialin.event import (
    AlarmReceived,
    Event,
    Family,
    ForeignProtocol,
    HeartbeatReceived,
    Initiation,
    Layer,
    LinkOctets,
    LoginReceived,
    MeterInitiated,
    OctetsDiscarded,
    PushReceived,
    RegistrationReceived,
    StreamRefused,
    Unsupported,
)
from hesd.dialin.recognise import Rules, recognise
from hesd.dialin.separate import NOTIFICATIONS, Separator
from hesd.dialin.unit_reader import Unit, UnitKind, UnitReader
from hesd.dlms.acse import AARQ_TAG
from hesd.dlms.block_transfer import GENERAL_BLOCK_TRANSFER
from hesd.dlms.ciphered import (
    GENERAL_CIPHERING,
    GENERAL_DED_CIPHERING,
    GENERAL_GLO_CIPHERING,
    GENERAL_SIGNING,
)
from hesd.dlms.hdlc_frame import FrameKind, decode_frame
from hesd.dlms.hdlc_push import strip_llc
from hesd.dlms.wrapper import HEADER_LENGTH

# As the first thing a meter says, these can be no answers.
PUSHES: Final = NOTIFICATIONS | {
    GENERAL_BLOCK_TRANSFER,
    GENERAL_GLO_CIPHERING,
    GENERAL_DED_CIPHERING,
    GENERAL_CIPHERING,
    GENERAL_SIGNING,
}
_IDENTIFYING: Final = (LoginReceived, HeartbeatReceived, RegistrationReceived, AlarmReceived, PushReceived)
_FOREIGN: Final = {UnitKind.DLT645: ForeignProtocol.DLT645, UnitKind.MBUS: ForeignProtocol.MBUS}
_LAST: Final = (StreamRefused, Unsupported)


class Sniffer:
    """Takes the octets of one accepted connection.

    `families` are the names a listener lists, `pattern` finds a meter's number in a line
    of text; a listener with many connections makes its `Rules` once and gives those
    instead. Raises `PatternError`, and `ValueError` for a name that is no family.
    """

    __slots__ = ("_asked_by_meter", "_ended", "_identified", "_reader", "_rules", "_unidentified")

    def __init__(self, families: Iterable[str] | Rules, pattern: str | re.Pattern[str] | None = None) -> None:
        self._rules = families if isinstance(families, Rules) else Rules.of(families, pattern)
        self._reader = UnitReader(self._rules.families, self._rules.max_apdu)
        self._identified = False
        self._asked_by_meter = False
        self._unidentified = 0
        self._ended = False

    @property
    def framing(self) -> Layer | None:
        """What the conversation runs on, as far as this was said."""
        if self._reader.framing is None and self._reader.saw_family_w:
            return Layer.WRAPPER
        return self._reader.framing

    @property
    def rest(self) -> bytes:
        """The octets of something that has only begun."""
        return self._reader.pending

    def feed(self, octets: bytes) -> list[Event]:
        """What these octets complete. After `StreamRefused` or `Unsupported` there is nothing more."""
        return self._events(self._reader.feed(octets))

    def settle(self) -> list[Event]:
        """To be called when the connection has been quiet for a moment, or has closed.

        Some frames and lines have no end but that nothing follows.
        """
        return self._events(self._reader.settle())

    def hand_over(self, framing: Layer | None = None) -> Separator:
        """The stream from here on, for a conversation; this sniffer is done with it.

        `framing` overrules what was seen, and is needed where nothing was. Raises `DialInError`
        for a stream that is over, or of which nobody knows the framing.
        """
        framing = framing or self.framing
        if self._ended or framing is None:
            raise DialInError("this stream has ended" if self._ended else "the framing is not known")
        self._ended = True
        return Separator(framing, self._rules, self._reader)

    def _events(self, units: list[Unit]) -> list[Event]:
        events: list[Event] = []
        for unit in units:
            if self._ended:
                break
            event = self._event_of(unit)
            self._unidentified += len(unit.octets)
            if isinstance(event, _IDENTIFYING):
                self._identified, self._unidentified = True, 0
            elif self._unidentified > self._rules.max_unidentified:
                event = StreamRefused("too much said by nobody", unit.octets[:32])
            self._ended = isinstance(event, _LAST)
            events.append(event)
        return events

    def _event_of(self, unit: Unit) -> Event:
        if unit.kind in _FOREIGN:
            return Unsupported(_FOREIGN[unit.kind], unit.octets)
        if unit.kind is UnitKind.REFUSED:
            return StreamRefused(unit.reason, unit.octets)
        if unit.kind is UnitKind.NOISE:
            return OctetsDiscarded(unit.reason, unit.octets)
        event = recognise(unit, self._rules)
        if event is None:
            return self._hdlc(unit.octets) if unit.kind is UnitKind.HDLC else self._apdu(unit)
        if isinstance(event, OctetsDiscarded) and unit.kind is UnitKind.LINE and not self._identified:
            return StreamRefused(event.reason, unit.octets)
        return event

    def _apdu(self, unit: Unit) -> Event:
        layer, at = (Layer.WRAPPER, HEADER_LENGTH) if unit.kind is UnitKind.WRAPPER else (Layer.APDU, 0)
        tag = unit.octets[at] if len(unit.octets) > at else None
        if tag == AARQ_TAG:
            self._asked_by_meter = True
            return MeterInitiated(Initiation.AARQ, layer, unit.octets)
        if tag in (NOTIFICATIONS if self._asked_by_meter else PUSHES):
            return self._push(layer, unit.octets)
        return LinkOctets(layer, unit.octets)

    def _hdlc(self, octets: bytes) -> Event:
        frame = decode_frame(octets[1:-1])
        if frame.kind is FrameKind.SNRM:
            self._asked_by_meter = True
            return MeterInitiated(Initiation.SNRM, Layer.HDLC, octets)
        if frame.kind not in (FrameKind.I, FrameKind.UI) or not frame.information:
            return LinkOctets(Layer.HDLC, octets)
        pdu = strip_llc(frame.information)
        if pdu and pdu[0] == AARQ_TAG:
            self._asked_by_meter = True
            return MeterInitiated(Initiation.AARQ, Layer.HDLC, octets)
        if frame.kind is FrameKind.I and self._asked_by_meter:
            return LinkOctets(Layer.HDLC, octets)
        return self._push(Layer.HDLC, octets)

    def _push(self, layer: Layer, frame: bytes) -> Event:
        if Family.PUSH in self._rules.families or self._identified:
            return PushReceived(layer, frame)
        return StreamRefused("pushes are not expected here", frame)
