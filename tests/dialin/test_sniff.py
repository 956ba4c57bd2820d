from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dialin.dsmr4_alarm import DSMR4Alarm
from hesd.dialin.errors import DialInError, PatternError
from hesd.dialin.event import (
    AlarmReceived,
    Event,
    Family,
    ForeignProtocol,
    HeartbeatReceived,
    Initiation,
    Layer,
    LinkOctets,
    LoginReceived,
    MeterInitiated,
    OctetsDiscarded,
    PushReceived,
    RegistrationReceived,
    StreamRefused,
    Unsupported,
)
from hesd.dialin.family_h import ACKNOWLEDGEMENT, FamilyHFrame, heartbeat
from hesd.dialin.family_w import FamilyWFrame, Message
from hesd.dialin.recognise import Rules
from hesd.dialin.sniff import Sniffer
from hesd.dialin.unit_reader import MAX_UNITS
from hesd.dlms import get, hdlc_push, link
from hesd.dlms.apdu import decode
from hesd.dlms.wrapper import WPDU
from hesd.model.meter_number import NumberEncoding
from tests.dialin.streams import (
    EVERY_FAMILY,
    alarms,
    cuts,
    family_h_frames,
    family_w_frames,
    fed,
    hdlc_frames,
    pieces,
    wrapped,
)
from tests.dlms.vectors import VECTORS, octets, of_layer

LOGIN = octets("familyW-login-11d")
HEARTBEAT = octets("familyW-heartbeat-11d")
HEXCELL = octets("familyH-hexcell-heartbeat")
GET_RESPONSE = octets("wrapper-two-frames-one-read")[len(HEARTBEAT) :]
PUSHES_HDLC = [name for name in VECTORS if name.startswith("push-") and VECTORS[name]["layer"] == "hdlc"]
PUSHES_WRAPPER = [
    "push-general-glo-auth-enc-wrapper",
    "push-general-glo-enc-only-wrapper",
    "event-notification-with-time",
]


def sniffed(data: bytes, **rules: Any) -> list[Event]:
    """All that is said of a stream that ends after these octets."""
    sniffer = Sniffer(Rules(**rules))
    return sniffer.feed(data) + sniffer.settle()


