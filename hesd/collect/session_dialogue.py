"""One association over one conversation: what is asked, and the answer that belongs to it.

What comes in between does not count: late answers to something else (their invoke id tells),
and what cannot be trusted. Listening goes on until the time for the answer is over; only
then is the distrusted what the meter said.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from hesd.collect.session_counters import Counters
from hesd.collect.session_errors import AssociationFailed, AssociationGone, ServiceRejected
from hesd.dlms.apdu import APDU
from hesd.dlms.association import (
    APDUDiscarded,
    APDUReceived,
    Associated,
    AssociationEvent,
    AssociationLost,
    AssociationRefused,
    Released,
    Terms,
)
from hesd.dlms.client_association import ClientAssociation
from hesd.dlms.errors import BlockError, DLMSError
from hesd.dlms.exception import ConfirmedServiceError, ExceptionResponse
from hesd.dlms.invoke_id import invoke_octets
from hesd.dlms.transfer import Transfer
from hesd.links.apdu_line import Conversation
from hesd.links.modbus_link import Priority
from hesd.model.errors import HesdError, LinkDown, NoReply

# AARQ, the proof of HLS, the proof inside it: what one opening takes of our counters.
_FOR_OPENING: Final = 4
# Of what is not the answer, as much is listened to at a time.
_PATIENCE: Final = 32
# A year of a load profile in blocks of 100 octets is less.
_MAX_BLOCKS: Final = 1 << 16
# Header, counter, tag and length of a ciphered APDU.
_CIPHERING: Final = 24
_RELEASE_TIMEOUT: Final = 2.0

# What an event means for what was asked; None where that goes on.
Meaning = Callable[[AssociationEvent], Any]


class Dialogue:
    """One thing is asked at a time. `counters` are those of the terms' protection, where there is one.

    From the request to its outcome it is the line that calls: nothing waits in between.
    """

    def __init__(
        self,
        conversation: Conversation,
        terms: Terms,
        clock: IReactorTime,
        timeout: float,
        counters: Counters | None = None,
    ) -> None:
        self.invokes = invoke_octets()
        self._conversation = conversation
        self._association = ClientAssociation(terms)
        self._clock = clock
        self._timeout = timeout
        self._counters = counters
        # Of what is asked, what is told of it, and how it was to be asked.
        self._outcome: Deferred[Any] | None = None
        self._meaning: Meaning
        self._priority: Priority
        self._seconds: float
        self._exchanges = 0  # of a transfer, so far
        # Since the request: how much came that did not count, until when more may, what was wrong with it.
        self._came: int
        self._until: float | None
        self._doubt: DLMSError | None

    @property
    def agreed(self) -> Associated | None:
        return self._association.agreed

    @property
    def room(self) -> int:
        """How long an APDU to the meter may be, in octets before it is ciphered."""
        agreed = self._association.agreed
        longest = 0xFFFF if agreed is None else agreed.max_pdu
        return longest - _CIPHERING if self._association.terms.context.is_ciphered else longest

    async def open(self, priority: Priority) -> Associated:
        """Open the link and associate.

        Raises `AssociationFailed` where one side refuses, and what the conversation brings.
        """
        if self._counters is not None:
            await self._counters.ensure(_FOR_OPENING)
        if not self._conversation.is_open:
            await self._conversation.open(timeout=self._timeout, priority=priority)
        self._association.associate()
        agreed: Associated = await self._ask(_concluded, priority, self._timeout)
        return agreed

    async def ask(self, request: APDU, is_answer: Callable[[APDU], bool], priority: Priority) -> APDU:
        """Send a request, once, and return its answer.

        Raises `LinkDown` where nothing was sent, `AssociationGone`, `ServiceRejected`,
        `NoReply` where no answer came, and the `ProtocolError` of what came instead of one.
        """
        if self._counters is not None:
            await self._counters.ensure(1)
        self._exchanges = 0
        self._association.send(request)
        answer: APDU = await self._ask(partial(_answer, is_answer), priority, self._timeout)
        return answer

    async def run(self, transfer: Transfer, priority: Priority) -> None:
        """Carry a transfer through; raises what `ask` and the transfer raise.

        `LinkDown` comes only where nothing of it was sent.
        """
        self._exchanges = 0
        while (request := transfer.request) is not None:
            if self._counters is not None:
                await self._counters.ensure(1)
            self._association.send(request)
            await self._ask(partial(self._carried, transfer), priority, self._timeout)

    async def release(self, priority: Priority = Priority.POLL) -> None:
        """Give the association back; raises as `ask` does."""
        if self.agreed is None:
            return
        if self._counters is not None:
            await self._counters.ensure(1)
        self._association.release()
        await self._ask(_released, priority, min(self._timeout, _RELEASE_TIMEOUT))

    def _carried(self, transfer: Transfer, event: AssociationEvent) -> bool | None:
        """Take an answer and ask on; True at the end, or when counters have to be reserved first."""
        answer = _answer(transfer.is_answered_by, event)
        if answer is None:
            return None
        transfer.receive(answer)
        self._exchanges += 1
        if transfer.request is None or (self._counters is not None and not self._counters.own.left):
            return True
        if self._exchanges == _MAX_BLOCKS:
            raise BlockError(f"more than {_MAX_BLOCKS} blocks")
        self._association.send(transfer.request)
        return None

    # -- between the line and whoever waits for the outcome ---------------------------------

    def _ask(self, meaning: Meaning, priority: Priority, seconds: float) -> Deferred[Any]:
        """Send what is due and listen until something that came means anything."""
        self._meaning, self._priority, self._seconds = meaning, priority, seconds
        outcome: Deferred[Any] = Deferred()
        self._outcome = outcome
        self._send(self._association.pdus_to_send()[0])
        return outcome

    def _send(self, pdu: bytes) -> None:
        self._came, self._until, self._doubt = 0, None, None
        self._conversation.exchange(pdu, self, timeout=self._seconds, priority=self._priority)

    @property
    def is_listening(self) -> bool:
        """See `Listener`; who asked may have lost interest."""
        return self._outcome is not None and not self._outcome.called

    def heard(self, pdu: bytes) -> None:
        """See `Listener`."""
        outcome = self._outcome
        if outcome is None or outcome.called:
            return
        meant = None
        try:
            for event in self._association.receive(pdu):
                meant = self._meaning(event)
                if meant is not None:
                    break
                self._doubt = _doubt(event) or self._doubt
        except Exception:
            outcome.errback()
            return
        if meant is not None:
            outcome.callback(meant)
        elif due := self._association.pdus_to_send():
            self._send(due[0])
        else:
            self._listen_on(outcome)

    def missed(self, error: HesdError) -> None:
        """See `Listener`."""
        if self._outcome is None or self._outcome.called:
            return
        if isinstance(error, LinkDown) and self._exchanges:
            error = NoReply(f"broken off in the middle: {error}")
        elif isinstance(error, NoReply) and self._doubt is not None:
            error = self._doubt
        self._outcome.errback(error)

    def _listen_on(self, outcome: Deferred[Any]) -> None:
        now = self._clock.seconds()
        self._came += 1
        self._until = self._until or now + self._seconds
        left = self._until - now
        if left > 0 and self._came < _PATIENCE:
            self._conversation.exchange(None, self, timeout=left, priority=self._priority)
        else:
            outcome.errback(self._doubt or NoReply("the meter says a lot, but nothing that was asked"))


def _concluded(event: AssociationEvent) -> Associated | None:
    match event:
        case Associated():
            return event
        case AssociationRefused():
            diagnostic = None if event.aare is None else event.aare.diagnostic
            raise AssociationFailed(event.reason, diagnostic=diagnostic)
        case AssociationLost():
            raise AssociationFailed(event.reason, event.exception)
    return None


def _answer(is_answer: Callable[[APDU], bool], event: AssociationEvent) -> APDU | None:
    match event:
        case APDUReceived(apdu=ExceptionResponse() | ConfirmedServiceError() as exception):
            raise ServiceRejected(exception)
        case APDUReceived(apdu=apdu) if is_answer(apdu):
            return apdu
        case AssociationLost():
            raise AssociationGone(event.reason, event.exception)
    return None


def _released(event: AssociationEvent) -> Released | None:
    return event if isinstance(event, Released) else None


def _doubt(event: AssociationEvent) -> DLMSError | None:
    return event.error if isinstance(event, APDUDiscarded) else None
