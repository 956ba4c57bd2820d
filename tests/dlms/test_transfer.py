"""Long services, mouth to ear, with answers that are late, doubled or lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms import action, get
from hesd.dlms import set as set_service
from hesd.dlms.access_result import ActionResult, DataAccessResult
from hesd.dlms.apdu import decode
from hesd.dlms.block_transfer import BlockAssembler, DataBlock, datablocks
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.errors import APDUError, BlockError
from hesd.dlms.get_sequence import GetSequence
from hesd.dlms.invoke_id import invoke_octets
from hesd.dlms.served_transfer import ServedGet, ServedSet
from hesd.dlms.transfer import ActionTransfer, GetTransfer, SetTransfer
from hesd.model.obis import OBIS
from tests.dlms.strategies import data_results, datas

REGISTERS = [AttributeDescriptor(3, OBIS(f"1.0.{c}.7.0.255"), 2) for c in range(1, 21)]
PROFILE = AttributeDescriptor(7, OBIS("1.0.99.1.0.255"), 2)
ENTER = MethodDescriptor(115, OBIS("0.0.19.40.0.255"), 1)
LONG = Data.of(DataType.OCTET_STRING, bytes(range(250)) * 4)
pdu_sizes = st.integers(40, 300)


def served(transfer: GetTransfer, meter: ServedGet, results: tuple, max_pdu: int) -> int:
    """Carry a GET through; the number of answers it took."""
    for count in range(1, 10_000):
        request = decode(transfer.request.encode())
        if isinstance(request, get.GetRequestNext):
            answer = meter.next(request)
        else:
            as_list = isinstance(request, get.GetRequestWithList)
            answer = meter.answer(request.invoke, results, as_list=as_list)
        assert len(answer.encode()) <= max_pdu
        transfer.receive(decode(answer.encode()))
        if transfer.request is None:
            return count
    raise AssertionError("no end")


class GetTests(SynchronousTestCase):
    @given(datas, pdu_sizes)
    def test_one_attribute(self, data: Data, max_pdu: int) -> None:
        transfer = GetTransfer(0xC1, ((PROFILE, None),))
        served(transfer, ServedGet(max_pdu), (data,), max_pdu)
        self.assertEqual(transfer.results, (data,))

    @given(st.lists(data_results, min_size=2, max_size=5).map(tuple), pdu_sizes)
    def test_a_list(self, results: tuple, max_pdu: int) -> None:
        transfer = GetTransfer(0xC1, ((PROFILE, None),) * len(results))
        served(transfer, ServedGet(max_pdu), results, max_pdu)
        self.assertEqual(transfer.results, results)

    def test_an_answer_lost_and_one_that_comes_twice(self) -> None:
        transfer, meter = GetTransfer(0xC1, ((PROFILE, None),)), ServedGet(200)
        transfer.receive(meter.answer(0xC1, (LONG,)))
        while transfer.request is not None:
            meter.next(transfer.request)  # lost on its way: the request is sent again
            answer = meter.next(transfer.request)
            transfer.receive(answer)
            if transfer.request is not None:
                transfer.receive(answer)
        self.assertEqual(transfer.results, (LONG,))

    def test_late_answers_are_told_apart(self) -> None:
        transfer = GetTransfer(0xC2, ((PROFILE, None),))
        self.assertFalse(transfer.is_answered_by(get.GetResponseNormal(0xC1, LONG)))
        self.assertFalse(transfer.is_answered_by(decode(b"\xd8\x01\x01")))
        self.assertTrue(transfer.is_answered_by(get.GetResponseNormal(0xC2, LONG)))

    def test_a_broken_transfer_keeps_what_came(self) -> None:
        transfer, meter = GetTransfer(0xC1, ((PROFILE, None),)), ServedGet(200)
        transfer.receive(meter.answer(0xC1, (LONG,)))
        with self.assertRaises(BlockError):
            transfer.receive(get.GetResponseWithDatablock(0xC1, False, 5, b"x"))
        self.assertEqual(transfer.received, LONG.octets[:188])
        transfer.receive(get.GetResponseWithDatablock(0xC1, True, 2, DataAccessResult.LONG_GET_ABORTED))
        self.assertEqual(transfer.results, (DataAccessResult.LONG_GET_ABORTED,))

    def test_answers_that_do_not_fit(self) -> None:
        for wrong in (
            set_service.SetResponseNormal(0xC1, DataAccessResult.SUCCESS),
            get.GetResponseWithList(0xC1, (LONG, LONG)),
        ):
            with self.assertRaises(APDUError):
                GetTransfer(0xC1, ((PROFILE, None),)).receive(wrong)

    def test_blocks_nobody_asked_for(self) -> None:
        meter = ServedGet(100)
        none = meter.next(get.GetRequestNext(0xC1, 1))
        self.assertEqual(none.result, DataAccessResult.NO_LONG_GET_IN_PROGRESS)
        meter.answer(0xC1, (LONG,))
        far = meter.next(get.GetRequestNext(0xC1, 7))
        self.assertEqual(far.result, DataAccessResult.DATA_BLOCK_NUMBER_INVALID)


class GetSequenceTests(SynchronousTestCase):
    def begin(self, count: int) -> None:
        self.found: list = []
        wanted = [(each, None) for each in REGISTERS[:count]]
        self.sequence = GetSequence(invoke_octets(), wanted, self.found.append)

    @given(st.lists(data_results, min_size=1, max_size=20), pdu_sizes)
    def test_one_after_the_other(self, results: list, max_pdu: int) -> None:
        self.begin(len(results))
        meter = ServedGet(max_pdu)
        while (request := self.sequence.request) is not None:
            late = get.GetResponseNormal(request.invoke - 1, LONG)
            self.assertFalse(self.sequence.is_answered_by(late))
            if isinstance(request, get.GetRequestNormal):
                asked = REGISTERS.index(request.attribute)
                self.assertEqual(len(self.found), asked)
                answer = meter.answer(request.invoke, (results[asked],))
            else:
                answer = meter.next(request)
            self.assertTrue(self.sequence.is_answered_by(answer))
            self.sequence.receive(decode(answer.encode()))
        self.assertEqual(self.found, results)

    def test_what_came_before_nonsense_is_kept(self) -> None:
        self.begin(3)
        self.sequence.receive(get.GetResponseNormal(0xC1, LONG))
        with self.assertRaises(APDUError):
            self.sequence.receive(get.GetResponseWithList(0xC2, (LONG, LONG)))
        self.assertEqual(self.found, [LONG])


class SetTests(SynchronousTestCase):
    @given(datas, pdu_sizes)
    def test_a_long_value(self, data: Data, max_pdu: int) -> None:
        transfer, meter = SetTransfer(0xC1, PROFILE, data, max_pdu=max_pdu), ServedSet()
        for _ in range(10_000):
            request = decode(transfer.request.encode())
            self.assertLessEqual(len(request.encode()), max_pdu)
            if isinstance(request, set_service.SetRequestNormal):
                self.assertEqual(request.value, data)
                return
            answer = meter.take(request)
            if answer is None:
                break
            transfer.receive(answer)
        self.assertEqual(meter.value, data)
        transfer.receive(set_service.SetResponseLastDatablock(0xC1, DataAccessResult.SUCCESS, 9))
        self.assertEqual((transfer.result, transfer.request), (DataAccessResult.SUCCESS, None))

    def test_order(self) -> None:
        transfer = SetTransfer(0xC1, PROFILE, LONG, max_pdu=300)
        transfer.receive(set_service.SetResponseDatablock(0xC1, 1))
        second = transfer.request
        transfer.receive(set_service.SetResponseDatablock(0xC1, 1))  # once more: nothing moves
        self.assertIs(transfer.request, second)
        with self.assertRaises(BlockError):
            transfer.receive(set_service.SetResponseDatablock(0xC1, 3))
        with self.assertRaises(APDUError):
            transfer.receive(get.GetResponseNormal(0xC1, LONG))
        with self.assertRaises(BlockError):
            SetTransfer(0xC1, PROFILE, LONG, max_pdu=20)

    def test_a_meter_refuses_blocks_out_of_order(self) -> None:
        meter = ServedSet()
        stray = set_service.SetRequestWithDatablock(0xC1, DataBlock(False, 2, b""))
        self.assertEqual(meter.take(stray).result, DataAccessResult.NO_LONG_SET_IN_PROGRESS)
        meter.take(set_service.SetRequestWithFirstDatablock(0xC1, PROFILE, DataBlock(False, 1, b"\x11")))
        skipped = set_service.SetRequestWithDatablock(0xC1, DataBlock(True, 3, b"\x05"))
        self.assertEqual(meter.take(skipped).result, DataAccessResult.DATA_BLOCK_NUMBER_INVALID)
        broken = set_service.SetRequestWithFirstDatablock(0xC1, PROFILE, DataBlock(True, 1, b"\x11"))
        self.assertEqual(meter.take(broken).result, DataAccessResult.TYPE_UNMATCHED)


class ActionTests(SynchronousTestCase):
    def test_long_parameters_and_a_long_result(self) -> None:
        transfer, came = ActionTransfer(0xC1, ENTER, LONG, max_pdu=200), BlockAssembler()
        parameters = None
        while parameters is None:
            request = decode(transfer.request.encode())
            self.assertLessEqual(len(request.encode()), 200)
            block = request.block
            parameters = came.add(block.last_block, block.block_number, block.raw)
            if parameters is None:
                transfer.receive(action.ActionResponseNextPblock(0xC1, block.block_number))
        self.assertEqual(parameters, LONG.octets)
        answer = action.ActionResponse(ActionResult.SUCCESS, LONG)
        for block in datablocks(answer.octets, 180):
            transfer.receive(decode(action.ActionResponseWithPblock(0xC1, block).encode()))
            if not block.last_block:
                self.assertEqual(transfer.request, action.ActionRequestNextPblock(0xC1, block.block_number))
        self.assertEqual((transfer.response, transfer.request), (answer, None))

    def test_short_ones(self) -> None:
        transfer = ActionTransfer(0xC1, ENTER)
        self.assertEqual(transfer.request, action.ActionRequestNormal(0xC1, ENTER))
        with self.assertRaises(BlockError):
            transfer.receive(action.ActionResponseNextPblock(0xC1, 1))
        with self.assertRaises(APDUError):
            transfer.receive(get.GetResponseNormal(0xC1, LONG))
        refused = action.ActionResponse(ActionResult.READ_WRITE_DENIED)
        transfer.receive(action.ActionResponseNormal(0xC1, refused))
        self.assertEqual(transfer.response, refused)
