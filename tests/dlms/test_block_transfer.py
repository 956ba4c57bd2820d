from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms import block_transfer, get
from hesd.dlms import set as set_service
from hesd.dlms.access_result import DataAccessResult
from hesd.dlms.apdu import APDU, decode
from hesd.dlms.cosem_time import DateTime
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.errors import APDUError
from hesd.model.obis import OBIS
from tests.dlms.vectors import apdu_of, expected


class BlockTests(SynchronousTestCase):
    @given(st.binary(max_size=2000), st.integers(1, 300))
    def test_blocks_carry_anything(self, data: bytes, size: int) -> None:
        assembler = block_transfer.BlockAssembler()
        parts = [
            assembler.add(b.last_block, b.block_number, b.raw) for b in block_transfer.datablocks(data, size)
        ]
        self.assertEqual(parts, [None] * (len(parts) - 1) + [data])

    @given(st.binary(max_size=2000), st.integers(1, 300), st.booleans())
    def test_general_blocks_carry_anything(self, data: bytes, size: int, streaming: bool) -> None:
        receiver = block_transfer.GeneralBlockReceiver()
        for _ in range(2):
            blocks = block_transfer.general_blocks(data, size, streaming=streaming)
            parts = [receiver.add(decode(block.encode())) for block in blocks]
            self.assertEqual(parts, [None] * (len(parts) - 1) + [data])

    def test_a_real_push_in_three_frames(self) -> None:
        receiver = block_transfer.GeneralBlockReceiver()
        blocks = [apdu_of(f"push-lg-e450-gbt-{n}-of-3") for n in (1, 2, 3)]
        for number, block in enumerate(blocks, 1):
            fields = expected(f"push-lg-e450-gbt-{number}-of-3")
            self.assertEqual((block.block_number, len(block.block), block.last_block),
                             (fields["gbt"]["block"], fields["gbt"]["len"], fields["last"]))  # fmt: skip
        *_, joined = (receiver.add(block) for block in blocks)
        self.assertEqual(joined.hex(), expected("push-lg-e450-gbt-3-of-3")["reassembled_apdu"])
        self.assertEqual(str(DateTime.from_octets(decode(joined).date_time))[:10], "2022-11-22")

    def test_order_and_limits(self) -> None:
        assembler = block_transfer.BlockAssembler(max_octets=10)
        self.assertIsNone(assembler.add(False, 1, b"abc"))
        self.assertIsNone(assembler.add(False, 1, b"abc"))  # the same once more
        for last, number, raw in (
            (False, 3, b""),
            (True, 1, b"abc"),
            (False, 1, b"other"),
            (False, 2, bytes(8)),
        ):
            with self.assertRaises(block_transfer.BlockError):
                assembler.add(last, number, raw)
        self.assertEqual(assembler.received, b"abc")
        self.assertEqual(assembler.add(True, 2, b"def"), b"abcdef")

    def test_a_broken_push_does_not_spoil_the_next(self) -> None:
        receiver = block_transfer.GeneralBlockReceiver()
        first, second, last = block_transfer.general_blocks(bytes(30), 10)
        receiver.add(first)
        with self.assertRaises(block_transfer.BlockError):
            receiver.add(last)
        for block in (first, second):
            self.assertIsNone(receiver.add(block))
        self.assertEqual(receiver.acknowledge().acknowledged, 2)
        self.assertEqual(receiver.add(last), bytes(30))
        with self.assertRaises(APDUError):
            block_transfer.GeneralBlockTransfer(True, False, 64, 1, 0, b"").encode()
        with self.assertRaises(block_transfer.BlockError):
            block_transfer.general_blocks(bytes(70000), 1)

    def test_a_list_in_blocks(self) -> None:
        results = (Data.of(DataType.UNSIGNED, 5), DataAccessResult.OBJECT_UNDEFINED)
        whole = get.GetResponseWithList(0xC1, results).encode()[3:]
        self.assertEqual(get.list_results(whole), results)


class SetBlockTests(SynchronousTestCase):
    def test_a_long_value_in_blocks(self) -> None:
        value = Data.of(DataType.OCTET_STRING, bytes(range(200)))
        attribute = AttributeDescriptor(1, OBIS("0.0.96.1.9.255"), 2)
        assembler = block_transfer.BlockAssembler()
        got = None
        for block in block_transfer.datablocks(value.octets, 60):
            if block.block_number == 1:
                request: APDU = set_service.SetRequestWithFirstDatablock(0xC1, attribute, block)
            else:
                request = set_service.SetRequestWithDatablock(0xC1, block)
            sent = decode(request.encode()).block
            got = assembler.add(sent.last_block, sent.block_number, sent.raw)
        self.assertEqual(Data.decode(got), value)
