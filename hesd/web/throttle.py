"""How often somebody may guess a password."""

from __future__ import annotations

from collections import OrderedDict

from twisted.internet.interfaces import IReactorTime

MAX_KEYS = 10_000


class Throttle:
    """Failures by key; one is forgiven every `forgive` seconds, and `allowed` may be open.

    The table is bounded: when strangers fill it with keys, the longest unused go.
    """

    def __init__(self, clock: IReactorTime, *, allowed: int, forgive: float) -> None:
        self._clock = clock
        self._allowed = allowed
        self._forgive = forgive
        self._forgiven_at: OrderedDict[str, float] = OrderedDict()

    def wait(self, key: str) -> float:
        """Seconds until the next attempt is taken; 0 when it is now."""
        open_seconds = self._forgiven_at.get(key, 0.0) - self._clock.seconds()
        return max(0.0, open_seconds - (self._allowed - 1) * self._forgive)

    def failed(self, key: str) -> None:
        now = self._clock.seconds()
        self._forgiven_at[key] = max(now, self._forgiven_at.get(key, 0.0)) + self._forgive
        self._forgiven_at.move_to_end(key)
        if len(self._forgiven_at) > MAX_KEYS:
            self._forgiven_at.popitem(last=False)

    def succeeded(self, key: str) -> None:
        self._forgiven_at.pop(key, None)
