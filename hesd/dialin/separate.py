"""Tells a conversation from what else comes on its connection: heartbeats, logins, pushes.

Those come whenever they like, so a request may be followed by a heartbeat and then by its
answer. What the link gets is whole frames and nothing else.
"""

from __future__ import annotations

from typing import Final

from hesd.dialin.event import Event, Layer, LinkOctets, OctetsDiscarded, PushReceived, StreamRefused
from hesd.dialin.recognise import Rules, recognise
from hesd.dialin.unit_reader import Unit, UnitKind, UnitReader
from hesd.dlms.ciphered import SERVICE_TAGS
from hesd.dlms.notification import DATA_NOTIFICATION, EVENT_NOTIFICATION
from hesd.dlms.short_name import INFORMATION_REPORT
from hesd.dlms.wrapper import HEADER_LENGTH

# APDUs that are never an answer; two of them may be ciphered for an association.
NOTIFICATIONS: Final = frozenset(
    (
        DATA_NOTIFICATION,
        EVENT_NOTIFICATION,
        *SERVICE_TAGS[EVENT_NOTIFICATION],
        INFORMATION_REPORT,
        *SERVICE_TAGS[INFORMATION_REPORT],
    )
)
# The pre-established client, which never asks anything, at the wrapper port 102.
_PUSH_PORT: Final = b"\x00\x66"
_PORT: Final = slice(4, 6)
# What a wrapper frame begins with that may not be meant for the link: logins, heartbeats.
_LOGINS: Final = (0x0A, 0x0C)


class Separator:
    """Takes the octets of a connection on which we speak with a meter.

    Feeds of exactly one frame, the usual ones, cost next to nothing.
    """

    __slots__ = ("_reader", "_rules", "framing")

    def __init__(self, framing: Layer, rules: Rules, reader: UnitReader | None = None) -> None:
        self.framing = framing
        self._rules = rules
        self._reader = UnitReader(rules.families, rules.max_apdu) if reader is None else reader
        self._reader.framing = framing

    @property
    def rest(self) -> bytes:
        """The octets of something that has only begun."""
        return self._reader.pending

    def feed(self, octets: bytes) -> list[Event]:
        """What these octets complete, in their order. `StreamRefused` is the last event of all."""
        if self._reader.take_frame(octets):
            if self.framing is Layer.HDLC:
                return [LinkOctets(Layer.HDLC, octets)]
            return [self._wrapped(octets)]
        return [self._event_of(unit) for unit in self._reader.feed(octets)]

    def settle(self) -> list[Event]:
        """To be called before something is sent again, or when the connection has closed.

        Some frames and lines have no end but that nothing follows.
        """
        return [self._event_of(unit) for unit in self._reader.settle()]

    def _event_of(self, unit: Unit) -> Event:
        if unit.kind is UnitKind.REFUSED:
            return StreamRefused(unit.reason, unit.octets)
        if unit.kind is UnitKind.NOISE:
            return OctetsDiscarded(unit.reason, unit.octets)
        if unit.kind is UnitKind.HDLC:
            return LinkOctets(Layer.HDLC, unit.octets)  # the link tells pushes by their control field
        if unit.kind is UnitKind.WRAPPER:
            return self._wrapped(unit.octets)
        if unit.kind is UnitKind.APDU:
            return _pushed_or_linked(Layer.APDU, unit.octets, unit.octets[0])
        return recognise(unit, self._rules) or OctetsDiscarded("not understood", unit.octets)

    def _wrapped(self, octets: bytes) -> Event:
        tag = octets[HEADER_LENGTH] if len(octets) > HEADER_LENGTH else None
        if tag in _LOGINS and (event := recognise(Unit(UnitKind.WRAPPER, octets), self._rules)):
            return event
        if octets[_PORT] == _PUSH_PORT:
            return PushReceived(Layer.WRAPPER, octets)
        return _pushed_or_linked(Layer.WRAPPER, octets, tag)


def _pushed_or_linked(layer: Layer, octets: bytes, tag: int | None) -> Event:
    return (PushReceived if tag in NOTIFICATIONS else LinkOctets)(layer, octets)
