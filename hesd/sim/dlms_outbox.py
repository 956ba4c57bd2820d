"""What meters say, on its way: in order, when they have thought, and as their faults want it."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import Final

from twisted.internet.interfaces import IReactorTime

from hesd.sim.faults import FaultKind
from hesd.sim.streamed_meter import StreamedMeter
from hesd.sim.transmission import Pace, Transmission

# Octets that come slowly come in lumps of at most so many seconds.
_LUMP_SECONDS: Final = 0.02


class Outbox:
    """The way from the meters behind one stream to the head end.

    `character` is the time each octet takes, 0 where they take none. With `telltale` set only
    so many octets at the start of an answer are ever corrupted: those by which the other
    side can tell.
    """

    __slots__ = ("_character", "_clock", "_free_from", "_random", "_telltale", "_transmit", "_under_way")

    def __init__(
        self,
        clock: IReactorTime,
        transmit: Callable[[bytes], None],
        random: Random,
        *,
        character: float = 0.0,
        telltale: int | None = None,
    ) -> None:
        self._clock = clock
        self._transmit = transmit
        self._random = random
        self._character = character
        self._telltale = telltale
        self._free_from = -math.inf
        self._under_way: set[Transmission] | None = None

    def answer(self, meter: StreamedMeter, octets: bytes) -> None:
        """Send what a meter answers, in its time."""
        faults = meter.faults
        delay = meter.turnaround + faults.get(FaultKind.SLOW, 0.0) + faults.get(FaultKind.LATE, 0.0)
        rate = faults.get(FaultKind.TRICKLE, 0.0)
        if self._random.random() < faults.get(FaultKind.CORRUPT, 0.0):
            octets = self._corrupted(octets)
        for _ in range(2 if FaultKind.DUPLICATE in faults else 1):
            self.send(octets, delay, 1 / rate if rate else self._character)

    def send(self, octets: bytes, delay: float = 0.0, character: float | None = None) -> None:
        """Send these octets `delay` seconds from now, or behind what is under way."""
        character = self._character if character is None else character
        if not (delay or character or self._under_way):
            self._transmit(octets)
            return
        now = self._clock.seconds()
        start = max(self._free_from, now + delay)
        self._free_from = start + len(octets) * character
        lump = max(1, int(_LUMP_SECONDS / character)) if character else len(octets)
        pace = Pace(character, lump, precise=False)
        transmission = Transmission(self._clock, self._arrived, start, octets, pace)
        self._under_way = self._under_way or set()
        self._under_way.add(transmission)
        transmission.wait()

    def hang_up(self) -> None:
        """What is under way never arrives."""
        for transmission in self._under_way or ():
            transmission.cancel()
        self._under_way = None
        self._free_from = -math.inf

    def _arrived(self, transmission: Transmission, octets: bytes) -> None:
        if transmission.ended and self._under_way is not None:
            self._under_way.discard(transmission)
        self._transmit(octets)

    def _corrupted(self, octets: bytes) -> bytes:
        size = len(octets) if self._telltale is None else self._telltale
        bit = self._random.randrange(size * 8)
        flipped = int.from_bytes(octets[:size]) ^ 1 << bit
        return flipped.to_bytes(size) + octets[size:]
