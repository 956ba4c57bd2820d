from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.modbus.errors import BadReply, BadRequest, MeterException, ModbusError
from hesd.modbus.identification import IdentificationReply, ReadIdentification
from hesd.modbus.pdu import (
    AnyRequest,
    ReadBits,
    ReadRegisters,
    WriteCoil,
    WriteCoils,
    WriteRegister,
    WriteRegisters,
    decode_request,
    expected_length,
    request_length,
)
from hesd.model.errors import ProtocolError
from tests.modbus import peers
from tests.modbus.strategies import bit_reads, conversations, objects, register_reads, requests

Talk = tuple[AnyRequest, Any, bytes]


class Requests(SynchronousTestCase):
    @given(requests)
    def test_the_meter_reads_what_was_asked(self, request: AnyRequest) -> None:
        self.assertEqual(decode_request(request.encode()), request)

    @given(requests)
    def test_peers_would_ask_the_same(self, request: AnyRequest) -> None:
        self.assertEqual(request.encode(), peers.pymodbus_request(request))
        self.assertIn(peers.umodbus_request(request), (request.encode(), None))

    @given(requests)
    def test_the_length_is_known_from_the_first_bytes(self, request: AnyRequest) -> None:
        pdu = request.encode()
        lengths = [request_length(pdu[:n]) for n in range(len(pdu) + 1)]
        known = lengths.index(len(pdu))
        self.assertEqual(set(lengths[:known]), {None})
        self.assertEqual(set(lengths[known:]), {len(pdu)})
        self.assertLessEqual(known, 6)

    @given(st.binary(max_size=300))
    def test_random_bytes_are_refused_in_our_own_words(self, pdu: bytes) -> None:
        for parse in (decode_request, request_length):
            try:
                parse(pdu)
            except BadRequest as refusal:
                self.assertIn(refusal.code, (1, 2, 3))

    @given(requests, st.data())
    def test_damaged_requests_are_refused_in_our_own_words(
        self, request: AnyRequest, data: st.DataObject
    ) -> None:
        pdu = bytearray(request.encode())
        pdu[data.draw(st.integers(0, len(pdu) - 1))] = data.draw(st.integers(0, 255))
        cut = bytes(pdu[: data.draw(st.integers(0, len(pdu)))])
        for variant in (bytes(pdu), cut, cut + b"\0"):
            try:
                understood = decode_request(variant)
            except BadRequest:
                continue
            self.assertEqual(decode_request(understood.encode()), understood)

    def test_what_modbus_cannot_express_is_not_built(self) -> None:
        for build, code in (
            (lambda: ReadRegisters(3, 0, 0), 3),
            (lambda: ReadRegisters(3, 0, 126), 3),
            (lambda: ReadRegisters(5, 0, 1), 3),
            (lambda: ReadRegisters(3, 0xFFFF, 2), 2),
            (lambda: ReadRegisters(3, -1, 1), 2),
            (lambda: ReadBits(3, 0, 1), 3),
            (lambda: ReadBits(1, 0, 2001), 3),
            (lambda: WriteCoil(0x10000, True), 2),
            (lambda: WriteRegister(0, 0x10000), 3),
            (lambda: WriteRegister(0, -1), 3),
            (lambda: WriteRegisters(0, b""), 3),
            (lambda: WriteRegisters(0, b"odd"), 3),
            (lambda: WriteRegisters(0, bytes(248)), 3),
            (lambda: WriteCoils(0, ()), 3),
            (lambda: WriteCoils(0, (True,) * 1969), 3),
            (lambda: ReadIdentification(5), 3),
            (lambda: ReadIdentification(1, 256), 2),
        ):
            with self.assertRaises(BadRequest) as caught:
                build()
            self.assertEqual(caught.exception.code, code)
            self.assertIsInstance(caught.exception, ValueError)

    def test_a_coil_is_on_or_off(self) -> None:
        self.assertEqual(decode_request(bytes.fromhex("050001ff00")), WriteCoil(1, True))
        with self.assertRaises(BadRequest):
            decode_request(bytes.fromhex("0500010001"))


