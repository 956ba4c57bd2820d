"""Many things that are to be looked at when their time has come, on one timer."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Final, Generic, TypeVar

from twisted.internet.interfaces import IDelayedCall, IReactorTime

K = TypeVar("K")

# Nothing here is in more of a hurry than this (seconds).
_COARSE: Final = 1.0


class Deadlines(Generic[K]):
    """`look` is given what is due and says when to look again, None for never; seconds of `clock`."""

    def __init__(self, clock: IReactorTime, look: Callable[[K], float | None]) -> None:
        self._clock = clock
        self._look = look
        self._due: list[tuple[float, int, K]] = []
        self._order = count()
        self._timer: IDelayedCall | None = None
        self._timer_at = float("inf")

    def __len__(self) -> int:
        return len(self._due)

    def watch(self, what: K, at: float) -> None:
        """Look at this at that time, or up to a second later."""
        heappush(self._due, (at, next(self._order), what))
        self._arm()

    def stop(self) -> None:
        """Look at nothing any more."""
        self._due.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        if not self._due or (self._timer is not None and self._timer_at <= self._due[0][0] + _COARSE):
            return
        if self._timer is not None:
            self._timer.cancel()
        now = self._clock.seconds()
        self._timer_at = max(now, self._due[0][0]) + _COARSE
        self._timer = self._clock.callLater(self._timer_at - now, self._tick)

    def _tick(self) -> None:
        self._timer = None
        now, again = self._clock.seconds(), []
        while self._due and self._due[0][0] <= now:
            *_, what = heappop(self._due)
            if (at := self._look(what)) is not None:
                again.append((max(at, now), what))
        for at, what in again:
            heappush(self._due, (at, next(self._order), what))
        self._arm()
