"""The simulated meters of every driver that is shipped answer to all of its table."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms.base_name import ASSOCIATION, short_named_objects
from hesd.dlms.cosem_meaning import capture_objects
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.selective_access import EntryDescriptor
from hesd.driver import CosemType, DLMSDriver
from hesd.driver.loading import load_drivers, of_kind, usable
from hesd.sim.dlms_meter import SimulatedDLMSMeter
from hesd.sim.dlms_object import Rights
from hesd.sim.dlms_short_names import base_names
from hesd.sim.dlms_site import DLMSSite
from hesd.sim.faults import FaultBoard
from hesd.sim.point import Supply
from tests.sim.dlms_case import entry, plant_of

NOW = 1_795_000_000.0
DRIVERS = of_kind(usable(load_drivers(None)), DLMSDriver)
# Date-times go in octet-strings.
_STAMPS = (CosemType.DATE_TIME, CosemType.OCTET_STRING)
_DATE_TIME = 12


def site_with(clock: Clock, *meters: dict[str, Any]) -> dict[str, SimulatedDLMSMeter]:
    plant = plant_of(dlms=[{"name": "house", "meters": list(meters)}])
    board = FaultBoard(clock, [], [], [], [each["serial"] for each in meters])  # type: ignore[arg-type]
    site = DLMSSite(plant, DRIVERS, Supply(1), board, clock, directory=None)  # type: ignore[arg-type]
    place = plant.dlms[0]
    return {each.serial: site.meter(place, each) for each in place.meters}


class ModelTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock: Any = Clock()
        self.clock.rightNow = NOW
        self.meters = site_with(
            self.clock,
            *(
                entry(
                    f"4600000{index:04d}", name, phases=1 if "dds" in name else 3, energy=2000.0, credit=30.0
                )
                for index, name in enumerate(DRIVERS)
            ),
        )

    def get(
        self, meter: SimulatedDLMSMeter, class_id: int, obis: Any, attribute: int, access: Any = None
    ) -> Any:
        wanted = AttributeDescriptor(class_id, obis, attribute)
        return meter.model.get(meter, Rights.MANAGEMENT, wanted, access)

    def test_every_object_has_its_type(self) -> None:
        self.assertIn("hexcell-ddsy1088", DRIVERS)
        for meter in self.meters.values():
            token = meter.driver.token.obis if meter.driver.token else None
            for each in meter.driver.objects:
                if each.obis == token:
                    continue
                data = self.get(meter, each.class_id, each.obis, each.attribute)
                self.assertIsInstance(data, Data, f"{meter.driver.models} {each}")
                if each.type is not None and each.obis not in meter.driver.serial.obis:
                    self.assertIs(data.type, DataType[each.type.name], f"{meter.driver.models} {each}")
                if each.type in _STAMPS and each.class_id == 8:
                    self.assertEqual(len(data.value), _DATE_TIME)

    def test_every_profile_and_log_has_its_columns(self) -> None:
        for meter in self.meters.values():
            for table in (*meter.driver.profiles, *meter.driver.logs):
                captured = capture_objects(self.get(meter, 7, table.obis, 3).value)
                if table.columns:
                    names = [(each.class_id, each.instance, each.attribute) for each in captured]
                    self.assertEqual(
                        names, [(each.class_id, each.obis, each.attribute) for each in table.columns]
                    )
                used = self.get(meter, 7, table.obis, 7).value
                newest = self.get(meter, 7, table.obis, 2, EntryDescriptor(max(1, used - 2)).access)
                self.assertEqual({len(row) for row in newest.value} - {len(captured)}, set(), table.name)

    def test_values_move_with_the_load(self) -> None:
        for meter in self.meters.values():
            energy = next(each for each in meter.model.objects if each.obis == "1.0.1.8.0.255")
            before = self.get(meter, 3, energy.obis, 2).value
            self.clock.advance(86400)
            self.assertGreater(self.get(meter, 3, energy.obis, 2).value, before)

    def test_every_attribute_and_method_has_a_number_of_its_own(self) -> None:
        for meter in self.meters.values():
            names = base_names(meter.model)
            listed = short_named_objects(names.object_list(Rights.MANAGEMENT).value)
            own, *objects = listed
            self.assertEqual((own, len(objects)), (ASSOCIATION, len(meter.model.objects) - 1))
            by_code = {(each.class_id, each.obis): each for each in meter.model.objects}
            for each in objects:
                served = by_code[each.class_id, each.instance]
                for number in {1, *served.attributes}:
                    wanted = AttributeDescriptor(each.class_id, each.instance, number)
                    self.assertEqual(names.place(each.attribute(number)), wanted)
                if each.class_id != 115:  # nobody says where its method is
                    for number in served.methods:
                        called = MethodDescriptor(each.class_id, each.instance, number)
                        self.assertEqual(names.place(each.method(number)), called)

    def test_meters_of_a_type_share_their_objects(self) -> None:
        same = site_with(
            self.clock, entry("1", "hexcell-ddsy1088"), entry("2", "hexcell-ddsy1088", address=2)
        )
        self.assertIs(same["1"].model, same["2"].model)
