"""The quantities of one instant belong together."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.model.obis import OBIS
from hesd.sim.habits import HABITS
from hesd.sim.load import LoadCurve
from hesd.sim.plant_meter import LoadKind
from hesd.sim.point import MeteringPoint, Supply

SINCE = 1_767_225_600.0
NOON = SINCE + 4.5 * 86400


def point(kind: LoadKind = "machine", phases: int = 3, pv: float = 0.0, seed: int = 5) -> MeteringPoint:
    curve = LoadCurve(kind, 10_000.0, pv, seed=seed, since=SINCE, utc_offset_s=0)
    return MeteringPoint(curve, Supply(1), seed, phases, start_wh=1_000_000.0)


class PointTests(SynchronousTestCase):
    def of(self, where: MeteringPoint, code: str, at: float = NOON) -> float:
        return where.value(OBIS(code), at)

    @given(st.sampled_from(sorted(HABITS)), st.floats(SINCE, SINCE + 100 * 86400), st.integers(0, 2**32))
    def test_phases_add_up(self, kind: LoadKind, at: float, seed: int) -> None:
        where = point(kind, seed=seed)
        for whole, parts in (("1.7", ("21.7", "41.7", "61.7")), ("1.8", ("21.8", "41.8", "61.8"))):
            total = self.of(where, f"1-0:{whole}.0", at)
            summed = sum(self.of(where, f"1-0:{part}.0", at) for part in parts)
            self.assertTrue(math.isclose(total, summed, rel_tol=1e-9), (whole, total, summed))

    @given(st.sampled_from(sorted(HABITS)), st.floats(SINCE, SINCE + 100 * 86400))
    def test_power_triangle(self, kind: LoadKind, at: float) -> None:
        where = point(kind)
        active, reactive, apparent, factor = (self.of(where, f"1-0:{c}.7.0", at) for c in (1, 3, 9, 13))
        self.assertAlmostEqual(math.hypot(active, reactive), apparent, places=6)
        self.assertAlmostEqual(active / apparent, factor)
        current, voltage = self.of(where, "1-0:31.7.0", at), self.of(where, "1-0:32.7.0", at)
        self.assertAlmostEqual(current * voltage, self.of(where, "1-0:29.7.0", at), places=6)

    def test_phases_are_not_alike(self) -> None:
        where = point()
        currents = [self.of(where, f"1-0:{c}.7.0") for c in (31, 51, 71)]
        self.assertGreater(max(currents), 1.02 * min(currents))
        self.assertGreater(self.of(where, "1-0:91.7.0"), 0.1)

    def test_the_network_is_one_of_230_volts_and_50_hertz(self) -> None:
        where = point()
        for at in (NOON + n * 977.0 for n in range(500)):
            self.assertTrue(220 < self.of(where, "1-0:52.7.0", at) < 242)
            self.assertTrue(385 < self.of(where, "1-0:131.7.0", at) < 420)
            self.assertTrue(49.9 < self.of(where, "1-0:14.7.0", at) < 50.1)

    def test_single_phase_is_total_and_l1(self) -> None:
        where = point("office", phases=1)
        self.assertEqual(self.of(where, "1-0:21.7.0"), self.of(where, "1-0:1.7.0"))
        self.assertEqual(self.of(where, "1-0:41.7.0"), 0.0)
        self.assertEqual(self.of(where, "1-0:61.8.0"), 0.0)

    def test_panels_turn_the_sign_of_power_and_its_factor(self) -> None:
        where = point("flat", pv=15_000.0)
        at = next(t for t in (NOON + d * 86400 for d in range(9)) if self.of(where, "1-0:1.7.0", t) < -2000)
        self.assertLess(self.of(where, "1-0:13.7.0", at), 0)
        self.assertGreater(self.of(where, "1-0:2.7.0", at), 2000)
        self.assertGreater(self.of(where, "1-0:2.8.0", at), 0)

    def test_lamps_are_capacitive(self) -> None:
        where = point("lighting")
        self.assertLess(self.of(where, "1-0:3.7.0"), 0)
        self.assertEqual(self.of(where, "1-0:3.8.0"), 0.0)
        self.assertGreater(self.of(where, "1-0:4.8.0"), 0.0)

    def test_counting_goes_on_from_the_start_value(self) -> None:
        self.assertEqual(self.of(point(), "1-0:1.8.0", SINCE), 1_000_000.0)

    def test_demand_is_the_last_quarter_of_an_hour(self) -> None:
        where = point()
        end = NOON - NOON % 900
        energy = self.of(where, "1-0:1.8.0", end) - self.of(where, "1-0:1.8.0", end - 900)
        self.assertAlmostEqual(self.of(where, "1-0:1.4.0"), energy * 4, places=6)
