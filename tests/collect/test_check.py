"""Counters that fall or jump: marked, asked for again, never dropped."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.check import ValueCheck, highest_flows
from hesd.driver import Holding, Input, ModbusDriver, Unit
from hesd.model.obis import OBIS
from hesd.model.reading import Quality, Reading

IMPORT = OBIS("1-0:1.8.0")
POWER = Holding(3054, "1-0:1.7.0", Unit.W, scaler=3, bounds=(-100e3, 100e3))
DRIVER = ModbusDriver(vendor="V", models=("M",), source="none", registers=(POWER,))
FLOWS = highest_flows(DRIVER.registers)
HOUR = 3_600_000
GOOD, SUSPECT = Quality.GOOD, Quality.SUSPECT


def energy(wh: float, at_ms: int, obis: OBIS = IMPORT, quality: Quality = GOOD) -> Reading:
    return Reading("1", obis, at_ms, wh, 0, wh, Unit.WH, quality)


class ValueCheckTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.check = ValueCheck(FLOWS)
        self.judge(1_000_000, 0)

    def judge(self, wh: float, at_ms: int, obis: OBIS = IMPORT) -> tuple[Quality, bool]:
        """The quality given, and whether it is to be read again."""
        (judged,), again = self.check.judge([energy(wh, at_ms, obis)])
        self.assertEqual(judged.value, wh)
        return judged.quality, again == [obis]

    def test_a_counter_may_rise_as_fast_as_its_meter_can_measure(self) -> None:
        self.assertEqual(self.judge(1_100_000, HOUR), (GOOD, False))

    def test_a_counter_may_stand_still(self) -> None:
        self.assertEqual(self.judge(1_000_000, HOUR), (GOOD, False))

    def test_a_fall_is_suspect_and_read_again(self) -> None:
        self.assertEqual(self.judge(999_000, HOUR), (SUSPECT, True))

    def test_a_jump_is_suspect_and_read_again(self) -> None:
        self.assertEqual(self.judge(1_200_000, HOUR), (SUSPECT, True))

    def test_a_fall_that_was_a_disturbance_is_forgotten(self) -> None:
        self.judge(0, 1000)
        self.assertEqual(self.judge(1_000_010, 2000), (GOOD, False))
        self.assertEqual(self.judge(1_000_020, 3000), (GOOD, False))

    def test_a_meter_that_insists_counts_on_from_its_new_value_after_a_second_mark(self) -> None:
        self.assertEqual(self.judge(5, 1000), (SUSPECT, True))
        self.assertEqual(self.judge(5, 1100), (SUSPECT, False))
        self.assertEqual(self.judge(10, 2000), (GOOD, False))

    def test_two_disturbances_in_succession_do_not_move_the_count(self) -> None:
        self.assertEqual(self.judge(9e15, 1000), (SUSPECT, True))
        self.assertEqual(self.judge(3, 1100), (SUSPECT, False))
        self.assertEqual(self.judge(1_000_010, 2000), (GOOD, False))

    def test_the_smallest_step_of_a_meter_is_no_jump(self) -> None:
        """A meter that counts whole kWh rises by 1 kWh from one second to the next."""
        check = ValueCheck(FLOWS)
        for at_ms, kwh in ((0, 1000), (1000, 1001)):
            reading = Reading("1", IMPORT, at_ms, kwh, 3, kwh * 1000, Unit.WH)
            self.assertEqual(check.judge([reading]), ([reading], []))

    def test_a_step_of_a_large_float_is_no_jump(self) -> None:
        check = ValueCheck(FLOWS)
        for at_ms, kwh in ((0, 16_777_214.0 * 16), (1000, 16_777_215.0 * 16)):
            reading = Reading("1", IMPORT, at_ms, kwh, 3, kwh * 1000, Unit.WH)
            self.assertEqual(check.judge([reading]), ([reading], []))

    def test_the_ratio_of_the_transformers_widens_what_is_possible(self) -> None:
        self.check = ValueCheck(FLOWS, ratio=40)
        self.judge(0, 0)
        self.assertEqual(self.judge(3_900_000, HOUR), (GOOD, False))

    def test_what_is_not_a_lasting_counter_is_not_compared(self) -> None:
        for code in ("1-0:16.8.0", "1-0:36.8.0", "1-0:1.9.0", "1-0:1.8.0*3", "1-0:1.29.0"):
            obis = OBIS(code)
            self.judge(1000, 0, obis)
            self.assertEqual(self.judge(1, 1000, obis), (GOOD, False))

    def test_values_from_before_this_process_count(self) -> None:
        self.check = ValueCheck(FLOWS)
        self.check.remember([energy(5_000_000, 0), energy(7, 0, OBIS("1-0:2.8.0"), SUSPECT)])
        self.assertEqual(self.judge(4_000_000, HOUR), (SUSPECT, True))
        self.assertEqual(self.judge(1, HOUR, OBIS("1-0:2.8.0")), (GOOD, False))

    def test_what_is_suspect_or_bad_in_itself_is_no_count(self) -> None:
        bad = Reading("1", IMPORT, 1000, None, 0, None, Unit.WH, Quality.BAD)
        implausible = energy(-5, 2000, quality=SUSPECT)
        self.assertEqual(self.check.judge([bad, implausible])[0], [bad, implausible])
        self.assertEqual(self.judge(1_000_001, 3000), (GOOD, False))

    def test_what_has_just_left_its_bounds_is_read_again_once(self) -> None:
        def volts(value: float, quality: Quality) -> Reading:
            return Reading("1", OBIS("1-0:32.7.0"), 0, value, 0, value, Unit.V, quality)

        doubts = [
            bool(self.check.judge([volts(value, quality)])[1])
            for value, quality in ((230, GOOD), (9e9, SUSPECT), (9e9, SUSPECT), (230, GOOD), (9e9, SUSPECT))
        ]
        self.assertEqual(doubts, [False, True, False, False, True])

    def test_without_a_power_register_the_quantity_bounds_the_rise(self) -> None:
        driver = ModbusDriver(vendor="V", models=(), source="", registers=(Input(0, "1-0:1.8.0", Unit.WH),))
        self.check = ValueCheck(highest_flows(driver.registers))
        self.judge(0, 0)
        self.assertEqual(self.judge(9_999_000, HOUR), (GOOD, False))
        self.assertEqual(self.judge(1e12, 2 * HOUR), (SUSPECT, True))

    @given(st.lists(st.floats(0, 1e9, allow_nan=False), min_size=1, max_size=30))
    def test_every_value_comes_out_in_its_order(self, values: list[float]) -> None:
        readings = [energy(value, 1000 * index) for index, value in enumerate(values)]
        judged, _ = ValueCheck(FLOWS).judge(readings)
        self.assertEqual([each.value for each in judged], values)

    @given(st.lists(st.integers(0, 27), min_size=1, max_size=60))
    def test_a_healthy_meter_is_never_suspected(self, rises: list[int]) -> None:
        """100 kW are 27.7 Wh a second."""
        check, value = ValueCheck(FLOWS), 0
        for second, rise in enumerate(rises):
            value += rise
            judged, again = check.judge([energy(value, 1000 * second)])
            self.assertEqual((judged[0].quality, again), (GOOD, []))
