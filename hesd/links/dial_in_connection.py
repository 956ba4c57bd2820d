"""The connection of a meter that dialled in.

There may be ten thousand of these, nearly all of them idle. So one is a protocol, a line and
a record in one object, and makes what a conversation needs when there is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IProtocol, IPushProducer
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from hesd.dialin.errors import DialInError
from hesd.dialin.event import Layer
from hesd.dialin.separate import Separator
from hesd.dialin.sniff import Sniffer
from hesd.links.apdu_line import MeterAddress
from hesd.links.dlms_conversation import DLMSConversation
from hesd.links.link_protocol import UNACKNOWLEDGED_BY_MODEM_MS, watch_peer
from hesd.links.sniffed_line import SniffedLine
from hesd.model.errors import LinkDown

if TYPE_CHECKING:
    from hesd.links.dial_in_listener import DialInListener

_log = Logger()


@implementer(IProtocol, IPushProducer)
class DialInConnection(SniffedLine):
    """See `hesd.links.dial_in.DialledIn`."""

    __slots__ = ("_listener", "address", "held", "last_seen_ms", "listener")

    def __init__(self, home: DialInListener, address: str, port: int) -> None:
        super().__init__(home, f"{home.name} {address}:{port}")
        self._listener = home
        self.listener = home.name
        self.address = address
        self.last_seen_ms = home.now_ms()
        self.held = 0  # octets of something that has only begun, as the listener counts them

    # -- what the transport does ----------------------------------------------------------

    def makeConnection(self, transport: Any) -> None:
        self._transport = transport
        self.problem = ""
        self.connectionMade()

    def connectionMade(self) -> None:
        transport: Any = self._transport
        watch_peer(transport, UNACKNOWLEDGED_BY_MODEM_MS)
        transport.registerProducer(self, True)
        self._listener.opened(self)

    def dataReceived(self, data: bytes) -> None:
        self.last_seen_ms = self._listener.now_ms()
        self.data_received(data)
        self._listener.heard(self, self.pending)

    def connectionLost(self, reason: Failure) -> None:
        self.settle()
        self._transport = None
        self.problem = reason.getErrorMessage()
        self._give_back()
        self._listener.lost(self)

    def pauseProducing(self) -> None:
        """It takes nothing of what we say: nobody is helped by keeping that for it."""
        self._listener.refuse(self, "slow reader")

    def resumeProducing(self) -> None:
        """Nothing was held back."""

    def stopProducing(self) -> None:
        """There is nothing to stop."""

    # -- what its owner does --------------------------------------------------------------

    @property
    def framing(self) -> Layer:
        """What was seen, else what the listener says."""
        seen = self._stream.framing
        return self._layer if seen is None or seen is Layer.APDU else seen

    def conversation(self, address: MeterAddress) -> DLMSConversation:
        """See `DLMSLine.conversation`. Raises `LinkDown` where the stream has ended."""
        if isinstance(self._stream, Sniffer):
            self.use_framing(self.framing)
        return super().conversation(address)

    def use_framing(self, framing: Layer) -> None:
        """See `DialledIn.use_framing`. Raises `LinkDown` where the stream has ended."""
        stream = self._stream
        try:
            separator = stream.hand_over(framing) if isinstance(stream, Sniffer) else None
        except DialInError as error:
            raise LinkDown(f"{self.name}: {error}") from error
        self._stream = Separator(framing, self._listener.rules) if separator is None else separator
        self._serving = None
        if self._framing is not None:
            self._framing.reset()
        self._layer, self._framing = framing, None

    def close(self, reason: str) -> None:
        _log.info("{line}: closed: {reason}", line=self.name, reason=reason)
        if self._transport is not None:
            self._transport.loseConnection()

    def abort(self) -> None:
        """Hang up at once; nothing of what it has said or says yet counts."""
        transport: Any = self._transport
        self._transport = None
        if transport is not None:
            transport.abortConnection()

    def write(self, octets: bytes) -> None:
        if self._stream.rest:
            self.settle()
        super().write(octets)
