"""Where events are published and handed to those who subscribed.

An event is encoded once. Everything a client gets within `PERIOD` leaves in one write,
because the write, not the encoding, is what costs.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from hesd.web.event import Event, patterns_of
from hesd.web.outbox import MAX_WAITING_BYTES

PERIOD = 0.05
RING_EVENTS = 20_000
RING_BYTES = 8 << 20


class Subscriber(Protocol):
    """Whoever gets events: an outbox, or something that counts them."""

    def put(self, event: Event) -> None: ...

    def flush(self) -> None:
        """The period is over."""


class Hub:
    """Topics, their subscribers, and the last events for clients that come back.

    `seq` starts at the time of day in microseconds, so that it goes on counting up over a
    restart and a client's `since` is never taken for another run's.
    """

    def __init__(
        self, clock: IReactorTime, *, ring_events: int = RING_EVENTS, ring_bytes: int = RING_BYTES
    ) -> None:
        self._clock = clock
        self._ring: deque[tuple[int, str, bytes]] = deque()
        self._ring_events = ring_events
        self._ring_bytes = ring_bytes
        self._ring_size = 0
        self._subscribers: defaultdict[str, set[Subscriber]] = defaultdict(set)
        self._dirty: set[Subscriber] = set()
        self._flush_call: IDelayedCall | None = None
        self.seq = int(clock.seconds() * 1_000_000)
        self._forgotten = self.seq
        self.events = 0

    def publish(self, topic: str, data: Any, at_ms: int | None = None) -> Event:
        """Send `data`, anything msgspec encodes, to everybody subscribed to `topic`."""
        self.seq += 1
        self.events += 1
        at = round(self._clock.seconds() * 1000) if at_ms is None else at_ms
        event = Event(self.seq, topic, at, data)
        self._remember(event)
        for subscriber in self._interested(topic):
            subscriber.put(event)
            self._dirty.add(subscriber)
        if self._dirty and self._flush_call is None:
            self._flush_call = self._clock.callLater(PERIOD, self.flush)
        return event

    def subscribe(self, subscriber: Subscriber, patterns: Iterable[str]) -> None:
        for pattern in patterns:
            self._subscribers[pattern].add(subscriber)

    def unsubscribe(self, subscriber: Subscriber, patterns: Iterable[str]) -> None:
        for pattern in patterns:
            subscribers = self._subscribers.get(pattern)
            if subscribers is not None:
                subscribers.discard(subscriber)
                if not subscribers:
                    del self._subscribers[pattern]

    def is_wanted(self, topic: str) -> bool:
        """Whether anybody is subscribed to it."""
        return any(pattern in self._subscribers for pattern in patterns_of(topic))

    def since(self, seq: int, patterns: Iterable[str]) -> bytes | None:
        """The frames of the events after `seq` that match, or None when some are forgotten
        or they are too many for one client: then it has to fetch the state anew."""
        if not self._forgotten <= seq <= self.seq:
            return None
        wanted = frozenset(patterns)
        missed = [
            frame
            for number, topic, frame in self._ring
            if number > seq and not wanted.isdisjoint(patterns_of(topic))
        ]
        return b"".join(missed) if sum(map(len, missed)) <= MAX_WAITING_BYTES else None

    def flush(self) -> None:
        """Let everything go that waits for the end of the period."""
        if self._flush_call is not None and self._flush_call.active():
            self._flush_call.cancel()
        self._flush_call = None
        dirty, self._dirty = self._dirty, set()
        for subscriber in dirty:
            subscriber.flush()

    def _interested(self, topic: str) -> set[Subscriber]:
        found: set[Subscriber] = set()
        for pattern in patterns_of(topic):
            if subscribers := self._subscribers.get(pattern):
                found |= subscribers
        return found

    def _remember(self, event: Event) -> None:
        self._ring.append((event.seq, event.topic, event.frame))
        self._ring_size += len(event.frame)
        while len(self._ring) > self._ring_events or self._ring_size > self._ring_bytes:
            self._forgotten, _, frame = self._ring.popleft()
            self._ring_size -= len(frame)
