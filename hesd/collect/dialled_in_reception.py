"""Takes those who dial in: whose connection is whose.

What a connection claims is looked up among the placed meters, asked of the meter where it
does not say, and left in quarantine where nobody knows it. A meter with a connection keeps
it until another one has proved itself, with our own association on it and the serial
number read back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.logger import Logger

from hesd.collect.dialled_in_proof import DialInProof
from hesd.collect.dialled_in_question import ask_who
from hesd.collect.dialled_in_register import DialInRegister
from hesd.collect.dialled_in_strangers import Strangers
from hesd.collect.dialled_in_watch import SilenceWatch
from hesd.collect.dlms_crew import DLMSCrew
from hesd.collect.dlms_desk import DLMSDesk
from hesd.collect.dlms_roster import DLMSRoster
from hesd.collect.dlms_spec import DLMSMeterSpec
from hesd.collect.meter import MeterStatus
from hesd.collect.push_desk import PushDesk
from hesd.collect.session import Session
from hesd.dialin.event import AlarmReceived, Family
from hesd.dialin.identity import Claim, ClaimSource
from hesd.driver.cosem import DLMSDriver
from hesd.links.apdu_line import Conversation, Push
from hesd.links.dial_in import DialledIn
from hesd.model.errors import HesdError

_QUESTIONS_AT_ONCE: Final = 20
_QUESTION_TIMEOUT: Final = 10.0


class Reception:
    """The `DialInObserver` of all listeners."""

    log = Logger()

    def __init__(
        self,
        desk: DLMSDesk,
        roster: DLMSRoster,
        crew: DLMSCrew,
        register: DialInRegister,
        strangers: Strangers,
        proof: DialInProof,
        watch: SilenceWatch,
    ) -> None:
        self.here: set[DialledIn] = set()
        self._desk = desk
        self._roster = roster
        self._crew = crew
        self._register = register
        self._strangers = strangers
        self._proof = proof
        self._watch = watch
        self._pushes = PushDesk(desk, roster)
        self._questions = DeferredSemaphore(_QUESTIONS_AT_ONCE)

    # -- what listeners tell: see `DialInObserver` -------------------------------------------

    def identified(self, connection: DialledIn) -> None:
        """Somebody has dialled in."""
        self.here.add(connection)
        self._watch.connection(connection)
        if _names_itself(connection):
            self.sort(connection, connection.claim)
        elif connection.family is not Family.PUSH:  # what it pushed comes next, and may name it
            self._ask(connection)

    def heard(self, connection: DialledIn) -> None:
        """A sign of life: who was taken for offline has its turn."""
        for serial in self._register.served(connection):
            placed = self._roster.get(serial)
            if (
                placed is not None
                and placed.state.status is MeterStatus.OFFLINE
                and not placed.state.paused_until_ms
            ):
                self._roster.restored(placed, self._desk.clock.seconds())
                self._crew.pump()
        self._proof.heard(connection)

    def claimed(self, connection: DialledIn) -> None:
        """Somebody names itself who had not, or a concentrator another of its meters."""
        self.sort(connection, connection.claim)

    def pushed(self, connection: DialledIn, push: Push) -> None:
        """What it says unasked may name it too."""
        taken = Deferred.fromCoroutine(self._take(connection, push))
        taken.addErrback(lambda failure: self.log.failure("a push is lost", failure))

    async def _take(self, connection: DialledIn, push: Push) -> None:
        known = self._specs(connection)
        claims = await self._pushes.take(push, known)
        self._named(connection, claims)
        is_taken = bool(known) or _is_proven(claims)
        if not is_taken and (found := self._specs(connection)):
            await self._pushes.take(push, found)  # it has just told whose values it holds

    def _specs(self, connection: DialledIn) -> list[DLMSMeterSpec]:
        return [self._roster[serial].spec for serial in self._register.served(connection)]

    def alarmed(self, connection: DialledIn, alarm: AlarmReceived) -> None:
        """An alarm of the meter it is the connection of."""
        for serial in self._register.served(connection):
            self._pushes.alarm(serial, alarm)

    def lost(self, connection: DialledIn) -> None:
        """Gone; who stood beside it takes its place."""
        self.here.discard(connection)
        self._strangers.discard(connection)
        self._proof.lost(connection)
        for serial in self._register.lost(connection):
            placed = self._roster.get(serial)
            if placed is not None:
                self._crew.sessions.release(placed)
                self._roster.schedule.suspend(serial)
            for other in self._register.beside(serial)[:1]:
                self._bind(serial, other)

    # -- whose connection it is ------------------------------------------------------------

    def place(self, specs: Iterable[DLMSMeterSpec]) -> None:
        """Make these the meters that may dial in; who was a stranger may be one of them."""
        placed = {spec.serial: spec for spec in specs}
        before = {each.spec.serial: each.spec for each in self._roster}
        self._register.place(placed.values())
        homeless = [self._register.live(serial) for serial in before if serial not in placed]
        for serial in before.keys() - placed.keys():
            self._register.unbind(serial)
        self._crew.place(placed.values())
        for serial, spec in placed.items():
            if before.get(serial) != spec:
                self._watch.meter(self._roster[serial])
        for connection, claim in (*self._strangers, *((each, each.claim) for each in homeless if each)):
            if not self._register.served(connection):
                self.sort(connection, claim)

    def sort(self, connection: DialledIn, claim: Claim | None) -> None:
        """Give a connection to the meters it claims, or to quarantine."""
        serials = [] if claim is None else self._register.named(claim)
        if not serials:
            if not self._register.served(connection):
                self._strangers.add(connection, claim)
            return
        self._strangers.discard(connection)
        for serial in serials:
            if self._register.live(serial) in (None, connection):
                self._bind(serial, connection)
            elif (superfluous := self._register.stand_beside(serial, connection)) is not None:
                superfluous.close(f"too many claim to be {serial}")
            else:
                self._proof.begin(serial, connection)

    def _bind(self, serial: str, connection: DialledIn) -> None:
        placed = self._roster.get(serial)
        if placed is None or self._register.live(serial) is connection:
            return
        self._register.bind(serial, connection)
        self._roster.restored(placed, self._desk.clock.seconds())
        self._crew.pump()

    def _ask(self, connection: DialledIn) -> None:
        asking = self._questions.run(
            lambda: Deferred.fromCoroutine(
                ask_who(connection, self._drivers(connection.listener), self._stranger_session)
            )
        )
        asking.addCallback(partial(self._named, connection, at_last=True))
        asking.addErrback(lambda failure: failure.trap(HesdError))

    def _named(self, connection: DialledIn, claims: list[Claim], *, at_last: bool = False) -> None:
        """What a meter calls itself: one of these names is known, or none."""
        has_said_it = _names_itself(connection) and not _is_proven(claims)
        is_settled = has_said_it or self._register.served(connection)
        if connection not in self.here or is_settled or (connection in self._strangers and not claims):
            return
        known = next((claim for claim in claims if self._register.named(claim)), None)
        if known is not None or at_last:
            self.sort(connection, known or next(iter(claims), connection.claim))
        else:
            self._ask(connection)

    def _drivers(self, listener: str) -> Iterator[DLMSDriver]:
        """The drivers of the meters that belong to a listener, each once."""
        known: dict[str, DLMSDriver] = {}
        for placed in self._roster:
            if placed.spec.line == listener:
                known.setdefault(placed.spec.driver_name, placed.spec.driver)
        return iter(known.values())

    def _stranger_session(self, spec: DLMSMeterSpec, conversation: Conversation) -> Session:
        desk = self._desk
        return Session(spec, conversation, desk.keyring, desk.clock, timeout=_QUESTION_TIMEOUT, retries=0)


def _is_proven(claims: list[Claim]) -> bool:
    return any(claim.proven for claim in claims)


def _names_itself(connection: DialledIn) -> bool:
    """Whether it has said a number; a system title is none."""
    claim = connection.claim
    return claim is not None and claim.source is not ClaimSource.SYSTEM_TITLE
