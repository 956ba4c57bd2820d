"""The kit that every driver has to pass, and what is peculiar to these meters."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from hesd.driver import ModbusDriver, Register
from hesd.driver.loading import load_drivers
from hesd.driver.meaning import prefix_scaler, value_of
from hesd.modbus.conformance import check_driver
from hesd.model.obis import OBIS
from hesd_eastron.sdm120 import DRIVER as SDM120
from hesd_eastron.sdm630 import DRIVER as SDM630


def register(driver: ModbusDriver, obis: str) -> Register:
    return next(each for each in driver.registers if each.obis == OBIS(obis))


class Eastron(SynchronousTestCase):
    def test_both_meters_pass_the_kit(self) -> None:
        for driver in (SDM120, SDM630):
            for check in check_driver(driver):
                self.assertEqual(check.problems, (), check.name)

    def test_they_are_found_by_their_names(self) -> None:
        loaded = load_drivers(None)
        self.assertIs(loaded["eastron-sdm120"].driver, SDM120)
        self.assertIs(loaded["eastron-sdm630"].driver, SDM630)

    def test_the_whole_input_map_of_the_sdm630(self) -> None:
        inputs = {each.address for each in SDM630.registers if each.function == 4}
        groups = (
            range(0x00, 0x2C, 2), range(0x2E, 0x32, 2), range(0x34, 0x36, 2), range(0x38, 0x3A, 2),
            range(0x3C, 0x40, 2), range(0x42, 0x44, 2), range(0x46, 0x58, 2), range(0x64, 0x6C, 2),
            range(0xC8, 0xD0, 2), range(0xE0, 0xE2, 2), range(0xEA, 0xF6, 2), range(0xF8, 0xFC, 2),
            range(0x102, 0x10E, 2), range(0x14E, 0x17E, 2),
        )  # fmt: skip
        self.assertEqual(inputs, {address for group in groups for address in group})

    def test_energy_follows_the_unit_prefix_of_the_meter(self) -> None:
        energy, power = register(SDM630, "1-0:1.8.0"), register(SDM630, "1-0:1.7.0")
        for number, watt_hours in ((0.0, 1_234_500), (1.0, 1_234_500_000)):
            scaler = prefix_scaler(SDM630, number)
            assert scaler is not None
            self.assertEqual(value_of(energy, 1234.5, scaler), watt_hours)
            self.assertEqual(value_of(power, 1727.5, scaler), 1727.5)
        self.assertIsNone(prefix_scaler(SDM630, 2.0))
