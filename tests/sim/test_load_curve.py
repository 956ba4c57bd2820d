"""Power is a function of time, and energy is its integral."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.sim.habits import HABITS
from hesd.sim.load import Energy, LoadCurve
from hesd.sim.plant_meter import LoadKind

SINCE = 1_767_225_600.0  # 2026-01-01, a Thursday
DAY = 86400.0

kinds = st.sampled_from(sorted(HABITS))
times = st.floats(SINCE, SINCE + 400 * DAY)
seeds = st.integers(0, 2**32)


def curve(kind: LoadKind, seed: int = 1, pv: float = 0.0, offset: float = 0.0) -> LoadCurve:
    return LoadCurve(kind, 10_000.0, pv, seed=seed, since=SINCE, utc_offset_s=offset)


class EnergyTests(SynchronousTestCase):
    @given(kinds, seeds, times, st.floats(1, 4000))
    def test_is_the_integral_of_power(self, kind: LoadKind, seed: int, start: float, seconds: float) -> None:
        load = curve(kind, seed)
        steps = 2000
        width = seconds / steps
        summed = sum(load.watts(start + (n + 0.5) * width) for n in range(steps)) * width / 3600
        counted = load.energy(start + seconds).imported - load.energy(start).imported
        # Machines switch and quarters begin inside of a step, not at its ends.
        self.assertLess(abs(counted - summed), 0.01 * summed + 10_000 * 8 * width / 3600)

    @given(kinds, seeds, st.floats(0, 20_000), times, st.floats(0, 3 * DAY))
    def test_never_falls(self, kind: LoadKind, seed: int, pv: float, start: float, seconds: float) -> None:
        load = curve(kind, seed, pv)
        before, after = load.energy(start), load.energy(start + seconds)
        self.assertGreaterEqual(after.imported - before.imported, -1e-6)
        self.assertGreaterEqual(after.exported - before.exported, -1e-6)

    @given(kinds, seeds, times, times)
    def test_does_not_depend_on_what_was_asked_before(
        self, kind: LoadKind, seed: int, first: float, then: float
    ) -> None:
        asked, fresh = curve(kind, seed, 8000.0), curve(kind, seed, 8000.0)
        asked.energy(first)
        for a, b in zip(asked.energy(then), fresh.energy(then), strict=True):
            self.assertTrue(math.isclose(a, b, abs_tol=1e-3), (a, b))
        self.assertEqual(asked.watts(then), fresh.watts(then))

    def test_is_zero_when_it_begins(self) -> None:
        load = curve("machine", offset=5.5 * 3600)
        self.assertEqual(load.energy(SINCE), Energy(0.0, 0.0))
        self.assertEqual(load.energy(SINCE - DAY), Energy(0.0, 0.0))


class HabitTests(SynchronousTestCase):
    def daily_kwh(self, load: LoadCurve, day: int) -> float:
        start = SINCE + day * DAY
        return (load.energy(start + DAY).imported - load.energy(start).imported) / 1000

    def test_power_is_never_above_what_is_connected_by_much_nor_negative(self) -> None:
        for kind in HABITS:
            load = curve(kind)
            watts = [load.watts(SINCE + n * 37.0) for n in range(20_000)]
            self.assertGreaterEqual(min(watts), 0.0, kind)
            self.assertLess(max(watts), 17_000, kind)

    def test_machines_rest_on_sunday(self) -> None:
        load = curve("machine")
        friday, sunday = self.daily_kwh(load, 1), self.daily_kwh(load, 3)
        self.assertGreater(friday, 2 * sunday)

    def test_offices_work_by_day(self) -> None:
        load = curve("office")
        night, day = load.watts(SINCE + 2 * 3600), load.watts(SINCE + 11 * 3600)
        self.assertGreater(day, 3 * night)

    def test_local_time_moves_the_day(self) -> None:
        there = curve("office", offset=5.5 * 3600)
        self.assertGreater(there.watts(SINCE + 4 * 3600), 3 * there.watts(SINCE + 20 * 3600))

    def test_flats_have_their_peak_in_the_evening(self) -> None:
        load = curve("flat")

        def mean(day: int, hour: float) -> float:
            start = SINCE + day * DAY + hour * 3600
            return load.energy(start + 3600).imported - load.energy(start).imported

        days = (0, 1, 4, 5, 6)
        self.assertGreater(sum(mean(d, 19) for d in days), 2 * sum(mean(d, 3) for d in days))

    def test_panels_export_at_noon_and_not_at_night(self) -> None:
        load = curve("flat", pv=15_000.0)
        noons = [load.watts(SINCE + day * DAY + 12.4 * 3600) for day in range(10)]
        nights = [load.watts(SINCE + day * DAY + 1 * 3600) for day in range(10)]
        self.assertLess(min(noons), -3000)
        self.assertGreater(min(nights), 0)

    def test_compressors_switch(self) -> None:
        load = curve("compressor")
        watts = [load.watts(SINCE + 9 * 3600 + n) for n in range(900)]
        jumps = sum(abs(b - a) > 2000 for a, b in pairwise(watts))
        self.assertGreater(jumps, 6)
