from __future__ import annotations

from typing import Any

from hesd.driver.cosem import Authentication, Ciphering, Referencing
from hesd.store import areas, meters
from hesd.store.errors import Changed, Unknown
from hesd.store.meters import Lifecycle, Meter, MeterFilter, MeterRefused, MeterType, Payment, RelayStatus
from tests.store.store_case import NOON, StoreCase

_HEXCELL = {
    "serial": " 46000755036 ",
    "name": "Shop",
    "brand": "Hexcell",
    "model": "DDSY1088",
    "meter_type": "single-phase",
    "payment": "prepaid",
    "firmware": "1.2",
}


class _Registry(StoreCase):
    def _create(self, **given: Any) -> Meter:
        return self.write(meters.create, given, NOON)

    def _refusal(self, **given: Any) -> MeterRefused:
        with self.assertRaises(MeterRefused) as caught:
            self._create(**given)
        return caught.exception

    def _serials(self, **wanted: Any) -> list[str]:
        return [meter.serial for meter in self.read(meters.listed, MeterFilter(**wanted), 100).items]


class CreateTests(_Registry):
    def test_a_meter_comes_back_as_it_was_registered(self) -> None:
        created = self._create(**_HEXCELL)
        self.assertEqual(created.serial, "46000755036")
        self.assertIs(created.meter_type, MeterType.SINGLE_PHASE)
        self.assertIs(created.payment, Payment.PREPAID)
        self.assertIs(created.lifecycle, Lifecycle.ACTIVE)
        self.assertEqual((created.version, created.created_ms, created.ratio), (1, NOON, 1.0))
        self.assertEqual(self.read(meters.get, "46000755036"), created)

    def test_every_field_is_kept(self) -> None:
        self.write(areas.create, {"code": "IKD", "name": "Ikorodu"}, NOON)
        given: dict[str, Any] = {
            **_HEXCELL,
            "serial": "EM-1",
            "driver": "schneider-em",
            "line": "bus-1",
            "unit_id": 17,
            "area": "IKD",
            "group": "presses",
            "equipment": "Press 4",
            "room": "Hall B",
            "panel": "P3",
            "latitude": 6.6,
            "longitude": -3.5,
            "interval": 0.5,
            "slow_interval": 900.0,
            "ratio": 40.0,
            "writes_enabled": True,
            "lifecycle": Lifecycle.FAULTY,
            "client_sap": 1,
            "server_sap": 17,
            "physical_address": 6699,
            "authentication": Authentication.HLS_GMAC,
            "ciphering": Ciphering.BOTH,
            "suite": 0,
            "referencing": Referencing.SHORT,
            "via": "DCU-1",
            "system_title": "4858454100000001",
            "relay_status": RelayStatus.CONNECTED,
        }
        self._create(**given)
        kept = self.read(meters.get, "em-1")
        self.assertEqual({field: getattr(kept, field) for field in given}, given)

    def test_the_serial_is_trimmed_upper_case_and_unique(self) -> None:
        self.assertEqual(self._create(serial=" ab-12 ").serial, "AB-12")
        refusal = self._refusal(serial="Ab-12")
        self.assertEqual(refusal.field, "serial")
        self.assertIn("registered already", refusal.reason)
        self.assertEqual(self.read(meters.get, " ab-12").serial, "AB-12")

    def test_a_retired_serial_says_that_it_is_retired(self) -> None:
        self._create(serial="A")
        self.write(meters.retire, "A", NOON)
        self.assertIn("retired", self._refusal(serial="A").reason)

    def test_text_from_a_csv_file_is_read(self) -> None:
        created = self._create(
            serial="1",
            unit_id="12",
            line="bus-1",
            latitude="6.62",
            interval="10s",
            slow_interval="900",
            ratio="",
            writes_enabled="Yes",
            lifecycle="",
            meter_type="Three Phase",
            driver=" ",
            area="",
            name=None,
            client_sap="16",
            authentication="HLS GMAC",
            ciphering="Both",
            suite="",
            referencing="Short",
            via=" dcu-1 ",
            system_title="0x48 58 45 41 00 00 00 01",
            relay_status="Ready for reconnection",
        )
        self.assertEqual((created.client_sap, created.suite, created.via), (16, None, "DCU-1"))
        self.assertIs(created.authentication, Authentication.HLS_GMAC)
        self.assertIs(created.ciphering, Ciphering.BOTH)
        self.assertIs(created.referencing, Referencing.SHORT)
        self.assertEqual(created.system_title, "4858454100000001")
        self.assertIs(created.relay_status, RelayStatus.READY_FOR_RECONNECTION)
        self.assertEqual((created.unit_id, created.latitude), (12, 6.62))
        self.assertEqual((created.interval, created.slow_interval, created.ratio), (10.0, 900.0, 1.0))
        self.assertTrue(created.writes_enabled)
        self.assertIs(created.meter_type, MeterType.THREE_PHASE)
        self.assertEqual((created.driver, created.area, created.name), (None, None, ""))

    def test_a_refusal_names_the_field_and_what_was_expected(self) -> None:
        for field, content, words in (
            ("serial", "", "needs one"),
            ("serial", "with blank", "letters"),
            ("serial", "a/b", "letters"),
            ("serial", "x" * 65, "64"),
            ("serial", 46000755036, "text"),
            ("name", "x" * 201, "at most 200"),
            ("name", "two\nlines", "control"),
            ("meter_type", "two-phase", "single-phase, three-phase"),
            ("payment", "free", "prepaid, postpaid"),
            ("lifecycle", "lost", "warehouse"),
            ("unit_id", 256, "0 to 255"),
            ("unit_id", 1.5, "whole"),
            ("unit_id", True, "number"),
            ("latitude", "north", "number"),
            ("latitude", 91, "-90 to 90"),
            ("longitude", "1e999", "number"),
            ("longitude", float("nan"), "number"),
            ("interval", 0, "0.1"),
            ("interval", "soon", "number"),
            ("slow_interval", -1, "0.1"),
            ("ratio", -3, "number from"),
            ("ratio", 10**400, "number"),
            ("writes_enabled", "perhaps", "yes or no"),
            ("driver", "no such/name", "letters"),
            ("area", "Atlantis", "no area"),
            ("client_sap", 65536, "0 to 65535"),
            ("physical_address", 16384, "0 to 16383"),
            ("authentication", "hls", "hls-gmac"),
            ("ciphering", "yes", "authentication, encryption, both"),
            ("suite", 3, "0 to 2"),
            ("via", "a b", "letters"),
            ("system_title", "48584541", "16 hex digits"),
            ("relay_status", "open", "ready_for_reconnection"),
            ("colour", "red", "no such field"),
        ):
            refusal = self._refusal(**{"serial": "A", field: content})
            self.assertEqual(refusal.field, field)
            self.assertIn(words, refusal.reason)
        self.assertEqual(self._serials(), [])

    def test_an_area_is_found_by_code_or_name(self) -> None:
        self.write(areas.create, {"code": "IKD", "name": "Ikorodu"}, NOON)
        self.assertEqual(self._create(serial="1", area="ikd").area, "IKD")
        self.assertEqual(self._create(serial="2", area="Ikorodu").area, "IKD")

    def test_a_unit_id_is_taken_once_on_a_line(self) -> None:
        self._create(serial="A", line="bus-1", unit_id=5)
        refusal = self._refusal(serial="B", line="bus-1", unit_id=5)
        self.assertEqual(refusal.field, "unit_id")
        self.assertIn("A", refusal.reason)
        self._create(serial="B", line="bus-2", unit_id=5)
        self._create(serial="C", unit_id=5)
        self._create(serial="D", unit_id=5)


