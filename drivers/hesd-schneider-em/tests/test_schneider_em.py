"""The kit that every driver has to pass, and what is peculiar to these meters."""

from __future__ import annotations

import struct

from pymodbus.client.mixin import ModbusClientMixin
from twisted.trial.unittest import SynchronousTestCase

from hesd.driver import ModbusDriver, Register
from hesd.driver.codec import RegisterCodec
from hesd.driver.loading import load_drivers
from hesd.driver.meaning import doubt, mismatch, value_of
from hesd.modbus.conformance import check_driver
from hesd.model.obis import OBIS
from hesd_schneider_em.em1200 import DRIVER as EM1200
from hesd_schneider_em.em6400 import DRIVER as EM6400
from hesd_schneider_em.em6400ng import DRIVER as EM6400NG
from hesd_schneider_em.field_table import DRIVER as FIELD_TABLE

DRIVERS = {
    "schneider-em": FIELD_TABLE,
    "schneider-em1200": EM1200,
    "schneider-em6400": EM6400,
    "schneider-em6400ng": EM6400NG,
}


def register(driver: ModbusDriver, obis: str) -> Register:
    return next(each for each in driver.registers if each.obis == OBIS(obis))


class SchneiderEM(SynchronousTestCase):
    def test_every_meter_passes_the_kit(self) -> None:
        for name, driver in DRIVERS.items():
            for check in check_driver(driver):
                self.assertEqual(check.problems, (), f"{name}: {check.name}")

    def test_they_are_found_by_their_names(self) -> None:
        loaded = load_drivers(None)
        for name, driver in DRIVERS.items():
            self.assertIs(loaded[name].driver, driver)

    def test_the_field_table_is_as_documented(self) -> None:
        addresses = [each.address for each in FIELD_TABLE.registers]
        self.assertEqual(addresses, [3000, 3002, 3004, 3028, 3030, 3032, 3054, 3068, 3076, 3084, 3110, 3204])
        self.assertEqual([FIELD_TABLE.wire_address(each) for each in FIELD_TABLE.registers], addresses)

    def test_documented_numbers_of_the_others_count_from_one(self) -> None:
        for driver, obis, wire in (
            (EM6400NG, "1-0:31.7.0", 2999), (EM6400NG, "1-0:1.7.0", 3059), (EM6400NG, "1-0:1.8.0", 3203),
            (EM6400, "1-0:9.7.0", 3900), (EM6400, "1-0:1.8.0", 3960), (EM1200, "1-0:1.7.0", 3050),
            (EM1200, "1-0:1.8.0", 3202),
        ):  # fmt: skip
            self.assertEqual(driver.wire_address(register(driver, obis)), wire)

    def test_the_integer_energy_read_through_the_field_table_is_doubted(self) -> None:
        energy = register(FIELD_TABLE, "1-0:1.8.0")
        for watt_hours in (1, 123_456_789_012, 2**40 - 1):
            data = struct.pack(">q", watt_hours)[:4]
            raw = RegisterCodec([energy], 3204, FIELD_TABLE.order).decode(data)[0]
            if raw:
                self.assertIn("denormal", doubt(energy, raw, value_of(energy, raw)) or "")

    def test_another_model_than_the_em6400ng_is_noticed(self) -> None:
        (identity,) = EM6400NG.identity
        self.assertIsNone(mismatch(identity, 15511))
        self.assertIn("15511", mismatch(identity, 15510) or "")

    def test_low_word_first_as_pymodbus_sends_it(self) -> None:
        peer = ModbusClientMixin
        for driver in (EM6400, EM1200):
            for each in driver.registers:
                words = peer.convert_to_registers(-1234.5, peer.DATATYPE.FLOAT32, "little")
                data = struct.pack(">2H", *words)
                self.assertEqual(RegisterCodec([each], each.address, driver.order).decode(data), [-1234.5])