class VectorTests(SynchronousTestCase):
    """Every vector that can be the first thing a meter says, cut at every octet too."""

    def only(self, name: str) -> Event:
        data = octets(name)
        (event,) = sniffed(data)
        sniffer = Sniffer(EVERY_FAMILY)
        by_octet = fed(sniffer.feed, data, range(len(data))) + sniffer.settle()
        if not isinstance(event, Unsupported | StreamRefused):
            self.assertEqual(by_octet, [event], name)
        return event

    def test_logins(self) -> None:
        for name, data, expect in of_layer("login"):
            if expect["family"] != "W" or expect["kind"].endswith("ack"):
                continue
            event = self.only(name)
            kind = LoginReceived if expect["kind"] == "LOGIN" else HeartbeatReceived
            assert isinstance(event, LoginReceived | HeartbeatReceived)
            self.assertIs(type(event), kind)
            self.assertEqual((event.family, event.meter_id), (Family.WRAPPER, expect["meter_id"]))
            self.assertEqual(event.reply[8:10].hex(), {0x0A: "aa03", 0x0C: "cc03"}[data[8]])

    def test_hexcell(self) -> None:
        expected = HeartbeatReceived(Family.HEXCELL, "012345678903", "123456789012", 24, ACKNOWLEDGEMENT)
        self.assertEqual(self.only("familyH-hexcell-heartbeat"), expected)

    def test_our_own_answers_come_back(self) -> None:
        self.assertIsInstance(self.only("familyH-hexcell-ack"), OctetsDiscarded)
        self.assertIsInstance(self.only("familyW-login-ack-11d"), LinkOctets)

    def test_registration(self) -> None:
        event = self.only("ascii-serial-registration")
        self.assertEqual(event, RegistrationReceived("000000000123", b"000000000123"))

    def test_alarm(self) -> None:
        expect = VECTORS["gxf-dsmr4-alarm"]["expect"]
        register = int(expect["alarm_register_or_obis"], 16)
        self.assertEqual(self.only("gxf-dsmr4-alarm"), AlarmReceived(expect["equipment_id"], register, None))

    def test_pushes(self) -> None:
        for layer, names in ((Layer.HDLC, PUSHES_HDLC), (Layer.WRAPPER, PUSHES_WRAPPER)):
            self.assertTrue(names)
            for name in names:
                self.assertEqual(self.only(name), PushReceived(layer, octets(name)), name)

    def test_a_push_in_blocks(self) -> None:
        names = [f"push-lg-e450-gbt-{number}-of-3" for number in (1, 2, 3)]
        stream = b"".join(octets(name) for name in names)
        reader = hdlc_push.PushReader()
        found = [
            push
            for event in sniffed(stream)
            if isinstance(event, PushReceived)
            for push in reader.feed(event.frame)
        ]
        self.assertEqual(len(found), 3)
        self.assertTrue(all(isinstance(push, link.PushReceived) for push in found))

    def test_meters_that_ask(self) -> None:
        for name in ("hdlc-snrm-4857", "hdlc-snrm-params-512-w7"):
            self.assertEqual(self.only(name), MeterInitiated(Initiation.SNRM, Layer.HDLC, octets(name)))
        name = "req-aarq-lls-wrapper-ca17"
        self.assertEqual(self.only(name), MeterInitiated(Initiation.AARQ, Layer.WRAPPER, octets(name)))
        name = "hdlc-aarq-none"
        self.assertEqual(self.only(name), MeterInitiated(Initiation.AARQ, Layer.HDLC, octets(name)))

    def test_foreign_protocols(self) -> None:
        for name, kind in (
            ("dlt645-2007-sniff", ForeignProtocol.DLT645),
            ("push-mbus-long-frame-austria-style", ForeignProtocol.MBUS),
        ):
            event = self.only(name)
            assert isinstance(event, Unsupported)
            self.assertIs(event.kind, kind)
            sniffer = Sniffer(EVERY_FAMILY)
            events = fed(sniffer.feed, octets(name) + LOGIN, range(99)) + sniffer.settle()
            self.assertEqual([type(event) for event in events], [Unsupported])

    def test_streams(self) -> None:
        first, second = sniffed(octets("wrapper-two-frames-one-read"))
        assert isinstance(first, HeartbeatReceived)
        assert isinstance(second, LinkOctets)
        answer = decode(second.octets[8:])
        assert isinstance(answer, get.GetResponseNormal)
        self.assertIn("5009", str(answer))
        for name, reason in (
            ("wrapper-oversize-length", link.DiscardReason.OVERSIZE),
            ("wrapper-bad-version", link.DiscardReason.VERSION),
        ):
            event = self.only(name)
            assert isinstance(event, StreamRefused)
            self.assertEqual(event.reason, str(reason))
        frame = octets("hdlc-shared-flag")[:10]
        self.assertEqual(sniffed(octets("hdlc-shared-flag")), [LinkOctets(Layer.HDLC, frame)] * 2)

    def test_damaged_frames_are_dropped(self) -> None:
        for name in ("hdlc-bad-hcs", "hdlc-bad-fcs"):
            push = octets(PUSHES_HDLC[0])
            events = sniffed(octets(name) + push)
            self.assertEqual([type(event) for event in events], [OctetsDiscarded, PushReceived], name)

    def test_a_probe_is_no_meter(self) -> None:
        for data in (
            octets("iec-ident-e"),
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"SSH-2.0-OpenSSH_9.6\r\n",
            bytes.fromhex("16030100a5010000a10303"),
            b"\xff\xfb\x18",
            b"\x03\x00\x00\x13\x0e\xe0",
        ):
            events = sniffed(data)
            self.assertEqual([type(event) for event in events], [StreamRefused], data)


