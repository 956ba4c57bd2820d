"""A session with a meter that knows its attributes by number only."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.session import AccessRefused, AssociationFailed, Session
from hesd.dlms.access_result import ActionResult, DataAccessResult
from hesd.dlms.acse import Context
from hesd.dlms.apdu import APDU
from hesd.dlms.conformance import WITH_SHORT_NAMES
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.short_name import (
    BlockNumberAccess,
    DataBlockResult,
    ReadRequest,
    ReadResponse,
    ReadResult,
    VariableName,
    WriteRequest,
    WriteResponse,
    encode_read_results,
)
from hesd.driver.cosem import Authentication, Ciphering, DLMSDriver, Referencing
from hesd.model.errors import NoReply
from hesd.model.obis import OBIS
from tests.collect.memory_meter import (
    MemoryConversation,
    MemoryKeyring,
    MemoryMeter,
    lost_reply,
    lost_request,
    number,
    outcome_of,
    spec_of,
)

DRIVER = DLMSDriver(vendor="v", models=("m",), source="s", objects=())
ENERGY, RELAY, PROFILE = OBIS("1.0.1.8.0.255"), OBIS("0.0.96.3.10.255"), OBIS("1.0.99.1.0.255")
BASE_NAMES = {(3, ENERGY): 0x1000, (70, RELAY): 0x2000, (7, PROFILE): 0x3000}
LONG = Data.of(DataType.OCTET_STRING, bytes(range(250)))


def object_list() -> Data:
    return Data.array(
        *(
            Data.structure(
                Data.of(DataType.LONG, name),
                Data.of(DataType.LONG_UNSIGNED, class_id),
                Data.of(DataType.UNSIGNED, 0),
                Data.of(DataType.OCTET_STRING, obis.octets),
            )
            for (class_id, obis), name in BASE_NAMES.items()
        )
    )


class ShortNameMeter(MemoryMeter):
    """Answers Read and Write; a value longer than a block comes in blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.offer(context=Context.SHORT_NAMES, conformance=WITH_SHORT_NAMES)
        self.by_name: dict[int, Data] = {0xFA08: object_list(), 0x1008: number(5), 0x1010: number(6)}
        self.by_name[0x3008] = LONG
        self.names_written: list[tuple[int, Data]] = []
        self._octets = b""

    def answer(self, apdu: APDU) -> APDU:
        match apdu:
            case ReadRequest(variables=(BlockNumberAccess() as following,)):
                return ReadResponse((self._block(following.block_number + 1),))
            case ReadRequest():
                results = tuple(map(self._read, apdu.variables))
                self._octets = encode_read_results(results)
                return ReadResponse((self._block(1),) if len(self._octets) > 100 else results)
            case WriteRequest(variables=(VariableName(name),), values=(value,)):
                self.names_written.append((name, value))
                return WriteResponse((DataAccessResult.SUCCESS,))
        raise AssertionError(apdu)

    def _read(self, variable: Any) -> ReadResult:
        return self.by_name.get(variable.name, DataAccessResult.OBJECT_UNDEFINED)

    def _block(self, block_number: int) -> DataBlockResult:
        start = (block_number - 1) * 60
        return DataBlockResult(start + 60 >= len(self._octets), block_number, self._octets[start:][:60])


class ShortNameTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.meter = ShortNameMeter()
        self.talk = MemoryConversation(self.meter, self.clock)
        spec = spec_of(DRIVER, referencing=Referencing.SHORT)
        self.session = Session(spec, self.talk, MemoryKeyring(), self.clock)

    def get(self, *wanted: tuple[int, OBIS, int]) -> list[Any]:
        attributes = [(AttributeDescriptor(*each), None) for each in wanted]
        return outcome_of(self.clock, self.session.get(attributes))

    def long(self) -> Any:
        return outcome_of(self.clock, self.session.get_long(AttributeDescriptor(7, PROFILE, 2)))

    def test_attributes_are_found_by_the_object_list(self) -> None:
        found = self.get((3, ENERGY, 2), (1, ENERGY, 2), (3, ENERGY, 3), (3, ENERGY, 4))
        undefined = DataAccessResult.OBJECT_UNDEFINED
        self.assertEqual(found, [number(5), undefined, number(6), undefined])

    def test_the_object_list_is_read_once(self) -> None:
        self.get((3, ENERGY, 2))
        sent = len(self.talk.sent)
        self.get((3, ENERGY, 2))
        self.assertEqual(len(self.talk.sent), sent + 1)

    def test_a_lost_answer_takes_a_new_association(self) -> None:
        self.get((3, ENERGY, 2))
        first = self.session.agreed
        self.talk.faults.append(lost_reply)
        self.assertEqual(self.get((3, ENERGY, 2)), [number(5)])
        self.assertIsNot(self.session.agreed, first)

    def test_long_values(self) -> None:
        self.assertEqual(self.long().octets, LONG.octets)
        self.talk.faults.extend([None, None, *[lost_request] * 9])
        broken = self.long()
        self.assertEqual((broken.octets, broken.complete), (LONG.octets[:118], False))

    def test_what_is_not_there(self) -> None:
        found = outcome_of(self.clock, self.session.get_long(AttributeDescriptor(7, ENERGY, 2)))
        self.assertIsInstance(found.problem, AccessRefused)

    def test_writing_and_methods(self) -> None:
        attribute = AttributeDescriptor(3, ENERGY, 2)
        written = outcome_of(self.clock, self.session.set(attribute, number(9)))
        self.assertEqual(written, DataAccessResult.SUCCESS)
        method = MethodDescriptor(70, RELAY, 1)
        answer = outcome_of(self.clock, self.session.action(method, Data.of(DataType.INTEGER, 0)))
        self.assertEqual(answer.result, ActionResult.SUCCESS)
        self.assertEqual([name for name, _ in self.meter.names_written], [0x1008, 0x2020])

    def test_a_lost_answer_to_a_method_is_unknown(self) -> None:
        self.get((3, ENERGY, 2))
        self.talk.faults.append(lost_reply)
        with self.assertRaises(NoReply):
            outcome_of(self.clock, self.session.action(MethodDescriptor(70, RELAY, 1)))
        self.assertEqual(len(self.meter.names_written), 1)

    def test_no_challenge_is_answered_in_short_names(self) -> None:
        for ciphering in (Ciphering.NONE, Ciphering.BOTH):
            spec = spec_of(
                DRIVER,
                referencing=Referencing.SHORT,
                authentication=Authentication.HLS_GMAC,
                ciphering=ciphering,
            )
            session = Session(spec, self.talk, MemoryKeyring(), self.clock)
            with self.assertRaisesRegex(AssociationFailed, "short names"):
                outcome_of(self.clock, session.associate())
        self.assertEqual(self.talk.sent, [])
