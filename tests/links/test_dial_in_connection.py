"""Speaking with meters that dialled in, and with those that would rather ask."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from hesd.dialin.event import Layer
from hesd.dialin.family_h import heartbeat
from hesd.dlms.acse import AARQ, Context, Mechanism, decode_aare
from hesd.dlms.conformance import WITH_LOGICAL_NAMES
from hesd.dlms.hdlc_address import ServerAddress
from hesd.dlms.hdlc_frame import encode_frame
from hesd.dlms.hdlc_link import HDLCLink
from hesd.dlms.initiate import InitiateRequest
from hesd.dlms.link import PDUReceived, Role
from hesd.dlms.wrapper import encode_wpdu
from hesd.links.apdu_line import MeterAddress
from hesd.model.errors import LinkDown, NoReply
from tests.links.dial_in_case import Caller, ListenerCase
from tests.links.dial_in_words import CLIENT_HELLO, NOTIFICATION, acknowledged, beat, login
from tests.links.dlms_meters import GET_SERIAL, PASSWORD, exchange

AARQ_LLS = AARQ(
    Context.LOGICAL_NAMES,
    InitiateRequest(WITH_LOGICAL_NAMES, 0x400).encode(),
    Mechanism.LLS,
    PASSWORD,
    b"MOM12345",
).encode()


class Conversations(ListenerCase):
    def ask(self, address: MeterAddress = MeterAddress()) -> Deferred[bytes]:  # noqa: B008  # frozen
        talk = self.told.connections[-1].conversation(address)
        return exchange(talk, GET_SERIAL)

    def test_heartbeats_in_between_and_an_answer_in_pieces(self) -> None:
        caller = self.call(self.listener())
        caller.say(login())
        caller.taken()
        asked = self.ask()
        self.assertEqual(caller.taken(), encode_wpdu(16, 1, GET_SERIAL))
        answer = encode_wpdu(1, 16, b"\xc4\x01\xc1\x00\x00")
        caller.say(beat() + answer[:5])
        self.assertEqual(caller.taken(), acknowledged(beat()))
        caller.say(answer[5:] + encode_wpdu(1, 102, NOTIFICATION))
        self.assertEqual(self.successResultOf(asked), b"\xc4\x01\xc1\x00\x00")
        self.assertEqual(self.told.kinds, ["identified", "heard", "pushed"])

    def test_two_meters_behind_one_socket(self) -> None:
        caller = self.call(self.listener())
        caller.say(login())
        asked = [self.ask(MeterAddress(16, logical)) for logical in (1, 2)]
        caller.taken()
        caller.say(encode_wpdu(1, 16, b"\xc4first"))
        self.assertEqual(caller.taken(), encode_wpdu(16, 2, GET_SERIAL))
        caller.say(encode_wpdu(2, 16, b"\xc4second"))
        self.assertEqual([self.successResultOf(each) for each in asked], [b"\xc4first", b"\xc4second"])

    def test_an_apdu_without_its_header(self) -> None:
        caller = self.call(self.listener())
        caller.say(login())
        asked = self.ask()
        caller.say(b"\xc4\x01\xc1\x00\x12\x00\x01")
        self.assertEqual(self.successResultOf(asked), b"\xc4\x01\xc1\x00\x12\x00\x01")

    def test_hdlc_after_a_heartbeat_that_does_not_tell(self) -> None:
        caller = self.call(self.listener())
        caller.say(heartbeat("123456789012", 24, "123456789012").encode())
        caller.taken()
        connection = self.told.connections[0]
        unanswered = self.ask()
        self.clock.advance(5)
        self.failureResultOf(unanswered, NoReply)
        connection.use_framing(Layer.HDLC)
        self.assertIs(connection.framing, Layer.HDLC)
        caller.taken()
        opening = Deferred.fromCoroutine(
            connection.conversation(MeterAddress()).open(timeout=5, priority=2)  # type: ignore[arg-type]
        )
        meter = HDLCLink(Role.SERVER, ServerAddress(1).octets, None)
        meter.receive(caller.taken())
        caller.say(meter.data_to_send())
        self.successResultOf(opening)

    def test_a_connection_that_is_lost(self) -> None:
        caller = self.call(self.listener())
        caller.say(login())
        sent, waiting = self.ask(), self.ask()
        caller.leave()
        self.failureResultOf(sent, NoReply)
        self.failureResultOf(waiting, LinkDown)
        self.failureResultOf(self.ask(), LinkDown)
        self.assertEqual(self.told.kinds, ["identified", "lost"])
        self.assertFalse(self.told.connections[0].up)

    def test_one_that_is_closed(self) -> None:
        caller = self.call(self.listener())
        caller.say(login())
        self.told.connections[0].close("another one has proved itself")
        self.assertTrue(caller.transport.disconnecting)

    def test_garbage_within_a_conversation_ends_it(self) -> None:
        caller = self.call(self.listener())
        caller.say(login())
        asked = self.ask()
        caller.say(CLIENT_HELLO)
        self.assertTrue(caller.is_cut_off)
        caller.leave()
        self.failureResultOf(asked, NoReply)
        self.assertEqual(self.told.kinds, ["identified", "lost"])

    def test_the_recorder_has_the_beginning_and_no_heartbeats(self) -> None:
        caller = self.call(self.listener())
        caller.say(login())
        for _ in range(50):
            caller.say(beat())
        self.ask()
        frames = [frame.octets for frame in self.told.connections[0].recorder]
        self.assertEqual(frames, [login(), acknowledged(login()), encode_wpdu(16, 1, GET_SERIAL)])


class MetersThatAsk(ListenerCase):
    def test_they_are_refused_unless_it_is_said(self) -> None:
        listener = self.listener()
        snrm = encode_frame(b"\x03", b"\x21", 0x93)
        for octets in (snrm, encode_wpdu(16, 1, AARQ_LLS)):
            caller = self.call(listener)
            caller.say(octets)
            self.assertEqual((caller.is_cut_off, caller.taken()), (True, b""))
        self.assertEqual(listener.counters.refused, {"meter initiated": 2})

    def answered(self, octets: bytes) -> Caller:
        caller = self.call(self.listener(meter_initiated="answer"))
        caller.say(octets)
        return caller

    def test_on_a_wrapper_they_are_recognised_and_then_asked(self) -> None:
        caller = self.answered(encode_wpdu(16, 1, AARQ_LLS))
        aare = decode_aare(caller.taken()[8:])
        self.assertEqual(aare.result, 0)
        caller.say(encode_wpdu(16, 1, GET_SERIAL))
        self.assertEqual(caller.taken()[8:], b"\xd8\x01\x01")
        self.wait(2)
        self.assertEqual(self.told.events, [])
        self.wait(2)
        self.assertEqual(self.told.events, [("identified", b"MOM12345".hex())])
        connection = self.told.connections[0]
        asked = exchange(connection.conversation(MeterAddress()), GET_SERIAL)
        self.assertEqual(caller.taken(), encode_wpdu(16, 1, GET_SERIAL))
        caller.say(encode_wpdu(1, 16, b"\xc4mine"))
        self.assertEqual(self.successResultOf(asked), b"\xc4mine")

    def test_on_hdlc(self) -> None:
        meter = HDLCLink(Role.CLIENT, b"\x21", b"\x03")
        meter.connect()
        caller = self.answered(meter.data_to_send())
        meter.receive(caller.taken())
        meter.send(AARQ_LLS)
        caller.say(meter.data_to_send())
        (answer,) = meter.receive(caller.taken())
        assert isinstance(answer, PDUReceived)
        self.assertEqual(decode_aare(answer.pdu).result, 0)
        self.wait(4)
        self.assertEqual(self.told.connections[0].framing, Layer.HDLC)

    def test_their_password_is_not_kept(self) -> None:
        self.answered(encode_wpdu(16, 1, AARQ_LLS))
        self.wait(4)
        frames = b"".join(frame.octets for frame in self.told.connections[0].recorder)
        self.assertIn(b"MOM12345", frames)
        self.assertNotIn(PASSWORD, frames)

    def test_one_that_never_falls_silent_is_told_of_all_the_same(self) -> None:
        caller = self.answered(encode_wpdu(16, 1, AARQ_LLS))
        for _ in range(31):
            caller.say(encode_wpdu(16, 1, GET_SERIAL))
            self.wait(1)
        self.assertEqual(self.told.kinds, ["identified"])
