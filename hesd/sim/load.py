"""Load curves that look like a plant, as pure functions of time.

A day is one of a few patterns (workday, Saturday, Sunday, each in variants) of 96 quarters
of an hour. Within a quarter machines cycle around its level so that the cycles cancel out
over the quarter. That gives energy in closed form: whole days are added up once, quarters
by a table, the rest of the current quarter by the integral of the cycles. So a restarted
plant goes on counting where it would be, and no counter ever falls.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple, Protocol

from hesd.sim.habits import HABITS, Habit, Knots
from hesd.sim.plant_meter import LoadKind

QUARTER = 900.0
QUARTERS = 96
DAY = 86400.0
_VARIANTS = 5
# Patterns of days kept for all curves together, at some 9 KiB each: a plant of thousands of
# meters draws those it forgot again.
_PATTERNS: Final = 2048
_MASK = (1 << 64) - 1


def noise(seed: int, n: int) -> float:
    """A number from 0 to 1 that looks random and is always the same for the same arguments."""
    x = (seed * 0xD1342543DE82EF95 + (n + 1) * 0x9E3779B97F4A7C15) & _MASK  # splitmix64
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & _MASK
    return (x ^ (x >> 31)) / 2**64


class Energy(NamedTuple):
    """Active energy in Wh since the start."""

    imported: float
    exported: float


class Load(Protocol):
    """What flows through a metering point; times are seconds since 1970."""

    @property
    def habit(self) -> Habit: ...

    @property
    def rated_w(self) -> float: ...

    @property
    def since(self) -> float:
        """When counting began."""

    def is_on(self, at: float) -> bool:
        """Whether anything can flow."""

    def hours(self, at: float) -> float:
        """How many hours of `since` to `at` it was on."""

    def watts(self, at: float) -> float:
        """Active power, negative while it is exported."""

    def energy(self, at: float) -> Energy:
        """What was counted from `since` to `at`; zero before."""


class LoadCurve:
    """Active power over time, in W, negative while panels give more than is used."""

    def __init__(
        self, kind: LoadKind, rated_w: float, pv_w: float, seed: int, since: float, utc_offset_s: float
    ) -> None:
        self.habit = HABITS[kind]
        self.rated_w = rated_w
        self._kind = kind
        self._pv_w = pv_w
        self._seed = seed
        self._offset = utc_offset_s
        self.since = since
        self._cycles = _Cycles.of(self.habit, seed)
        self._first_day = math.floor((since + utc_offset_s) / DAY)
        # Wh counted when each day since then began.
        self._imported, self._exported = array("d", [0.0]), array("d", [0.0])
        start = self._added_up(since)
        self._imported[0], self._exported[0] = -start.imported, -start.exported

    def is_on(self, at: float) -> bool:  # noqa: ARG002
        return True

    def hours(self, at: float) -> float:
        return max(0.0, at - self.since) / 3600

    def watts(self, at: float) -> float:
        """Active power at `at`, seconds since 1970."""
        day, quarter, rest = self._place(at)
        return self._pattern(day).levels[quarter] * self._cycles.at(rest)

    def energy(self, at: float) -> Energy:
        """What was counted from `since` to `at`; zero before."""
        return self._added_up(max(at, self.since))

    def _place(self, at: float) -> tuple[int, int, float]:
        local = at + self._offset
        day, second = divmod(local, DAY)
        quarter = min(int(second / QUARTER), QUARTERS - 1)
        return int(day), quarter, second - quarter * QUARTER

    def _added_up(self, at: float) -> Energy:
        day, quarter, rest = self._place(at)
        imported, exported = self._before_day(day)
        pattern = self._pattern(day)
        level = pattern.levels[quarter]
        part = abs(level) * self._cycles.integral(rest) / 3600
        imported += pattern.imported[quarter] + (part if level >= 0 else 0.0)
        exported += pattern.exported[quarter] + (part if level < 0 else 0.0)
        return Energy(imported, exported)

    def _before_day(self, day: int) -> tuple[float, float]:
        imported, exported = self._imported, self._exported
        passed = day - self._first_day
        for since in range(len(imported) - 1, passed):
            pattern = self._pattern(self._first_day + since)
            imported.append(imported[since] + pattern.imported[QUARTERS])
            exported.append(exported[since] + pattern.exported[QUARTERS])
        return imported[passed], exported[passed]

    def _pattern(self, day: int) -> _Pattern:
        weekday = (day + 3) % 7  # 1970-01-01 was a Thursday
        kind = max(0, weekday - 4)  # 0 Monday to Friday, 1 Saturday, 2 Sunday
        number = kind * _VARIANTS + int(noise(self._seed, day) * _VARIANTS)
        return _drawn(self._kind, self.rated_w, self._pv_w, self._seed, kind, number)


@dataclass(frozen=True, slots=True)
class _Pattern:
    """The 96 levels of a day in W, and Wh added up before each quarter (97 entries)."""

    levels: tuple[float, ...]
    imported: tuple[float, ...]
    exported: tuple[float, ...]

    @classmethod
    def of(cls, levels: list[float]) -> _Pattern:
        imported, exported = [0.0], [0.0]
        for level in levels:
            energy = level * QUARTER / 3600
            imported.append(imported[-1] + max(energy, 0.0))
            exported.append(exported[-1] + max(-energy, 0.0))
        return cls(tuple(levels), tuple(imported), tuple(exported))


@lru_cache(maxsize=_PATTERNS)
def _drawn(load: LoadKind, rated_w: float, pv_w: float, seed: int, kind: int, number: int) -> _Pattern:
    """A day of a load: `kind` is 0 for a workday, 1 for a Saturday, 2 for a Sunday."""
    habit = HABITS[load]
    knots = (habit.workday, habit.saturday, habit.sunday)[kind]
    seed = seed * 64 + number
    busy = 0.9 + 0.2 * noise(seed, -2)
    # Clouds are the weather's, so they are the same over all roofs of a plant.
    sky = 0.35 + 0.65 * noise(number, -3)
    levels = []
    for quarter in range(QUARTERS):
        hour = (quarter + 0.5) / 4
        rough = 1 + habit.roughness * (2 * noise(seed, quarter) - 1)
        used = rated_w * min(1.0, _between(knots, hour) * busy * rough)
        clouds = 1 - 0.3 * (1.3 - sky) * noise(number, quarter)
        levels.append(used - pv_w * _sun(hour) * sky * clouds)
    return _Pattern.of(levels)


@dataclass(frozen=True, slots=True)
class _Cycles:
    """Sine and on-off cycles around 1, whole numbers of them in a quarter of an hour."""

    swing: float
    swing_rate: float  # radians a second
    phase: float
    switching: float
    switch_rate: float  # cycles a second
    offset: float
    duty: float

    @classmethod
    def of(cls, habit: Habit, seed: int) -> _Cycles:
        few, many = habit.cycles
        pick = few + int(noise(seed, -4) * (many - few + 1))
        return cls(
            swing=habit.swing,
            swing_rate=2 * math.pi * max(1, pick // 3) / QUARTER,
            phase=2 * math.pi * noise(seed, -5),
            switching=habit.switching,
            switch_rate=pick / QUARTER,
            offset=noise(seed, -6),
            duty=0.4 + 0.15 * noise(seed, -7),
        )

    def at(self, rest: float) -> float:
        """The factor `rest` seconds into a quarter; never below 0, 1 on average."""
        off = self.switching * self.duty / (1 - self.duty)
        on = (rest * self.switch_rate + self.offset) % 1 < self.duty
        swing = self.swing * math.sin(self.swing_rate * rest + self.phase)
        return 1 + swing + (self.switching if on else -off)

    def integral(self, rest: float) -> float:
        """Seconds times factor, from the start of the quarter."""
        angle = self.swing_rate * rest + self.phase
        swung = self.swing / self.swing_rate * (math.cos(self.phase) - math.cos(angle))
        switched = self._switched(rest * self.switch_rate + self.offset) - self._switched(self.offset)
        return rest + swung + switched / self.switch_rate

    def _switched(self, cycles: float) -> float:
        part = cycles % 1
        if part < self.duty:
            return self.switching * part
        return self.switching * self.duty * (1 - (part - self.duty) / (1 - self.duty))


def _between(knots: Knots, hour: float) -> float:
    for (left, low), (right, high) in pairwise(knots):
        if hour <= right:
            return low + (high - low) * (hour - left) / (right - left)
    return knots[-1][1]


def _sun(hour: float) -> float:
    """How much of their best panels give on a clear day, 6 to 19 o'clock."""
    return math.sin(math.pi * (hour - 6) / 13) ** 1.4 if 6 < hour < 19 else 0.0
