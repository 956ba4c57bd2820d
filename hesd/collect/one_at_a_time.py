"""A place that one coroutine has at a time, for places that are nearly always free.

`DeferredLock` makes two Deferreds for everybody who comes; here only who has to wait gets one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Generator
from typing import Any

from twisted.internet.defer import Deferred


class _AtOnce:
    """There is nothing to wait for."""

    def __await__(self) -> Generator[Any, Any, None]:
        yield from ()


_AT_ONCE = _AtOnce()


class OneAtATime:
    """`async with` it; whoever comes meanwhile waits, in order."""

    def __init__(self) -> None:
        self._taken = False
        self._waiting: deque[Deferred[None]] = deque()

    def __aenter__(self) -> Awaitable[None]:
        if not self._taken:
            self._taken = True
            return _AT_ONCE
        place: Deferred[None] = Deferred(self._waiting.remove)
        self._waiting.append(place)
        return place

    def __aexit__(self, *_: object) -> Awaitable[None]:
        if self._waiting:
            self._waiting.popleft().callback(None)
        else:
            self._taken = False
        return _AT_ONCE
