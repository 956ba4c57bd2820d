"""What a line can do, and what is advised where more is asked of it."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.bound import LineLoad
from hesd.collect.meter import MeterSpec
from hesd.collect.plans import PlanBook
from hesd.driver import Holding, ModbusDriver, Tier, Unit
from hesd.modbus.read_plan import BusTiming, TCPTiming

# The register table of the field note on the plant with 79 meters.
_TABLE = (3000, 3002, 3004, 3028, 3030, 3032, 3054, 3068, 3076, 3084, 3110, 3204)
DRIVER = ModbusDriver(
    vendor="Schneider",
    models=("EM",),
    source="field note",
    registers=tuple(
        Holding(address, f"1-0:{index + 1}.7.0", Unit.NONE, tier=Tier.FAST if address <= 3054 else Tier.SLOW)
        for index, address in enumerate(_TABLE)
    ),
)


def load(
    meters: int = 79, interval: float = 10, slow_interval: float = 10, baud: int = 9600, slots: int = 1
) -> LineLoad:
    return LineLoad(specs(meters, interval, slow_interval), PlanBook(BusTiming(baud), None), slots)


def specs(meters: int, interval: float, slow_interval: float) -> list[MeterSpec]:
    return [
        MeterSpec(
            serial=str(unit),
            line="l",
            driver_name="d",
            driver=DRIVER,
            unit_id=unit,
            interval=interval,
            slow_interval=slow_interval,
        )
        for unit in range(1, meters + 1)
    ]


class BoundTests(SynchronousTestCase):
    def test_the_cycles_of_the_field_plant(self) -> None:
        """Computed by the cost model of the serial line specification, mean turnaround 12.5 ms."""
        for baud, cycle, fast in ((9600, 21.1, 9.98), (19200, 13.0, 6.47), (38400, 8.0, 3.95)):
            bound = load(baud=baud).bound()
            self.assertAlmostEqual(bound.cycle, cycle, places=1)
            self.assertAlmostEqual(bound.fast, fast, places=2)

    def test_demand_is_the_share_of_the_time_that_the_intervals_take(self) -> None:
        bound = load(interval=30, slow_interval=60).bound()
        self.assertAlmostEqual(bound.demand, bound.fast / 30 + (bound.cycle - bound.fast) / 60)
        self.assertTrue(bound.met)
        self.assertEqual(bound.period, 30)

    def test_several_exchanges_at_once_divide_it(self) -> None:
        self.assertAlmostEqual(load(slots=4).bound().cycle, load().bound().cycle / 4)

    def test_a_line_without_meters_needs_no_time(self) -> None:
        bound = load(meters=0).bound()
        self.assertEqual((bound.cycle, bound.demand, bound.period), (0, 0, 0))
        self.assertEqual(load(meters=0).advice(), [])

    def test_a_driver_without_a_slow_tier(self) -> None:
        fast = ModbusDriver(vendor="V", models=(), source="", registers=DRIVER.registers[:3])
        spec = MeterSpec(
            serial="1", line="l", driver_name="d", driver=fast, unit_id=1, interval=1, slow_interval=60
        )
        bound = LineLoad([spec], PlanBook(BusTiming(9600), None)).bound()
        self.assertEqual(bound.cycle, bound.fast)

    def test_nothing_is_advised_where_the_intervals_can_be_kept(self) -> None:
        self.assertEqual(load(interval=30, slow_interval=60).advice(), [])

    def test_the_period_is_told_to_be_too_short_and_what_would_do(self) -> None:
        told, *ways = load(baud=19200).advice()
        self.assertIn("79 meters need 13.0 s for a cycle at 19200 baud", told)
        self.assertEqual(
            ways,
            [
                "V, A and kW every 10 s and energies every 60 s would do",
                "38400 baud would do",
                "2 lines instead of one would do",
            ],
        )

    def test_baud_rates_mean_nothing_on_tcp(self) -> None:
        advice = LineLoad(specs(79, 0.1, 0.1), PlanBook(TCPTiming(0.02), None)).advice()
        self.assertNotIn("baud", " ".join(advice))

    def test_the_turnaround_of_the_line_overrides_that_of_the_driver(self) -> None:
        slow = LineLoad(specs(79, 10, 10), PlanBook(BusTiming(9600, turnaround=0.05), 0.05)).bound()
        self.assertGreater(slow.cycle, load().bound().cycle + 79 * 0.1)

    @given(
        st.integers(1, 100),
        st.floats(0.5, 100),
        st.floats(1, 1000),
        st.sampled_from([2400, 9600, 19200, 38400, 115200]),
    )
    def test_what_is_advised_would_do(self, meters: int, interval: float, slow: float, baud: int) -> None:
        asked = load(meters, interval, slow, baud)
        advice = " ".join(asked.advice())
        self.assertEqual(advice == "", asked.bound().met)
        for fast, energies in re.findall(r"kW every ([\d.]+) s and energies every ([\d.]+) s", advice):
            self.assertLessEqual(load(meters, float(fast), float(energies), baud).bound().demand, 1.001)
        for other in re.findall(r"(\d+) baud would do", advice):
            self.assertTrue(load(meters, interval, slow, int(other)).bound().met)
        for lines in re.findall(r"(\d+) lines instead", advice):
            self.assertLessEqual(asked.bound().demand / int(lines), 1)
