"""How often somebody may guess a password."""

from __future__ import annotations

from collections import OrderedDict

from twisted.internet.interfaces import IReactorTime

MAX_KEYS = 10_000


class Throttle:
    """Counts attempts by key: `allowed` may be open, one is forgiven every `forgive` seconds.

    An attempt is charged before it is looked at, so that many at once count as many. The
    table is bounded: when strangers fill it with keys, the longest unused go.
    """

    def __init__(self, clock: IReactorTime, *, allowed: int, forgive: float) -> None:
        self._clock = clock
        self._allowed = allowed
        self._forgive = forgive
        self._clear_at: OrderedDict[str, float] = OrderedDict()

    def wait(self, key: str) -> float:
        """Seconds until the next attempt is taken; 0 when it is now."""
        open_seconds = self._clear_at.get(key, 0.0) - self._clock.seconds()
        return max(0.0, open_seconds - (self._allowed - 1) * self._forgive)

    def charge(self, key: str) -> None:
        now = self._clock.seconds()
        self._clear_at[key] = max(now, self._clear_at.get(key, 0.0)) + self._forgive
        self._clear_at.move_to_end(key)
        if len(self._clear_at) > MAX_KEYS:
            self._clear_at.popitem(last=False)

    def refund(self, key: str) -> None:
        """The attempt was no guess."""
        if key in self._clear_at:
            self._clear_at[key] -= self._forgive
