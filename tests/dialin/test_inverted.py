from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from twisted.trial.unittest import SynchronousTestCase

from hesd.dialin.event import Layer, LinkOctets, MeterInitiated
from hesd.dialin.inverted import (
    AssociationAsked,
    InvertedEvent,
    NotificationReceived,
    RegistrationServer,
    ReleaseAsked,
    RequestRefused,
)
from hesd.dialin.sniff import Sniffer
from hesd.dlms.acse import AARE, AARQ, AssociationResult, Context, Diagnostic, Mechanism
from hesd.dlms.apdu import decode
from hesd.dlms.conformance import Conformance
from hesd.dlms.hdlc_link import HDLCLink
from hesd.dlms.initiate import decode_initiate_response
from hesd.dlms.link import FrameDiscarded, Link, LinkClosed, LinkOpened, PDUReceived, Role
from hesd.dlms.wrapper import WrapperLink
from tests.dialin.streams import EVERY_FAMILY
from tests.dlms.vectors import octets

NOT_ALLOWED = b"\xd8\x01\x01"
PASSWORD = b"12345678"


class Conversation:
    """A meter in the client's part, through the sniffer, with the registration server."""

    def __init__(self, layer: Layer) -> None:
        self.sniffer = Sniffer(EVERY_FAMILY)
        self.server = RegistrationServer(layer)
        self.meter: Link = (
            WrapperLink(Role.CLIENT, 1, 17)
            if layer is Layer.WRAPPER
            else HDLCLink(Role.CLIENT, b"\x21", b"\x03")
        )
        self.meter.connect()
        self.opened = self._carry()[1]

    def ask(self, pdu: bytes) -> tuple[list[InvertedEvent], list[bytes]]:
        self.meter.send(pdu)
        events, heard = self._carry()
        return events, [event.pdu for event in heard if isinstance(event, PDUReceived)]

    def release(self) -> list[object]:
        self.meter.disconnect()
        return self._carry()[1]

    def _carry(self) -> tuple[list[InvertedEvent], list[object]]:
        events: list[InvertedEvent] = []
        heard: list[object] = list(self.meter.receive(b""))
        while said := self.meter.data_to_send():
            for event in self.sniffer.feed(said):
                assert isinstance(event, MeterInitiated | LinkOctets), event
                frame = event.frame if isinstance(event, MeterInitiated) else event.octets
                events += self.server.receive(frame)
            heard += self.meter.receive(self.server.data_to_send())
        return events, heard


class ConversationTests(SynchronousTestCase):
    def test_registration_and_nothing_else(self) -> None:
        for layer in (Layer.WRAPPER, Layer.HDLC):
            meter = Conversation(layer)
            self.assertIsInstance(meter.opened[0], LinkOpened)
            for name, mechanism in (("aarq-lowest", Mechanism.NONE), ("aarq-lls", Mechanism.LLS)):
                events, answers = meter.ask(octets(name))
                self.assertEqual(events, [AssociationAsked(mechanism, None, True)])
                aare = decode(answers[0])
                assert isinstance(aare, AARE)
                self.assertIs(aare.result, AssociationResult.ACCEPTED)
                self.assertIs(aare.context, Context.LOGICAL_NAMES)
                initiate = decode_initiate_response(aare.user_information or b"")
                self.assertIn(initiate.conformance, (Conformance(0), Conformance.GET))
                self.assertNotIn(PASSWORD, answers[0])
                self.assertNotIn(PASSWORD.decode(), repr(events))
            for name in ("get-request-normal", "set-request-clock", "glo-get-request-ciphered"):
                request = octets(name)
                self.assertEqual(meter.ask(request), ([RequestRefused(request[0])], [NOT_ALLOWED]), name)
            action = bytes.fromhex("c301c100460000600 30affff 01 01 0f00".replace(" ", ""))
            self.assertEqual(meter.ask(action), ([RequestRefused(0xC3)], [NOT_ALLOWED]))
            self.assertEqual(meter.ask(octets("rlrq"))[0], [ReleaseAsked()])

    def test_notifications_are_taken(self) -> None:
        push = octets("push-plain-ldn-clock-u32")
        meter = Conversation(Layer.HDLC)
        self.assertEqual(meter.ask(push), ([NotificationReceived(push)], []))
        request = octets("get-request-normal")
        self.assertEqual(meter.ask(request), ([RequestRefused(0xC0)], [NOT_ALLOWED]), "the turn came back")

    def test_what_needs_a_key_is_rejected(self) -> None:
        for name, diagnostic in (
            ("aarq-hls-gmac-mechanism5", None),
            ("aarq-hls2-manufacturer", Diagnostic.AUTHENTICATION_MECHANISM_NAME_NOT_RECOGNISED),
            ("aarq-ciphered-lls-dedicated-key", Diagnostic.APPLICATION_CONTEXT_NAME_NOT_SUPPORTED),
        ):
            events, answers = Conversation(Layer.WRAPPER).ask(octets(name))
            (asked,) = events
            assert isinstance(asked, AssociationAsked)
            self.assertFalse(asked.accepted)
            aare = decode(answers[0])
            assert isinstance(aare, AARE)
            self.assertIs(aare.result, AssociationResult.REJECTED_PERMANENT)
            self.assertIs(aare.diagnostic, diagnostic or aare.diagnostic, name)
            self.assertNotEqual(aare.diagnostic, Diagnostic.NULL)

    def test_the_meters_title_is_noted(self) -> None:
        aarq = decode(octets("aarq-lowest"))
        assert isinstance(aarq, AARQ)
        named = structs.replace(aarq, calling_ap_title=b"HXC\x00\x0a\xb5\xd1\x06")
        events, _ = Conversation(Layer.WRAPPER).ask(named.encode())
        self.assertEqual(events, [AssociationAsked(Mechanism.NONE, named.calling_ap_title, True)])

    def test_the_meter_hangs_up(self) -> None:
        self.assertIsInstance(Conversation(Layer.HDLC).release()[0], LinkClosed)

    def test_a_call_to_another_address(self) -> None:
        server = RegistrationServer(Layer.HDLC)
        for address in (b"\x03", b"\x02\x23", b"\x03"):
            meter = HDLCLink(Role.CLIENT, b"\x21", address)
            meter.connect()
            self.assertEqual(server.receive(meter.data_to_send()), [])
            self.assertIsInstance(meter.receive(server.data_to_send())[0], LinkOpened)

    def test_out_of_place(self) -> None:
        server = RegistrationServer(Layer.HDLC)
        (event,) = server.receive(octets("hdlc-get-clock"))
        self.assertIsInstance(event, FrameDiscarded)
        self.assertEqual(server.data_to_send(), b"")
        for answer in (b"", octets("get-response-normal-u32"), octets("aare-ok")):
            self.assertEqual(Conversation(Layer.WRAPPER).ask(answer), ([], []))
        self.assertEqual(
            Conversation(Layer.WRAPPER).ask(b"\x60\x05abc"), ([RequestRefused(0x60)], [NOT_ALLOWED])
        )
        (broken,) = RegistrationServer(Layer.WRAPPER).receive(octets("wrapper-bad-version"))
        self.assertIsInstance(broken, FrameDiscarded)

    @given(st.binary(max_size=100), st.sampled_from((Layer.WRAPPER, Layer.HDLC)))
    def test_any_apdu(self, pdu: bytes, layer: Layer) -> None:
        meter = Conversation(layer)
        meter.meter.send(pdu)
        for frame in meter.meter.data_to_send(), pdu:
            meter.server.receive(frame)
        self.assertLess(len(meter.server.data_to_send()), 300)
