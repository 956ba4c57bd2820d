"""COSEM values as readings: scaled, named, judged; texts, clocks and secrets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.cosem_reading import reading_of
from hesd.collect.meter_scalers import NO_SCALER
from hesd.dlms.cosem_meaning import ScalerUnit
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.driver.cosem import CosemObject
from hesd.driver.cosem_type import CosemType
from hesd.model.reading import Quality, Reading, Source
from hesd.model.units import Unit
from tests.collect.memory_dlms_line import DRIVER, ENERGY, VOLTAGE, octets

TOKEN = "12345678901234567890"
LAGOS_NOON = bytes.fromhex("07EA030107 0C1E00FF 8000 00".replace(" ", ""))


def read(object_: CosemObject, data: Data | None, scaled: ScalerUnit = NO_SCALER, **driver: Any) -> Reading:
    return reading_of(
        object_, data, scaled, replace(DRIVER, **driver), meter="1", at_ms=5, source=Source.READ
    )


class NumberTests(SynchronousTestCase):
    def test_integers_stay_integers_with_their_scaler_beside_them(self) -> None:
        reading = read(ENERGY, Data.of(DataType.DOUBLE_LONG_UNSIGNED, 1234), ScalerUnit(1, Unit.WH, 30))
        self.assertEqual((reading.raw, reading.scaler, reading.value), (1234, 1, 12340))
        self.assertIsInstance(reading.value, int)

    def test_a_float_has_the_digits_that_tell_it_from_its_neighbours(self) -> None:
        reading = read(VOLTAGE, Data.of(DataType.FLOAT32, 230.1), ScalerUnit(0, Unit.V, 35))
        self.assertEqual(reading.value, 230.1)

    def test_bounds_are_those_of_the_unit_the_meter_says(self) -> None:
        volts = CosemObject("1-0:32.7.0", 3, unit=Unit.V, bounds=(0, 300))
        data = Data.of(DataType.LONG_UNSIGNED, 400)
        self.assertIs(read(volts, data, ScalerUnit(0, Unit.V, 35)).quality, Quality.SUSPECT)
        self.assertIs(read(volts, data, ScalerUnit(0, Unit.NONE, 255)).quality, Quality.GOOD)

    def test_what_is_not_there_is_bad(self) -> None:
        for data in (
            None,
            Data.of(DataType.NULL_DATA),
            Data.of(DataType.FLOAT32, float("nan")),
            Data.array(),
        ):
            reading = read(VOLTAGE, data, ScalerUnit(0, Unit.V, 35))
            self.assertEqual((reading.value, reading.quality), (None, Quality.BAD))

    @given(st.integers(-(2**63), 2**63 - 1), st.integers(-128, 127))
    def test_no_scaler_of_a_hostile_meter_raises(self, number: int, scaler: int) -> None:
        self.assertEqual(
            read(ENERGY, Data.of(DataType.LONG64, number), ScalerUnit(scaler, Unit.WH, 30)).raw, number
        )


class TextTests(SynchronousTestCase):
    def test_octets_are_text_where_they_are_one_and_hex_where_not(self) -> None:
        version = CosemObject("1-0:0.2.0", 1)
        self.assertEqual(read(version, octets(b"V1.0\0\0")).value, "V1.0")
        self.assertEqual(read(version, octets(b"\x01\x02")).value, "0102")
        self.assertEqual(
            read(version, Data.of(DataType.VISIBLE_STRING, "a\x1b[2J")).value, "a\N{REPLACEMENT CHARACTER}[2J"
        )
        self.assertEqual(read(version, Data.of(DataType.BIT_STRING, "0101")).value, "0101")
        self.assertEqual(read(version, Data.of(DataType.BOOLEAN, True)).value, 1)

    def test_a_serial_number_is_as_the_driver_says_it_is_kept(self) -> None:
        serial = CosemObject("0-0:96.1.0", 1)
        self.assertEqual(read(serial, octets(bytes.fromhex("046000755036"))).value, "46000755036")
        self.assertEqual(read(serial, octets(b"\xfa")).value, "fa")

    def test_a_clock_has_its_own_zone_else_the_driver_s(self) -> None:
        clock = CosemObject("0-0:1.0.0", 8)
        self.assertEqual(read(clock, octets(LAGOS_NOON)).value, "2026-03-01T12:30:00+01:00")
        with_own = LAGOS_NOON[:9] + (-120).to_bytes(2, "big", signed=True) + LAGOS_NOON[11:]
        self.assertEqual(read(clock, octets(with_own)).value, "2026-03-01T12:30:00+02:00")
        reversed_clock = read(clock, octets(with_own), reversed_deviation=True)
        self.assertEqual(reversed_clock.value, "2026-03-01T12:30:00-02:00")

    def test_one_that_is_no_instant_is_shown_as_it_is(self) -> None:
        self.assertIn("??", str(read(CosemObject("0-0:1.0.0", 8), octets(b"\xff" * 12)).value))
        due = CosemObject("0-0:94.91.0", 1, type=CosemType.DATE)
        self.assertEqual(read(due, octets(LAGOS_NOON[:5])).value, "2026-03-01")

    def test_a_secret_is_masked_in_raw_and_value_alike(self) -> None:
        log = CosemObject("1-0:129.129.2", 1, secret=True)
        for data in (
            octets(TOKEN.encode()),
            octets(bytes.fromhex(TOKEN)),
            Data.of(DataType.VISIBLE_STRING, TOKEN),
        ):
            reading = read(log, data)
            self.assertNotIn(TOKEN[:-4], repr(reading))
            self.assertTrue(str(reading.value).endswith(TOKEN[-4:]), reading.value)

    @given(st.binary(max_size=40))
    def test_any_octets_have_a_text(self, value: bytes) -> None:
        for object_ in (CosemObject("0-0:1.0.0", 8), CosemObject("0-0:96.1.0", 1)):
            self.assertIsInstance(read(object_, octets(value)).value, str)
