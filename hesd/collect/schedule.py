"""Which meter of a line is due next, and with which tiers.

Each meter has a grid of due times for each tier, and a turn is taken by the meter that is
longest overdue. Grids do not move, so nothing drifts; a due time that has passed while the
line was busy is skipped, so nothing comes in bursts. Because a meter that had its turn is
never overdue again before those who wait, a line asked for more than it can carry turns
into plain round robin: every meter late by the same amount, none starved.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

from hesd.driver.register import Tier

# Low-discrepancy phases: any number of meters spread their slow reads evenly.
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True)
class Turn:
    """One meter's turn on the line."""

    serial: str
    tiers: frozenset[Tier]


class Schedule:
    """Due times of the meters of one line; all times in seconds of the caller's clock."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._waiting: dict[str, _Entry] = {}
        # The order of those who wait; what stands in it no longer holds where the entry says otherwise.
        self._order: list[tuple[float, int, int, _Entry]] = []
        self._arrivals = count()
        self._turns = 0

    def place(self, serial: str, intervals: dict[Tier, float], now: float) -> None:
        """Add a meter, or give it other intervals (seconds, for each tier it has).

        A new meter is due at once with everything. One whose intervals are as they were
        keeps its place.
        """
        entry = self._entries.get(serial)
        if entry is None or entry.intervals != intervals:
            known = entry is None or serial in self._waiting
            self._entries[serial] = entry = _Entry(serial, intervals, now, len(self._entries) * _GOLDEN % 1)
            if known:
                self._wait(entry)

    def drop(self, serial: str) -> None:
        """Forget a meter."""
        self._entries.pop(serial, None)
        self._waiting.pop(serial, None)

    def take(self, now: float) -> Turn | None:
        """The turn that is due, which has to end with `done` or `suspend`; None while none is."""
        if self.next_due() > now:
            return None
        *_, entry = heappop(self._order)
        del self._waiting[entry.serial]
        self._turns += 1
        return Turn(entry.serial, entry.take(now, self._turns))

    def done(self, serial: str) -> None:
        """The turn is over; the next one comes on the grid."""
        if serial in self._entries:
            self._wait(self._entries[serial])

    def suspend(self, serial: str) -> None:
        """Give the meter no turn until `resume`."""
        self._waiting.pop(serial, None)

    def resume(self, serial: str, at: float) -> None:
        """Let the meter take part again: due then, now or later, with everything."""
        if serial in self._entries:
            self._entries[serial].call(at)
            self._wait(self._entries[serial])

    def next_due(self) -> float:
        """When the next turn is due; infinity where there is none."""
        while self._order:
            due, turn, _, entry = self._order[0]
            if self._waiting.get(entry.serial) is entry and (entry.due, entry.turn) == (due, turn):
                return due
            heappop(self._order)
        return math.inf

    def _wait(self, entry: _Entry) -> None:
        self._waiting[entry.serial] = entry
        heappush(self._order, (entry.due, entry.turn, next(self._arrivals), entry))

    @property
    def serials(self) -> Iterable[str]:
        """The meters that take part: not suspended, and not on the line this moment."""
        return self._waiting.keys()


class _Grid:
    """Due times `anchor + n * period`."""

    __slots__ = ("_anchor", "_n", "period")

    def __init__(self, anchor: float, period: float) -> None:
        self._anchor, self._n, self.period = anchor, 0, period

    @property
    def due(self) -> float:
        return self._anchor + self._n * self.period

    def advance(self, now: float) -> None:
        """To the first due time after `now`, and by one at least."""
        self._n = max(self._n + 1, math.floor((now - self._anchor) / self.period) + 1)


class _Entry:
    __slots__ = ("_called", "_lead", "_riders", "due", "intervals", "serial", "turn")

    def __init__(self, serial: str, intervals: dict[Tier, float], now: float, phase: float) -> None:
        """`phase` (0..1) says where in its period the less frequent tier falls."""
        self.serial, self.intervals, self.turn = serial, intervals, 0
        (lead, period), *rest = sorted(intervals.items(), key=lambda item: item[1])
        self._lead = (lead, _Grid(now, period))
        # Tiers of one period share their turns; a slower one rides along where it falls.
        self._riders = [
            (tier, _Grid(now + (phase * slower if slower > period else 0), slower)) for tier, slower in rest
        ]
        self.call(now)

    def call(self, at: float) -> None:
        self._called, self.due = True, at

    def take(self, now: float, turn: int) -> frozenset[Tier]:
        """The tiers of this turn; their grids move on to the next."""
        tier, grid = self._lead
        tiers = {tier}
        for rider, its_grid in self._riders:
            # The turn nearest to its due time, which may be this one although it is early.
            falls_here = its_grid.due <= now + grid.period / 2
            if falls_here:
                its_grid.advance(now)
            if falls_here or self._called:
                tiers.add(rider)
        grid.advance(now)
        self._called, self.due, self.turn = False, grid.due, turn
        return frozenset(tiers)