class FamilyTests(SynchronousTestCase):
    def test_a_meter_nobody_configured(self) -> None:
        (event,) = sniffed(FamilyWFrame(Message.LOGIN, "0" * 12).encode())
        assert isinstance(event, LoginReceived)
        self.assertIsNone(event.meter_id)
        self.assertIn(b"0" * 12, event.reply)
        (event,) = sniffed(heartbeat("0", 1, "0" * 12).encode())
        assert isinstance(event, HeartbeatReceived)
        self.assertIsNone(event.meter_id)

    def test_login_of_family_h(self) -> None:
        for body in (bytes.fromhex("046000755036"), bytes.fromhex("046000755036") + b"DDSY1088"):
            for control in (0xA0, 0xA1):
                (event,) = sniffed(FamilyHFrame(control, body).encode())
                expected = LoginReceived(Family.HEXCELL, "046000755036", None, None, ACKNOWLEDGEMENT)
                self.assertEqual(event, expected)

    def test_encoding_of_the_id_is_a_setting(self) -> None:
        data = heartbeat("46000755036", 1, "1" * 12, NumberEncoding.BINARY).encode()
        (event,) = sniffed(data, id_encoding=NumberEncoding.BINARY)
        assert isinstance(event, HeartbeatReceived)
        self.assertEqual(event.meter_id, "46000755036")

    def test_numbers_are_checked_where_asked(self) -> None:
        good, bad = FamilyWFrame(Message.LOGIN, "46000755036"), FamilyWFrame(Message.LOGIN, "46000755037")
        nobody = FamilyWFrame(Message.LOGIN, "0" * 11)
        stream = bad.encode() + nobody.encode() + good.encode()
        kinds = [type(event) for event in sniffed(stream, check_numbers=True)]
        self.assertEqual(kinds, [OctetsDiscarded, LoginReceived, LoginReceived])

    def test_a_login_with_a_wrong_crc_gets_no_answer(self) -> None:
        bad = LOGIN[:-1] + b"\x00"
        self.assertEqual([type(event) for event in sniffed(bad + LOGIN)], [OctetsDiscarded, LoginReceived])

    def test_families_that_are_not_expected(self) -> None:
        for families, data in (
            (("hexcell",), LOGIN),
            (("wrapper",), HEXCELL),
            (("wrapper",), b"000000000123\r\n"),
            (("push",), b"000000000123\r\n"),
            (("ascii",), octets("gxf-dsmr4-alarm")),
            (("wrapper",), octets(PUSHES_WRAPPER[0])),
            (("wrapper",), octets(PUSHES_HDLC[0])),
        ):
            sniffer = Sniffer(families)
            events = sniffer.feed(data) + sniffer.settle()
            self.assertTrue(events)
            for event in events:
                self.assertIsInstance(event, OctetsDiscarded | StreamRefused, f"{families} {data.hex()}")

    def test_a_push_after_a_login_needs_no_setting(self) -> None:
        sniffer = Sniffer(["wrapper"])
        kinds = [type(event) for event in sniffer.feed(LOGIN + octets(PUSHES_WRAPPER[0]))]
        self.assertEqual(kinds, [LoginReceived, PushReceived])

    def test_several_families_on_one_port(self) -> None:
        stream = LOGIN + HEXCELL + b"HB000000000123\r\n" + HEARTBEAT + octets("gxf-dsmr4-alarm")
        kinds = [type(event) for event in sniffed(stream)]
        self.assertEqual(
            kinds, [LoginReceived, HeartbeatReceived, RegistrationReceived, HeartbeatReceived, AlarmReceived]
        )

    def test_no_such_family(self) -> None:
        with self.assertRaises(ValueError):
            Sniffer(["zigbee"])

    def test_mx382_alarm(self) -> None:
        body = bytes.fromhex("c2 00 0001 808080808000 02 0910") + b"KAM1234567890123"
        frame = WPDU(0x67, 0x66, body).encode()
        self.assertEqual(sniffed(frame), [PushReceived(Layer.WRAPPER, frame)])


