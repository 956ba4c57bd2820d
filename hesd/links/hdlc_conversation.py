"""One meter's HDLC link on a line: opened, spoken over, and closed in turns."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from hesd.dialin.separate import NOTIFICATIONS
from hesd.dialin.sniff import PUSHES
from hesd.dlms.errors import LinkError, LinkRefused
from hesd.dlms.hdlc_address import ServerAddress, client_address
from hesd.dlms.hdlc_frame import FrameKind, HDLCFrame
from hesd.dlms.hdlc_link import HDLCLink
from hesd.dlms.link import (
    ClosedReason,
    DiscardReason,
    FrameDiscarded,
    LinkClosed,
    LinkEvent,
    LinkOpened,
    PDUReceived,
    Role,
)
from hesd.links.apdu_line import MeterAddress
from hesd.links.dlms_conversation import DLMSConversation, Purpose, Turn, Waiter
from hesd.links.modbus_link import Priority
from hesd.model.errors import HesdError, LinkDown, NoReply

if TYPE_CHECKING:
    from hesd.links.dlms_line import DLMSLine

# Closing is a courtesy, and not worth more.
_CLOSING_TIME: Final = 2.0


class HDLCConversation(DLMSConversation):
    """Raises `FrameError` for an address that HDLC has none of."""

    __slots__ = ("_link", "_own", "_peer")

    def __init__(self, line: DLMSLine, address: MeterAddress) -> None:
        super().__init__(line, address)
        self._own = client_address(address.client)
        self._peer = ServerAddress(address.logical, address.physical, address.size).octets
        self._link = HDLCLink(Role.CLIENT, self._own, self._peer)

    @property
    def route(self) -> tuple[bytes, bytes]:
        """Destination and source of the frames that come for this link."""
        return self._own, self._peer

    @property
    def is_open(self) -> bool:
        return self._link.is_open

    async def open(self, *, timeout: float, priority: Priority = Priority.POLL) -> None:  # noqa: ASYNC109
        if not self._link.is_open:
            waiter = Waiter()
            self._line.take_turn(Turn(self, Purpose.OPEN, None, timeout, waiter), priority)
            await waiter.done

    async def close(self) -> None:
        if self._link.is_open:
            waiter = Waiter()
            self._line.take_turn(Turn(self, Purpose.CLOSE, None, _CLOSING_TIME, waiter), Priority.READ)
            with suppress(HesdError):
                await waiter.done

    def begin(self, turn: Turn) -> bytes | None:
        link = self._link
        if link.is_open is (turn.purpose is Purpose.OPEN):
            if turn.purpose is Purpose.EXCHANGE:
                raise LinkDown(f"{self._line.name}: the HDLC link is not open")
            return None
        if turn.purpose is Purpose.OPEN:
            link.connect()
        elif turn.purpose is Purpose.CLOSE:
            link.disconnect()
        elif turn.pdu is None:
            link.acknowledge()
        else:
            link.send(turn.pdu)
        return link.data_to_send()

    def ask_again(self, turn: Turn) -> bytes:
        if turn.purpose is Purpose.CLOSE:
            return b""
        self._link.timed_out()
        return self._link.data_to_send()

    def give_up(self) -> None:
        self._link = HDLCLink(Role.CLIENT, self._own, self._peer)

    def receive(self, frame: HDLCFrame) -> None:
        """Take a frame for this link, which is connected or becomes so."""
        link = self._link
        events = link.receive_frame(frame)
        turn = self._line.turn_of(self)
        if turn is not None and not any(isinstance(event, FrameDiscarded) for event in events):
            self._line.extend()
            if frame.kind is FrameKind.I:
                turn.asked_again = 0
        outcome: bytes | HesdError | None = None
        for event in events:
            meant = self._outcome(event, turn)
            outcome = outcome if meant is None else meant
        if octets := link.data_to_send():
            self._line.write(octets)
        if turn is not None and outcome is not None:
            self._line.conclude(turn, outcome)

    def _outcome(self, event: LinkEvent, turn: Turn | None) -> bytes | HesdError | None:
        """What an event means for the turn; None while it goes on."""
        purpose = turn.purpose if turn is not None else None
        match event:
            case FrameDiscarded():
                self._line.discard(event.reason)
            case LinkOpened() if purpose is Purpose.OPEN:
                return b""
            case LinkClosed():
                return b"" if purpose is Purpose.CLOSE else self._closed(event.reason)
            case PDUReceived(pdu) if pdu[:1] and pdu[0] in NOTIFICATIONS:
                self._line.pushed(pdu, self.address)
                self._link.acknowledge()
            case PDUReceived(pdu) if purpose is Purpose.EXCHANGE:
                return pdu
            case PDUReceived(pdu) if pdu[:1] and pdu[0] in PUSHES:
                self._line.pushed(pdu, self.address)
            case PDUReceived():
                self._line.discard(DiscardReason.UNEXPECTED)
        return None

    def _closed(self, reason: ClosedReason) -> HesdError:
        where = f"{self._line.name}, meter {self.address.logical}"
        if reason is ClosedReason.REFUSED:
            return LinkRefused(f"{where}: the meter refuses an HDLC link")
        if reason is ClosedReason.OVERSIZE:
            return LinkError(f"{where}: {reason}")
        return NoReply(f"{where}: the HDLC link is gone: {reason}")
