"""One meter on a line of DLMS meters, and its turns to have the line."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred

from hesd.links.apdu_line import Listener, MeterAddress
from hesd.links.modbus_link import Priority
from hesd.model.errors import HesdError

if TYPE_CHECKING:
    from hesd.links.dlms_line import DLMSLine


class Purpose(Enum):
    """What a turn is for."""

    OPEN = auto()
    EXCHANGE = auto()
    CLOSE = auto()


@dataclass(slots=True, eq=False)
class Turn:
    """What has the line or waits for it; the listener is told what comes of it.

    `timeout` is in seconds, `asked_again` how often that was done.
    """

    conversation: DLMSConversation
    purpose: Purpose
    pdu: bytes | None
    timeout: float
    listener: Listener
    asked_again: int = 0


class Waiter:
    """Listens for who awaits `done`."""

    def __init__(self) -> None:
        self.done: Deferred[bytes] = Deferred()

    @property
    def is_listening(self) -> bool:
        return not self.done.called

    def heard(self, pdu: bytes) -> None:
        if self.is_listening:
            self.done.callback(pdu)

    def missed(self, error: HesdError) -> None:
        if self.is_listening:
            self.done.errback(error)


class DLMSConversation(ABC):
    """See `hesd.links.apdu_line.Conversation`. What the framing needs is in the subclasses."""

    __slots__ = ("_line", "address")

    def __init__(self, line: DLMSLine, address: MeterAddress) -> None:
        self._line = line
        self.address = address

    @property
    @abstractmethod
    def is_open(self) -> bool: ...

    @abstractmethod
    async def open(self, *, timeout: float, priority: Priority = Priority.POLL) -> None:  # noqa: ASYNC109
        """See `Conversation.open`."""

    def exchange(
        self, pdu: bytes | None, listener: Listener, *, timeout: float, priority: Priority = Priority.POLL
    ) -> None:
        """See `Conversation.exchange`."""
        self._line.take_turn(Turn(self, Purpose.EXCHANGE, pdu, timeout, listener), priority)

    @abstractmethod
    async def close(self) -> None:
        """See `Conversation.close`."""

    @abstractmethod
    def begin(self, turn: Turn) -> bytes | None:
        """The octets a turn begins with, None where there is nothing to do.

        Raises `LinkDown` where it cannot begin, `ProtocolError`.
        """

    def ask_again(self, turn: Turn) -> bytes:  # noqa: ARG002
        """What can be sent for an answer that does not come, without repeating a command; nothing if none."""
        return b""

    def give_up(self) -> None:  # noqa: B027  # where there is no link, nothing is left of it
        """No answer came, or the connection is gone: whatever the other end believes, begin anew."""
