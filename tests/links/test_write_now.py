"""Writing at once on real sockets: in order whatever the kernel takes, and quiet where nobody is left."""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from hesd.links.write_now import write_now

reactor: Any = _reactor
# More than a socket takes that nobody reads from.
_MUCH = bytes(range(256)) * (1 << 16)


class Sender(Protocol):
    def __init__(self) -> None:
        self.lost: Deferred[None] = Deferred()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost.callback(None)


class WriteNowTests(TestCase):
    async def setUp(self) -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listening.close)
        endpoint = TCP4ClientEndpoint(reactor, *listening.getsockname())
        self.sender: Any = await endpoint.connect(Factory.forProtocol(Sender))
        self.peer, _ = listening.accept()
        self.addCleanup(self.peer.close)
        self.peer.settimeout(10)

    def received(self) -> bytes:
        found = b""
        while more := self.peer.recv(1 << 20):
            found += more
        return found

    async def test_what_is_written_is_there_at_once(self) -> None:
        write_now(self.sender.transport, b"now")
        self.assertEqual(self.peer.recv(100), b"now")
        self.sender.transport.loseConnection()
        await self.sender.lost

    async def test_nothing_overtakes_what_the_kernel_did_not_take(self) -> None:
        write_now(self.sender.transport, _MUCH)
        write_now(self.sender.transport, b"last")
        self.sender.transport.loseConnection()
        found = await deferToThread(self.received)
        self.assertTrue(found == _MUCH + b"last")
        await self.sender.lost

    async def test_a_peer_that_has_gone_is_found_out_by_the_connection(self) -> None:
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # reset, not an end
        self.peer.close()
        for _ in range(3):
            write_now(self.sender.transport, b"anybody?")
        await self.sender.lost
        write_now(self.sender.transport, b"anybody?")
