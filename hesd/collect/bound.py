"""What a line can do: its shortest cycle, how much is asked of it, and ways out where that is too much."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from hesd.collect.meter import MeterSpec
from hesd.collect.plans import PlanBook
from hesd.driver.modbus import ModbusDriver
from hesd.driver.register import Tier
from hesd.modbus.read_plan import BusTiming

_BAUDS = (9600, 19200, 38400, 57600, 115200)
_SLOW_INTERVALS = (60.0, 300.0, 900.0)


@dataclass(frozen=True, slots=True)
class LineBound:
    """The least time a line needs, in seconds.

    `cycle` is for one turn of every meter with everything, `fast` with the fast tier only.
    `demand` is the share of the line's time that the intervals ask for; above 1 the line
    cannot keep them. `period` is the shortest interval of its meters, 0 without meters.
    """

    cycle: float
    fast: float
    demand: float
    period: float

    @property
    def met(self) -> bool:
        return self.demand <= 1


@dataclass(frozen=True, slots=True)
class _Kind:
    """Meters that ask the same of the line."""

    driver: ModbusDriver
    interval: float
    slow_interval: float

    def load(self, book: PlanBook) -> tuple[float, float, float]:
        """Seconds of a full turn and of a fast one, and the share of the line's time."""
        fast, slow, both = (
            book.plan(self.driver, [r for r in self.driver.registers if r.tier in tiers]).seconds
            for tiers in ((Tier.FAST,), (Tier.SLOW,), (Tier.FAST, Tier.SLOW))
        )
        if self.interval <= self.slow_interval:
            lead, rider = fast / self.interval, (both - fast) / self.slow_interval
        else:
            lead, rider = slow / self.slow_interval, (both - slow) / self.interval
        return both, fast, lead + rider


class LineLoad:
    """The meters of one line as load; `slots` exchanges go on at once."""

    def __init__(self, specs: Iterable[MeterSpec], book: PlanBook, slots: int = 1) -> None:
        self._kinds = Counter(_Kind(spec.driver, spec.interval, spec.slow_interval) for spec in specs)
        self._book = book
        self._slots = slots

    @property
    def meters(self) -> int:
        return sum(self._kinds.values())

    def bound(self) -> LineBound:
        return _bound(self._kinds, self._book, self._slots)

    def advice(self) -> list[str]:
        """What to tell whoever asked more of the line than it can do, ways out included."""
        bound = self.bound()
        if bound.met:
            return []
        timing = self._book.link_timing
        at = f" at {timing.baud} baud" if isinstance(timing, BusTiming) else ""
        told = [
            f"{self.meters} meters need {bound.cycle:.1f} s for a cycle{at}"
            f" ({bound.fast:.1f} s for V, A and kW alone);"
            f" the intervals asked for take {bound.demand:.1f} times the time there is"
        ]
        ways = [*self._by_tiers(bound), *self._by_baud(), *self._by_buses(bound)]
        return [*told, *ways]

    def _by_tiers(self, bound: LineBound) -> Iterable[str]:
        """The first slow interval that makes room for the interval asked for, else what is possible."""
        told = ""
        for slow_interval in sorted({*_SLOW_INTERVALS, *(kind.slow_interval for kind in self._kinds)}):
            share = (bound.cycle - bound.fast) / slow_interval
            if not bound.period < slow_interval or not 0 < share < 1:
                continue
            possible = math.ceil(10 * bound.fast / (1 - share)) / 10
            if possible <= bound.period:
                told = f"V, A and kW every {bound.period:g} s and energies every {slow_interval:g} s would do"
                break
            told = f"V, A and kW every {possible:.1f} s and energies every {slow_interval:g} s would do"
        if told:
            yield told

    def _by_baud(self) -> Iterable[str]:
        timing = self._book.link_timing
        if not isinstance(timing, BusTiming):
            return
        for baud in _BAUDS:
            if baud > timing.baud and _bound(self._kinds, self._book.at(replace(timing, baud=baud)), 1).met:
                yield f"{baud} baud would do"
                return

    def _by_buses(self, bound: LineBound) -> Iterable[str]:
        yield f"{math.ceil(bound.demand)} lines instead of one would do"


def _bound(kinds: Mapping[_Kind, int], book: PlanBook, slots: int) -> LineBound:
    cycle = fast = demand = 0.0
    for kind, number in kinds.items():
        both, lone, share = kind.load(book)
        cycle, fast, demand = cycle + number * both, fast + number * lone, demand + number * share
    period = min((min(kind.interval, kind.slow_interval) for kind in kinds), default=0.0)
    return LineBound(cycle / slots, fast / slots, demand / slots, period)
