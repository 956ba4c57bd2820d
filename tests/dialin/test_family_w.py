from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dialin.errors import LoginError
from hesd.dialin.family_w import RESERVES, FamilyWFrame, Message, decode_payload, is_family_w
from hesd.dlms import apdu
from hesd.dlms.errors import DLMSError
from hesd.dlms.wrapper import WPDU, WPDUReader
from tests.dialin.streams import family_w_frames
from tests.dlms.vectors import octets, of_layer

KINDS = {
    "LOGIN": Message.LOGIN,
    "HEARTBEAT": Message.HEARTBEAT,
    "LOGIN ack": Message.LOGIN_ACKNOWLEDGED,
    "HEARTBEAT ack": Message.HEARTBEAT_ACKNOWLEDGED,
}


def decoded(data: bytes) -> FamilyWFrame:
    (wpdu,) = WPDUReader().feed(data)
    assert isinstance(wpdu, WPDU)
    return decode_payload(wpdu)


class VectorTests(SynchronousTestCase):
    def test_every_frame(self) -> None:
        seen = 0
        for name, data, expect in of_layer("login"):
            if expect["family"] != "W":
                continue
            frame = decoded(data)
            self.assertIs(frame.message, KINDS[expect["kind"]], name)
            self.assertEqual(frame.meter_id, expect["meter_id"], name)
            self.assertEqual(frame.reserve.hex(), expect["reserve"], name)
            self.assertEqual(frame.encode(), data, name)
            seen += 1
        self.assertEqual(seen, 8)

    def test_answers(self) -> None:
        for asked, answer in (
            ("familyW-login-11d", "familyW-login-ack-11d"),
            ("familyW-heartbeat-11d", "familyW-heartbeat-ack-11d"),
        ):
            self.assertEqual(decoded(octets(asked)).acknowledgement().encode(), octets(answer))
            with self.assertRaises(LoginError):
                decoded(octets(answer)).acknowledgement()

    def test_a_meter_nobody_configured(self) -> None:
        self.assertFalse(FamilyWFrame(Message.LOGIN, "0" * 12).is_configured)
        self.assertTrue(FamilyWFrame(Message.LOGIN, "000000000123").is_configured)


class CodecTests(SynchronousTestCase):
    @given(family_w_frames)
    def test_back_and_forth(self, frame: FamilyWFrame) -> None:
        self.assertEqual(decoded(frame.encode()), frame)

    @given(family_w_frames, st.integers(0, 400), st.integers(1, 255))
    def test_one_wrong_octet(self, frame: FamilyWFrame, at: int, flip: int) -> None:
        payload = bytearray(frame.encode()[8:])
        payload[at % len(payload)] ^= flip
        spoilt = WPDU(frame.source, frame.destination, bytes(payload))
        if at % len(payload) == 0 and flip == Message.LOGIN ^ Message.HEARTBEAT:
            return  # the CRC does not cover the type
        try:
            found = decode_payload(spoilt)
        except LoginError:
            return
        self.assertEqual({found.message, frame.message}, {Message(payload[0]), frame.message})
        self.assertEqual(found.meter_id, frame.meter_id)

    @given(st.binary(max_size=24) | st.binary(max_size=20).map(lambda tail: b"\x0a\x02\x0b" + tail))
    def test_any_payload(self, payload: bytes) -> None:
        try:
            frame = decode_payload(WPDU(1, 1, payload))
        except LoginError:
            return
        self.assertEqual(frame.encode()[8:], payload)

    @given(family_w_frames)
    def test_no_login_is_an_apdu(self, frame: FamilyWFrame) -> None:
        payload = frame.encode()[8:]
        self.assertTrue(is_family_w(payload))
        with self.assertRaises(DLMSError):
            apdu.decode(payload)

    def test_a_read_response_is_no_heartbeat(self) -> None:
        self.assertFalse(is_family_w(bytes.fromhex("0c0200120001001200")))
        self.assertFalse(is_family_w(b"\x0c\x02"))

    def test_what_no_meter_sends(self) -> None:
        for meter_id in ("", "1234567890", "1234567890123", "1234567890x", "١" * 11):
            with self.assertRaises(LoginError):
                FamilyWFrame(Message.LOGIN, meter_id).encode()
        for reserve in (b"\x01", b"\x00\x00"):
            self.assertNotIn(reserve, RESERVES)
            with self.assertRaises(LoginError):
                FamilyWFrame(Message.LOGIN, "12345678903", reserve).encode()
