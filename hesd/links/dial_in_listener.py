"""A port that meters dial in to: who is let in, how long they may take, who is told.

What is waited for is kept in queues ordered by time, so that one timer, which only runs while
something is waited for, looks at the front of each and at nothing else.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IAddress, IDelayedCall, IListeningPort, IProtocolFactory
from twisted.logger import Logger
from zope.interface import implementer

from hesd.config import Listener
from hesd.dialin.event import AlarmReceived, Layer
from hesd.dialin.recognise import Rules
from hesd.links.apdu_line import Push
from hesd.links.connection_queue import ConnectionQueue
from hesd.links.dial_in import DialInObserver, ListenerCounters
from hesd.links.dial_in_connection import DialInConnection
from hesd.links.open_files import make_room_for

_TICK: Final = 0.25
# A stream that was never identified is over after so long.
_IDENTIFIED_WITHIN_MS: Final = 30_000
# So long after the last octet, a line of text or a frame without an end is complete.
_SETTLED_AFTER_MS: Final = 500
# So long after a meter that took the client's part has fallen silent, that part is ours.
_TAKEN_OVER_AFTER_MS: Final = 3_000
# Meters come all at once after a power cut; those who do not fit are only tried again seconds later.
_BACKLOG: Final = 1000
_QUEUEING: Final = ("tcp", "tcp6", "ssl", "unix")
# What all connections together may keep of frames that have only begun, in octets.
_MOST_HELD: Final = 64 << 20


@implementer(IProtocolFactory)
class DialInListener:
    """Accepts the meters of one `[[listener]]` and tells an observer of them.

    Raises `PatternError` for a pattern that is none.
    """

    _log = Logger()

    def __init__(self, listener: Listener, observer: DialInObserver, reactor: Any) -> None:
        self.name = listener.name
        self.config = listener
        self.clock = reactor
        self.rules = Rules.of(listener.families, listener.pattern)
        self.framing = Layer(listener.framing)
        self.answers = listener.meter_initiated == "answer"
        self.counters = ListenerCounters()
        self.connections: set[DialInConnection] = set()
        self._observer = observer
        self._port: IListeningPort | None = None
        self._by_address: Counter[str] = Counter()
        self._unidentified = ConnectionQueue()  # since they were accepted
        self._silent = ConnectionQueue()  # the same, for those that said nothing at all
        self._unsettled = ConnectionQueue()  # since they said something that may go on
        self._served = ConnectionQueue()  # since they said something as a client
        self._held = 0
        self._ticking: IDelayedCall | None = None
        self._emptied: Deferred[None] | None = None

    # -- the port -------------------------------------------------------------------------

    async def listen(self) -> None:
        """Open the port. Raises `CannotListenError`."""
        fit = make_room_for(self.config.max_connections)
        if fit < self.config.max_connections:
            self._log.warn(
                "listener {name}: only {fit} of {most} meters can be connected: the limit of open files",
                name=self.name, fit=fit, most=self.config.max_connections,
            )  # fmt: skip
        self._port = await serverFromString(self.clock, _with_backlog(self.config.endpoint)).listen(self)
        self._log.info("listener {name} waits for meters at {where}", name=self.name, where=self.address)

    @property
    def address(self) -> Any:
        """Where it listens, as the port says it; None while it does not."""
        return None if self._port is None else self._port.getHost()

    async def stop(self) -> None:
        """Close the port, and the connections too."""
        port, self._port = self._port, None
        if port is not None:
            await maybeDeferred(port.stopListening)
        if self.connections:
            self._emptied = Deferred()
            for connection in tuple(self.connections):
                connection.abort()
            await self._emptied
        if self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None

    def now_ms(self) -> int:
        """UTC, ms since 1970."""
        return int(self.clock.seconds() * 1000)

    def buildProtocol(self, addr: IAddress | None) -> DialInConnection | None:
        address: Any = addr
        host = str(getattr(address, "host", "local"))
        if len(self.connections) >= self.config.max_connections:
            self._turn_away("full", host)
            return None
        if self._by_address.get(host, 0) >= self.config.max_per_address:
            self._turn_away("too many from one address", host)
            return None
        return DialInConnection(self, host, getattr(address, "port", 0))

    def doStart(self) -> None:
        """The port is open."""

    def doStop(self) -> None:
        """The port is closed."""

    def _turn_away(self, reason: str, host: str) -> None:
        self._count_refusal(reason)
        self._log.debug(
            "listener {name} turns {host} away: {reason}", name=self.name, host=host, reason=reason
        )

    def _count_refusal(self, reason: str) -> None:
        self.counters.refused[reason] = self.counters.refused.get(reason, 0) + 1

    # -- what connections tell ------------------------------------------------------------

    def opened(self, connection: DialInConnection) -> None:
        self.counters.accepted += 1
        self.connections.add(connection)
        self._by_address[connection.address] += 1
        now = self.now_ms()
        self._unidentified.put(connection, now)
        self._silent.put(connection, now)
        self._tick_soon()

    def heard(self, connection: DialInConnection, held: int) -> None:
        """It said something, of which `held` octets may only have begun."""
        self._silent.pop(connection, None)
        if held or connection.held:
            self._hold(connection, held)
        if connection.is_served:
            self._served.put(connection, connection.last_seen_ms)
            self._tick_soon()

    def _hold(self, connection: DialInConnection, held: int) -> None:
        self._account(connection, held)
        self._unsettled.pop(connection, None)
        if held:
            self._unsettled.put(connection, connection.last_seen_ms)
            self._tick_soon()
        if self._held > _MOST_HELD:
            self.refuse(connection, "too much is held already")

    def _account(self, connection: DialInConnection, held: int) -> None:
        self._held += held - connection.held
        connection.held = held

    def identified(self, connection: DialInConnection, kind: str) -> None:
        self._unidentified.pop(connection, None)
        self._silent.pop(connection, None)
        family = str(kind)
        self.counters.identified[family] = self.counters.identified.get(family, 0) + 1
        self._tell("identified", connection)

    def named_again(self, connection: DialInConnection) -> None:
        self.counters.heartbeats += 1
        self._tell("heard", connection)

    def claimed(self, connection: DialInConnection) -> None:
        self._tell("claimed", connection)

    def pushed(self, connection: DialInConnection, push: Push) -> None:
        self.counters.pushes += 1
        self._tell("pushed", connection, push)

    def alarmed(self, connection: DialInConnection, alarm: AlarmReceived) -> None:
        self.counters.alarms += 1
        self._tell("alarmed", connection, alarm)

    def lost(self, connection: DialInConnection) -> None:
        self.connections.discard(connection)
        self._by_address[connection.address] -= 1
        if not self._by_address[connection.address]:
            del self._by_address[connection.address]
        for queue in (self._unidentified, self._silent, self._unsettled, self._served):
            queue.pop(connection, None)
        self._held -= connection.held
        if connection.identified:
            self._tell("lost", connection)
        else:
            self.counters.strangers += 1
        if self._emptied is not None and not self.connections:
            emptied, self._emptied = self._emptied, None
            emptied.callback(None)

    def refuse(self, connection: DialInConnection, reason: str, detail: str = "") -> None:
        """Hang up on somebody, and count it."""
        self._count_refusal(reason)
        self._log.debug(
            "{line}: refused: {reason} {detail}", line=connection.name, reason=reason, detail=detail
        )
        connection.abort()

    def _tell(self, what: str, connection: DialInConnection, *said: object) -> None:
        try:
            getattr(self._observer, what)(connection, *said)
        except Exception:
            self._log.failure("{line}: {what} was not welcome", line=connection.name, what=what)

    # -- what time does -------------------------------------------------------------------

    def _tick_soon(self) -> None:
        if self._ticking is None:
            self._ticking = self.clock.callLater(_TICK, self._tick)

    def _tick(self) -> None:
        self._ticking = None
        now = self.now_ms()
        for connection in self._unsettled.due(now - _SETTLED_AFTER_MS):
            connection.settle()
            self._account(connection, connection.pending)
        for connection in self._silent.due(now - int(self.config.grace * 1000)):
            connection.identify("silent")
        for connection in self._served.due(now - _TAKEN_OVER_AFTER_MS):
            connection.take_over()
        for connection in self._unidentified.due(now - _IDENTIFIED_WITHIN_MS):
            if connection.is_served:
                connection.take_over()
            else:
                self.refuse(connection, "never said who it is")
        if self._unsettled or self._silent or self._served or self._unidentified:
            self._tick_soon()


def _with_backlog(endpoint: str) -> str:
    """The endpoint with room for a crowd, where it does not say how much itself."""
    kind = endpoint.partition(":")[0]
    if kind not in _QUEUEING or ":backlog=" in endpoint:
        return endpoint
    return f"{endpoint}:backlog={_BACKLOG}"
