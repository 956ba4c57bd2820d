"""How much of its time a line is taken."""

from __future__ import annotations

from collections import deque
from typing import Final

WINDOW: Final = 60.0
_STEP: Final = 1.0


class Utilisation:
    """Share of the last minute, from a counter of busy seconds that only rises."""

    def __init__(self, now: float) -> None:
        self._samples: deque[tuple[float, float]] = deque([(now, 0.0)])

    def sample(self, busy_seconds: float, now: float) -> None:
        """Take note of the counter; calls that come faster than one a second are free."""
        if now - self._samples[-1][0] < _STEP:
            return
        self._samples.append((now, busy_seconds))
        while self._samples[1][0] <= now - WINDOW:
            self._samples.popleft()

    def share(self, busy_seconds: float, now: float, slots: int = 1) -> float:
        """Taken time over time, 0 to 1, where `slots` exchanges go on at once."""
        then, busy_then = self._samples[0]
        if now <= then:
            return 0.0
        return min(1.0, max(0.0, (busy_seconds - busy_then) / (slots * (now - then))))