class ChangeTests(_Registry):
    def test_only_what_is_given_changes(self) -> None:
        self._create(**_HEXCELL)
        changed = self.write(meters.change, "46000755036", {"room": "Hall B", "unit_id": None}, NOON + 1)
        self.assertEqual((changed.room, changed.brand, changed.version), ("Hall B", "Hexcell", 2))
        self.assertEqual((changed.created_ms, changed.updated_ms), (NOON, NOON + 1))
        self.assertEqual(self.read(meters.get, "46000755036"), changed)

    def test_an_edit_of_what_was_changed_meanwhile_is_refused(self) -> None:
        self._create(serial="A")
        self.write(meters.change, "A", {"room": "1"}, NOON, 1)
        with self.assertRaises(Changed) as caught:
            self.write(meters.change, "A", {"room": "2"}, NOON, 1)
        self.assertEqual(caught.exception.version, 2)
        self.assertEqual(self.read(meters.get, "A").room, "1")

    def test_what_the_meter_tells_is_no_edit(self) -> None:
        before = self._create(serial="A", system_title="00" * 8)
        self.write(meters.find_out, "a", relay_status=RelayStatus.CONNECTED)
        self.write(meters.find_out, "A", system_title=b"HXE\0\0\0\0\1")
        self.write(meters.find_out, "B", system_title=b"HXE\0\0\0\0\2")
        after = self.read(meters.get, "A")
        self.assertEqual((after.version, after.updated_ms), (before.version, before.updated_ms))
        self.assertEqual(
            (after.system_title, after.relay_status), ("4858450000000001", RelayStatus.CONNECTED)
        )

    def test_the_serial_stays(self) -> None:
        self._create(serial="A")
        with self.assertRaises(MeterRefused) as caught:
            self.write(meters.change, "A", {"serial": "B"}, NOON)
        self.assertEqual(caught.exception.field, "serial")
        self.assertEqual(self.write(meters.change, "A", {"serial": "a", "room": "1"}, NOON).room, "1")

    def test_unknown_meters_are_named(self) -> None:
        for call in (meters.change, meters.retire):
            arguments = ("X", {}, NOON) if call is meters.change else ("X", NOON)
            with self.assertRaises(Unknown) as caught:
                self.write(call, *arguments)
            self.assertIn("X", str(caught.exception))

    def test_retiring_frees_the_unit_id_and_keeps_the_record(self) -> None:
        self._create(serial="A", line="bus-1", unit_id=5)
        self.write(meters.retire, "A", NOON)
        self._create(serial="B", line="bus-1", unit_id=5)
        self.assertEqual(self._serials(), ["B"])
        self.assertEqual(self._serials(lifecycle=Lifecycle.RETIRED), ["A"])
        with self.assertRaises(MeterRefused) as caught:
            self.write(meters.change, "A", {"lifecycle": "active"}, NOON)
        self.assertEqual(caught.exception.field, "unit_id")

    def test_put_registers_then_changes_then_leaves_alone(self) -> None:
        created, new = self.write(meters.put, {"serial": "a", "room": "1"}, NOON)
        self.assertEqual((created.version, new), (1, True))
        same, new = self.write(meters.put, {"serial": "A", "room": " 1 "}, NOON + 1)
        self.assertEqual((same, new), (created, False))
        changed, new = self.write(meters.put, {"serial": "A", "room": "2"}, NOON + 1)
        self.assertEqual((changed.version, changed.room, new), (2, "2", False))
        with self.assertRaises(MeterRefused):
            self.write(meters.put, {"room": "2"}, NOON)


