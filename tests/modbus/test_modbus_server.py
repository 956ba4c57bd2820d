from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.modbus.errors import MeterException
from hesd.modbus.identification import ReadIdentification
from hesd.modbus.pdu import (
    AnyRequest,
    ReadBits,
    ReadRegisters,
    WriteCoil,
    WriteCoils,
    WriteRegister,
    WriteRegisters,
)
from hesd.modbus.server import serve
from tests.modbus.banks import MemoryBank
from tests.modbus.strategies import requests


def bank() -> MemoryBank:
    return MemoryBank(
        registers={n: n + 1000 for n in range(200)},
        bits={n: n % 3 == 0 for n in range(200)},
        objects={0: b"hesd", 1: b"meter", 2: b"1.0"},
    )


class Serving(SynchronousTestCase):
    def refused(self, pdu: bytes, code: int) -> None:
        self.assertEqual(serve(pdu, bank()), bytes(((pdu[0] if pdu else 0) | 0x80, code)))

    def test_reads(self) -> None:
        for function in (3, 4):
            request = ReadRegisters(function, 5, 2)
            self.assertEqual(request.decode_reply(serve(request.encode(), bank())), b"\x03\xed\x03\xee")
        for function in (1, 2):
            bits = ReadBits(function, 2, 5)
            self.assertEqual(
                bits.decode_reply(serve(bits.encode(), bank())), (False, True, False, False, True)
            )

    def test_writes_are_confirmed_and_there(self) -> None:
        held = bank()
        for request in (
            WriteRegister(1, 7),
            WriteRegisters(2, b"\x00\x08\x00\x09"),
            WriteCoil(1, True),
            WriteCoils(2, (True, False)),
        ):
            request.decode_reply(serve(request.encode(), held))
        self.assertEqual([held.registers[n] for n in range(5)], [1000, 7, 8, 9, 1004])
        self.assertEqual([held.bits[n] for n in range(5)], [True, True, True, False, False])

    def test_identification(self) -> None:
        request = ReadIdentification(1)
        reply = request.decode_reply(serve(request.encode(), bank()))
        self.assertEqual(reply.objects, {0: b"hesd", 1: b"meter", 2: b"1.0"})
        with self.assertRaises(MeterException):
            request.decode_reply(serve(request.encode(), MemoryBank()))

    def test_what_the_meter_has_not_got_is_refused(self) -> None:
        self.refused(ReadRegisters(3, 199, 2).encode(), 2)
        self.refused(WriteRegister(200, 1).encode(), 2)
        self.refused(ReadIdentification(4, 99).encode(), 2)

    def test_what_modbus_does_not_allow_is_refused(self) -> None:
        self.refused(bytes.fromhex("0300000000"), 3)
        self.refused(bytes.fromhex("030000007e"), 3)
        self.refused(bytes.fromhex("03ffff0002"), 2)
        self.refused(bytes.fromhex("0300"), 3)
        self.refused(bytes.fromhex("100000000204"), 3)
        self.refused(bytes.fromhex("1000000002040001000200"), 3)
        self.refused(bytes.fromhex("0f000000090101"), 3)
        self.refused(bytes.fromhex("2b0d0100"), 3)
        self.refused(bytes.fromhex("080000aa55"), 1)
        self.refused(b"", 3)

    @given(st.one_of(st.binary(max_size=260), requests.map(lambda request: request.encode())))
    def test_any_request_gets_an_answer(self, pdu: bytes) -> None:
        reply = serve(pdu, bank())
        self.assertTrue(2 <= len(reply) <= 253)
        self.assertEqual(reply[0] & 0x7F, pdu[0] & 0x7F if pdu else 0)

    @given(requests)
    def test_the_head_end_understands_every_answer(self, request: AnyRequest) -> None:
        try:
            request.decode_reply(serve(request.encode(), bank()))
        except MeterException as refusal:
            self.assertIn(refusal.code, (1, 2, 3))
