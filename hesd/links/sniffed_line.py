"""What a meter says on a connection that it opened, and what that leads to.

Until somebody wants a conversation, what comes is sniffed: logins and heartbeats are
answered, pushes handed on, a meter that takes the client's part let do so or sent away.
From the first conversation on a separator keeps those apart from its frames.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

from twisted.internet.interfaces import IReactorTime

from hesd.dialin.event import (
    AlarmReceived,
    Event,
    Family,
    HeartbeatReceived,
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
from hesd.dialin.identity import Claim, ClaimSource, claim_of
from hesd.dialin.inverted import AssociationAsked, NotificationReceived, RegistrationServer
from hesd.dialin.recognise import Rules
from hesd.dialin.separate import NOTIFICATIONS, Separator
from hesd.dialin.sniff import Sniffer
from hesd.dlms.link import DiscardReason
from hesd.links.apdu_line import MeterAddress, Push
from hesd.links.dlms_conversation import Purpose
from hesd.links.dlms_line import DLMSLine
from hesd.links.flight_recorder import FlightRecorder
from hesd.links.write_now import write_now

_RECORDED: Final = 2048
_NAMING: Final = (LoginReceived, HeartbeatReceived, RegistrationReceived)


class Home(Protocol):
    """Whom the connections of a listener tell what they hear. `answers` meters that ask themselves."""

    clock: IReactorTime
    framing: Layer
    rules: Rules
    answers: bool

    def identified(self, connection: Any, kind: str) -> None: ...

    def named_again(self, connection: Any) -> None: ...

    def claimed(self, connection: Any) -> None: ...

    def pushed(self, connection: Any, push: Push) -> None: ...

    def alarmed(self, connection: Any, alarm: AlarmReceived) -> None: ...

    def refuse(self, connection: Any, reason: str, detail: str = "") -> None: ...


class SniffedLine(DLMSLine):
    """`claim` and `family` are what it says it is; `identified` once somebody has been told of it."""

    __slots__ = ("_home", "_serving", "_stream", "claim", "family", "identified")

    def __init__(self, home: Home, name: str) -> None:
        super().__init__(name, home.clock, home.framing, recorder=FlightRecorder(max_octets=_RECORDED))
        self._home = home
        self._stream: Sniffer | Separator = Sniffer(home.rules)
        self._serving: RegistrationServer | None = None
        self.family: Family | None = None
        self.claim: Claim | None = None
        self.identified = False

    def data_received(self, data: bytes) -> None:
        self.counters.bytes_in += len(data)
        self.go_on()
        is_whole = not self.pending
        events = self._stream.feed(data)
        # So that it is seen how a meter began; its heartbeats would push out everything else.
        if is_whole and not self.identified and len(events) == 1 and isinstance(events[0], _NAMING):
            self.record(False, data)
        self._take(events)

    @property
    def pending(self) -> int:
        """How many octets there are of something that has only begun."""
        return len(self._stream.rest)

    @property
    def is_served(self) -> bool:
        """Whether the meter takes the client's part for now."""
        return self._serving is not None

    def settle(self) -> None:
        """It has been quiet for a moment, or for good: what may be complete is complete."""
        self._take(self._stream.settle())

    def identify(self, kind: str) -> None:
        """Tell of it once; `kind` is its family, or why it is told of without one."""
        if not self.identified:
            self.identified = True
            self._home.identified(self, kind)

    def take_over(self) -> None:
        """The meter's own conversation is over: the client's part is ours."""
        self._serving = None
        self.identify("meter initiated")

    def _take(self, events: list[Event]) -> None:
        for event in events:
            if self._transport is None:
                return
            self._take_one(event)

    def _take_one(self, event: Event) -> None:
        match event:
            case LoginReceived() | HeartbeatReceived():
                self._reply(event.reply)
                self._named(event.family, claim_of(event))
            case RegistrationReceived():
                self._named(Family.ASCII, claim_of(event))
            case AlarmReceived():
                self._identify_as(Family.PUSH, claim_of(event))
                self._home.alarmed(self, event)
            case PushReceived():
                self._identify_as(Family.PUSH, None)
                self._take_frame(event.layer, event.frame)
            case MeterInitiated():
                self._serve(event)
            case LinkOctets():
                self._take_frame(event.layer, event.octets)
            case OctetsDiscarded():
                self.discard(DiscardReason.NOISE, event.reason)
            case StreamRefused():
                self._home.refuse(self, "not understood", event.reason)
            case Unsupported():
                self._home.refuse(self, str(event.kind))

    def _reply(self, octets: bytes) -> None:
        """Acknowledge a login or heartbeat."""
        if not self.identified:
            self.record(True, octets)
        if self._transport is not None:
            write_now(self._transport, octets)

    def _named(self, family: Family, claim: Claim | None) -> None:
        was_identified = self.identified
        self._identify_as(family, claim)
        if was_identified:
            self._home.named_again(self)

    def _identify_as(self, family: Family, claim: Claim | None) -> None:
        self.family = self.family or family
        is_news = claim is not None and (self.claim is None or not self.claim.names(claim.serial))
        if is_news:
            self.claim = claim
        if not self.identified:
            self.identify(family)
        elif is_news:
            self._home.claimed(self)

    def _take_frame(self, layer: Layer, frame: bytes) -> None:
        if self._serving is not None:
            self._answer(self._serving, frame)
        elif layer is Layer.APDU:
            self._take_bare(frame)
        elif layer is self._layer or isinstance(self._stream, Sniffer):
            if layer is not self._layer:
                self._layer, self._framing = layer, None
            self._frames().receive(frame)
        else:
            self.discard(DiscardReason.UNEXPECTED)

    def _take_bare(self, apdu: bytes) -> None:
        """An APDU without a header belongs to whoever was asked last."""
        self.record(False, apdu)
        if apdu[0] in NOTIFICATIONS:
            self.pushed(apdu, MeterAddress())
        elif (turn := self.current) is not None and turn.purpose is Purpose.EXCHANGE:
            self.conclude(turn, apdu)
        else:
            self.discard(DiscardReason.UNEXPECTED)

    def _serve(self, event: MeterInitiated) -> None:
        if not self._home.answers:
            self._home.refuse(self, "meter initiated")
            return
        if self._serving is None:
            self._serving = RegistrationServer(event.layer)
        self._answer(self._serving, event.frame)

    def _answer(self, server: RegistrationServer, frame: bytes) -> None:
        self.record(False, frame)
        for event in server.receive(frame):
            if isinstance(event, AssociationAsked) and event.calling_ap_title and self.claim is None:
                self.claim = Claim(event.calling_ap_title.hex(), ClaimSource.SYSTEM_TITLE)
            elif isinstance(event, NotificationReceived):
                self._identify_as(Family.PUSH, None)
                self.pushed(event.pdu, MeterAddress())
        if (answer := server.data_to_send()) and self._transport is not None:
            self.record(True, answer)
            write_now(self._transport, answer)

    def _tell_push(self, push: Push) -> None:
        super()._tell_push(push)
        self._home.pushed(self, push)
