"""A place that one coroutine has at a time, for places that are nearly always free.

`DeferredLock` makes two Deferreds for everybody who comes; here only who has to wait gets one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable
from typing import Final

from twisted.internet.defer import Deferred


class _AtOnce:
    """Awaiting it takes no time, and next to no processor's."""

    __await__ = staticmethod(().__iter__)


_AT_ONCE: Final[Awaitable[None]] = _AtOnce()  # type: ignore[assignment]  # an iterator will do


class OneAtATime:
    """`async with` it; whoever comes meanwhile waits, in order."""

    def __init__(self) -> None:
        self._is_taken = False
        self._waiting: deque[Deferred[None]] = deque()

    def __aenter__(self) -> Awaitable[None]:
        if not self._is_taken:
            self._is_taken = True
            return _AT_ONCE
        place: Deferred[None] = Deferred(self._waiting.remove)
        self._waiting.append(place)
        return place

    def __aexit__(self, *_: object) -> Awaitable[None]:
        if self._waiting:
            self._waiting.popleft().callback(None)
        else:
            self._is_taken = False
        return _AT_ONCE
