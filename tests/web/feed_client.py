"""A client of the feed, on a real WebSocket."""

from __future__ import annotations

import json
from collections import deque
from typing import Any

from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint


class FeedClient(WebSocketClientProtocol):
    """`opened` and `closed` fire once; `next` gives the messages one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: Deferred[None] = Deferred()
        self.closed: Deferred[tuple[int | None, str | None]] = Deferred()
        self._messages: deque[Any] = deque()
        self._waiting: Deferred[None] | None = None

    def onOpen(self) -> None:
        self.opened.callback(None)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self._messages.append(json.loads(payload))
        self._wake()

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        self.closed.callback((code, reason))
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(None)

    def say(self, **message: Any) -> None:
        self.sendMessage(json.dumps(message).encode())

    async def next(self) -> Any:
        """The next message; fails where the connection ends before one comes."""
        while not self._messages:
            if self.closed.called:
                raise AssertionError(f"closed: {self.closed.result}")
            self._waiting = Deferred()
            await self._waiting
        return self._messages.popleft()

    async def ask(self, **message: Any) -> Any:
        self.say(**message)
        return await self.next()

    async def until(self, kind: str) -> list[Any]:
        """All messages up to the first of this type."""
        found = [await self.next()]
        while found[-1]["type"] != kind:
            found.append(await self.next())
        return found


def feed_factory(url: str) -> WebSocketClientFactory:
    factory = WebSocketClientFactory(url, reactor=reactor)
    factory.protocol = FeedClient
    factory.noisy = False
    # Its timers would outlive the test.
    factory.setProtocolOptions(openHandshakeTimeout=0, closeHandshakeTimeout=0, serverConnectionDropTimeout=0)
    return factory


async def open_feed(port: int) -> FeedClient:
    endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
    client: FeedClient = await endpoint.connect(feed_factory(f"ws://127.0.0.1:{port}/api/v1/feed"))
    await client.opened
    return client
