"""Drivers of both protocols over REST: what stands in their tables."""

from __future__ import annotations

from typing import Any

from tests.web.world import WebCase


class DriverTables(WebCase):
    async def items(self, path: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.call("GET", path)).json["items"]
        return items

    async def test_a_driver_says_what_it_speaks(self) -> None:
        listed = {driver["name"]: driver for driver in await self.items("drivers")}
        eastron, hexcell, generic = (
            listed[name] for name in ("eastron-sdm630", "hexcell-ddsy1088", "generic-dlms")
        )
        self.assertEqual((eastron["protocol"], eastron["objects"]), ("modbus", 0))
        self.assertEqual(
            (hexcell["protocol"], hexcell["registers"], hexcell["read_limit"]), ("dlms", 0, None)
        )
        self.assertEqual((hexcell["objects"], hexcell["from_object_list"]), (696, False))
        access = (hexcell["client_sap"], hexcell["server_sap"], hexcell["authentication"])
        self.assertEqual(access, (17, 1, "lls"))
        self.assertTrue(generic["from_object_list"])

    async def test_objects_of_a_dlms_driver(self) -> None:
        objects = {each["obis"]: each for each in await self.items("drivers/hexcell-ddsy1088/objects")}
        energy, token = objects["1.0.1.8.0.255"], objects["1.0.129.129.2.255"]
        self.assertEqual((energy["class_id"], energy["attribute"], energy["tier"]), (3, 2, "slow"))
        self.assertEqual((energy["unit"], energy["quantity"]), ("kWh", "active_energy_import"))
        self.assertEqual(energy["name"], "Total import active energy")
        self.assertEqual((token["secret"], token["writable"], token["tier"]), (True, True, None))

    async def test_profiles_and_logs_of_a_dlms_driver(self) -> None:
        profiles = {each["obis"]: each for each in await self.items("drivers/hexcell-dtsy1088/profiles")}
        load, log = profiles["1.0.99.1.0.255"], profiles["1.0.99.98.42.255"]
        self.assertEqual((load["kind"], load["columns"][:2]), ("load", ["Clock", "L1 voltage"]))
        self.assertEqual((log["kind"], log["columns"]), ("log", ["Clock(Start)", "Clock(End)"]))

    async def test_neither_has_the_tables_of_the_other(self) -> None:
        for path in (
            "hexcell-ddsy1088/registers", "hexcell-ddsy1088/settings",
            "eastron-sdm630/objects", "eastron-sdm630/profiles",
        ):  # fmt: skip
            self.assertEqual(await self.items(f"drivers/{path}"), [])
        for table in ("registers", "settings", "objects", "profiles"):
            self.assert_problem(await self.call("GET", f"drivers/nobody/{table}"), 404, "not-found")
