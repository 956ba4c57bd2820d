"""How long a line takes to give each of its living meters one turn."""

from __future__ import annotations

from collections.abc import Iterable


class CycleWatch:
    """Measures rounds: from the first turn until every meter has had one, less idle time.

    Meters may have different intervals; a round then holds several turns of the eager
    ones. All times are seconds of the caller's clock.
    """

    def __init__(self) -> None:
        self.last: float | None = None
        self._begun: float | None = None
        self._idle_since: float | None = None
        self._missing: set[str] = set()

    def began(self, others: Iterable[str], now: float) -> None:
        """A turn begins while `others` wait for theirs."""
        if self._begun is None:
            self._begun, self._missing = now, set(others)
        elif self._idle_since is not None:
            self._begun += now - self._idle_since
        self._idle_since = None

    def ended(self, serial: str, now: float) -> None:
        """The turn of a meter is over, or the meter does not take part any more."""
        self._missing.discard(serial)
        if not self._missing and self._begun is not None:
            self.last, self._begun = now - self._begun, None

    def idle(self, now: float) -> None:
        """Nobody is on the line, and nobody is due."""
        if self._idle_since is None:
            self._idle_since = now
