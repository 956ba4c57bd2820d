"""What one client of the feed has still to get, in bounded memory.

As long as the client reads, it gets every event. When it does not, events wait; when too
many wait, only the newest state of each topic does; and a client that stays like that is
given up.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from hesd.web.event import Event

MAX_WAITING_BYTES = 1 << 20
MAX_WAITING_TOPICS = 20_000
PATIENCE = 30.0
"""Seconds a client may leave its connection full before it is given up."""


class Outbox:
    """`write` takes bytes for the connection, `give_up` ends it; the connection calls `pause`
    when it is full and `resume` when it has room again."""

    def __init__(
        self, clock: IReactorTime, write: Callable[[bytes], None], give_up: Callable[[], None]
    ) -> None:
        self._clock = clock
        self._write = write
        self._give_up = give_up
        self._replies: list[bytes] = []
        self._events: list[Event] = []
        self._size = 0
        self._newest: dict[str, Event] = {}
        self._lost_patience: IDelayedCall | None = None

    @property
    def paused(self) -> bool:
        return self._lost_patience is not None

    @property
    def waiting(self) -> int:
        """Events that have not been written."""
        return len(self._events) + len(self._newest)

    def put(self, event: Event) -> None:
        """Take an event; it leaves with the next `flush`."""
        if self._newest:
            self._fold(event)
            return
        self._events.append(event)
        self._size += len(event.frame)
        if self.paused or self._size > MAX_WAITING_BYTES:
            self._fold_all()

    def reply(self, frame: bytes) -> None:
        """Answer the client: after the events it was sent before, without waiting for others."""
        if self.paused:
            self._replies.append(frame)
        else:
            self.flush()
            self._write(frame)

    def flush(self) -> None:
        """Write everything that waits, in one piece."""
        if self.paused:
            return
        if self._newest:
            waiting = sorted(self._newest.values(), key=lambda event: event.seq)
            self._newest = {}
        else:
            waiting, self._events, self._size = self._events, [], 0
        frames = [*self._replies, *(event.frame for event in waiting)]
        self._replies.clear()
        if frames:
            self._write(b"".join(frames))

    def pause(self) -> None:
        if not self.paused:
            self._lost_patience = self._clock.callLater(PATIENCE, self._give_up)

    def resume(self) -> None:
        self.close()
        self.flush()

    def close(self) -> None:
        """Stop the clock."""
        if self._lost_patience is not None and self._lost_patience.active():
            self._lost_patience.cancel()
        self._lost_patience = None

    def _fold_all(self) -> None:
        waiting, self._events, self._size = self._events, [], 0
        for event in waiting:
            self._fold(event)

    def _fold(self, event: Event) -> None:
        older = self._newest.pop(event.topic, None)
        if older is None and len(self._newest) >= MAX_WAITING_TOPICS:
            self._newest.clear()
            self._give_up()
            return
        self._newest[event.topic] = event if older is None else event.over(older)
