"""Characters on their way over a wire, each at its time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet.interfaces import IDelayedCall, IReactorTime

# How long before it is due a character stops being waited for and is spun for instead:
# a little more than what a sleep may be late by.
_SPIN = 0.0003


@dataclass(frozen=True, slots=True)
class Pace:
    """How characters come: `character` seconds each, handed over in lumps of `lump`.

    A `precise` wire spins for the last moments before a lump is due.
    """

    character: float
    lump: int
    precise: bool


class Transmission:
    """`data` from `start` on, to `arrived` when the last character of each lump is due."""

    def __init__(
        self,
        clock: IReactorTime,
        arrived: Callable[[Transmission, bytes], None],
        start: float,
        data: bytes,
        pace: Pace,
    ) -> None:
        self._clock = clock
        self._arrived = arrived
        self._start = start
        self._data = data
        self._pace = pace
        self._sent = 0
        self._timer: IDelayedCall | None = None

    @property
    def began(self) -> bool:
        """Whether its first character is on the wire."""
        return self._clock.seconds() > self._start

    @property
    def ended(self) -> bool:
        return self._sent == len(self._data)

    def wait(self) -> None:
        """Sleep until the next lump is due."""
        delay = self._due() - self._clock.seconds() - (_SPIN if self._pace.precise else 0.0)
        self._timer = self._clock.callLater(max(0.0, delay), self._deliver)

    def cancel(self) -> None:
        """What has not arrived never will."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def _due(self) -> float:
        return self._start + self._end_of_lump() * self._pace.character

    def _end_of_lump(self) -> int:
        return min(len(self._data), self._sent + self._pace.lump)

    def _deliver(self) -> None:
        due = self._due()
        if self._pace.precise:
            while self._clock.seconds() < due:
                pass
        end = max(self._end_of_lump(), self._passed())
        lump, self._sent = self._data[self._sent : end], end
        self._arrived(self, lump)
        if not self.ended:
            self.wait()

    def _passed(self) -> int:
        """How many characters are due by now: what became so meanwhile comes along."""
        if not self._pace.character:
            return len(self._data)
        passed = (self._clock.seconds() - self._start) / self._pace.character
        return min(len(self._data), int(passed))
