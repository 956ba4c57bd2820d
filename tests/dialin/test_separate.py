"""Heartbeats, registrations and pushes in the middle of a conversation."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dialin.event import (
    Event,
    HeartbeatReceived,
    Layer,
    LinkOctets,
    LoginReceived,
    OctetsDiscarded,
    PushReceived,
    RegistrationReceived,
    StreamRefused,
)
from hesd.dialin.family_h import FamilyHFrame
from hesd.dialin.family_w import FamilyWFrame, Message
from hesd.dialin.recognise import Rules
from hesd.dialin.separate import Separator
from hesd.dlms.hdlc_frame import HDLCFrame
from hesd.dlms.hdlc_link import HDLCLink
from hesd.dlms.link import LinkEvent, LinkOpened, PDUReceived, Role
from hesd.dlms.wrapper import WPDU, WrapperLink
from tests.dialin.streams import cuts, family_w_frames, fed, hdlc_frames, heartbeats, pieces, wrapped
from tests.dlms.vectors import octets

RULES = Rules()
HEXCELL = octets("familyH-hexcell-heartbeat")
HEARTBEAT = octets("familyW-heartbeat-11d")
LINE = b"000000000123"
GET_RESPONSE = WPDU(1, 17, bytes.fromhex("c401c1000600001391")).encode()
EVENT = octets("event-notification-with-time")

# Whatever may come between two frames, and how many events it makes.
asides = st.one_of(
    family_w_frames.map(FamilyWFrame.encode),
    heartbeats.map(FamilyHFrame.encode),
    st.from_regex(r"[0-9]{6,20}\r\n", fullmatch=True).map(str.encode),
)


def to_link(events: list[Event], layer: Layer) -> bytes:
    """What the link gets of them."""
    return b"".join(
        event.octets for event in events if isinstance(event, LinkOctets) and event.layer is layer
    )


class WrapperTests(SynchronousTestCase):
    def test_a_heartbeat_between_request_and_answer(self) -> None:
        stream = octets("wrapper-two-frames-one-read")
        for at in range(len(stream)):
            separator = Separator(Layer.WRAPPER, RULES)
            events = fed(separator.feed, stream, [at])
            self.assertEqual([type(event) for event in events], [HeartbeatReceived, LinkOctets])
            self.assertEqual(to_link(events, Layer.WRAPPER), stream[len(HEARTBEAT) :])

    def test_a_line_of_text_in_front_of_every_packet(self) -> None:
        link = WrapperLink(Role.CLIENT, 17, 1)
        separator = Separator(Layer.WRAPPER, RULES)
        for line_end in (b"", b"\r\n"):
            events = separator.feed(LINE + line_end + GET_RESPONSE)
            self.assertEqual(events[0], RegistrationReceived(LINE.decode(), LINE))
            (answer,) = link.receive(to_link(events, Layer.WRAPPER))
            self.assertEqual(answer, PDUReceived(GET_RESPONSE[8:]))

    def test_other_families_too(self) -> None:
        separator = Separator(Layer.WRAPPER, RULES)
        login = FamilyWFrame(Message.LOGIN, "46000755036").encode()
        events = separator.feed(HEXCELL + GET_RESPONSE + login + b"HELLO\r\n" + GET_RESPONSE)
        self.assertEqual(
            [type(event) for event in events],
            [HeartbeatReceived, LinkOctets, LoginReceived, OctetsDiscarded, LinkOctets],
        )

    def test_pushes(self) -> None:
        to_us = WPDU(1, 17, EVENT[8:]).encode()
        ciphered = octets("push-general-glo-auth-enc-wrapper")
        answer = WPDU(1, 17, ciphered[8:]).encode()  # general-glo may be one
        separator = Separator(Layer.WRAPPER, RULES)
        self.assertEqual(
            separator.feed(EVENT + to_us + ciphered + answer),
            [PushReceived(Layer.WRAPPER, push) for push in (EVENT, to_us, ciphered)]
            + [LinkOctets(Layer.WRAPPER, answer)],
        )

    def test_a_read_response_is_for_the_link(self) -> None:
        separator = Separator(Layer.WRAPPER, RULES)
        for payload in (b"\x0c\x01\x00\x12\x00\x01", b"\x0c\x02\x00\x00\x00\x00", b"", b"\x0c"):
            frame = WPDU(1, 17, payload).encode()
            self.assertEqual(separator.feed(frame), [LinkOctets(Layer.WRAPPER, frame)])

    def test_a_damaged_heartbeat_disturbs_nothing(self) -> None:
        separator = Separator(Layer.WRAPPER, RULES)
        kinds = [type(event) for event in separator.feed(HEARTBEAT[:-1] + b"\x00" + GET_RESPONSE)]
        self.assertEqual(kinds, [OctetsDiscarded, LinkOctets])

    def test_out_of_step(self) -> None:
        for broken in (
            octets("wrapper-bad-version"),
            octets("wrapper-oversize-length"),
            b"\xff",
            octets("hdlc-dm"),
        ):
            separator = Separator(Layer.WRAPPER, RULES)
            first, last = separator.feed(GET_RESPONSE + broken)
            self.assertIsInstance(first, LinkOctets)
            self.assertIsInstance(last, StreamRefused)
            self.assertEqual(separator.feed(GET_RESPONSE) + separator.settle(), [])

    def test_a_frame_longer_than_allowed(self) -> None:
        separator = Separator(Layer.WRAPPER, Rules(max_apdu=100))
        self.assertIsInstance(separator.feed(WPDU(1, 17, bytes(100)).encode())[0], LinkOctets)
        self.assertIsInstance(separator.feed(WPDU(1, 17, bytes(101)).encode())[0], StreamRefused)

    @given(st.lists(wrapped.map(WPDU.encode) | asides, max_size=8), cuts)
    def test_any_interleaving(self, units: list[bytes], at: list[int]) -> None:
        stream = b"".join(units)
        separator = Separator(Layer.WRAPPER, RULES)
        events = fed(separator.feed, stream, at) + separator.settle()
        mine = [
            unit for unit in units if unit[:2] == b"\x00\x01" and unit[8:10] not in (b"\x0a\x02", b"\x0c\x02")
        ]
        response = [unit for unit in units if unit[8:12] == b"\x0c\x02\x00\x00"]
        self.assertEqual(len(events), len(units))
        self.assertEqual(
            [event.octets for event in events if isinstance(event, LinkOctets)],
            [unit for unit in units if unit in mine or unit in response],
        )


class BareAPDUTests(SynchronousTestCase):
    """Some meters leave the wrapper header away once they have sent a heartbeat."""

    def test_after_a_heartbeat(self) -> None:
        bare = GET_RESPONSE[8:]
        aare = octets("aare-ok")
        for apdu in (bare, aare, octets("exception-response-2b"), octets("rlre")):
            separator = Separator(Layer.WRAPPER, RULES)
            stream = HEARTBEAT + apdu
            for at in ([], [len(HEARTBEAT)], range(len(HEARTBEAT), len(stream))):
                events = fed(separator.feed, stream, at)
                self.assertEqual(events[1:], [LinkOctets(Layer.APDU, apdu)], apdu.hex())
            (link, heartbeat, again) = separator.feed(apdu + HEARTBEAT + GET_RESPONSE)
            self.assertEqual(link, LinkOctets(Layer.APDU, apdu))
            self.assertIsInstance(heartbeat, HeartbeatReceived)
            self.assertEqual(again, LinkOctets(Layer.WRAPPER, GET_RESPONSE))

    def test_a_push(self) -> None:
        push = octets("push-plain-ldn-clock-u32")
        self.assertEqual(
            Separator(Layer.WRAPPER, RULES).feed(HEARTBEAT + push)[1:], [PushReceived(Layer.APDU, push)]
        )

    def test_only_after_a_heartbeat(self) -> None:
        (event,) = Separator(Layer.WRAPPER, RULES).feed(GET_RESPONSE[8:])
        self.assertIsInstance(event, StreamRefused)

    def test_one_that_never_ends(self) -> None:
        separator = Separator(Layer.WRAPPER, RULES)
        separator.feed(HEARTBEAT)
        events = fed(separator.feed, b"\xc4\x01\xc1\x00\x09\x82\x7f\xff" + bytes(600), range(0, 600, 50))
        self.assertEqual([type(event) for event in events], [StreamRefused])


class SettlingTests(SynchronousTestCase):
    def test_half_of_something_is_still_waited_for(self) -> None:
        for layer, frame in ((Layer.WRAPPER, GET_RESPONSE), (Layer.HDLC, octets("hdlc-dm"))):
            for unit in (HEXCELL, HEARTBEAT, frame):
                for at in range(1, len(unit)):
                    separator = Separator(layer, RULES)
                    self.assertEqual(separator.feed(unit[:at]) + separator.settle(), [])
                    (whole,) = separator.feed(unit[at:])
                    self.assertIsInstance(whole, HeartbeatReceived | LinkOctets)


class HDLCTests(SynchronousTestCase):
    def test_a_conversation_with_heartbeats_in_it(self) -> None:
        """Two links, mouth to ear, and the meter's modem speaking in between."""
        client, meter = HDLCLink(Role.CLIENT, b"\x21", b"\x03"), HDLCLink(Role.SERVER, b"\x03", None)
        separator = Separator(Layer.HDLC, RULES)
        asides = [HEXCELL, LINE + b"\r\n", HEARTBEAT, LINE]
        heard: list[LinkEvent] = []
        said: list[Event] = []
        client.connect()
        for round_ in range(8):
            for event in meter.receive(client.data_to_send()):
                if isinstance(event, PDUReceived):
                    meter.send(event.pdu * 40)
            for piece in pieces(asides[round_ % 4] + meter.data_to_send(), range(0, 400, 7)):
                events = separator.feed(piece)
                said += [event for event in events if not isinstance(event, LinkOctets)]
                heard += client.receive(to_link(events, Layer.HDLC))
            if round_ == 0:
                client.send(b"\xc0\x01\xc1")
        self.assertIsInstance(heard[0], LinkOpened)
        self.assertEqual(heard[1:], [PDUReceived(b"\xc0\x01\xc1" * 40)])
        said += separator.settle()  # the last line has no end of its own
        self.assertEqual(len(said), 8)
        self.assertFalse([event for event in said if isinstance(event, OctetsDiscarded)])

    def test_one_flag_between_two_frames(self) -> None:
        stream = octets("hdlc-shared-flag")
        expected = [LinkOctets(Layer.HDLC, stream[:10])] * 2
        for at in range(len(stream)):
            self.assertEqual(fed(Separator(Layer.HDLC, RULES).feed, stream, [at]), expected)

    def test_a_heartbeat_behind_a_flag(self) -> None:
        stream = octets("hdlc-dm") + HEXCELL + octets("hdlc-dm")
        events = Separator(Layer.HDLC, RULES).feed(stream)
        self.assertEqual([type(event) for event in events], [LinkOctets, HeartbeatReceived, LinkOctets])

    def test_noise_ends_at_a_flag(self) -> None:
        frame = octets("hdlc-dm")
        for noise in (
            b"\xff\x00\xff",
            octets("hdlc-bad-fcs"),
            b"\x00\x01\x00\x01\x00\x01\x10\x00",
            b"\x7e\xa7",
        ):
            for at in (0, 1, len(noise)):
                separator = Separator(Layer.HDLC, RULES)
                events = fed(separator.feed, frame + noise + frame + frame, [len(frame) + at])
                self.assertEqual(to_link(events, Layer.HDLC), frame * 3, noise.hex())

    @given(
        st.lists(hdlc_frames.map(HDLCFrame.encode) | heartbeats.map(FamilyHFrame.encode), max_size=8), cuts
    )
    def test_any_interleaving(self, units: list[bytes], at: list[int]) -> None:
        separator = Separator(Layer.HDLC, RULES)
        events = fed(separator.feed, b"".join(units), at) + separator.settle()
        self.assertEqual(len(events), len(units))
        frames = [unit for unit in units if unit[0] == 0x7E]
        self.assertEqual(to_link(events, Layer.HDLC), b"".join(frames))

    @given(st.lists(st.binary(max_size=60) | hdlc_frames.map(HDLCFrame.encode) | asides, max_size=8), cuts)
    def test_noise_between(self, units: list[bytes], at: list[int]) -> None:
        separator = Separator(Layer.HDLC, RULES)
        for piece in pieces(b"".join(units), at):
            separator.feed(piece)
        separator.settle()
        self.assertLess(len(separator.rest), 2049)
