"""A client that sends exactly what a test wants and keeps what comes back."""

from __future__ import annotations

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.protocol import Factory, Protocol


class RawClient(Protocol):
    """`closed` fires with everything received when the server hangs up."""

    def __init__(self) -> None:
        self.received = b""
        self.closed: Deferred[bytes] = Deferred()
        self._waiting: list[tuple[bytes, Deferred[bytes]]] = []

    def dataReceived(self, data: bytes) -> None:
        self.received += data
        for wanted, waiting in list(self._waiting):
            if wanted in self.received:
                self._waiting.remove((wanted, waiting))
                waiting.callback(self.received)

    def connectionLost(self, reason: object = None) -> None:
        self.closed.callback(self.received)

    def until(self, wanted: bytes) -> Deferred[bytes]:
        """Everything received, once `wanted` is among it."""
        waiting: Deferred[bytes] = Deferred()
        self._waiting.append((wanted, waiting))
        self.dataReceived(b"")
        return waiting

    def send(self, data: bytes) -> None:
        self.transport.write(data)


async def connect(port: int) -> RawClient:
    factory = Factory.forProtocol(RawClient)
    factory.noisy = False
    return await TCP4ClientEndpoint(reactor, "127.0.0.1", port).connect(factory)
