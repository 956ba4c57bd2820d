"""Frames in words: pairs, foreign replies, and nothing that bytes can do to it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.modbus import mbap, rtu
from hesd.modbus.explain import RTU, TCP, explain
from hesd.modbus.pdu import (
    ReadBits,
    ReadIdentification,
    ReadRegisters,
    WriteCoil,
    WriteCoils,
    WriteRegister,
    WriteRegisters,
)

UNIT = 7
PAIRS = (
    (ReadRegisters(3, 3027, 2), "0304 4366 3333", {"registers": [0x4366, 0x3333]}),
    (ReadBits(1, 16, 3), "0101 05", {"coil_status": [1, 0, 1]}),
    (ReadBits(2, 0, 9), "0202 0301", {"input_status": [1, 1, 0, 0, 0, 0, 0, 0, 1]}),
    (WriteCoil(5, True), "05 0005 ff00", {"output_address": 5, "output_value": 0xFF00}),
    (WriteRegister(100, 1000), "06 0064 03e8", {"register_address": 100, "register_value": 1000}),
    (WriteCoils(2, (True, False)), "0f 0002 0002", {"starting_address": 2, "quantity_of_outputs": 2}),
    (WriteRegisters(2, b"Bp\0\0"), "10 0002 0002", {"starting_address": 2, "quantity_of_registers": 2}),
    (
        ReadIdentification(1),
        "2b0e 01 83 00 00 02 00 03 41434d 80 02 7632",
        {"objects": {"vendor_name": "ACM", "object_0x80": "v2"}, "more_follows": False},
    ),
)


class Pairs(SynchronousTestCase):
    def test_a_reply_is_read_as_the_answer_to_its_request(self) -> None:
        for request, reply, fields in PAIRS:
            frames = [
                rtu.encode_frame(UNIT, request.encode()),
                rtu.encode_frame(UNIT, bytes.fromhex(reply)),
            ]
            for given_as in (frames, [b"".join(frames)]):
                found = explain(given_as)
                self.assertEqual((found.layer, found.error), (RTU, None))
                asked, answered = found.frames
                self.assertEqual((asked["kind"], answered["kind"]), ("request", "reply"))
                self.assertEqual({name: answered[name] for name in fields}, fields)

    def test_the_registers_of_a_reply_have_the_address_that_was_asked_for(self) -> None:
        request, reply = PAIRS[0][0], bytes.fromhex(PAIRS[0][1])
        _, answered = explain([rtu.encode_frame(1, request.encode()), rtu.encode_frame(1, reply)]).frames
        self.assertEqual(answered["starting_address"], 3027)
        self.assertEqual(answered["read_as"]["float32"], [230.2])
        (alone,) = explain([rtu.encode_frame(1, reply)]).frames
        self.assertEqual((alone["kind"], alone["registers"]), ("reply", [0x4366, 0x3333]))
        self.assertNotIn("starting_address", alone)

    def test_modbus_tcp_by_transaction(self) -> None:
        request, reply = PAIRS[0][0], bytes.fromhex(PAIRS[0][1])
        asked = mbap.encode_frame(9, UNIT, request.encode())
        found = explain([asked, mbap.encode_frame(9, UNIT, reply)])
        self.assertEqual((found.layer, found.error, found.registers), (TCP, None, [0x4366, 0x3333]))
        found = explain([asked, mbap.encode_frame(10, UNIT, reply)])
        self.assertEqual(found.error, "transaction 10 replies to nothing, 9 was asked")
        self.assertEqual(len(found.frames), 1)

    def test_a_repeated_request_waits_for_its_reply_again(self) -> None:
        request, reply = PAIRS[0][0], bytes.fromhex(PAIRS[0][1])
        asked = rtu.encode_frame(UNIT, request.encode())
        other = rtu.encode_frame(8, request.encode())
        found = explain([asked, asked, other, rtu.encode_frame(8, reply)])
        self.assertEqual(
            [frame["kind"] for frame in found.frames], ["request", "request", "request", "reply"]
        )
        self.assertEqual(found.frames[-1]["starting_address"], 3027)

    def test_an_exception_has_its_name(self) -> None:
        request = PAIRS[0][0]
        found = explain([rtu.encode_frame(UNIT, request.encode()), rtu.encode_frame(UNIT, b"\x83\x02")])
        self.assertEqual(found.frames[1]["exception"], "illegal data address")
        self.assertEqual(found.frames[1]["function"], "Read Holding Registers")


class Refused(SynchronousTestCase):
    def test_what_is_no_reply_to_the_request(self) -> None:
        asked = rtu.encode_frame(UNIT, ReadRegisters(3, 0, 2).encode())
        for unit, pdu, error in (
            (8, "0304 4366 3333", "a reply of unit 8, unit 7 was asked"),
            (UNIT, "0404 4366 3333", "a reply of function 4, function 3 was asked"),
            (UNIT, "0306 4366 3333 0000", "6 bytes were asked of function 3, 8 came"),
        ):
            found = explain([asked, rtu.encode_frame(unit, bytes.fromhex(pdu))])
            self.assertIn(error, found.error or "")
            self.assertEqual(len(found.frames), 1)

    def test_frames_that_are_broken(self) -> None:
        intact = rtu.encode_frame(UNIT, bytes.fromhex("0304 4366 3333"))
        for frame, error in (
            (intact[:-1] + b"\0", "computed over the frame"),
            (b"\x01\x03", "too few"),
            (b"", "there is no frame"),
            (mbap.encode_frame(1, 1, b"\x03\x00\x00\x00\x01")[:-2], "announces 12 bytes, 10 are there"),
        ):
            found = explain([frame])
            self.assertIn(error, found.error or "")

    def test_a_damaged_request_from_address_0_is_no_modbus_tcp(self) -> None:
        for count in (1, 2, 6, 80):
            frame = rtu.encode_frame(1, ReadRegisters(3, 0, count).encode())
            found = explain([frame[:-1] + bytes([frame[-1] ^ 1])])
            self.assertEqual((found.layer, found.frames), (RTU, []))
            self.assertIn("CRC", found.error or "")

    def test_the_layer_can_be_insisted_on(self) -> None:
        frame = mbap.encode_frame(1, 1, b"\x03\x00\x00\x00\x01")
        self.assertIn("CRC", explain([frame], RTU).error or "")
        self.assertIn("not Modbus TCP", explain([rtu.encode_frame(1, b"\x03\0\0\0\1")], TCP).error or "")

    @settings(max_examples=max(500, settings().max_examples))
    @given(st.lists(st.binary(max_size=300), max_size=3), st.sampled_from([None, RTU, TCP]))
    def test_no_bytes_can_break_it(self, frames: list[bytes], layer: str | None) -> None:
        found = explain(frames, layer)
        self.assertTrue(found.error or len(found.frames) >= len(frames) or not any(frames))

    @given(
        st.lists(st.tuples(st.integers(0, 255), st.binary(min_size=1, max_size=253)), min_size=1, max_size=3)
    )
    def test_no_pdu_in_a_good_frame_can_break_it(self, adus: list[tuple[int, bytes]]) -> None:
        explain([rtu.encode_frame(unit, pdu) for unit, pdu in adus], RTU)
        explain([mbap.encode_frame(1, unit, pdu) for unit, pdu in adus], TCP)
