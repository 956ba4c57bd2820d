"""Drivers are found where they are installed, and a bad one stops nothing."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from hesd.driver import DLMSDriver, ModbusDriver
from hesd.driver.loading import load_drivers, of_kind, usable

SOUND = """
from hesd.driver import Input, ModbusDriver, Unit
DRIVER = ModbusDriver(vendor="V", models=("M",), source="S", registers=(Input(0, "1-0:32.7.0", Unit.V),))
"""
COSEM = """
from hesd.driver import CosemObject, DLMSDriver, Unit
DRIVER = DLMSDriver(vendor="V", models=("M",), source="S", from_object_list=True,
                    objects=(CosemObject("1-0:1.8.0", 3, "energy", Unit.WH),))
"""
MODULES = {
    "sound_meter": SOUND,
    "raising_meter": "raise RuntimeError('no licence')",
    "leaving_meter": "import sys; sys.exit('good bye')",
    "missing_import_meter": "import a_module_that_is_not_there",
    "wrong_object_meter": "DRIVER = 42",
    "no_object_meter": "",
    "cosem_meter": COSEM,
    "half_cosem_meter": COSEM.replace('"1-0:1.8.0"', '"1-0:32.7.0"'),
    "unsound_meter": SOUND.replace("Input(0", "Input(70000"),
    "half_made_meter": SOUND.replace('"V"', "None"),
}


class Loading(SynchronousTestCase):
    def setUp(self) -> None:
        self.site, self.directory = Path(self.mktemp()), Path(self.mktemp())
        self.directory.mkdir(parents=True)
        for name, code in MODULES.items():
            self.install("vendor-meters", name, code)
        sys.path.insert(0, str(self.site))
        self.addCleanup(self.uninstall)

    def install(self, distribution: str, name: str, code: str) -> None:
        """A distribution on disk, as pip leaves one."""
        metadata = self.site / f"{distribution.replace('-', '_')}-1.2.dist-info"
        metadata.mkdir(parents=True, exist_ok=True)
        (self.site / f"{name}.py").write_text(code)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
        with (metadata / "entry_points.txt").open("a") as entry_points:
            if entry_points.tell() == 0:
                entry_points.write("[hesd.drivers]\n")
            entry_points.write(f"{name.replace('_', '-')} = {name}:DRIVER\n")
        importlib.invalidate_caches()

    def uninstall(self) -> None:
        sys.path.remove(str(self.site))
        for name in MODULES:
            sys.modules.pop(name, None)
        importlib.invalidate_caches()

    def test_installed_drivers_and_what_keeps_them_from_being_used(self) -> None:
        loaded = load_drivers(None)
        self.assertEqual(loaded["sound-meter"].problem, None)
        self.assertEqual(loaded["sound-meter"].origin, "vendor-meters 1.2")
        for name, problem in (
            ("raising-meter", "RuntimeError: no licence"),
            ("leaving-meter", "SystemExit: good bye"),
            ("missing-import-meter", "ModuleNotFoundError: No module named 'a_module_that_is_not_there'"),
            ("wrong-object-meter", "DRIVER is a int, neither a ModbusDriver nor a DLMSDriver"),
            ("no-object-meter", "AttributeError: module 'no_object_meter' has no attribute 'DRIVER'"),
            ("unsound-meter", "lies at 70000..70001 on the wire, outside 0..65535"),
            ("half-cosem-meter", "is measured in V, not in WH"),
            ("half-made-meter", "vendor and source have to be named"),
        ):
            self.assertIsNone(loaded[name].driver, name)
            self.assertIn(problem, loaded[name].problem or "")

    def test_drivers_are_told_apart_by_what_they_speak(self) -> None:
        drivers = usable(load_drivers(None))
        modbus, dlms = of_kind(drivers, ModbusDriver), of_kind(drivers, DLMSDriver)
        self.assertEqual(modbus.keys() | dlms.keys(), drivers.keys())
        self.assertIn("cosem-meter", list(dlms))
        self.assertIn("sound-meter", list(modbus))
        self.assertNotIn("cosem-meter", list(modbus))

    def test_only_sound_drivers_are_usable(self) -> None:
        names = set(usable(load_drivers(None)))
        self.assertIn("sound-meter", names)
        self.assertIn("generic-modbus", names)
        self.assertEqual(names & {"raising-meter", "unsound-meter"}, set())

    def test_files_of_the_directory(self) -> None:
        (self.directory / "mine.toml").write_text('base = "sound-meter"\nread_limit = 20\n')
        (self.directory / "broken.toml").write_text('vendor = "V"\n')
        (self.directory / "notes.txt").write_text("no driver")
        loaded = load_drivers(self.directory)
        mine = loaded["mine"]
        assert mine.driver is not None
        self.assertEqual((mine.driver.read_limit, mine.origin), (20, str(self.directory / "mine.toml")))
        self.assertIn("source: expected a text", loaded["broken"].problem or "")
        self.assertNotIn("notes", loaded)

    def test_a_file_cannot_take_the_name_of_an_installed_driver(self) -> None:
        path = self.directory / "sound-meter.toml"
        path.write_text('base = "sound-meter"\nread_limit = 20\n')
        loaded = load_drivers(self.directory)
        self.assertIsNone(loaded["sound-meter"].problem)
        self.assertEqual(
            loaded[f"sound-meter ({path})"].problem, "the name belongs to the driver of vendor-meters 1.2"
        )

    def test_a_directory_that_is_not_there_holds_no_drivers(self) -> None:
        self.assertIn("sound-meter", load_drivers(self.directory / "nowhere"))
