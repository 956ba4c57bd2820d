"""Values against what the meter said before: an energy that falls, or jumps further than it can.

What a value can be by itself is judged where it is decoded (`hesd.driver.meaning`). Here
counters are held against their last value. What contradicts it is marked suspect and asked
for once more; if the meter insists (replaced, reset, rolled over), counting goes on from
the new value, still marked. A value that has just left its bounds is asked for once more
too. Nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from hesd.model.bounds import Measured, MeasuredAs, bounds_of
from hesd.model.obis import OBIS
from hesd.model.reading import Quality, Reading
from hesd.model.units import Unit

# What a counter of this unit counts, per hour.
_FLOW: Final = {Unit.WH: Unit.W, Unit.VARH: Unit.VAR, Unit.VAH: Unit.VA, Unit.AH: Unit.A}
_TIME_INTEGRAL: Final = 8  # group D of a counter that is never reset (IEC 62056-6-1)
_NET: Final = 16  # group C of import less export, which may well fall; +20, +40, +60 the phases
_MS_PER_HOUR: Final = 3_600_000
_FLOAT32_STEP: Final = 2.0**-22  # two steps of a float32, relative to its value


class ValueCheck:
    """Remembers the last values of one meter's counters, and what was suspect already.

    The fastest a counter can rise is the highest of its `flows` (see `highest_flows`), times
    the meter's `ratio`.
    """

    def __init__(self, flows: Mapping[Unit, float], ratio: float = 1) -> None:
        self._rates = {unit: flow * ratio for unit, flow in flows.items()}
        self._counts: dict[OBIS, bool] = {}
        self._last: dict[OBIS, Reading] = {}
        self._doubted: dict[OBIS, Reading] = {}
        self._out_of_bounds: set[OBIS] = set()

    def remember(self, readings: Iterable[Reading]) -> None:
        """Values from before this process, to begin with."""
        self._last.update(
            (each.obis, each) for each in readings if self._is_counter(each) and each.quality is Quality.GOOD
        )

    def judge(self, readings: Sequence[Reading]) -> tuple[list[Reading], list[OBIS]]:
        """The readings with what is implausible marked, and which codes to ask for again."""
        judged, again = [], []
        for reading in readings:
            if reading.quality is Quality.SUSPECT:
                doubtful = reading.obis not in self._out_of_bounds
                self._out_of_bounds.add(reading.obis)
            else:
                self._out_of_bounds.discard(reading.obis)
                doubtful = False
            if reading.quality is Quality.GOOD and self._is_counter(reading):
                reading, doubtful = self._counted(reading)
            judged.append(reading)
            if doubtful:
                again.append(reading.obis)
        return judged, again

    def _counted(self, reading: Reading) -> tuple[Reading, bool]:
        """The reading, marked if it does not follow the last one; whether that is news."""
        last, doubted = self._last.get(reading.obis), self._doubted.pop(reading.obis, None)
        if last is None or self._follows(last, reading):
            self._last[reading.obis] = reading
            return reading, False
        if doubted is None:
            self._doubted[reading.obis] = reading
        elif self._follows(doubted, reading):
            self._last[reading.obis] = reading
        return replace(reading, quality=Quality.SUSPECT), doubted is None

    def _follows(self, before: Reading, after: Reading) -> bool:
        """Whether a counter that stood at `before` can stand at `after`."""
        rise = _number(after) - _number(before)
        hours = max(after.at_ms - before.at_ms, 0) / _MS_PER_HOUR
        # A meter that counts whole kWh rises by one from one moment to the next.
        step = 2 * 10.0**after.scaler + abs(_number(after)) * _FLOAT32_STEP
        return 0 <= rise <= self._rates[after.unit] * hours + step

    def _is_counter(self, reading: Reading) -> bool:
        known = self._counts.get(reading.obis)
        if known is None:
            a, _, c, d, _, f = reading.obis.groups
            known = a == 1 and d == _TIME_INTEGRAL and f == 255 and not (c <= 80 and c % 20 == _NET)
            known = self._counts[reading.obis] = known and reading.unit in _FLOW
        return known and isinstance(reading.value, (int, float))


def highest_flows(table: Iterable[Measured]) -> dict[Unit, float]:
    """The highest power (current) that a driver's table thinks possible, by the unit that counts it."""
    known = list(table)
    return {unit: _highest(known, flow) for unit, flow in _FLOW.items()}


def _highest(table: Iterable[Measured], flow: Unit) -> float:
    measured = [bounds_of(each) for each in table if each.unit is flow]
    measured = measured or [bounds_of(MeasuredAs(OBIS("1.0.1.7.0.255"), flow))]
    return max((max(abs(low), abs(high)) for low, high in filter(None, measured)), default=float("inf"))


def _number(reading: Reading) -> float:
    assert isinstance(reading.value, (int, float))
    return reading.value
