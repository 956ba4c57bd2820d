"""Plans follow how long a meter is seen to think."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from hesd.driver import Holding, Unit
from hesd.modbus.read_plan import BusTiming
from tests.collect.memory_line import DRIVER
from tests.collect.plant import Plant

# Apart by so much that at 19200 baud reading over the gap pays for slow meters only.
APART = replace(
    DRIVER, registers=(Holding(0, "1-0:32.7.0", Unit.V), Holding(24, "1-0:31.7.0", Unit.A)), turnaround=0.0125
)


class PaceTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.plant = Plant(1, driver=APART, timing=BusTiming(19200))
        self.plant.start()

    def reads_a_turn(self) -> int:
        before = len(self.plant.link.asked)
        self.plant.run(10)
        return len(self.plant.link.asked) - before

    def test_a_slow_meter_is_asked_less_often_for_more(self) -> None:
        self.plant.run(5)
        self.assertEqual(self.reads_a_turn(), 2)
        self.plant.link.turnarounds[1] = 0.04
        self.reads_a_turn()
        self.assertEqual(self.reads_a_turn(), 1)
        self.plant.link.turnarounds[1] = 0.005
        self.reads_a_turn()
        self.assertEqual(self.reads_a_turn(), 2)
        self.assertEqual(set(self.plant.values("m1")), {"1.0.32.7.0.255", "1.0.31.7.0.255"})

    def test_what_makes_no_difference_changes_no_plan(self) -> None:
        self.plant.run(5)
        self.plant.link.turnarounds[1] = 0.0135
        self.reads_a_turn()
        self.assertEqual(self.reads_a_turn(), 2)