class RegistrationTests(SynchronousTestCase):
    def test_pattern_of_a_listener(self) -> None:
        sniffer = Sniffer(["ascii"], r"\+ID:(?P<id>[0-9]+),.*")
        self.assertEqual(
            sniffer.feed(b"+ID:46000755036,fw 2.1\r\n"),
            [RegistrationReceived("46000755036", b"+ID:46000755036,fw 2.1")],
        )
        (event,) = Sniffer(["ascii"], "DTU([0-9]+)").feed(b"DTU77\n")
        self.assertEqual(event, RegistrationReceived("77", b"DTU77"))
        (event,) = Sniffer(["ascii"], "DTU([0-9]*)").feed(b"DTU\n")
        self.assertIsInstance(event, StreamRefused)

    def test_patterns_that_are_none(self) -> None:
        for pattern in ("(", "a" * 201, "[z-a]", "(?P<1>a)"):
            with self.assertRaises(PatternError):
                Sniffer(["ascii"], pattern)

    def test_without_a_line_end(self) -> None:
        expected = RegistrationReceived("000000000123", b"000000000123")
        for follows in (GET_RESPONSE, octets(PUSHES_HDLC[0]), HEXCELL, b"\r", b"\n"):
            sniffer = Sniffer(EVERY_FAMILY)
            self.assertEqual(sniffer.feed(b"000000000123" + follows)[0], expected, follows)
        sniffer = Sniffer(EVERY_FAMILY)
        self.assertEqual(sniffer.feed(b"000000000123"), [])
        self.assertEqual(sniffer.rest, b"000000000123")
        self.assertEqual(sniffer.settle(), [expected])

    def test_too_long(self) -> None:
        self.assertEqual(len(sniffed(b"1" * 40 + b"\r\n", pattern=Rules.of([], "1+").pattern)), 1)
        (event,) = Sniffer(EVERY_FAMILY).feed(b"1" * 41)
        self.assertIsInstance(event, StreamRefused)

    def test_an_id_that_begins_like_a_foreign_frame(self) -> None:
        (event,) = sniffed(b"h1234567\r\n")
        self.assertEqual(event, RegistrationReceived("h1234567", b"h1234567"))
        sniffer = Sniffer(["ascii"], "h[0-9]+")
        self.assertEqual(sniffer.feed(b"h12") + sniffer.settle(), [RegistrationReceived("h12", b"h12")])


