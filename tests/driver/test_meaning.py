"""What raw numbers mean: exact, rounded once, and doubted where they cannot be right."""

from __future__ import annotations

import struct
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.driver.meaning import doubt, mismatch, prefix_scaler, reading_of, scaler_of, value_of
from hesd.driver.modbus import Identity, ModbusDriver
from hesd.driver.register import Coding, DataType, Holding, Input
from hesd.model.bounds import bounds_of
from hesd.model.reading import Quality
from hesd.model.units import Unit


class ValueOf(SynchronousTestCase):
    @given(st.integers(-(2**63), 2**64 - 1), st.integers(-6, 6))
    def test_integers_are_exact_or_rounded_once(self, raw: int, scaler: int) -> None:
        value = value_of(Input(0, "1-0:1.8.0", Unit.WH, DataType.INT64, scaler=scaler), raw)
        exact = raw * Fraction(10) ** scaler
        if exact.denominator == 1:
            self.assertIsInstance(value, int)
            self.assertEqual(value, exact)
        else:
            self.assertEqual(value, float(exact))

    @given(st.floats(width=32, allow_nan=False, allow_infinity=False), st.integers(-6, 6))
    def test_floats_are_rounded_once(self, raw: float, scaler: int) -> None:
        plain = value_of(Input(0, "1-0:1.7.0", Unit.W), raw)
        assert isinstance(plain, float)
        value = value_of(Input(0, "1-0:1.7.0", Unit.W, scaler=scaler), raw)
        self.assertEqual(value, float(Fraction(repr(plain)) * Fraction(10) ** scaler))

    @given(st.floats(width=32, allow_nan=False, allow_infinity=False))
    def test_a_float32_has_no_digits_that_it_does_not_know(self, raw: float) -> None:
        value = value_of(Input(0, "1-0:1.7.0", Unit.W), raw)
        assert isinstance(value, float)
        self.assertEqual(struct.pack(">f", value), struct.pack(">f", raw))
        if not raw.is_integer():
            self.assertEqual(value, float(f"{value:.9g}"))

    @given(st.integers(-999_999, 999_999), st.integers(1, 6))
    def test_what_the_meter_shows_in_six_digits_comes_out_so(self, digits: int, places: int) -> None:
        shown = digits / 10**places
        (raw,) = struct.unpack(">f", struct.pack(">f", shown))
        self.assertEqual(value_of(Input(0, "1-0:32.7.0", Unit.V), raw), shown)

    def test_a_decimal_comes_out_as_it_is_written(self) -> None:
        register = Input(0, "1-0:32.7.0", Unit.V, DataType.UINT16, scaler=-3)
        self.assertEqual(value_of(register, 23456), 23.456)
        self.assertEqual(Decimal(str(value_of(register, 23456))), Decimal("23.456"))

    def test_not_available_and_infinite_have_no_value(self) -> None:
        self.assertIsNone(value_of(Input(0, "1-0:1.7.0"), None))
        self.assertIsNone(value_of(Input(0, "1-0:1.7.0", scaler=6), 1e305))

    def test_text_cannot_disturb_a_terminal(self) -> None:
        register = Holding(30, "0-0:42.0.0", type=DataType.STRING, length=10)
        self.assertEqual(value_of(register, "Büro \x1b[31m1\n"), "Büro \ufffd[31m1\ufffd")

    def test_the_prefix_shifts_only_what_is_counted_in_it(self) -> None:
        counted = Input(0, "1-0:1.8.0", Unit.WH, scaler=3, coding=Coding.SCALED_BY_PREFIX)
        self.assertEqual(value_of(counted, 12.5, prefix_scaler=3), 12_500_000)
        self.assertEqual(scaler_of(counted, 3), 6)
        self.assertEqual(value_of(Input(0, "1-0:1.7.0", Unit.W), 12.5, prefix_scaler=3), 12.5)


class FourQuadrantPowerFactor(SynchronousTestCase):
    register = Holding(3084, "1-0:13.7.0", coding=Coding.FOUR_QUADRANT_PF)

    def test_quadrants(self) -> None:
        for raw, value in (
            (0.9, 0.9), (1, 1), (1.25, 0.75), (2, 0), (-0.5, -0.5), (-1, -1), (-1.25, -0.75), (-2, 0), (0, 0),
        ):  # fmt: skip
            self.assertEqual(value_of(self.register, raw), value, raw)

    def test_the_frame_of_the_register_list(self) -> None:
        raw = struct.unpack(">f", bytes.fromhex("3f866666"))[0]
        self.assertAlmostEqual(value_of(self.register, raw), 0.95, 6)

    def test_beyond_two_it_means_nothing(self) -> None:
        self.assertIsNone(value_of(self.register, 2.01))
        self.assertIs(reading_of(self.register, -7.0, meter="m", at_ms=0).quality, Quality.BAD)

    @given(st.floats(-2, 2))
    def test_is_a_power_factor(self, raw: float) -> None:
        self.assertLessEqual(abs(value_of(self.register, raw)), 1)


class Trust(SynchronousTestCase):
    def test_quality(self) -> None:
        register = Input(0, "1-0:32.7.0", Unit.V)
        for raw, quality in (
            (230.5, Quality.GOOD),
            (None, Quality.BAD),
            (1e9, Quality.SUSPECT),
            (-1.0, Quality.SUSPECT),
        ):
            self.assertIs(reading_of(register, raw, meter="m", at_ms=0).quality, quality)

    def test_an_integer_read_as_a_float_is_seen(self) -> None:
        raw = struct.unpack(">f", bytes.fromhex("0000001c"))[0]
        register = Holding(3204, "1-0:1.8.0", Unit.WH, scaler=3)
        self.assertIn("denormal", doubt(register, raw, value_of(register, raw)) or "")
        self.assertIs(reading_of(register, raw, meter="m", at_ms=0).quality, Quality.SUSPECT)
        self.assertIs(reading_of(register, 0.0, meter="m", at_ms=0).quality, Quality.GOOD)

    def test_bounds_of_register_quantity_and_nothing(self) -> None:
        self.assertEqual(bounds_of(Input(0, "1-0:32.7.0", Unit.V, bounds=(0, 40_000))), (0, 40_000))
        self.assertEqual(bounds_of(Input(0, "1-0:53.7.0")), (-1.001, 1.001))
        self.assertEqual(bounds_of(Input(0, "1-0:1.8.0", Unit.WH)), (0, 10e12))
        self.assertEqual(bounds_of(Input(0, "1-0:16.8.0", Unit.WH)), (-10e12, 10e12))
        self.assertIsNone(bounds_of(Input(0, "0-0:96.1.0", type=DataType.UINT32)))

    def test_identity(self) -> None:
        identity = Identity(Holding(90, "0-0:96.1.1", type=DataType.UINT16), (15511,))
        self.assertIsNone(mismatch(identity, 15511))
        self.assertEqual(
            mismatch(identity, 15510), "register 90 says 15510, this driver is written for 15511"
        )
        self.assertIsNotNone(mismatch(identity, None))

    def test_prefix_values(self) -> None:
        driver = ModbusDriver(
            vendor="v", models=("m",), source="s", registers=(), prefix_scalers=((0, 0), (1, 3))
        )
        self.assertEqual([prefix_scaler(driver, raw) for raw in (0.0, 1.0, 7.0, None)], [0, 3, None, None])
