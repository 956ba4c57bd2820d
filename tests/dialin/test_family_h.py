from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dialin.errors import LoginError
from hesd.dialin.family_h import (
    ACKNOWLEDGEMENT,
    MAX_FRAME,
    FamilyHFrame,
    decode_frame,
    frame_size,
    heartbeat,
)
from hesd.model.meter_number import NumberEncoding
from tests.dialin.streams import family_h_frames
from tests.dlms.vectors import VECTORS, octets

HEARTBEAT = octets("familyH-hexcell-heartbeat")


class VectorTests(SynchronousTestCase):
    def test_heartbeat(self) -> None:
        frame = decode_frame(HEARTBEAT)
        expect = VECTORS["familyH-hexcell-heartbeat"]["expect"]
        self.assertTrue(frame.is_heartbeat)
        self.assertEqual(frame.meter_id(), expect["meter_id_bcd"])
        self.assertEqual((frame.signal, frame.sim), (expect["signal"], expect["sim_id"]))
        self.assertEqual(frame.encode(), HEARTBEAT)
        self.assertEqual(heartbeat("012345678903", 24, "123456789012"), frame)

    def test_acknowledgement(self) -> None:
        self.assertEqual(octets("familyH-hexcell-ack"), ACKNOWLEDGEMENT)
        self.assertTrue(decode_frame(ACKNOWLEDGEMENT).is_answer)


class FieldTests(SynchronousTestCase):
    def test_encodings_of_the_id(self) -> None:
        for encoding, number in ((NumberEncoding.ASCII, "755036"), (NumberEncoding.BINARY, "46000755036")):
            frame = heartbeat(number, 9, "123456789012", encoding)
            self.assertEqual(decode_frame(frame.encode()).meter_id(encoding), number)
        self.assertIsNone(heartbeat("46000755036", 9, "1" * 12, NumberEncoding.BINARY).meter_id())

    def test_fields_that_are_not_there(self) -> None:
        short = FamilyHFrame(0xA0, b"\x01\x02\x03")
        self.assertEqual((short.meter_id(), short.signal, short.sim), (None, None, None))
        login = FamilyHFrame(0xA0, bytes.fromhex("046000755036"))
        self.assertEqual((login.meter_id(), login.signal, login.sim), ("046000755036", None, None))
        self.assertIsNone(FamilyHFrame(0xA1, HEARTBEAT[2:9] + b"\x80" * 12).sim)

    def test_what_does_not_fit(self) -> None:
        for meter_id, signal, sim in (
            ("1234567890123", 1, "1" * 12),
            ("12x", 1, "1" * 12),
            ("1", 256, "1" * 12),
            ("1", 1, "1" * 11),
        ):
            with self.assertRaises(LoginError):
                heartbeat(meter_id, signal, sim)
        with self.assertRaises(LoginError):
            FamilyHFrame(0xA0, bytes(MAX_FRAME)).encode()


class StreamTests(SynchronousTestCase):
    def test_logins_of_any_length(self) -> None:
        for control in (0xA0, 0xA1, 0xB1):
            for body in (bytes.fromhex("046000755036"), bytes.fromhex("046000755036") + bytes(30)):
                data = FamilyHFrame(control, body).encode()
                self.assertEqual(frame_size(data, settled=True), len(data))
                self.assertEqual(frame_size(data + HEARTBEAT), len(data))

    def test_a_short_login_of_the_heartbeats_control(self) -> None:
        login = FamilyHFrame(0xA1, bytes.fromhex("046000755036")).encode()
        self.assertEqual(frame_size(login), 0, "a heartbeat may be coming")
        self.assertEqual(frame_size(login, settled=True), len(login))

    def test_any_cut(self) -> None:
        for end in range(len(HEARTBEAT)):
            self.assertEqual(frame_size(HEARTBEAT[:end]), 0)
            self.assertEqual(frame_size(HEARTBEAT[:end], settled=True), 0)
        self.assertEqual(frame_size(HEARTBEAT + b"\x8e"), len(HEARTBEAT))

    def test_no_frame(self) -> None:
        with self.assertRaises(LoginError):
            frame_size(b"\x8e" * MAX_FRAME)

    @given(family_h_frames)
    def test_back_and_forth(self, frame: FamilyHFrame) -> None:
        self.assertEqual(decode_frame(frame.encode()), frame)

    @given(family_h_frames, st.integers(0, 63), st.integers(1, 255))
    def test_one_wrong_octet(self, frame: FamilyHFrame, at: int, flip: int) -> None:
        data = bytearray(frame.encode())
        data[at % len(data)] ^= flip
        with self.assertRaises(LoginError):
            decode_frame(bytes(data))

    @given(st.binary(max_size=70).map(lambda tail: b"\x8e" + tail), st.booleans())
    def test_any_octets(self, data: bytes, settled: bool) -> None:
        try:
            size = frame_size(data, settled)
        except LoginError:
            return
        if size:
            self.assertEqual(decode_frame(data[:size]).encode(), data[:size])
