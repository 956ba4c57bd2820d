"""Relays: confirmed by what they do, unknown where nobody can tell, never switched twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hesd.collect.command import CommandRefused
from hesd.collect.dlms_meter import NotProven
from hesd.collect.relay import RelayAction, RelayOutcome, switch_relay
from hesd.dlms.access_result import ActionResult, DataAccessResult
from hesd.dlms.action import ActionResponse
from hesd.dlms.cosem_meaning import ControlState
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.links.modbus_link import Priority
from hesd.model.errors import LinkDown, NoReply
from hesd.model.job import JobState
from hesd.model.obis import OBIS
from tests.collect.command_case import DRIVER, RELAY, CommandCase
from tests.collect.memory_meter import (
    SERIAL,
    Fault,
    MemoryMeter,
    lost_reply,
    lost_request,
    stale,
)

OFF, ON = RelayAction.DISCONNECT, RelayAction.CONNECT
CONNECTED, READY = ControlState.CONNECTED, ControlState.READY_FOR_RECONNECTION


class RelayTests(CommandCase):
    def furnish(self) -> None:
        super().furnish()
        self.state, self.mode, self.moves_after = CONNECTED, 4, 0.0
        self.answer = ActionResult.SUCCESS
        self.after_connect = CONNECTED
        for attribute, value in (
            (2, lambda: Data.of(DataType.BOOLEAN, self.state is CONNECTED)),
            (3, lambda: Data.of(DataType.ENUM, self.state)),
            (4, lambda: Data.of(DataType.ENUM, self.mode)),
        ):
            self.meter.values[AttributeDescriptor(70, RELAY, attribute)] = value
        self.meter.methods[MethodDescriptor(70, RELAY, 1)] = lambda _: self.move(ControlState.DISCONNECTED)
        self.meter.methods[MethodDescriptor(70, RELAY, 2)] = lambda _: self.move(self.after_connect)

    def move(self, state: ControlState) -> ActionResponse:
        if self.answer is ActionResult.SUCCESS:
            self.clock.callLater(self.moves_after, setattr, self, "state", state)
            self.clock.advance(0)
        return ActionResponse(self.answer)

    def switch(self, action: RelayAction = OFF, *faults: Fault | None) -> RelayOutcome:
        work = switch_relay(self.commanded, action, self.then(*faults), self.clock)
        outcome: Any = self.result(work)
        return outcome

    def assert_called(self, *methods: int) -> None:
        zero = Data.of(DataType.INTEGER, 0)
        expected = [(MethodDescriptor(70, RELAY, method), zero) for method in methods]
        self.assertEqual(self.meter.called, expected)

    def test_method_1_disconnects_and_method_2_connects(self) -> None:
        off = self.switch(OFF)
        self.assertEqual((off.state, off.detail), (JobState.CONFIRMED, "the relay is disconnected"))
        self.assert_called(1)
        on = self.switch(ON)
        self.assertEqual((on.state, on.shown["relay_status"]), (JobState.CONFIRMED, "connected"))
        self.assert_called(1, 2)

    def test_it_is_told_before_anything_is_sent(self) -> None:
        async def sent(detail: str) -> None:
            self.assertEqual(self.meter.called, [])
            self.told.append(detail)

        self.result(switch_relay(self.commanded, OFF, sent, self.clock))
        self.assertEqual(self.told, ["disconnect; the relay is connected"])

    def test_a_relay_that_takes_its_time(self) -> None:
        self.moves_after = 2.5
        self.assertEqual(self.switch().state, JobState.CONFIRMED)
        self.assert_called(1)

    def test_a_relay_that_does_not_move(self) -> None:
        self.moves_after = 3600
        outcome = self.switch()
        self.assertEqual(outcome.state, JobState.REJECTED)
        self.assertEqual(outcome.relay.control, CONNECTED)

    def test_ready_for_reconnection_is_not_connected(self) -> None:
        self.state, self.after_connect = ControlState.DISCONNECTED, READY
        outcome = self.switch(ON)
        self.assertEqual(outcome.state, JobState.REJECTED)
        self.assertIn("button", outcome.detail)
        self.assertEqual(outcome.shown["relay_status"], "ready_for_reconnection")

    def test_the_meter_says_no(self) -> None:
        self.answer = ActionResult.READ_WRITE_DENIED
        outcome = self.switch()
        self.assertEqual(
            (outcome.state, outcome.detail), (JobState.REJECTED, "the meter refuses: read-write-denied")
        )

    def test_mode_0_is_not_even_tried(self) -> None:
        self.mode = 0
        self.assertEqual(self.switch().state, JobState.REJECTED)
        self.assertEqual((self.meter.called, self.told), ([], []))

    def test_a_lost_answer_is_confirmed_only_by_a_relay_that_moved(self) -> None:
        for fault in (lost_reply, stale, lost_request):
            self.setUp()
            outcome = self.switch(OFF, fault)
            moved = fault is lost_reply
            self.assertEqual(outcome.state, JobState.CONFIRMED if moved else JobState.UNKNOWN)
            self.assertEqual(len(self.meter.called), int(moved))
            self.assertEqual("no answer came" in outcome.detail, moved)

    def test_a_lost_answer_where_it_was_so_before_is_unknown(self) -> None:
        outcome = self.switch(ON, lost_reply)
        self.assertEqual(outcome.state, JobState.UNKNOWN)

    def test_a_meter_that_is_gone_afterwards(self) -> None:
        for faults in ([lost_reply] * 20, [None, *[lost_request] * 20]):
            self.setUp()
            self.assertEqual(self.switch(OFF, *faults).state, JobState.UNKNOWN)
            self.assert_called(1)

    def test_another_meter_that_answers_afterwards_confirms_nothing(self) -> None:
        def swapped(meter: MemoryMeter, pdu: bytes) -> list[bytes]:
            meter.receive(pdu)
            meter.values[SERIAL] = Data.of(DataType.OCTET_STRING, b"46000777832")
            return []

        outcome = self.switch(OFF, swapped)
        self.assertEqual(outcome.state, JobState.UNKNOWN)
        self.assertIn("46000777832", outcome.detail)

    def test_another_meter_is_not_switched(self) -> None:
        self.meter.values[SERIAL] = Data.of(DataType.OCTET_STRING, b"46000777832")
        with self.assertRaises(NotProven):
            self.switch()
        self.assertEqual((self.meter.called, self.told), ([], []))

    def test_an_association_that_goes_between_proof_and_command(self) -> None:
        async def sent(detail: str) -> None:
            self.meter.values[SERIAL] = Data.of(DataType.OCTET_STRING, b"46000777832")
            await self.commanded.session.close()

        with self.assertRaises(NotProven):
            self.result(switch_relay(self.commanded, OFF, sent, self.clock))
        self.assertEqual(self.meter.called, [])

    def test_nothing_is_sent_without_a_line_or_an_answer_before(self) -> None:
        self.talk.up = False
        with self.assertRaises(LinkDown):
            self.switch()
        self.setUp()
        self.talk.faults.extend([lost_request] * 20)
        with self.assertRaises(NoReply):
            self.switch()
        self.assertEqual((self.meter.called, self.told), ([], []))

    def test_meters_without_a_relay(self) -> None:
        self.meet(replace(DRIVER, relay=OBIS("0.0.96.3.11.255")))
        with self.assertRaises(CommandRefused):
            self.switch()
        for attribute in (2, 3, 4):
            self.meter.values[AttributeDescriptor(70, RELAY, attribute)] = DataAccessResult.OBJECT_UNDEFINED
        self.meet(replace(DRIVER, relay=RELAY))
        with self.assertRaises(CommandRefused):
            self.switch()
        self.assertEqual(self.meter.called, [])

    def test_a_meter_that_tells_only_one_of_the_two(self) -> None:
        for attribute in (2, 3):
            self.setUp()
            denied = DataAccessResult.READ_WRITE_DENIED
            self.meter.values[AttributeDescriptor(70, RELAY, attribute)] = denied
            self.assertEqual(self.switch().state, JobState.CONFIRMED)

    def test_a_meter_that_tells_neither(self) -> None:
        for attribute in (2, 3):
            denied = DataAccessResult.READ_WRITE_DENIED
            self.meter.values[AttributeDescriptor(70, RELAY, attribute)] = denied
        self.assertEqual(self.switch().state, JobState.UNKNOWN)

    def test_a_command_goes_before_everything(self) -> None:
        self.switch()
        self.assertEqual(self.talk.priorities[-1], Priority.COMMAND)
