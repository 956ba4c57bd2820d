from __future__ import annotations

from typing import Any

from hesd.store import areas, meters
from hesd.store.areas import Area, AreaRefused
from hesd.store.errors import Changed, Unknown
from tests.store.store_case import NOON, StoreCase


class AreaTests(StoreCase):
    def _create(self, **given: Any) -> Area:
        return self.write(areas.create, given, NOON)

    def _refusal(self, function: Any, *arguments: Any) -> AreaRefused:
        with self.assertRaises(AreaRefused) as caught:
            self.write(function, *arguments)
        return caught.exception

    def test_an_area_comes_back_as_it_was_added(self) -> None:
        created = self._create(code="ikd", name="Ikorodu", description="Lagos", latitude="6.6", longitude=3.5)
        self.assertEqual((created.code, created.latitude, created.meter_count), ("IKD", 6.6, 0))
        self.assertEqual(self.read(areas.get, "ikd"), created)
        self.assertEqual(self.read(areas.find, "IKD"), created)
        self.assertEqual(self.read(areas.find, "Ikorodu"), created)
        self.assertIsNone(self.read(areas.find, "Lagos"))
        self.assertEqual(self._create(code="X").name, "X")

    def test_code_and_name_are_unique(self) -> None:
        self._create(code="IKD", name="Ikorodu")
        self.assertEqual(self._refusal(areas.create, {"code": "ikd", "name": "Other"}, NOON).field, "code")
        self.assertEqual(self._refusal(areas.create, {"code": "IK2", "name": "Ikorodu"}, NOON).field, "name")

    def test_a_refusal_names_the_field(self) -> None:
        for given, field in (
            ({}, "code"),
            ({"code": "a b"}, "code"),
            ({"code": "A", "latitude": 100}, "latitude"),
            ({"code": "A", "size": 1}, "size"),
        ):
            self.assertEqual(self._refusal(areas.create, given, NOON).field, field)

    def test_meters_follow_a_new_code_and_are_counted(self) -> None:
        self._create(code="A", name="Hall")
        for serial in ("M1", "M2", "M3"):
            self.write(meters.create, {"serial": serial, "area": "A"}, NOON)
        self.write(meters.retire, "M3", NOON)
        changed = self.write(areas.change, "A", {"code": "B"}, NOON + 1, 1)
        self.assertEqual((changed.code, changed.name, changed.version), ("B", "Hall", 2))
        self.assertEqual(self.read(meters.get, "M1").area, "B")
        self.assertEqual(self.read(areas.get, "B").meter_count, 2)
        with self.assertRaises(Changed):
            self.write(areas.change, "B", {"name": "X"}, NOON, 1)
        self.assertEqual(self._refusal(areas.change, "B", {"name": ""}, NOON).field, "name")

    def test_an_area_with_meters_stays(self) -> None:
        self._create(code="A")
        self.write(meters.create, {"serial": "M1", "area": "A"}, NOON)
        self.assertIn("1 meters", self._refusal(areas.remove, "A").reason)
        self.write(meters.change, "M1", {"area": None}, NOON)
        with self.assertRaises(Changed):
            self.write(areas.remove, "A", 7)
        self.write(areas.remove, "A", 1)
        with self.assertRaises(Unknown):
            self.read(areas.get, "A")

    def test_pages(self) -> None:
        for code in ("C", "A", "B"):
            self._create(code=code)
        first = self.read(areas.listed, 2)
        self.assertEqual([area.code for area in first.items], ["A", "B"])
        second = self.read(areas.listed, 2, first.next)
        self.assertEqual(([area.code for area in second.items], second.next), (["C"], None))