class LimitTests(SynchronousTestCase):
    def test_somebody_who_never_says_who(self) -> None:
        rules = Rules(max_unidentified=1000)
        sniffer = Sniffer(rules)
        events = fed(sniffer.feed, GET_RESPONSE * 100)
        self.assertIsInstance(events[-1], StreamRefused)
        self.assertEqual(len(events), 1000 // len(GET_RESPONSE) + 1)
        self.assertEqual(sniffer.feed(LOGIN) + sniffer.settle(), [])
        sniffer = Sniffer(rules)
        for _ in range(20):
            events = sniffer.feed(LOGIN + GET_RESPONSE * 30)
            self.assertNotIsInstance(events[-1], StreamRefused)

    def test_noise_that_never_ends(self) -> None:
        sniffer = Sniffer(Rules(max_unidentified=1000))
        events: list[Event] = []
        for _ in range(100):
            events += sniffer.feed(b"\x7e\xa0" + b"x" * 40)
            self.assertLess(len(sniffer.rest), 64)
        self.assertIsInstance(events[-1], StreamRefused)

    def test_more_at_once_than_a_meter_says(self) -> None:
        for unit in (b"\x7e\xa7\xff", b"\x7e\x41", b"1234567\n", HEXCELL, WPDU(1, 1, b"").encode()):
            rules = Rules(max_unidentified=1 << 30)
            events = Sniffer(rules).feed(octets("hdlc-dm") + unit * 5000)
            self.assertLessEqual(len(events), MAX_UNITS + 1)
            self.assertIsInstance(events[-1], StreamRefused, unit)

    def test_a_frame_longer_than_allowed(self) -> None:
        frame = WPDU(1, 17, bytes(100)).encode()
        self.assertEqual(len(sniffed(frame, max_apdu=100)), 1)
        (event,) = sniffed(frame[:8], max_apdu=99)
        self.assertIsInstance(event, StreamRefused)

    def test_what_stays_in_memory(self) -> None:
        for start in (b"\x00\x01\x00\x01\x00\x01\x40\x00", b"\x7e\xa7\xff\x03\x21\x10", b"\x8e\xa0", b"1"):
            sniffer = Sniffer(EVERY_FAMILY)
            sniffer.feed(start)
            for _ in range(100):
                sniffer.feed(b"0" * 1000)
                self.assertLessEqual(len(sniffer.rest), 0x4000 + 8)


class HandOverTests(SynchronousTestCase):
    def test_framing(self) -> None:
        for data, framing in (
            (LOGIN, Layer.WRAPPER),
            (octets(PUSHES_HDLC[0]), Layer.HDLC),
            (LOGIN + octets(PUSHES_HDLC[0]), Layer.HDLC),
            (HEXCELL, None),
            (b"000000000123\r\n", None),
            (b"", None),
        ):
            sniffer = Sniffer(EVERY_FAMILY)
            sniffer.feed(data)
            self.assertIs(sniffer.framing, framing)
            if framing is None:
                with self.assertRaises(DialInError):
                    sniffer.hand_over()
            self.assertIs(sniffer.hand_over(framing or Layer.HDLC).framing, framing or Layer.HDLC)

    def test_what_has_begun_goes_along(self) -> None:
        for data, framing in ((GET_RESPONSE, Layer.WRAPPER), (octets("hdlc-get-clock"), Layer.HDLC)):
            for at in range(1, len(data)):
                sniffer = Sniffer(EVERY_FAMILY)
                sniffer.feed(HEXCELL + data[:at])
                separator = sniffer.hand_over(framing)
                self.assertEqual(separator.feed(data[at:] + data), [LinkOctets(framing, data)] * 2)
                self.assertEqual(sniffer.feed(LOGIN), [])
                with self.assertRaises(DialInError):
                    sniffer.hand_over(framing)

    def test_a_refused_stream_is_not_handed_over(self) -> None:
        sniffer = Sniffer(EVERY_FAMILY)
        sniffer.feed(b"\x00\x02")
        with self.assertRaises(DialInError):
            sniffer.hand_over(Layer.WRAPPER)


class CutTests(SynchronousTestCase):
    """What is said does not depend on how the octets were cut on their way."""

    @given(
        st.lists(
            family_w_frames.map(FamilyWFrame.encode)
            | family_h_frames.map(FamilyHFrame.encode)
            | wrapped.map(WPDU.encode)
            | st.from_regex(r"[0-9]{6,20}\r?\n", fullmatch=True).map(str.encode)
            | alarms.map(DSMR4Alarm.encode),
            max_size=6,
        ),
        cuts,
    )
    def test_wrapper(self, units: list[bytes], at: list[int]) -> None:
        stream = b"".join(units)
        whole, cut = Sniffer(EVERY_FAMILY), Sniffer(EVERY_FAMILY)
        self.assertEqual(
            fed(cut.feed, stream, at) + cut.settle(),
            whole.feed(stream) + whole.settle(),
        )

    @given(
        st.lists(
            family_h_frames.map(FamilyHFrame.encode) | hdlc_frames.map(lambda frame: frame.encode()),
            max_size=6,
        ),
        cuts,
    )
    def test_hdlc(self, units: list[bytes], at: list[int]) -> None:
        stream = b"".join(units)
        whole, cut = Sniffer(EVERY_FAMILY), Sniffer(EVERY_FAMILY)
        self.assertEqual(
            _without_noise(fed(cut.feed, stream, at) + cut.settle()),
            _without_noise(whole.feed(stream) + whole.settle()),
        )

    @given(st.binary(max_size=200), cuts)
    def test_any_octets(self, data: bytes, at: list[int]) -> None:
        sniffer = Sniffer(EVERY_FAMILY)
        for piece in pieces(data, at):
            sniffer.feed(piece)
        sniffer.settle()
        self.assertLessEqual(len(sniffer.rest), len(data))


def _without_noise(events: list[Event]) -> list[Event]:
    """Noise is reported as it is thrown away, in pieces."""
    return [event for event in events if not isinstance(event, OctetsDiscarded)]
