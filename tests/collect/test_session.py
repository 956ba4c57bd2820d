"""Sessions with a meter in memory: reading, commanding, and everything that comes in between."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.session import AccessRefused, AssociationFailed, Session
from hesd.collect.session_terms import terms_of
from hesd.dlms import action, get
from hesd.dlms.access_result import ActionResult, DataAccessResult
from hesd.dlms.acse import Mechanism
from hesd.dlms.association import Terms
from hesd.dlms.conformance import WITH_LOGICAL_NAMES, Conformance
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.exception import ExceptionResponse, ServiceError, StateError
from hesd.dlms.wrapper import DEFAULT_CAP
from hesd.driver.cosem import DLMSDriver
from hesd.links.modbus_link import Priority
from hesd.model.errors import LinkDown, NoReply
from hesd.model.obis import OBIS
from hesd.model.secrets import Secrets
from tests.collect.memory_meter import (
    Fault,
    MemoryConversation,
    MemoryKeyring,
    MemoryMeter,
    before,
    instead,
    lost_reply,
    lost_request,
    number,
    outcome_of,
    spec_of,
    stale,
)

DRIVER = DLMSDriver(vendor="v", models=("m",), source="s", objects=())
REGISTERS = [AttributeDescriptor(3, OBIS(f"1.0.{c}.7.0.255"), 2) for c in range(1, 41)]
PROFILE = AttributeDescriptor(7, OBIS("1.0.99.1.0.255"), 2)
RELAY_OFF = MethodDescriptor(70, OBIS("0.0.96.3.10.255"), 1)
CLOCK = AttributeDescriptor(8, OBIS("0.0.1.0.0.255"), 2)
NO_LISTS = WITH_LOGICAL_NAMES & ~Conformance.MULTIPLE_REFERENCES
LONG = Data.of(DataType.OCTET_STRING, bytes(range(250)) * 4)


class SessionCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.keyring = MemoryKeyring()
        self.meter = MemoryMeter()
        self.meter.values = {each: number(index) for index, each in enumerate(REGISTERS)}
        self.meter.values[PROFILE] = LONG
        self.begin()

    def begin(self, **more: Any) -> None:
        self.talk = MemoryConversation(self.meter, self.clock)
        spec = spec_of(DRIVER, **more)
        self.session = Session(spec, self.talk, self.keyring, self.clock)

    def result(self, work: Coroutine[Any, Any, Any]) -> Any:
        return outcome_of(self.clock, work)

    def read(self, count: int = 1) -> list[Any]:
        return self.result(self.session.get([(each, None) for each in REGISTERS[:count]]))

    def associate(self, *faults: Fault | None) -> None:
        """Associate, and let what is sent after that go wrong in turn."""
        self.result(self.session.associate())
        self.talk.faults.extend(faults)

    def asked(self, kind: type) -> int:
        return sum(isinstance(each, kind) for each in self.meter.asked)


class ReadTests(SessionCase):
    def test_an_association_is_opened_once_and_kept(self) -> None:
        self.assertIsNone(self.session.agreed)
        self.assertEqual(self.read(), [number(0)])
        agreed = self.session.agreed
        self.assertEqual(self.read(), [number(0)])
        self.assertIs(self.session.agreed, agreed)
        self.assertEqual(len(self.talk.sent), 3)

    def test_lists_are_packed_to_what_the_meter_takes(self) -> None:
        self.assertEqual(self.read(40), [number(index) for index in range(40)])
        self.assertEqual(self.asked(get.GetRequestWithList), 3)
        self.assertLessEqual(max(map(len, self.talk.sent)), 200)

    def test_one_by_one_where_lists_were_not_agreed(self) -> None:
        self.meter.offer(conformance=NO_LISTS)
        self.assertEqual(self.read(3), [number(0), number(1), number(2)])
        self.assertEqual(self.asked(get.GetRequestWithList), 0)

    def test_what_came_one_by_one_before_a_failure_is_not_asked_for_again(self) -> None:
        self.meter.offer(conformance=NO_LISTS)
        lost_twice = [lost_reply, None, lost_reply, None]  # each time a new association
        self.associate(None, *lost_twice, None, *lost_twice)
        self.assertEqual(self.read(4), [number(index) for index in range(4)])
        self.assertEqual(self.asked_one_by_one(), [REGISTERS[index] for index in (0, 1, 1, 1, 2, 2, 2, 3)])

    def test_a_service_that_is_rejected_stays_with_its_attribute(self) -> None:
        self.meter.offer(conformance=NO_LISTS)
        rejected = ExceptionResponse(StateError.SERVICE_UNKNOWN, ServiceError.OTHER_REASON)
        self.associate(None, instead(rejected.encode()))
        self.assertEqual(self.read(3), [number(0), DataAccessResult.OTHER_REASON, number(2)])

    def test_who_comes_while_many_are_read_one_by_one_waits_for_a_few_only(self) -> None:
        self.meter.offer(conformance=NO_LISTS)
        self.associate(lambda meter, pdu: (others.append(self.other()), meter.receive(pdu))[1])
        others: list[Any] = []
        self.assertEqual(self.read(20), [number(index) for index in range(20)])
        self.assertEqual(self.asked_one_by_one().index(REGISTERS[30]), 8)
        self.assertEqual(self.successResultOf(others[0]), [number(30)])

    def other(self) -> Deferred[Any]:
        return Deferred.fromCoroutine(self.session.get([(REGISTERS[30], None)], priority=Priority.COMMAND))

    def asked_one_by_one(self) -> list[AttributeDescriptor]:
        return [each.attribute for each in self.meter.asked if isinstance(each, get.GetRequestNormal)]

    def test_one_by_one_where_lists_were_agreed_and_are_refused(self) -> None:
        unsupported = ExceptionResponse(StateError.SERVICE_UNKNOWN, ServiceError.SERVICE_NOT_SUPPORTED)
        for refusal in (
            unsupported.encode(),
            get.GetResponseNormal(0xC1, DataAccessResult.OTHER_REASON).encode(),
            get.GetResponseWithDatablock(0xC1, True, 1, DataAccessResult.LONG_GET_ABORTED).encode(),
        ):
            self.setUp()
            self.associate(instead(refusal))
            self.assertEqual(self.read(3), [number(0), number(1), number(2)])

    def test_a_meter_that_is_silent_when_asked_for_lists(self) -> None:
        self.associate(lost_request, None, lost_request)
        self.assertEqual(self.read(3), [number(0), number(1), number(2)])
        self.assertEqual(self.asked(get.GetRequestWithList), 0)
        self.assertEqual(self.asked(get.GetRequestNormal), 3)

    def test_a_meter_that_forgets_associations_is_still_asked_for_lists(self) -> None:
        self.associate(stale, None, stale)
        self.read(3)
        self.assertEqual(self.asked(get.GetRequestNormal), 0)

    def test_errors_stay_with_their_attribute(self) -> None:
        self.meter.values[REGISTERS[1]] = DataAccessResult.READ_WRITE_DENIED
        del self.meter.values[REGISTERS[2]]
        self.assertEqual(
            self.read(4),
            [number(0), DataAccessResult.READ_WRITE_DENIED, DataAccessResult.OBJECT_UNDEFINED, number(3)],
        )

    def test_a_late_answer_to_something_else_is_not_the_answer(self) -> None:
        late = get.GetResponseNormal(0xCF, number(99)).encode()
        self.associate(before(late, late))
        self.assertEqual(self.read(), [number(0)])
        self.assertEqual(self.asked(get.GetRequestNormal), 1)

    def test_late_answers_without_end_do_not_hold_it_up(self) -> None:
        late = get.GetResponseNormal(0xCF, number(99)).encode()
        self.associate(before(*[late] * 1000))
        self.assertEqual(self.read(), [number(0)])  # in a fresh association

    def test_an_answer_that_is_lost_is_asked_for_in_a_fresh_association(self) -> None:
        self.associate(lost_reply)
        first = self.session.agreed
        self.assertEqual(self.read(), [number(0)])
        self.assertIsNot(self.session.agreed, first)
        self.assertEqual(self.talk.opened, 2)

    def test_a_stale_association_is_made_anew(self) -> None:
        self.associate(stale)
        self.assertEqual(self.read(), [number(0)])

    def test_it_is_given_up_after_the_retries(self) -> None:
        self.associate(*[lost_request] * 9)
        with self.assertRaises(NoReply):
            self.read()
        self.assertEqual(self.clock.seconds(), 15)
        self.assertEqual(len(self.talk.faults), 6)

    def test_without_a_line(self) -> None:
        self.talk.up = False
        with self.assertRaises(LinkDown):
            self.read()
        self.talk.up = True
        self.assertEqual(self.read(), [number(0)])

    def test_close_releases_and_never_raises(self) -> None:
        for fault in (None, lost_request, stale, instead(b"\xff")):
            self.setUp()
            self.associate(fault)
            self.result(self.session.close())
            self.assertEqual(self.talk.sent[-1][:1], b"\x62")
            self.assertFalse(self.talk.is_open)
            self.assertIsNone(self.session.agreed)
            self.assertEqual(self.read(), [number(0)])

    def test_it_knows_since_when_it_is_idle(self) -> None:
        self.clock.advance(10)
        self.read()
        self.assertEqual(self.session.idle_since, 10)

    def test_the_priority_goes_with_every_request(self) -> None:
        self.result(self.session.get([(REGISTERS[0], None)], priority=Priority.READ))
        self.assertEqual(self.talk.priorities, [Priority.READ] * 2)

    def test_nothing_longer_is_asked_for_than_the_links_take(self) -> None:
        spec = spec_of(replace(DRIVER, max_pdu=0xFFFF))
        terms = terms_of(spec, Secrets(password=b"00000000"), None, bytes)
        self.assertEqual(terms.max_pdu, DEFAULT_CAP)
        smaller = terms_of(spec_of(replace(DRIVER, max_pdu=200)), Secrets(password=b"x"), None, bytes)
        self.assertEqual(smaller.max_pdu, 200)


class LongReadTests(SessionCase):
    def long(self) -> Any:
        return self.result(self.session.get_long(PROFILE))

    def test_blocks_are_joined_and_not_decoded(self) -> None:
        found = self.long()
        self.assertEqual((found.octets, found.complete, found.problem), (LONG.octets, True, None))

    def test_a_value_in_one_piece(self) -> None:
        self.meter.values[PROFILE] = number(7)
        self.assertEqual(self.long().octets, number(7).octets)

    def test_a_lost_block_is_asked_for_again(self) -> None:
        self.associate(None, lost_reply, None, lost_request, lost_request)
        first = self.session.agreed
        self.assertTrue(self.long().complete)
        self.assertIs(self.session.agreed, first)

    def test_what_came_is_kept_when_it_cannot_go_on(self) -> None:
        for fault, problem in ((lost_request, NoReply), (stale, NoReply)):
            self.setUp()
            self.associate(None, None, *[fault] * 9)
            found = self.long()
            self.assertEqual(found.octets, LONG.octets[: 2 * 188])
            self.assertFalse(found.complete)
            self.assertIsInstance(found.problem, problem)
            self.assertIsNone(self.session.agreed)

    def test_the_first_block_is_asked_for_in_a_fresh_association(self) -> None:
        self.associate(lost_request)
        self.assertTrue(self.long().complete)

    def test_the_meter_refuses(self) -> None:
        del self.meter.values[PROFILE]
        found = self.long()
        self.assertIsInstance(found.problem, AccessRefused)
        self.assertEqual(found.problem.result, DataAccessResult.OBJECT_UNDEFINED)
        self.assertIsNotNone(self.session.agreed)

    def test_the_same_block_for_ever(self) -> None:
        same = get.GetResponseWithDatablock(0xC1, False, 1, b"x" * 100).encode()
        self.associate(*[instead(same)] * 50)
        found = self.long()
        self.assertEqual((found.octets, found.complete), (b"x" * 100, False))


class CommandTests(SessionCase):
    def setUp(self) -> None:
        super().setUp()
        self.meter.methods[RELAY_OFF] = lambda _: action.ActionResponse(ActionResult.SUCCESS)

    def act(self) -> Any:
        return self.result(self.session.action(RELAY_OFF, Data.of(DataType.INTEGER, 0)))

    def write(self, value: Data = LONG) -> Any:
        return self.result(self.session.set(CLOCK, value))

    def test_commands_and_their_answers(self) -> None:
        self.assertEqual(self.act().result, ActionResult.SUCCESS)
        self.assertEqual(self.meter.called, [(RELAY_OFF, Data.of(DataType.INTEGER, 0))])
        self.assertEqual(self.write(number(5)), DataAccessResult.SUCCESS)
        self.assertEqual(self.write(LONG), DataAccessResult.SUCCESS)
        self.assertEqual(self.meter.written, [(CLOCK, number(5)), (CLOCK, LONG)])
        self.meter.writes[CLOCK] = lambda _: DataAccessResult.READ_WRITE_DENIED
        self.assertEqual(self.write(number(6)), DataAccessResult.READ_WRITE_DENIED)

    def test_whatever_comes_instead_of_an_answer_nothing_is_sent_again(self) -> None:
        rejected = ExceptionResponse(StateError.SERVICE_UNKNOWN, ServiceError.OTHER_REASON).encode()
        wrong_kind = get.GetResponseNormal(0xC1, number(1)).encode()
        for command in (self.act, self.write):
            for fault in (lost_reply, lost_request, stale, instead(rejected), instead(wrong_kind)):
                self.setUp()
                self.associate(fault)
                before_it = len(self.talk.sent)
                with self.assertRaises(NoReply):
                    command()
                self.assertEqual(len(self.talk.sent), before_it + 1)
                self.assertLessEqual(len(self.meter.called) + len(self.meter.written), 1)

    def test_a_lost_reply_leaves_it_done(self) -> None:
        self.associate(lost_reply)
        with self.assertRaises(NoReply):
            self.act()
        self.assertEqual(len(self.meter.called), 1)

    def test_a_line_that_is_down_before(self) -> None:
        self.associate()
        self.talk.up = False
        with self.assertRaises(LinkDown):
            self.act()

    def test_a_line_that_goes_down_in_the_middle_of_a_long_value(self) -> None:
        def cut(meter: MemoryMeter, pdu: bytes) -> list[bytes]:
            self.talk.up = False
            return meter.receive(pdu)

        self.associate(cut)
        with self.assertRaises(NoReply):
            self.write()

    def test_no_association_means_nothing_was_sent(self) -> None:
        self.talk.faults.extend([lost_request] * 9)
        with self.assertRaises(LinkDown):
            self.act()
        self.assertEqual(self.meter.called, [])

    def test_only_within_the_association_it_was_meant_for(self) -> None:
        self.associate(stale)
        first = self.session.agreed
        self.read()
        with self.assertRaises(LinkDown):
            self.result(self.session.action(RELAY_OFF, within=first))
        self.assertEqual(self.meter.called, [])
        self.result(self.session.action(RELAY_OFF, within=self.session.agreed))
        self.assertEqual(self.meter.called, [(RELAY_OFF, None)])

    def test_reads_and_commands_take_turns(self) -> None:
        read = self.session.get_long(PROFILE)
        command = self.session.action(RELAY_OFF)

        async def both() -> Any:
            return await gatherResults([Deferred.fromCoroutine(read), Deferred.fromCoroutine(command)])

        found, answer = self.result(both())
        self.assertTrue(found.complete)
        self.assertEqual(answer.result, ActionResult.SUCCESS)


class RefusalTests(SessionCase):
    def failure(self) -> str:
        with self.assertRaises(AssociationFailed) as caught:
            self.read()
        self.assertNotIn("0000000", str(caught.exception))
        return str(caught.exception)

    def test_a_wrong_password(self) -> None:
        self.meter.offer(secret=b"another")
        self.assertIn("authentication-failure", self.failure())
        self.assertEqual(len(self.talk.sent), 1)

    def test_another_mechanism(self) -> None:
        self.meter.offer(mechanism=Mechanism.HLS_MD5)
        self.assertIn("mechanism", self.failure())

    def test_nothing_is_sent_without_a_password(self) -> None:
        self.keyring.kept = type(self.keyring.kept)()
        self.assertIn("password", self.failure())
        self.assertEqual(self.talk.sent, [])

    def test_a_meter_that_does_not_let_us_in_may_later(self) -> None:
        terms = self.meter.server.terms
        self.meter.offer(secret=b"another")
        self.failure()
        self.meter.server.terms = Terms(*(getattr(terms, name) for name in terms.__slots__))
        self.assertEqual(self.read(), [number(0)])
