"""Frames in words: streams, summaries for traces, and nothing that bytes can do to it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dialin import family_h
from hesd.dialin.explain import LAYERS, explain, explain_frame, summary
from hesd.dialin.explain_layer import framed_layer
from hesd.dialin.family_w import FamilyWFrame, Message
from hesd.dlms import acse
from hesd.dlms.access_result import DataAccessResult
from hesd.dlms.conformance import Conformance
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.explain_ciphered import GivenKeys
from hesd.dlms.get import GetRequestNormal, GetResponseNormal
from hesd.dlms.hdlc_frame import HDLCFrame, encode_frame
from hesd.dlms.hdlc_link import HDLCLink
from hesd.dlms.hdlc_stuffing import stuff
from hesd.dlms.initiate import InitiateRequest
from hesd.dlms.link import LinkParameters, PDUReceived, Role
from hesd.dlms.mode_e import ModeEAnswer, ModeEOpening
from hesd.dlms.wrapper import encode_wpdu
from hesd.links.redaction import redacted
from hesd.model.obis import OBIS
from tests.dlms.vectors import VECTORS, octets

REQUEST = GetRequestNormal(0xC1, AttributeDescriptor(3, OBIS("1-0:1.8.0"), 2)).encode()
LONG = GetResponseNormal(0xC1, Data.of(DataType.OCTET_STRING, bytes(range(200)))).encode()
HEARTBEAT = FamilyWFrame(Message.HEARTBEAT, "46000755036").encode()


def conversation() -> list[bytes]:
    """What goes over an HDLC line, from SNRM to DISC, one element for each turn."""
    client = HDLCLink(Role.CLIENT, b"\x21", b"\x03", LinkParameters(64, 64))
    meter = HDLCLink(Role.SERVER, b"\x03", None, LinkParameters(64, 64))
    said: list[bytes] = []

    def until_silence() -> None:
        while out := client.data_to_send():
            said.append(out)
            for event in meter.receive(out):
                if isinstance(event, PDUReceived):
                    meter.send(LONG)
            said.append(meter.data_to_send())
            client.receive(said[-1])

    client.connect()
    until_silence()
    client.send(REQUEST)
    until_silence()
    client.disconnect()
    until_silence()
    return said


class Streams(SynchronousTestCase):
    def test_a_whole_conversation_over_hdlc(self) -> None:
        said = conversation()
        for frames in (
            said,
            [b"".join(said)],
            [b"".join(said)[at : at + 7] for at in range(0, len(b"".join(said)), 7)],
        ):
            found = explain(frames)
            self.assertEqual((found.layer, found.error), ("hdlc", None))
            self.assertEqual(found.frames[0]["type"], "SNRM")
            self.assertEqual(found.values, [bytes(range(200)).hex()])
            self.assertEqual(found.named, {"obis": "1.0.1.8.0.255", "class_id": 3, "attribute": 2})
            (joined,) = (frame for frame in found.frames if "reassembled_apdu" in frame)
            self.assertEqual(bytes.fromhex(joined["reassembled_apdu"]), LONG)

    def test_a_frame_that_was_sent_twice_is_joined_once(self) -> None:
        segments = [
            HDLCFrame(b"\x21", b"\x03", control, info, segmented)
            for control, info, segmented in (
                (0x10, b"\xe6\xe7\x00" + LONG[:90], True),
                (0x12, LONG[90:150], True),
                (0x14, LONG[150:], False),
            )
        ]
        one, two, three = (frame.encode() for frame in segments)
        self.assertEqual(explain([one, two, two, three]).values, [bytes(range(200)).hex()])
        self.assertIn("where 1 is due", explain([one, three]).error or "")

    def test_flags_that_a_log_cut_off_and_octet_stuffing(self) -> None:
        body = encode_frame(b"\x41", b"\x08\x83", 0x13, b"\xe6\xe7\x00" + LONG)[1:-1]
        for frame in (body, b"\x7e" + stuff(body) + b"\x7e"):
            found = explain([frame])
            self.assertEqual((found.layer, found.error), ("hdlc", None))
            self.assertEqual(found.values, [bytes(range(200)).hex()])

    def test_a_heartbeat_in_a_conversation(self) -> None:
        found = explain([encode_wpdu(17, 1, REQUEST), HEARTBEAT, encode_wpdu(1, 17, LONG)])
        self.assertEqual([frame["layer"] for frame in found.frames], ["wrapper", "login", "wrapper"])
        self.assertEqual((found.layer, found.named["meter"]), ("wrapper", "46000755036"))
        self.assertEqual(found.values, [bytes(range(200)).hex()])

    def test_a_modem_in_front_of_hdlc(self) -> None:
        found = explain([b"46000755036\r\n", octets("hdlc-aare-ok")])
        self.assertEqual([frame["layer"] for frame in found.frames], ["login", "hdlc"])
        self.assertEqual((found.named["family"], found.apdu), ("ASCII", "AARE"))

    def test_a_bare_apdu_after_a_heartbeat(self) -> None:
        found = explain([HEARTBEAT, octets("get-response-normal-u32")])
        self.assertEqual((found.error, found.values), (None, [5009]))

    def test_mode_e_with_parity(self) -> None:
        opening, meter = ModeEOpening("123"), ModeEAnswer("HXL", "DDSY1088", 9600, "123")
        sign_on = opening.request()
        meter.receive(sign_on)
        identification = meter.data_to_send()
        (identified,) = opening.receive(identification)
        acknowledgement, _ = opening.acknowledge(identified)
        line = b"".join((sign_on, identification, acknowledgement))
        parity = bytes(octet | (octet.bit_count() & 1) << 7 for octet in line)
        for said in (line, parity):
            found = explain([said])
            self.assertEqual(
                [frame["kind"] for frame in found.frames], ["request", "identification", "acknowledgement"]
            )
            self.assertEqual(
                (found.frames[1]["identification"], found.frames[1]["mode_e"]), ("DDSY1088", True)
            )

    def test_a_login_of_family_h_of_an_unknown_form(self) -> None:
        login = family_h.FamilyHFrame(0xA0, bytes.fromhex("046000755036")).encode()
        (frame,) = explain([login]).frames
        self.assertEqual((frame["kind"], frame["meter"]), ("login", "046000755036"))


class Refusals(SynchronousTestCase):
    def refusal(self, *frames: bytes, layer: str | None = None) -> str:
        return explain(frames, layer).error or ""

    def test_what_is_wrong_is_said(self) -> None:
        for frames, layer, reason in (
            ((b"",), None, "there is no frame"),
            ((), None, "there is no frame"),
            ((octets("hdlc-aare-ok")[:-4],), None, "ends too early"),
            ((octets("req-get-clock")[:-1],), "wrapper", "ends too early"),
            ((octets("req-get-clock"),), "hdlc", "not of the layer hdlc"),
            ((octets("hdlc-aare-ok"),), "login", "not of the layer login"),
            ((octets("hdlc-aare-ok"),), "apdu", "no APDU has the tag 7e"),
            ((HEARTBEAT[:-1] + b"\0",), None, "CRC"),
            ((octets("familyH-hexcell-heartbeat")[:-2] + b"\0\x17",), None, "too early"),
            ((b"hello world\r\n",), "login", "no registration"),
            ((octets("dlt645-2007-sniff"),), None, "unsupported"),
            ((octets("dlt645-2007-sniff")[:-2] + b"\0\x16",), "wrapper", "not of the layer wrapper"),
        ):
            self.assertIn(reason, self.refusal(*frames, layer=layer), (frames, layer))

    def test_frames_before_the_refused_one_are_explained(self) -> None:
        found = explain([HEARTBEAT, encode_wpdu(1, 17, b"\xc4\x01")])
        self.assertIsNotNone(found.error)
        self.assertEqual([frame["layer"] for frame in found.frames], ["login", "wrapper"])
        self.assertEqual(found.frames[1]["length"], 2)


class Summaries(SynchronousTestCase):
    def test_lines(self) -> None:
        denied = GetResponseNormal(1, DataAccessResult.READ_WRITE_DENIED).encode()
        for frame, line in (
            (encode_wpdu(17, 1, REQUEST), "GET request 1-0:1.8.0 attribute 2"),
            (encode_wpdu(1, 17, denied), "GET response read-write-denied"),
            (octets("hdlc-segmented-2-of-3"), "I frame, segment 2"),
            (octets("hdlc-aare-ok"), "AARE accepted"),
            (octets("aare-rejected-auth-failure"), "AARE rejected: authentication-failure"),
            (HEARTBEAT, "heartbeat of 46000755036"),
            (octets("familyH-hexcell-ack"), "system reply"),
            (octets("hdlc-snrm-4857"), "SNRM"),
            (octets("req-get-with-list"), "GET request of 2 objects"),
            (octets("resp-get-with-list"), "GET response 2 results"),
            (octets("get-request-next"), "GET request block 1"),
            (octets("req-token-set-hexcell-momas"), "SET request 1-0:129.129.2 attribute 2 (hidden)"),
            (octets("glo-get-request-ciphered"), "glo-get-request"),
            (octets("iec-ident-e"), "identification E360"),
            (octets("hdlc-bad-fcs"), "refused: no HDLC frame: frame checksum"),
            (octets("w-get-empty-array"), "GET response 0 elements"),
            (b"", "refused: there is no frame in it"),
        ):
            self.assertEqual(summary(frame), line)

    def test_history_keeps_its_group(self) -> None:
        request = GetRequestNormal(1, AttributeDescriptor(3, OBIS("1-0:1.8.0*3"), 2)).encode()
        self.assertEqual(summary(request), "GET request 1-0:1.8.0*3 attribute 2")

    def test_a_frame_of_a_trace(self) -> None:
        found = explain_frame(octets("req-aarq-lls-wrapper-ca17"), "wrapper")
        self.assertEqual((found["summary"], found["apdu"]), ("AARQ lls", "AARQ"))
        self.assertEqual(found["frames"][0]["calling_authentication_value"], "(hidden)")

    def test_no_trace_shows_what_is_secret(self) -> None:
        secrets = (
            "12345678901234567890",
            "12345678901234",
            "8b076085740508020",
            "4b35366956616759",
            "K56iVagY",
        )
        for name in VECTORS:
            shown = json.dumps(explain_frame(octets(name)))
            for secret in secrets:
                self.assertNotIn(secret, shown, name)
        for name in ("aarq-lls", "aarq-hls2-manufacturer"):
            self.assertNotIn("12345678", json.dumps(explain_frame(octets(name))))

    def test_frames_that_were_blanked_before_they_were_kept(self) -> None:
        for name, line in (
            ("req-token-set-hexcell-momas", "SET request 1-0:129.129.2 attribute 2 (hidden)"),
            ("req-token-gateway-enter-bcd", "ACTION request 0-0:19.40.0 method 1 (hidden)"),
            ("req-aarq-lls-wrapper-ca17", "AARQ lls"),
            ("aarq-lls", "AARQ lls"),
            ("req-relay-disconnect", "ACTION request 0-0:96.3.10 method 1 0"),
        ):
            kept, _ = redacted(octets(name), False)
            self.assertEqual(summary(kept), line)
        for name, line in (
            ("resp-action-ok", "ACTION response success"),
            ("resp-token-status-3", "GET response (hidden)"),
            ("w-get-empty-array", "GET response (hidden)"),
        ):
            kept, _ = redacted(octets(name), True)
            self.assertEqual(summary(kept), line)
        with_key = InitiateRequest(Conformance.GET, dedicated_key=bytes(16)).encode()
        kept, _ = redacted(acse.AARQ(acse.Context.LOGICAL_NAMES, with_key).encode(), False)
        found = explain_frame(kept)
        self.assertNotIn("error", found)
        self.assertEqual(
            found["frames"][0]["user_information"], {"apdu": "InitiateRequest", "data": "(hidden)"}
        )
        self.assertIn("error", explain([kept]).as_json())

    def test_whatever_a_trace_shows_is_bounded(self) -> None:
        rows = Data.array(*(Data.structure(Data.of(DataType.UNSIGNED, 1)) for _ in range(1000)))
        line = summary(encode_wpdu(1, 17, GetResponseNormal(1, rows).encode()))
        self.assertEqual(line, "GET response 1000 elements")
        text = Data.of(DataType.VISIBLE_STRING, "x" * 4000)
        self.assertLess(len(summary(GetResponseNormal(1, text).encode())), 80)


KEYS = GivenKeys(bytes(range(16)), bytes(range(0xD0, 0xE0)), bytes.fromhex("4d4d4d0000bc614e"))
LAYER = st.sampled_from([None, *LAYERS])
GOOD = st.sampled_from([octets(name) for name in VECTORS])


@st.composite
def spoilt(draw: Any) -> bytes:
    octets_ = bytearray(draw(GOOD))
    for _ in range(draw(st.integers(1, 3))):
        if octets_:
            octets_[draw(st.integers(0, len(octets_) - 1))] = draw(st.integers(0, 255))
    return bytes(octets_)


class Junk(SynchronousTestCase):
    @settings(max_examples=max(500, settings().max_examples), deadline=None)
    @given(st.lists(st.one_of(st.binary(max_size=80), spoilt(), GOOD), max_size=3), LAYER, st.booleans())
    def test_no_bytes_can_break_it(self, frames: list[bytes], layer: str | None, alone: bool) -> None:
        found = explain(frames, layer, None if alone else KEYS, reveal=not alone)
        self.assertTrue(found.error or found.frames)
        json.dumps(found.as_json(), allow_nan=False)
        self.assertIsInstance(summary(b"".join(frames), layer), str)

    def test_every_truncation_of_every_vector(self) -> None:
        for name in VECTORS:
            whole = octets(name)
            if len(whole) > 200:
                continue
            for size in range(len(whole)):
                found = explain([whole[:size]])
                json.dumps(found.as_json(), allow_nan=False)
                self.assertTrue(found.error or found.frames, (name, size))

    def test_a_truncated_frame_is_never_whole(self) -> None:
        for name, vector in VECTORS.items():
            if vector["layer"] not in ("hdlc", "wrapper"):
                continue
            whole = octets(name)
            for size in range(1, len(whole) - 1):
                self.assertIsNone(framed_layer(whole[:size]), (name, size))
