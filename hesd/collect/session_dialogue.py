"""One association over one conversation: what is asked, and the answer that belongs to it.

What comes in between does not count: late answers to something else (their invoke id tells),
and what cannot be trusted. Listening goes on until the time for the answer is over; only
then is the distrusted what the meter said.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

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
from hesd.model.errors import LinkDown, NoReply

# AARQ, the proof of HLS, the proof inside it: what one opening takes of our counters.
_FOR_OPENING: Final = 4
# Of what is not the answer, as much is listened to at a time.
_PATIENCE: Final = 32
# A year of a load profile in blocks of 100 octets is less.
_MAX_BLOCKS: Final = 1 << 16
# Header, counter, tag and length of a ciphered APDU.
_CIPHERING: Final = 24
_RELEASE_TIMEOUT: Final = 2.0

T = TypeVar("T")


class Dialogue:
    """`counters` are those of the terms' protection, where there is one."""

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

        Raises `AssociationFailed` where one side refuses, and what the conversation raises.
        """
        if self._counters is not None:
            await self._counters.ensure(_FOR_OPENING)
        await self._conversation.open(timeout=self._timeout, priority=priority)
        self._association.associate()
        return await self._converse(_concluded, priority, self._timeout)

    async def ask(self, request: APDU, is_answer: Callable[[APDU], bool], priority: Priority) -> APDU:
        """Send a request, once, and return its answer.

        Raises `LinkDown` where nothing was sent, `AssociationGone`, `ServiceRejected`,
        `NoReply` where no answer came, and the `ProtocolError` of what came instead of one.
        """
        if self._counters is not None:
            await self._counters.ensure(1)
        self._association.send(request)
        return await self._converse(partial(_answer, is_answer), priority, self._timeout)

    async def run(self, transfer: Transfer, priority: Priority) -> None:
        """Carry a transfer through; raises what `ask` and the transfer raise.

        `LinkDown` comes only where nothing of it was sent.
        """
        for number in range(_MAX_BLOCKS):
            if transfer.request is None:
                return
            try:
                transfer.receive(await self.ask(transfer.request, transfer.is_answered_by, priority))
            except LinkDown as failure:
                if number:
                    raise NoReply(f"broken off in the middle: {failure}") from failure
                raise
        raise BlockError(f"more than {_MAX_BLOCKS} blocks")

    async def release(self, priority: Priority = Priority.POLL) -> None:
        """Give the association back; raises as `ask` does."""
        if self.agreed is None:
            return
        if self._counters is not None:
            await self._counters.ensure(1)
        self._association.release()
        await self._converse(_released, priority, min(self._timeout, _RELEASE_TIMEOUT))

    async def _converse(
        self, meaning: Callable[[AssociationEvent], T | None], priority: Priority, seconds: float
    ) -> T:
        """Send what is due and listen until something that came means anything."""
        pdu: bytes | None = self._association.pdus_to_send()[0]
        left, until, doubt = seconds, None, None
        for _ in range(_PATIENCE):
            try:
                received = await self._conversation.exchange(pdu, timeout=left, priority=priority)
            except NoReply:
                if doubt is not None:
                    raise doubt from None
                raise
            for event in self._association.receive(received):
                meant = meaning(event)
                if meant is not None:
                    return meant
                doubt = _doubt(event) or doubt
            due = self._association.pdus_to_send()
            pdu, until = (due[0], None) if due else (None, until or self._clock.seconds() + seconds)
            left = seconds if until is None else until - self._clock.seconds()
            if left <= 0:
                break
        raise doubt or NoReply("the meter says a lot, but nothing that was asked")


def _concluded(event: AssociationEvent) -> Associated | None:
    match event:
        case Associated():
            return event
        case AssociationRefused():
            raise AssociationFailed(event.reason)
        case AssociationLost():
            raise AssociationFailed(event.reason, event.exception)
    return None


def _answer(is_answer: Callable[[APDU], bool], event: AssociationEvent) -> APDU | None:
    match event:
        case AssociationLost():
            raise AssociationGone(event.reason, event.exception)
        case APDUReceived(apdu=ExceptionResponse() | ConfirmedServiceError() as exception):
            raise ServiceRejected(exception)
        case APDUReceived(apdu=apdu) if is_answer(apdu):
            return apdu
    return None


def _released(event: AssociationEvent) -> Released | None:
    return event if isinstance(event, Released) else None


def _doubt(event: AssociationEvent) -> DLMSError | None:
    return event.error if isinstance(event, APDUDiscarded) else None
