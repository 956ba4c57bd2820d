"""The objects of a meter's association, and any attribute of them."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import succeed
from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.attribute_read import NotShown, read_attribute
from hesd.collect.catalogue import Catalogue
from hesd.collect.object_list import ListedObject, ObjectLists, described, event_logs
from hesd.collect.session import AccessRefused
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.errors import DLMSError
from hesd.driver.generic import DLMS_DRIVER
from hesd.model.obis import OBIS
from tests.collect.simulated_meter import SimulatedWorld
from tests.sim.dlms_case import SMALL

DIGITS = "23716100501183194197"


class ListCase(SynchronousTestCase):
    def play(self, **more: Any) -> None:
        self.world = SimulatedWorld(**more)
        self.lists = ObjectLists(self.world.models, Catalogue(lambda work: succeed(work())))

    def listed(self) -> list[ListedObject]:
        found: list[ListedObject] = self.world.result(self.lists.read(self.world.meter))
        return found

    def shown(self) -> dict[str, Any]:
        listed = self.world.result(self.lists.shown("46000755036", SMALL))
        return {each["obis"]: each for each in listed}


class ListTests(ListCase):
    def test_objects_with_names_and_rights(self) -> None:
        self.play()
        objects = {str(each.element.instance): described(each, SMALL) for each in self.listed()}
        relay = objects["0.0.96.3.10.255"]
        self.assertEqual(
            (relay["class_id"], relay["class_name"], relay["name"]), (70, "Disconnect control", "Relay")
        )
        self.assertEqual(
            [each["name"] for each in relay["methods"]], ["remote_disconnect", "remote_reconnect"]
        )
        state = next(each for each in relay["attributes"] if each["number"] == 3)
        self.assertEqual(state, {"number": 3, "name": "control_state", "readable": True, "writable": False})
        self.assertEqual(objects["1.0.99.98.4.255"]["name"], "Undervoltage")  # by the table
        self.assertEqual(objects["0.0.42.0.0.255"]["name"], "Logical device name")  # by its code
        self.assertEqual(objects["0.0.41.0.0.255"]["name"], "SAP Assignment")  # by the catalogue

    def test_the_list_is_kept_by_model(self) -> None:
        self.play()
        self.assertIsNone(self.world.result(self.lists.shown("46000755036", SMALL)))
        listed = self.listed()
        asked = len(self.world.served.asked)
        lists = ObjectLists(self.world.models, Catalogue())
        self.assertEqual(self.world.result(lists.of(self.world.meter)), listed)
        self.assertEqual(len(self.world.served.asked), asked)
        self.assertEqual(len(self.shown()), len(listed))
        self.assertEqual(self.shown()["0.0.41.0.0.255"]["class_name"], "SAP assignment")

    def test_a_kept_list_that_is_none_is_read_again(self) -> None:
        self.play()
        listed = self.listed()
        for kept in ("nonsense", [[1, 2]], 7):
            self.world.models.save(f"{self.world.meter.model}/objects", kept)
            self.assertEqual(self.world.result(self.lists.of(self.world.meter)), listed)

    def test_the_logs_of_events(self) -> None:
        self.play()
        self.assertEqual(
            set(event_logs(self.listed())),
            {f"1.0.99.98.{number}.255" for number in (4, 46, 84)} | {"0.0.99.98.0.255"},
        )

    def test_what_is_no_list(self) -> None:
        self.play()
        octets = Data.of(DataType.OCTET_STRING, b"no list")
        self.world.instead.append(lambda each, _: octets if each.class_id == 15 else None)
        with self.assertRaises(DLMSError):
            self.listed()

    def test_a_driver_without_a_table(self) -> None:
        self.play(driver=DLMS_DRIVER)
        names = {str(each.element.instance): described(each, DLMS_DRIVER)["name"] for each in self.listed()}
        self.assertEqual(names["1.0.1.8.0.255"], "Active energy import")
        self.assertEqual(names["1.0.99.1.0.255"], "Load profile")


class AttributeTests(ListCase):
    def read(self, class_id: int, obis: str, attribute: int = 2) -> Any:
        return self.world.result(read_attribute(self.world.meter, class_id, OBIS(obis), attribute))

    def value(self, *wanted: Any) -> Any:
        return self.read(*wanted)["value"]

    def serve(self, obis: str, data: Data) -> None:
        def answer(attribute: AttributeDescriptor, _: Any) -> Data | None:
            return data if attribute.instance == OBIS(obis) and attribute.attribute != 3 else None

        self.world.instead.append(answer)

    def test_a_register(self) -> None:
        self.play()
        shown = self.read(3, "1.0.32.7.0.255")
        value = shown.pop("value")
        self.assertEqual(
            shown,
            {
                "class_id": 3,
                "class_name": "Register",
                "obis": "1.0.32.7.0.255",
                "attribute": 2,
                "name": "value",
                "type": shown["type"],
                "shown": value / 10,
                "unit": "V",
            },
        )
        self.assertEqual(self.value(3, "1.0.1.8.0.255", 3), {"scaler": 1, "unit": 30, "unit_name": "Wh"})

    def test_what_values_mean(self) -> None:
        self.play()
        self.assertEqual(self.value(70, "0.0.96.3.10.255", 3), "connected")
        self.assertEqual(self.value(8, "0.0.1.0.0.255"), "2026-11-19T18:01:40+01:00")
        self.assertEqual(self.value(7, "1.0.99.1.0.255", 5), "fifo")
        self.assertEqual(
            self.value(7, "1.0.99.1.0.255", 3)[0],
            {"class_id": 8, "instance": "0.0.1.0.0.255", "attribute": 2, "data_index": 0},
        )
        self.assertEqual(self.value(1, "0.0.42.0.0.255"), "SMA46000755036")
        self.assertEqual(self.value(1, "0.0.96.1.0.255"), "046000755036")
        self.assertEqual(self.value(3, "1.0.1.8.0.255", 1), "1.0.1.8.0.255")

    def test_an_attribute_that_no_standard_knows(self) -> None:
        self.play()
        self.serve(
            "0.0.96.9.0.255", Data.structure(Data.of(DataType.ENUM, 3), Data.of(DataType.BIT_STRING, "101"))
        )
        shown = self.read(9999, "0.0.96.9.0.255", -2)
        self.assertEqual(
            (shown["class_name"], shown["name"], shown["type"], shown["value"]),
            ("Class 9999", "attribute_-2", "structure", [3, "101"]),
        )

    def test_what_is_malformed_is_shown_as_it_came(self) -> None:
        self.play()
        self.serve("0.0.1.0.0.255", Data.of(DataType.OCTET_STRING, b"soon"))
        self.assertEqual(self.value(8, "0.0.1.0.0.255"), "soon")

    def test_secrets_are_not_asked_for(self) -> None:
        self.play()
        for class_id, obis, attribute in (
            (15, "0.0.40.0.0.255", 7),
            (7, "1.0.99.98.84.255", 2),
            (15, "0.0.40.0.0.255", 2),
        ):
            with self.assertRaises(NotShown):
                self.read(class_id, obis, attribute)
        self.assertEqual(self.world.served.asked, [])

    def test_tokens_are_masked(self) -> None:
        for class_id, obis, data in (
            (1, "1.0.129.129.2.255", Data.of(DataType.OCTET_STRING, bytes.fromhex(DIGITS))),
            (115, "0.0.19.40.0.255", Data.of(DataType.OCTET_STRING, DIGITS.encode())),
            (1, "0.0.96.9.0.255", Data.of(DataType.VISIBLE_STRING, DIGITS)),
            (1, "1.0.129.129.2.255", Data.structure(Data.of(DataType.VISIBLE_STRING, DIGITS))),
        ):
            self.play()
            self.serve(obis, data)
            self.assertNotIn(DIGITS[:8], str(self.read(class_id, obis)))

    def test_what_the_meter_refuses(self) -> None:
        self.play()
        with self.assertRaises(AccessRefused):
            self.read(3, "1.0.99.9.0.255")
