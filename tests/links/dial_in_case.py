"""A listener without a port, on a clock that stands until it is moved."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from hesd.config import Duration, Listener
from hesd.dialin.event import AlarmReceived
from hesd.links.apdu_line import Push
from hesd.links.dial_in import DialledIn
from hesd.links.dial_in_connection import DialInConnection
from hesd.links.dial_in_listener import DialInListener


class Told:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []
        self.connections: list[DialledIn] = []

    def identified(self, connection: DialledIn) -> None:
        self.connections.append(connection)
        self.events.append(("identified", connection.claim.serial if connection.claim else None))

    def heard(self, connection: DialledIn) -> None:
        self.events.append(("heard", connection.last_seen_ms))

    def claimed(self, connection: DialledIn) -> None:
        assert connection.claim is not None
        self.events.append(("claimed", connection.claim.serial))

    def pushed(self, connection: DialledIn, push: Push) -> None:
        self.events.append(("pushed", push))

    def alarmed(self, connection: DialledIn, alarm: AlarmReceived) -> None:
        self.events.append(("alarmed", alarm))

    def lost(self, connection: DialledIn) -> None:
        self.events.append(("lost", connection.problem))

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events]


class Caller:
    """A meter's end of a connection that is not there."""

    def __init__(self, connection: DialInConnection) -> None:
        self.connection = connection
        self.transport = StringTransport()
        connection.makeConnection(self.transport)

    def say(self, octets: bytes) -> None:
        self.connection.dataReceived(octets)

    def taken(self) -> bytes:
        octets = self.transport.value()
        self.transport.clear()
        return octets

    @property
    def is_cut_off(self) -> bool:
        return self.transport.disconnected

    def leave(self) -> None:
        self.connection.connectionLost(Failure(ConnectionDone()))


class ListenerCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_000_000)
        self.told = Told()

    def listener(self, **settings: Any) -> DialInListener:
        settings = {"name": "gprs", "endpoint": "tcp:0", "grace": Duration(10)} | settings
        return DialInListener(Listener(**settings), self.told, self.clock)

    def call(self, listener: DialInListener, host: str = "10.1.2.3") -> Caller:
        connection = listener.buildProtocol(IPv4Address("TCP", host, 40312))
        assert connection is not None
        return Caller(connection)

    def wait(self, seconds: float) -> None:
        self.clock.pump([0.25] * int(seconds * 4))
