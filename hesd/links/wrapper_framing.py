"""DLMS over the TCP wrapper: several access points behind one connection, told apart by ports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hesd.dialin.separate import NOTIFICATIONS
from hesd.dialin.sniff import PUSHES
from hesd.dlms.errors import FrameError
from hesd.dlms.link import DiscardReason
from hesd.dlms.wrapper import HEADER_LENGTH, StreamBroken, WPDUReader, encode_wpdu
from hesd.links.apdu_line import MeterAddress
from hesd.links.dlms_conversation import DLMSConversation, Turn
from hesd.links.modbus_link import Priority
from hesd.model.errors import LinkDown

if TYPE_CHECKING:
    from hesd.links.dlms_line import DLMSLine

# The pre-established client, which never asks anything.
_PUSH_PORT: Final = 102
_MAX_PORT: Final = 0xFFFF


class WrapperConversation(DLMSConversation):
    """There is no link to be opened: the connection is enough."""

    __slots__ = ()

    @property
    def is_open(self) -> bool:
        return self._line.up

    async def open(self, *, timeout: float, priority: Priority = Priority.POLL) -> None:  # noqa: ARG002, ASYNC109
        """Raises `LinkDown` where there is no connection."""
        if not self._line.up:
            raise LinkDown(f"{self._line.name}: {self._line.problem}")

    def begin(self, turn: Turn) -> bytes:
        return b"" if turn.pdu is None else encode_wpdu(self.address.client, self.address.logical, turn.pdu)

    async def close(self) -> None:
        """There is nothing to close: what was kept to know its answers by can go."""
        self._line.leave(self)


class WrapperFraming:
    """Cuts what comes into APDUs, and says whose they are."""

    __slots__ = ("_conversations", "_line", "_reader")

    def __init__(self, line: DLMSLine) -> None:
        self._line = line
        self._reader = WPDUReader()
        self._conversations: dict[tuple[int, int], WrapperConversation] = {}

    def conversation(self, address: MeterAddress) -> DLMSConversation:
        route = address.logical, address.client
        if route not in self._conversations:
            if not 0 <= min(route) <= max(route) <= _MAX_PORT:
                raise FrameError(f"wrapper ports are 0 to {_MAX_PORT}, not {route}")
            self._conversations[route] = WrapperConversation(self._line, address)
        return self._conversations[route]

    def leave(self, conversation: WrapperConversation) -> bool:
        """An access point is spoken to no more; whether there is nothing left to keep."""
        self._conversations.pop((conversation.address.logical, conversation.address.client), None)
        return not self._conversations and not self._reader.pending

    def receive(self, data: bytes) -> None:
        for found in self._reader.cut(data):
            if isinstance(found, StreamBroken):
                self._line.discard(found.reason, found.octets.hex())
                self._line.break_off()
                return
            source, destination, apdu = found
            whole = len(data) == HEADER_LENGTH + len(apdu)
            self._line.record(False, data if whole else encode_wpdu(source, destination, apdu))
            tag, turn = apdu[0] if apdu else None, self._line.current
            if tag in NOTIFICATIONS or destination == _PUSH_PORT:
                self._line.pushed(apdu, MeterAddress(destination, source))
            elif (
                turn is not None
                and (asked := turn.conversation.address).logical == source
                and asked.client == destination
            ):
                self._line.conclude(turn, apdu)
            else:
                self._receive_unasked(source, destination, apdu)

    def _receive_unasked(self, source: int, destination: int, apdu: bytes) -> None:
        if apdu and apdu[0] in PUSHES:
            self._line.pushed(apdu, MeterAddress(destination, source))
        else:
            is_known = (source, destination) in self._conversations
            reason = DiscardReason.UNEXPECTED if is_known else DiscardReason.STRANGER
            self._line.discard(reason, f"from {source} to {destination}")

    def reset(self) -> None:
        """The connection is gone."""
        self._reader = WPDUReader()