class Replies(SynchronousTestCase):
    @given(conversations())
    def test_the_head_end_reads_what_the_meter_says(self, talk: Talk) -> None:
        request, value, pdu = talk
        self.assertEqual(request.decode_reply(pdu), value)
        self.assertIn(request.reply_length, (len(pdu), None))

    @given(conversations(st.one_of(register_reads, bit_reads)))
    def test_peers_say_the_same(self, talk: Talk) -> None:
        request, value, pdu = talk
        self.assertEqual(peers.pymodbus_reply(request, value), pdu)

    @given(conversations(st.one_of(register_reads, bit_reads)))
    def test_peers_understand_the_same(self, talk: Talk) -> None:
        request, value, pdu = talk
        theirs = peers.pymodbus_reads(pdu)
        ours = peers.umodbus_reads(pdu, request.encode())
        if isinstance(request, ReadRegisters):
            self.assertEqual(theirs.registers, peers.words(value))
            self.assertEqual(ours.data, peers.words(value))
        else:
            self.assertEqual(tuple(theirs.bits[: len(value)]), value)
            self.assertEqual(tuple(map(bool, ours.data)), value)

    @given(conversations())
    def test_the_length_is_known_before_the_end(self, talk: Talk) -> None:
        request, _, pdu = talk
        lengths = [expected_length(pdu[:n]) for n in range(len(pdu) + 1)]
        known = lengths.index(len(pdu))
        if not isinstance(request, ReadIdentification):
            self.assertEqual(set(lengths[:known]), {None})
            self.assertLessEqual(known, 2)
        self.assertEqual(set(lengths[known:]), {len(pdu)})

    @given(requests, st.integers(0, 255))
    def test_every_exception_code_has_a_name(self, request: AnyRequest, code: int) -> None:
        pdu = bytes((request.function | 0x80, code))
        with self.assertRaises(MeterException) as caught:
            request.decode_reply(pdu)
        self.assertEqual((caught.exception.code, caught.exception.function), (code, request.function))
        self.assertTrue(caught.exception.name)
        self.assertIn(str(code), str(caught.exception))
        self.assertEqual(expected_length(pdu), 2)
        self.assertEqual(peers.pymodbus_reads(pdu).exception_code, code)

    @given(requests, st.binary(max_size=300))
    def test_random_bytes_raise_nothing_but_our_errors(self, request: AnyRequest, pdu: bytes) -> None:
        try:
            request.decode_reply(pdu)
        except ModbusError as refusal:
            self.assertIsInstance(refusal, ProtocolError)
        with contextlib.suppress(BadReply):
            expected_length(pdu)

    @given(conversations(), st.data())
    def test_a_reply_of_another_size_is_refused(self, talk: Talk, data: st.DataObject) -> None:
        request, _, pdu = talk
        for variant in (pdu[: data.draw(st.integers(0, len(pdu) - 1))], pdu + b"\0"):
            with self.assertRaises(BadReply):
                request.decode_reply(variant)

    @given(conversations(), st.integers(0, 0x7F))
    def test_a_reply_of_another_function_is_refused(self, talk: Talk, function: int) -> None:
        request, _, pdu = talk
        if function != request.function:
            with self.assertRaises(BadReply):
                request.decode_reply(bytes((function,)) + pdu[1:])

    def test_a_write_that_names_another_address_is_not_confirmed(self) -> None:
        with self.assertRaises(BadReply):
            WriteRegister(100, 7).decode_reply(WriteRegister(101, 7).encode())
        with self.assertRaises(BadReply):
            WriteRegister(100, 7).decode_reply(WriteRegister(100, 8).encode())

    def test_bits_beyond_the_last_do_not_count(self) -> None:
        self.assertEqual(ReadBits(1, 0, 3).decode_reply(b"\x01\x01\xff"), (True, True, True))

    def test_no_reply_starts_with_a_function_nobody_asks(self) -> None:
        for function in (0, 7, 8, 23, 0x80, 0xFF):
            with self.assertRaises(BadReply):
                expected_length(bytes((function, 0)))
        with self.assertRaises(BadReply):
            expected_length(b"\x03\x03")
        with self.assertRaises(BadReply):
            expected_length(b"\x03\xfc")


class Identification(SynchronousTestCase):
    @given(objects, st.integers(1, 3))
    def test_a_stream_of_objects_comes_whole(self, held: dict[int, bytes], category: int) -> None:
        last = {1: 2, 2: 0x7F, 3: 0xFF}[category]
        request, read, rounds = ReadIdentification(category), {}, 0
        while True:
            pdu = request.encode_reply(request.select(held))
            self.assertLessEqual(len(pdu), 253)
            reply = request.decode_reply(pdu)
            read.update(reply.objects)
            rounds += 1
            if not reply.more_follows:
                break
            request = ReadIdentification(category, reply.next_object)
            self.assertLess(rounds, 20)
        self.assertEqual(read, {number: text for number, text in held.items() if number <= last})

    def test_long_texts_take_several_replies(self) -> None:
        held = {0: b"v" * 200, 1: b"p" * 200, 2: b"r" * 500}
        first = ReadIdentification(1).select(held)
        self.assertEqual(first, IdentificationReply({0: b"v" * 200}, more_follows=True, next_object=1))
        last = ReadIdentification(1, 2).select(held)
        self.assertEqual(last, IdentificationReply({2: b"r" * 244}))

    def test_one_object_by_itself(self) -> None:
        request = ReadIdentification(4, 1)
        self.assertEqual(request.select({0: b"v", 1: b"p"}), IdentificationReply({1: b"p"}))
        with self.assertRaises(MeterException) as caught:
            ReadIdentification(4, 9).select({0: b"v"})
        self.assertEqual(caught.exception.code, 2)

    def test_pymodbus_reads_it(self) -> None:
        request = ReadIdentification(1)
        pdu = request.encode_reply(IdentificationReply({0: b"Schneider", 1: b"EM6400NG"}))
        theirs = peers.pymodbus_reads(pdu)
        self.assertEqual(theirs.information, {0: b"Schneider", 1: b"EM6400NG"})

    def test_objects_that_break_off_are_refused(self) -> None:
        for pdu in ("2b0e01830000", "2b0e0183000001", "2b0e018300000100", "2b0e01830000010005", "2b0d01"):
            with self.assertRaises(BadReply):
                ReadIdentification(1).decode_reply(bytes.fromhex(pdu))
        with self.assertRaises(BadReply):
            ReadIdentification(2).decode_reply(bytes.fromhex("2b0e0183000000"))
