"""Keeps a reactor that thousands of meters hang on from being away for long.

Two things keep it away: a poll that brings the answers of hundreds of meters at once, all of
which are dealt with before any timer rings; and a collection of garbage that looks at
everything ten thousand meters are made of, which takes a second.
"""

from __future__ import annotations

import gc
import select
from typing import Any, Final

from twisted.internet.task import LoopingCall

# What is polled at once: an answer may take a millisecond, and the kernel keeps the others in order.
_EVENTS: Final = 4
# New objects are looked at by the thousand, not by the hundred, and those that stay once more.
_NEW: Final = 5_000
_YOUNG: Final = 10
# Nothing is left to the rule that looks at everything.
_NEVER: Final = 1_000_000
# What has stayed for so long is not looked at any more (seconds) ...
_SET_ASIDE: Final = 30.0
# ... but for garbage among it, which only cycles that lived long can be.
_LOOK_THROUGH_EVERY: Final = 6 * 3600.0
_EPOLL: Final[Any] = getattr(select, "epoll", ())  # Linux has it


class _FewAtOnce:
    """Stands in for the poller of an epoll reactor."""

    def __init__(self, poller: Any) -> None:
        self._poller = poller

    def poll(self, timeout: float, most: int) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = self._poller.poll(timeout, min(most, _EVENTS))
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._poller, name)


class QuietReactor:
    """From `start` to `stop`; times by the reactor. Collecting is the process's, so there is one."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._poller: Any = None
        self._thresholds = gc.get_threshold()
        self._tidying = LoopingCall(self._tidy)
        self._tidying.clock = reactor
        self._looked = 0.0

    def start(self) -> None:
        """To be called when what is there once and for all has been made."""
        # Twisted has no public name for it, and asks for as many events as there are connections.
        self._poller = getattr(self._reactor, "_poller", None)
        if isinstance(self._poller, _EPOLL):
            self._reactor._poller = _FewAtOnce(self._poller)
        gc.set_threshold(_NEW, _YOUNG, _NEVER)
        self._look_through()
        self._tidying.start(_SET_ASIDE, now=False)

    def stop(self) -> None:
        """Leave everything as it was."""
        if not self._tidying.running:
            return
        self._tidying.stop()
        if isinstance(self._poller, _EPOLL):
            self._reactor._poller = self._poller
        gc.set_threshold(*self._thresholds)
        gc.unfreeze()

    def _tidy(self) -> None:
        if self._reactor.seconds() - self._looked >= _LOOK_THROUGH_EVERY:
            self._look_through()
        else:
            gc.collect(1)
            gc.freeze()

    def _look_through(self) -> None:
        self._looked = self._reactor.seconds()
        gc.unfreeze()
        gc.collect()
        gc.freeze()
