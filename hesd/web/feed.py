"""The live feed: a WebSocket of JSON messages on the same port as everything else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from autobahn.twisted.resource import WebSocketResource
from autobahn.twisted.websocket import WebSocketServerFactory
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.web.resource import Resource

from hesd.web import problems
from hesd.web.authentication import Authentication, Concerned
from hesd.web.feed_protocol import FeedProtocol
from hesd.web.hub import Hub
from hesd.web.limits import LimitedRequest
from hesd.web.problems import Problem, ProblemType
from hesd.web.session import Session
from hesd.web.shown import JobShown

Call = Callable[[Session, str, dict[str, Any]], Awaitable[JobShown]]
"""Carries out a command of a client and gives the job it became."""

MAX_MESSAGE = 64 * 1024
MAX_CLIENTS = 2_000


class _Timer:
    """What Autobahn times its handshakes and pings with, on our clock. Its own keeps calls that
    nobody waits for any more until their time."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock

    def call_later(self, delay: float, function: Callable[..., Any], *args: Any) -> _Call:
        return _Call(self._clock.callLater(delay, function, *args))


class _Call:
    def __init__(self, call: IDelayedCall) -> None:
        self._call = call

    def cancel(self) -> None:
        """Also where it is too late, which Autobahn does not ask."""
        if self._call.active():
            self._call.cancel()


class FeedFactory(WebSocketServerFactory):  # type: ignore[misc]
    """Every client of the feed."""

    protocol = FeedProtocol

    def __init__(self, hub: Hub, authentication: Authentication, call: Call, clock: IReactorTime) -> None:
        super().__init__(server="hesd", reactor=clock)
        self._batched_timer = _Timer(clock)
        self.hub = hub
        self.authentication = authentication
        self.call = call
        self.clock = clock
        self.clients: set[FeedProtocol] = set()
        authentication.on_end(self._sessions_ended)
        # Every limit of Autobahn is off unless it is set.
        self.setProtocolOptions(
            maxFramePayloadSize=MAX_MESSAGE,
            maxMessagePayloadSize=MAX_MESSAGE,
            maxConnections=MAX_CLIENTS,
            openHandshakeTimeout=10,
            closeHandshakeTimeout=10,
            autoPingInterval=20,
            autoPingTimeout=20,
            failByDrop=False,
        )

    def go_away(self) -> None:
        """Send everybody away, to come back later."""
        for client in list(self.clients):
            client.go_away()

    def _sessions_ended(self, concerned: Concerned, reason: str) -> None:
        for client in list(self.clients):
            if client.session is not None and concerned(client.session):
                client.end(reason)


class FeedResource(Resource):
    """The feed's address, for those who do not ask for a WebSocket too."""

    isLeaf = True

    def __init__(self, factory: FeedFactory) -> None:
        super().__init__()
        self._websocket = WebSocketResource(factory)

    def render(self, request: LimitedRequest) -> int | bytes:
        request.route = "feed"
        upgrade = (request.getHeader("upgrade") or "").lower()
        if upgrade == "websocket" and request.channel.transport is not None:
            answer: int | bytes = self._websocket.render(request)
            return answer
        headers = {"Upgrade": "websocket", "Connection": "upgrade"}
        problem = Problem(ProblemType.UPGRADE_REQUIRED, "open this address as a WebSocket", headers=headers)
        return problems.refuse(request, problem)
