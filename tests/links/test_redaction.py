"""A frame that is recorded holds neither password nor key nor token."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms import action, get, set
from hesd.dlms.acse import AARQ, Context, Mechanism, decode_aarq
from hesd.dlms.apdu import decode
from hesd.dlms.axdr_length import encode_length
from hesd.dlms.block_transfer import DataBlock
from hesd.dlms.ciphered import GENERAL_GLO_CIPHERING, GeneralCiphered, ServiceCiphered
from hesd.dlms.conformance import WITH_LOGICAL_NAMES
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.hdlc_frame import decode_frame
from hesd.dlms.hdlc_link import HDLCLink
from hesd.dlms.initiate import InitiateRequest
from hesd.dlms.link import Role
from hesd.dlms.security import Key, SecurityControl
from hesd.dlms.wrapper import encode_wpdu
from hesd.links.flight_recorder import FlightRecorder
from hesd.links.redaction import redacted
from hesd.model.obis import OBIS

PASSWORD = b"PASSWORD-of-meter"
DIGITS = bytes.fromhex("12345678901234567890")
SECRET = Data.of(DataType.OCTET_STRING, DIGITS)
TOKEN_OBJECT = AttributeDescriptor(1, OBIS("1-0:129.129.2.255"), 2)
TOKEN_LOG = AttributeDescriptor(7, OBIS("1-0:99.98.84.255"), 2)
ENERGY = AttributeDescriptor(3, OBIS("1-0:1.8.0.255"), 2)
ENTER = MethodDescriptor(115, OBIS("0-0:19.40.0.255"), 1)
RECONNECT = MethodDescriptor(70, OBIS("0-0:96.3.10.255"), 2)
INITIATE = InitiateRequest(WITH_LOGICAL_NAMES, 0x400)
AARQ_LLS = AARQ(Context.LOGICAL_NAMES, INITIATE.encode(), Mechanism.LLS, PASSWORD, b"HEX12345").encode()
ANSWER = get.GetResponseNormal(0xC1, SECRET).encode()
CLOCK_SET = set.SetRequestNormal(
    0xC1,
    AttributeDescriptor(8, OBIS("0-0:1.0.0.255"), 2),
    Data.of(DataType.OCTET_STRING, bytes.fromhex("07ea0b1405100000ff800000")),
).encode()
SECRETS = (
    set.SetRequestNormal(0xC1, TOKEN_OBJECT, SECRET).encode(),
    set.SetRequestWithFirstDatablock(0xC1, TOKEN_OBJECT, DataBlock(False, 1, DIGITS)).encode(),
    set.SetRequestWithDatablock(0xC1, DataBlock(True, 2, DIGITS)).encode(),
    set.SetRequestWithList(0xC1, ((TOKEN_OBJECT, None),), (SECRET,)).encode(),
    action.ActionRequestNormal(0xC1, ENTER, SECRET).encode(),
    action.ActionRequestNormal(0xC1, MethodDescriptor(15, OBIS("0-0:40.0.0.255"), 1), SECRET).encode(),
    action.ActionRequestNormal(0xC1, MethodDescriptor(64, OBIS("0-0:43.0.0.255"), 2), SECRET).encode(),
    action.ActionRequestWithPblock(0xC1, DataBlock(True, 2, DIGITS)).encode(),
    b"\x06\x01\x02\xab\xcd\x01" + SECRET.octets,
    b"\x05\x01\x04\xab\xcd\x01" + SECRET.octets,
)


def exchange(request: bytes, answer: bytes) -> list[bytes]:
    """The frames of a request and its answer on HDLC, in segments of the default size."""
    client, server = HDLCLink(Role.CLIENT, b"\x21", b"\x03"), HDLCLink(Role.SERVER, b"\x03", b"\x21")
    client.connect()
    server.receive(client.data_to_send())
    client.receive(server.data_to_send())
    frames = []
    client.send(request)
    while octets := client.data_to_send():
        frames.append(octets)
        events = server.receive(octets)
        if any(getattr(event, "pdu", None) == request for event in events):
            server.send(answer)
        octets = server.data_to_send()
        frames.append(octets)
        client.receive(octets)
    return frames


def kept(frames: list[bytes]) -> bytes:
    recorder = FlightRecorder()
    for index, frame in enumerate(frames):
        recorder.record(index, index % 2 == 0, frame)
    for before, after in zip(frames, recorder, strict=True):
        assert len(before) == len(after.octets)
    return b"".join(frame.octets for frame in recorder)


class InClear(SynchronousTestCase):
    def test_a_password(self) -> None:
        frame = encode_wpdu(16, 1, AARQ_LLS)
        octets = kept([frame])
        self.assertNotIn(PASSWORD, octets)
        aarq = decode_aarq(octets[8:])
        self.assertEqual(aarq.authentication, b"*" * len(PASSWORD))
        self.assertEqual(aarq.user_information, INITIATE.encode())
        self.assertEqual(aarq.calling_ap_title, b"HEX12345")

    def test_what_is_written_to_secret_objects(self) -> None:
        for apdu in SECRETS:
            self.assertIn(DIGITS, apdu)
            octets = kept([encode_wpdu(16, 1, apdu)])
            self.assertNotIn(DIGITS, octets, apdu.hex())
            self.assertNotIn(DIGITS[:4], octets, apdu.hex())
            self.assertEqual(octets[8], apdu[0])

    def test_what_is_no_secret_stays(self) -> None:
        for apdu in (
            CLOCK_SET,
            action.ActionRequestNormal(0xC1, RECONNECT, Data.of(DataType.INTEGER, 0)).encode(),
            get.GetRequestNormal(0xC1, TOKEN_OBJECT).encode(),
            get.GetRequestNormal(0xC1, ENERGY).encode(),
            ANSWER,
        ):
            self.assertEqual(kept([encode_wpdu(16, 1, apdu)])[8:], apdu)

    def test_the_answer_about_a_token_is_hidden_and_the_next_is_not(self) -> None:
        for attribute in (TOKEN_OBJECT, TOKEN_LOG):
            asked = [
                get.GetRequestNormal(0xC1, attribute).encode(),
                ANSWER,
                get.GetRequestNext(0xC1, 1).encode(),
                ANSWER,
            ]
            self.assertNotIn(DIGITS, kept([encode_wpdu(16, 1, apdu) for apdu in asked]))
            asked += [get.GetRequestNormal(0xC1, ENERGY).encode(), ANSWER]
            self.assertIn(DIGITS, kept([encode_wpdu(16, 1, apdu) for apdu in asked]))

    def test_a_dedicated_key(self) -> None:
        initiate = InitiateRequest(WITH_LOGICAL_NAMES, 0x400, DIGITS[:8] * 2).encode()
        self.assertNotIn(DIGITS[:8], kept([encode_wpdu(16, 1, AARQ(Context(3), initiate).encode())]))


class OnHDLC(SynchronousTestCase):
    def test_frames_stay_frames(self) -> None:
        for request in (AARQ_LLS, *SECRETS):
            frames = exchange(request, b"\x61\x00" if request == AARQ_LLS else ANSWER)
            octets = kept(frames)
            self.assertNotIn(PASSWORD, octets)
            self.assertNotIn(DIGITS, octets)
            first = decode_frame(octets[1 : len(frames[0]) - 1])
            self.assertEqual(first.information[3], request[0])

    def test_segments(self) -> None:
        long = Data.of(DataType.OCTET_STRING, b"x" * 118 + DIGITS * 20)
        frames = exchange(action.ActionRequestNormal(0xC1, ENTER, long).encode(), ANSWER)
        self.assertGreaterEqual(len(frames), 6)
        self.assertNotIn(DIGITS[:4], kept(frames))
        many = get.GetResponseNormal(0xC1, long).encode()
        frames = exchange(get.GetRequestNormal(0xC1, TOKEN_LOG).encode(), many)
        self.assertNotIn(DIGITS[:4], kept(frames))
        frames = exchange(get.GetRequestNormal(0xC1, ENERGY).encode(), many)
        self.assertEqual(kept(frames), b"".join(frames))

    def test_a_password_in_the_second_segment(self) -> None:
        for size in range(60, 130):
            aarq = AARQ(
                Context.LOGICAL_NAMES, INITIATE.encode(), Mechanism.LLS, PASSWORD, b"T" * size
            ).encode()
            octets = kept(exchange(aarq, ANSWER))
            for at in range(len(PASSWORD) - 3):
                self.assertNotIn(PASSWORD[at : at + 4], octets, size)


class Ciphered(SynchronousTestCase):
    def sealed(self, control: SecurityControl, apdu: bytes) -> bytes:
        return Key(bytes(16), bytes(16)).seal(control, b"HEX12345", 1, apdu)

    def test_what_is_authenticated_only_is_looked_into(self) -> None:
        content = self.sealed(SecurityControl.AUTHENTICATED, SECRETS[0])
        for apdu in (
            ServiceCiphered(0xC9, content).encode(),
            GeneralCiphered(GENERAL_GLO_CIPHERING, b"HEX12345", content).encode(),
        ):
            self.assertIn(DIGITS, apdu)
            self.assertNotIn(DIGITS, kept([encode_wpdu(16, 1, apdu)]))

    def test_what_is_encrypted_stays(self) -> None:
        content = self.sealed(SecurityControl.AUTHENTICATED_ENCRYPTED, SECRETS[0])
        apdu = ServiceCiphered(0xC9, content).encode()
        self.assertEqual(kept([encode_wpdu(16, 1, apdu)])[8:], apdu)

    def test_a_dedicated_key_in_an_initiate_request_that_is_authenticated_only(self) -> None:
        inside = InitiateRequest(WITH_LOGICAL_NAMES, 0x400, DIGITS[:8] * 2).encode()
        for control, shown in (
            (SecurityControl.AUTHENTICATED, False),
            (SecurityControl.AUTHENTICATED_ENCRYPTED, True),
        ):
            initiate = ServiceCiphered(0x21, self.sealed(control, inside)).encode()
            frame = encode_wpdu(16, 1, AARQ(Context(3), initiate).encode())
            self.assertEqual(kept([frame]) == frame, shown)
            self.assertNotIn(DIGITS[:8], kept([frame]))


class Hostile(SynchronousTestCase):
    @given(st.sampled_from([b"", b"\x00\x01\x00\x01\x00\x10\x00\x20", b"\x7e\xa0"]), st.binary(max_size=200))
    def test_anything_can_be_kept(self, head: bytes, octets: bytes) -> None:
        for hiding in (False, True):
            after, _ = redacted(head + octets, hiding)
            self.assertEqual(len(after), len(head + octets))

    @given(st.sampled_from(SECRETS), st.data())
    def test_half_an_apdu_gives_nothing_away(self, apdu: bytes, data: st.DataObject) -> None:
        end = data.draw(st.integers(0, len(apdu)))
        self.assertNotIn(DIGITS[:4], redacted(apdu[:end], False)[0])

    def test_a_length_that_lies(self) -> None:
        bad = b"\x60" + encode_length(0x7FFFFFFF) + AARQ_LLS[2:]
        self.assertNotIn(PASSWORD, redacted(bad, False)[0])
        self.assertEqual(decode(AARQ_LLS).encode(), AARQ_LLS)
