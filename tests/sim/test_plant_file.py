"""A plant file either loads whole or says what is wrong with it, and where."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from hesd.driver.cosem import Referencing
from hesd.driver.generic import DLMS_DRIVER, DRIVER
from hesd.driver.loading import Driver, load_drivers, usable
from hesd.sim.dlms_plant import DLMSMeter
from hesd.sim.plant import Plant, load_plant
from hesd.toml_file import ConfigError

# What a driver is matters here only by its kind.
KNOWN = {"d": DRIVER, "e": DRIVER, "s": DLMS_DRIVER}
DEMO = Path(__file__).parents[2] / "etc" / "demo-plant.toml"

SMALL = """
title = "Test"
[[area]]
code = "A"
name = "Area"
[[bus]]
name = "bus-1"
meters = [
  { unit_id = 1, serial = "1", driver = "d", name = "One", area = "A", load = "machine", rated = 10 },
  { unit_id = 2, serial = "2", driver = "d", name = "Two", area = "A", load = "flat", rated = 10 },
]
[[tcp]]
name = "house"
delay = "10ms"
meters = [
  { unit_id = 1, serial = "3", driver = "e", name = "Three", area = "A", load = "flat", rated = 10, pv = 5 },
]
"""


class PlantFileTests(SynchronousTestCase):
    def load(self, text: str, drivers: Mapping[str, Driver] | None = None) -> Plant:
        path = Path(self.mktemp())
        path.write_text(text)
        return load_plant(path, drivers)

    def refused(self, old: str, new: str) -> str:
        error = self.assertRaises(ConfigError, self.load, SMALL.replace(old, new, 1), KNOWN)
        path, _, reason = str(error).partition(": ")
        self.assertTrue(Path(path).exists(), path)
        return reason

    def test_meters_know_their_line(self) -> None:
        plant = self.load(SMALL, KNOWN)
        placed = [(line, meter.serial) for line, meter in plant.meters()]
        self.assertEqual(placed, [("bus-1", "1"), ("bus-1", "2"), ("house", "3")])

    def test_character_is_as_long_as_its_bits(self) -> None:
        bits = [
            self.load(SMALL.replace('name = "bus-1"', f'name = "bus-1"\n{settings}'))
            .bus[0]
            .bits_per_character
            for settings in ("", 'parity = "N"', 'parity = "N"\nstopbits = 2')
        ]
        self.assertEqual(bits, [11, 10, 11])

    def test_durations(self) -> None:
        plant = self.load(SMALL.replace("rated = 10", 'rated = 10, turnaround = "9ms"', 1))
        self.assertAlmostEqual(plant.bus[0].meters[0].turnaround or 0, 0.009)
        self.assertAlmostEqual(plant.tcp[0].delay, 0.01)

    def test_wrong_type_names_its_key(self) -> None:
        reason = self.refused("unit_id = 2", 'unit_id = "two"')
        self.assertEqual(reason, "bus[0].meters[1].unit_id: expected `int`, got `str`")

    def test_unknown_key(self) -> None:
        self.assertIn("bus[0]", self.refused('name = "bus-1"', 'name = "bus-1"\nspeed = 5'))

    def test_unknown_load(self) -> None:
        self.assertIn("bus[0].meters[0].load", self.refused('load = "machine"', 'load = "lathe"'))

    def test_unit_id_twice_on_a_line(self) -> None:
        reason = self.refused("unit_id = 2", "unit_id = 1")
        self.assertEqual(reason, "bus[0].meters[1].unit_id: expected one used once, got 1 again")

    def test_serial_twice_anywhere(self) -> None:
        reason = self.refused('serial = "3"', 'serial = "1"')
        self.assertEqual(reason, "tcp[0].meters[0].serial: expected a serial used once, got '1' again")

    def test_name_of_a_line_twice(self) -> None:
        self.assertIn("tcp[0].name", self.refused('name = "house"', 'name = "bus-1"'))

    def test_area_that_is_not_there(self) -> None:
        self.assertIn("bus[0].meters[0].area", self.refused('area = "A"', 'area = "B"'))

    def test_driver_that_is_not_there(self) -> None:
        reason = self.refused('driver = "e"', 'driver = "f"')
        self.assertEqual(reason, "tcp[0].meters[0].driver: expected one of d, e, s, got 'f'")

    def test_fault_of_nobody(self) -> None:
        reason = self.refused('title = "Test"', 'title = "Test"\nfault = [{ target = "9", kind = "dead" }]')
        self.assertIn("fault[0].target", reason)

    def test_fault_with_a_wrong_value(self) -> None:
        fault = 'title = "Test"\nfault = [{ target = "1", kind = "corrupt", value = 7 }]'
        self.assertEqual(
            self.refused('title = "Test"', fault), "fault[0].value: expected 0 to 1 for corrupt, got 7"
        )

    def test_fault_of_the_wrong_target(self) -> None:
        fault = 'title = "Test"\nfault = [{ target = "house", kind = "echo" }]'
        self.assertIn("fault[0].target: expected a bus for echo", self.refused('title = "Test"', fault))

    def test_no_file(self) -> None:
        error = self.assertRaises(ConfigError, load_plant, Path(self.mktemp()))
        self.assertIn("cannot be read", str(error))


class DLMSMeterTests(SynchronousTestCase):
    def load(self, *fields: str) -> DLMSMeter:
        entry = 'serial = "1", driver = "s", name = "One", area = "A", load = "flat", rated = 5'
        place = '[[dialin]]\nname = "gprs"\nendpoint = "tcp:127.0.0.1:4059"\n'
        area = 'title = "Test"\n[[area]]\ncode = "A"\nname = "Area"\n'
        path = Path(self.mktemp())
        path.write_text(f"{area}{place}meters = [{{ {', '.join((entry, *fields))} }}]\n")
        return load_plant(path, KNOWN).dialin[0].meters[0]

    def test_kinds(self) -> None:
        meter = self.load('family = "push"', 'referencing = "short"', 'authentication = "lls"')
        self.assertEqual((meter.family, meter.referencing), ("push", Referencing.SHORT))
        self.assertEqual(self.load('family = "inverted"').referencing, Referencing.LOGICAL)

    def test_what_is_no_kind(self) -> None:
        for field, key in (('family = "pull"', "family"), ('referencing = "base"', "referencing")):
            error = self.assertRaises(ConfigError, self.load, field)
            self.assertIn(f"dialin[0].meters[0].{key}: ", str(error))

    def test_a_challenge_is_not_answered_with_short_names(self) -> None:
        error = self.assertRaises(
            ConfigError, self.load, 'referencing = "short"', 'authentication = "hls-md5"'
        )
        expected = "authentication: expected none or lls with short names, got 'hls-md5'"
        self.assertIn(f"dialin[0].meters[0].{expected}", str(error))


class DemoPlantTests(SynchronousTestCase):
    def test_is_the_plant_of_the_field_and_an_apartment_house(self) -> None:
        plant = load_plant(DEMO)
        drivers = [meter.driver for _, meter in plant.meters()]
        counts = {driver: drivers.count(driver) for driver in drivers}
        self.assertEqual(
            counts,
            {
                "schneider-em1200": 72,
                "schneider-em6400": 4,
                "schneider-em6400ng": 2,
                "eastron-sdm120": 1,
                "eastron-sdm630": 6,
            },
        )

    def test_ten_meters_dial_in(self) -> None:
        plant = load_plant(DEMO, usable(load_drivers(None)))
        dialling = [meter for place, meter in plant.dlms_meters() if place.name == "gprs"]
        self.assertEqual([meter.serial for meter in dialling[:2]], ["46000755036", "46000777832"])
        self.assertEqual((len(dialling), {meter.area for meter in dialling}), (10, {"IKD"}))

    def test_somebody_exports(self) -> None:
        self.assertTrue(any(meter.pv for _, meter in load_plant(DEMO).meters()))
