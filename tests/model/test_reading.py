from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.model.obis import OBIS
from hesd.model.quantities import quantity
from hesd.model.reading import Quality, Reading, shift
from hesd.model.units import Unit


class ScalingTests(SynchronousTestCase):
    @given(st.integers(-(2**64), 2**64), st.integers(-9, 9))
    def test_counters_are_shifted_as_exactly_as_a_number_can_be(self, number: int, exponent: int) -> None:
        exact = Decimal(number).scaleb(exponent)
        shifted = shift(number, exponent)
        self.assertEqual(shifted, exact if isinstance(shifted, int) else float(exact))

    @given(st.integers(-(10**9), 10**9), st.integers(-6, 6), st.integers(-9, 9))
    def test_of_a_decimal_only_the_point_is_moved(self, digits: int, places: int, exponent: int) -> None:
        number = float(f"{digits}e{places}")
        self.assertEqual(shift(number, exponent), float(f"{digits}e{places + exponent}"))

    def test_energy_is_shown_in_kwh_without_drift(self) -> None:
        reading = Reading("M1", OBIS("1-0:1.8.0"), 0, 123_456, 0, 123_456, Unit.WH)
        self.assertEqual((reading.shown, reading.unit.sign), (123.456, "kWh"))

    def test_volts_are_shown_as_they_are(self) -> None:
        self.assertEqual(Reading("M1", OBIS("1-0:32.7.0"), 0, 2302, -1, 230.2, Unit.V).shown, 230.2)

    def test_what_is_no_number_is_left_alone(self) -> None:
        self.assertEqual(Reading("M1", OBIS("0-0:96.1.0"), 0, "A1", 0, "A1", Unit.NONE).shown, "A1")
        self.assertIsNone(Reading("M1", OBIS("1-0:1.7.0"), 0, None, 0, None, Unit.W, Quality.BAD).shown)


class NameTests(SynchronousTestCase):
    def test_names_follow_the_structure_of_the_code(self) -> None:
        expected = {
            "1-0:32.7.0": "voltage_l1",
            "1-0:71.7.0": "current_l3",
            "1-0:1.7.0": "active_power_import",
            "1-0:41.7.0": "active_power_import_l2",
            "1-0:2.8.0": "active_energy_export",
            "1-0:1.8.2": "active_energy_import_t2",
            "1-0:1.6.0": "active_power_import_maximum_demand",
            "1-0:13.7.0": "power_factor",
            "1-0:15.8.0*1": "active_energy_absolute_history_1",
        }
        self.assertEqual({code: quantity(OBIS(code)).name for code in expected}, expected)

    def test_what_has_no_name_is_called_by_its_code(self) -> None:
        self.assertEqual(quantity(OBIS("1-0:199.199.0")).name, "1.0.199.199.0.255")

    def test_a_unit_nobody_defined_is_kept_as_other(self) -> None:
        self.assertIs(Unit.of(58), Unit.OTHER)
        self.assertIs(Unit.of(30), Unit.WH)