class ListTests(_Registry):
    def setUp(self) -> None:
        super().setUp()
        self.write(areas.create, {"code": "NORTH"}, NOON)
        self._create(serial="A1", line="bus-1", unit_id=2, driver="d1", area="NORTH", room="Küche 100%")
        self._create(serial="A2", line="bus-1", unit_id=1, driver="d2", group="g", equipment="Press 4")
        self._create(serial="B1", line="bus-2", unit_id=1, driver="d1", lifecycle="faulty")
        self._create(serial="B2", name="Spare", lifecycle="warehouse")

    def test_filters(self) -> None:
        self.assertEqual(self._serials(), ["A1", "A2", "B1", "B2"])
        self.assertEqual(self._serials(line="bus-1"), ["A1", "A2"])
        self.assertEqual(self._serials(driver="d1"), ["A1", "B1"])
        self.assertEqual(self._serials(driver="d1", line="bus-2"), ["B1"])
        self.assertEqual(self._serials(area="NORTH"), ["A1"])
        self.assertEqual(self._serials(group="g"), ["A2"])
        self.assertEqual(self._serials(lifecycle=Lifecycle.WAREHOUSE), ["B2"])
        self.assertEqual(self._serials(accept=lambda meter: meter.unit_id == 1), ["A2", "B1"])

    def test_free_text(self) -> None:
        self.assertEqual(self._serials(q="a"), ["A1", "A2", "B2"])
        self.assertEqual(self._serials(q="PRESS 4"), ["A2"])
        self.assertEqual(self._serials(q="4 press"), ["A2"])
        self.assertEqual(self._serials(q="KÜCHE"), ["A1"])
        self.assertEqual(self._serials(q="%"), ["A1"])
        self.assertEqual(self._serials(q="_"), [])
        self.assertEqual(self._serials(q="press kitchen"), [])
        self.write(meters.change, "A2", {"equipment": "Lathe"}, NOON)
        self.assertEqual(self._serials(q="press"), [])

    def test_pages_join_without_gap_or_overlap(self) -> None:
        for wanted in (MeterFilter(), MeterFilter(accept=lambda meter: meter.serial != "A2")):
            whole = self.read(meters.listed, wanted, 100)
            self.assertIsNone(whole.next)
            for size in (1, 2, 3, 4):
                found: list[Meter] = []
                after: str | None = None
                while True:
                    page = self.read(meters.listed, wanted, size, after)
                    self.assertLessEqual(len(page.items), size)
                    found += page.items
                    after = page.next
                    if after is None:
                        break
                self.assertEqual(tuple(found), whole.items)

    def test_in_service_are_those_that_can_be_asked(self) -> None:
        self._create(serial="C1", line="gprs", driver="d3")
        self._create(serial="C2", line="gprs")
        self.assertEqual([meter.serial for meter in self.read(meters.in_service)], ["A2", "A1", "C1"])
