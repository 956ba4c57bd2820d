"""The head end and simulated meters that know their attributes by number only, on real sockets."""

from __future__ import annotations

from time import time
from typing import Any

from twisted.internet import reactor

from hesd.collect.buffers import Buffers
from hesd.collect.catalogue import Catalogue
from hesd.collect.cosem_models import ModelsInMemory
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.object_list import ListedObject, ObjectLists
from hesd.collect.profile_read import ProfileRead, read_profile
from hesd.collect.relay import RelayAction, RelayOutcome, switch_relay
from hesd.dlms.access_result import DataAccessResult, DataResult
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.driver.cosem import Ciphering, Referencing
from hesd.model.job import JobState
from hesd.model.obis import OBIS
from hesd.sim.faults import FaultKind
from tests.collect.memory_meter import AK, EK
from tests.collect.real_dlms_case import HEXCELL, MOMAS, SERIALS, VOLTAGE, RealDLMSCase, simulated, spec

SERIAL = SERIALS[0]
SHORT = {"referencing": Referencing.SHORT}
KEYS = {"encryption_key": EK.hex(), "authentication_key": AK.hex()}
LOAD, NAME, RELAY = OBIS("1-0:99.1.0"), OBIS("0-0:42.0.0"), OBIS("0-0:96.3.10")
ZERO = Data.of(DataType.INTEGER, 0)
DAY = 86_400_000


class RealShortNameTests(RealDLMSCase):
    async def reach(self, framing: str, driver: str = MOMAS, **ways: Any) -> None:
        """A meter that is dialled and has answered; Momas' has room for 200 octets in a PDU."""
        keys = KEYS if ways else {}
        meter = simulated(SERIAL, driver, turnaround=0.0, **SHORT, **ways, **keys)
        await self.dialled(framing, meter, specs=[spec(SERIAL, "line", driver, **SHORT, **ways)])

    async def test_attributes_become_readings(self) -> None:
        for framing, driver in (("wrapper", HEXCELL), ("hdlc", MOMAS)):
            await self.reach(framing, driver)
            await self.head_end.remove_line("line")
            await self.simulator.stopService()
            self.readings.clear()

    async def test_ciphered(self) -> None:
        await self.reach("wrapper", ciphering=Ciphering.BOTH)
        self.simulator.board.switch(SERIAL, FaultKind.FORGED)
        await self.until(lambda: "tag" in getattr(self.head_end.state(SERIAL), "reason", ""))

    async def profile(self, **faults: float) -> ProfileRead:
        """Yesterday's load profile, read in blocks."""
        until = int(time() // 900) * 900_000
        buffers = Buffers(ModelsInMemory(), reactor)

        async def rows(meter: DLMSMeter) -> ProfileRead:
            await read_profile(meter, LOAD, until, until, buffers)  # its shape is known then
            for fault, value in faults.items():
                self.simulator.board.switch(SERIAL, FaultKind(fault), value)
            return await read_profile(meter, LOAD, until - DAY, until, buffers)

        found: ProfileRead = await self.head_end.with_meter(SERIAL, rows)
        times = [row.at_ms for row in found.profile.rows]
        self.assertEqual(times, list(range(until - DAY, until + 1, 900_000))[: len(times)])
        return found

    async def test_a_profile_in_blocks(self) -> None:
        await self.reach("wrapper")
        found = await self.profile()
        self.assertEqual((len(found.profile.rows), found.problem), (97, None))

    async def test_a_profile_of_which_blocks_are_lost(self) -> None:
        await self.reach("wrapper")
        found = await self.profile(**{"lost-block": 0.2})
        self.assertGreater(self.head_end.associations.opened, 1)
        # However far it came: rows without a gap, and all of them or a reason.
        came = len(found.profile.rows)
        self.assertGreater(came, 0)
        self.assertEqual(came == 97, found.problem is None)
        found = await self.profile(**{"lost-block": 0.0})
        self.assertEqual((len(found.profile.rows), found.problem), (97, None))

    async def switched(self, action: RelayAction) -> RelayOutcome:
        async def announced(_: str) -> None: ...

        async def switch(meter: DLMSMeter) -> RelayOutcome:
            return await switch_relay(meter, action, announced, reactor)

        outcome: RelayOutcome = await self.head_end.with_meter(SERIAL, switch, command=True)
        return outcome

    async def test_a_relay_is_switched_by_the_name_of_its_method(self) -> None:
        await self.reach("hdlc", HEXCELL)
        for action, output in ((RelayAction.DISCONNECT, False), (RelayAction.CONNECT, True)):
            outcome = await self.switched(action)
            self.assertEqual((outcome.state, outcome.relay.output), (JobState.CONFIRMED, output))

    async def test_a_command_that_is_done_and_not_answered_is_seen_on_the_relay(self) -> None:
        await self.reach("wrapper", HEXCELL)
        self.simulator.board.switch(SERIAL, FaultKind.LOST_REPLY)
        outcome = await self.switched(RelayAction.DISCONNECT)
        self.assertEqual((outcome.state, outcome.relay.output), (JobState.CONFIRMED, False))
        self.assertIn("no answer came", outcome.detail)

    async def test_the_list_of_its_objects(self) -> None:
        await self.reach("wrapper")
        lists = ObjectLists(ModelsInMemory(), Catalogue())

        async def listed(meter: DLMSMeter) -> list[ListedObject]:
            return await lists.read(meter)

        async def names(meter: DLMSMeter) -> list[DataResult]:
            wanted = [AttributeDescriptor(each.element.class_id, each.element.instance, 1) for each in found]
            return await meter.session.get([(each, None) for each in wanted])

        found: list[ListedObject] = await self.head_end.with_meter(SERIAL, listed)
        instances = [each.element.instance for each in found]
        self.assertLessEqual({VOLTAGE, LOAD, NAME}, set(instances))
        said = await self.head_end.with_meter(SERIAL, names)
        self.assertEqual([getattr(each, "value", each) for each in said], [each.octets for each in instances])

    async def test_nothing_is_written_to_a_number_that_is_something_else_s(self) -> None:
        await self.reach("wrapper", HEXCELL)

        async def write(meter: DLMSMeter) -> list[Any]:
            session = meter.session
            written = await session.set(AttributeDescriptor(70, RELAY, 5), ZERO)  # its method 1
            called = await session.action(MethodDescriptor(70, RELAY, 99), ZERO)
            nameless = await session.action(MethodDescriptor(1, NAME, 1), ZERO)
            (state,) = await session.get([(AttributeDescriptor(70, RELAY, 2), None)])
            return [written, called.result, nameless.result, getattr(state, "value", state)]

        undefined = DataAccessResult.OBJECT_UNDEFINED
        self.assertEqual(
            await self.head_end.with_meter(SERIAL, write, command=True),
            [undefined, undefined, undefined, True],
        )

    async def test_what_has_no_number_is_not_asked_of_another_object(self) -> None:
        await self.reach("wrapper")

        async def get(meter: DLMSMeter) -> list[DataResult]:
            wanted = (AttributeDescriptor(3, OBIS("1-0:99.99.99"), 2), AttributeDescriptor(3, VOLTAGE, 9))
            return await meter.session.get([(each, None) for each in wanted])

        self.assertEqual(await self.head_end.with_meter(SERIAL, get), [DataAccessResult.OBJECT_UNDEFINED] * 2)
