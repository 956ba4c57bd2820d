from __future__ import annotations

import struct
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pymodbus.framer import FramerSocket
from pymodbus.pdu import DecodePDU
from twisted.trial.unittest import SynchronousTestCase

from hesd.modbus.errors import BadReply
from hesd.modbus.mbap import MBAPFrame, MBAPReader, encode_frame
from hesd.modbus.pdu import AnyRequest, ReadRegisters
from tests.modbus.strategies import FRAMING_EXAMPLES, conversations, cut, places, register_reads

mbap_frames = st.builds(
    MBAPFrame, st.integers(0, 0xFFFF), st.integers(0, 255), st.binary(min_size=1, max_size=253)
)


class MBAP(SynchronousTestCase):
    @settings(max_examples=FRAMING_EXAMPLES)
    @given(st.lists(mbap_frames, max_size=6), places)
    def test_frames_come_whole_however_they_were_cut(
        self, frames: list[MBAPFrame], places: list[int]
    ) -> None:
        stream = b"".join(encode_frame(*frame) for frame in frames)
        reader = MBAPReader()
        self.assertEqual([frame for piece in cut(stream, places) for frame in reader.feed(piece)], frames)

    @settings(max_examples=FRAMING_EXAMPLES)
    @given(st.lists(mbap_frames, max_size=3), st.binary(max_size=40), places)
    def test_garbage_takes_nothing_from_what_came_before(
        self, frames: list[MBAPFrame], garbage: bytes, places: list[int]
    ) -> None:
        stream = b"".join(encode_frame(*frame) for frame in frames) + garbage
        reader, read = MBAPReader(), []
        try:
            for piece in [*cut(stream, places), b""]:
                read += reader.feed(piece)
        except BadReply:
            with self.assertRaises(BadReply):
                reader.feed(b"")
        self.assertEqual(read[: len(frames)], frames)
        for frame in read[len(frames) :]:
            self.assertIn(encode_frame(*frame), garbage)

    def test_a_foreign_protocol_is_told_at_once(self) -> None:
        for stream in (
            b"HTTP/1.1 400 Bad Request",
            b"\x00\x01\x00\x00\x00\x01\x01",
            b"\x00\x01\x00\x00\x00\xff\x01",
        ):
            with self.assertRaises(BadReply):
                MBAPReader().feed(stream)

    def test_what_waits_for_its_end_is_bounded(self) -> None:
        reader = MBAPReader()
        whole = encode_frame(1, 1, bytes(253))
        self.assertEqual(reader.feed(whole[:-1]), [])
        self.assertEqual(len(reader.feed(whole[-1:])), 1)

    @given(conversations(register_reads), st.integers(1, 0xFFFF), st.integers(1, 247))
    def test_pymodbus_agrees(self, talk: tuple[AnyRequest, Any, bytes], transaction: int, unit: int) -> None:
        request, value, pdu = talk
        stream = encode_frame(transaction, unit, pdu)
        used, theirs = FramerSocket(DecodePDU(False)).handleFrame(stream, unit, transaction)
        self.assertEqual(used, len(stream))
        (ours,) = MBAPReader().feed(stream)
        data = request.decode_reply(ours.pdu)
        self.assertEqual(list(struct.unpack(f">{len(data) // 2}H", data)), theirs.registers)
        self.assertEqual((ours.transaction, ours.unit, data), (transaction, unit, value))

    def test_umodbus_agrees(self) -> None:
        from umodbus.client.tcp import parse_response_adu, read_holding_registers

        asked = read_holding_registers(7, 3000, 2)
        (frame,) = MBAPReader().feed(asked)
        self.assertEqual(frame.pdu, ReadRegisters(3, 3000, 2).encode())
        reply = encode_frame(
            frame.transaction, 7, ReadRegisters(3, 3000, 2).encode_reply(b"\x01\x02\x03\x04")
        )
        self.assertEqual(parse_response_adu(reply, asked), [0x0102, 0x0304])
