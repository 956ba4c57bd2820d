"""Work that somebody waits for: begun, counted, and waited out."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, succeed

T = TypeVar("T")


class UnderWay:
    """What is under way; `on_end` is called after each end."""

    def __init__(self, on_end: Callable[[], None]) -> None:
        self._on_end = on_end
        self._work: set[Deferred[Any]] = set()
        self._waiters: list[Deferred[None]] = []

    def begin(self, work: Coroutine[Deferred[Any], Any, T]) -> Deferred[T]:
        """Begin with it at once; fires as it ends."""
        begun = Deferred.fromCoroutine(work)
        self._work.add(begun)
        return begun.addBoth(self._end, begun)

    def settled(self) -> Deferred[None]:
        """When nothing is under way any more."""
        if not self._work:
            return succeed(None)
        waiter: Deferred[None] = Deferred()
        self._waiters.append(waiter)
        return waiter

    def _end(self, result: Any, begun: Deferred[Any]) -> Any:
        self._work.discard(begun)
        if not self._work:
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                waiter.callback(None)
        self._on_end()
        return result
