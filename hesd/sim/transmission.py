"""Characters on their way over a wire, each at its time."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

# How long before it is due a character stops being waited for and is spun for instead:
# a little more than what a sleep may be late by.
_SPIN = 0.0003


class Transmission:
    """`data` from `start` on, one character every `character` seconds, to `arrived`.

    Characters arrive in lumps of `lump`, each when its last one is due. A `precise`
    transmission spins for the last moments before that.
    """

    lump = 1
    precise = False

    def __init__(
        self,
        clock: IReactorTime,
        arrived: Callable[[Transmission, bytes], None],
        start: float,
        data: bytes,
        character: float,
    ) -> None:
        self._clock = clock
        self._arrived = arrived
        self._start = start
        self._data = data
        self._character = character
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
        delay = self._due() - self._clock.seconds() - (_SPIN if self.precise else 0.0)
        self._timer = self._clock.callLater(max(0.0, delay), self._deliver)

    def cancel(self) -> None:
        """What has not arrived never will."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def _end_of_lump(self) -> int:
        return min(len(self._data), self._sent + self.lump) if self._character else len(self._data)

    def _due(self) -> float:
        return self._start + self._end_of_lump() * self._character

    def _deliver(self) -> None:
        due = self._due()
        if self.precise:
            while self._clock.seconds() < due:
                pass
        end = self._end_of_lump()
        if self._character:  # what became due meanwhile comes along
            passed = int((self._clock.seconds() - self._start) / self._character)
            end = max(end, min(len(self._data), passed))
        lump, self._sent = self._data[self._sent : end], end
        self._arrived(self, lump)
        if not self.ended:
            self.wait()
