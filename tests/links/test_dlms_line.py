"""Turns, deadlines and addresses on a clock that stands until it is moved."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from hesd.dialin.event import Layer
from hesd.dlms.errors import FrameError, LinkRefused
from hesd.dlms.hdlc_address import ServerAddress
from hesd.dlms.hdlc_frame import FrameReader, HDLCFrame, encode_frame
from hesd.dlms.wrapper import WPDU, WPDUReader, encode_wpdu
from hesd.links.apdu_line import MeterAddress, Push
from hesd.links.dlms_line import DLMSLine
from hesd.links.modbus_link import Priority
from hesd.model.errors import LinkDown, NoReply
from tests.links.dlms_meters import GET_SERIAL, HDLCMeters, Meter, exchange, push

ONE, TWO = MeterAddress(16, 1), MeterAddress(16, 2)
NOTIFICATION = bytes.fromhex("0f0000000100") + b"\x12\x00\x01"
BLOCKS = [
    b"\xe0\x40\x00\x01\x00\x00\x05" + NOTIFICATION[:5],
    b"\xe0\x80\x00\x02\x00\x00\x04" + NOTIFICATION[5:],
]


class LineCase(SynchronousTestCase):
    layer = Layer.WRAPPER

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_000_000)
        self.line = DLMSLine("feeder", self.clock, self.layer)
        self.pushes: list[Push] = []
        self.line.on_push(self.pushes.append)
        self.wire = StringTransport()
        self.line.connection_made(self.wire)

    def ask(
        self,
        address: MeterAddress = ONE,
        pdu: bytes | None = GET_SERIAL,
        timeout: float = 5,
        priority: Priority = Priority.POLL,
    ) -> Deferred[bytes]:
        conversation = self.line.conversation(address)
        return exchange(conversation, pdu, timeout, priority)

    def taken(self) -> bytes:
        octets = self.wire.value()
        self.wire.clear()
        return octets

    def lose(self) -> None:
        self.line.connection_lost(Failure(ConnectionLost("gone")))


class OnAWrapper(LineCase):
    def sent(self) -> list[tuple[int, bytes]]:
        """Port and APDU of the requests since the last look."""
        found = WPDUReader().feed(self.taken())
        return [(each.destination, each.apdu) for each in found if isinstance(each, WPDU)]

    def say(self, pdu: bytes, source: int = 1, destination: int = 16) -> None:
        self.line.data_received(encode_wpdu(source, destination, pdu))

    def test_one_exchange_at_a_time_by_priority(self) -> None:
        first = self.ask(pdu=b"\xc0first")
        others = [
            self.ask(TWO, b"\xc0poll"),
            self.ask(ONE, b"\xc0command", priority=Priority.COMMAND),
            self.ask(TWO, b"\xc0read", priority=Priority.READ),
        ]
        self.assertEqual(self.sent(), [(1, b"\xc0first")])
        self.say(b"\xc4first")
        self.assertEqual(self.successResultOf(first), b"\xc4first")
        self.assertEqual(self.sent(), [(1, b"\xc0command")])
        self.say(b"\xc4command")
        self.assertEqual(self.sent(), [(2, b"\xc0read")])
        self.say(b"\xc4read", source=2)
        self.assertEqual(self.sent(), [(2, b"\xc0poll")])
        self.say(b"\xc4poll", source=2)
        answers = [self.successResultOf(each) for each in others]
        self.assertEqual(answers, [b"\xc4poll", b"\xc4command", b"\xc4read"])

    def test_an_answer_in_pieces_has_time_but_not_for_ever(self) -> None:
        frame = encode_wpdu(1, 16, bytes(100))
        asked = self.ask(timeout=5)
        for at in range(8):
            self.clock.advance(4)
            self.line.data_received(frame[at : at + 1])
        self.assertNoResult(asked)
        self.clock.advance(4)
        self.failureResultOf(asked, NoReply)
        self.assertEqual(self.line.counters.timeouts, 1)

    def test_the_answer_of_another_meter_is_for_nobody(self) -> None:
        asked = self.ask()
        self.line.conversation(TWO)
        self.say(b"\xc4late", source=2)
        self.say(b"\xc4stranger", source=3)
        self.assertNoResult(asked)
        self.assertEqual(
            self.line.counters.discarded, {"frame not expected in this state": 1, "other address": 1}
        )
        self.say(b"\xc4mine")
        self.assertEqual(self.successResultOf(asked), b"\xc4mine")

    def test_a_conversation_that_was_closed_goes_on(self) -> None:
        conversation: Any = self.line.conversation(ONE)
        other = self.ask(TWO)
        self.successResultOf(Deferred.fromCoroutine(conversation.close()))
        self.say(b"\xc4other", source=2)
        self.assertEqual(self.successResultOf(other), b"\xc4other")
        self.successResultOf(Deferred.fromCoroutine(conversation.close()))
        asked = exchange(conversation, GET_SERIAL)
        self.say(b"\xc4mine")
        self.assertEqual(self.successResultOf(asked), b"\xc4mine")

    def test_half_a_frame_outlives_the_conversation(self) -> None:
        conversation: Any = self.line.conversation(ONE)
        frame = encode_wpdu(1, 16, NOTIFICATION)
        self.line.data_received(frame[:9])
        self.successResultOf(Deferred.fromCoroutine(conversation.close()))
        self.line.data_received(frame[9:])
        self.assertEqual([each.pdu for each in self.pushes], [NOTIFICATION])

    def test_an_answer_that_was_not_the_one_is_waited_beyond(self) -> None:
        asked = self.ask()
        self.say(b"\xc4late")
        self.assertEqual(self.successResultOf(asked), b"\xc4late")
        self.sent()
        more = self.ask(pdu=None)
        self.assertEqual(self.sent(), [])
        self.say(b"\xc4right")
        self.assertEqual(self.successResultOf(more), b"\xc4right")

    def test_pushes_are_told_apart(self) -> None:
        asked = self.ask()
        self.say(NOTIFICATION)
        self.say(b"\xdb\x08HEX12345\x00", destination=102)
        self.assertNoResult(asked)
        self.say(b"\xc4mine")
        self.say(b"\xdb\x08HEX12345\x00")
        self.assertEqual(
            self.pushes,
            [
                Push(NOTIFICATION, MeterAddress(16, 1)),
                Push(b"\xdb\x08HEX12345\x00", MeterAddress(102, 1)),
                Push(b"\xdb\x08HEX12345\x00", MeterAddress(16, 1)),
            ],
        )

    def test_a_ciphered_answer_is_no_push(self) -> None:
        asked = self.ask()
        self.say(b"\xdb\x08HEX12345\x00")
        self.assertEqual(self.successResultOf(asked)[:1], b"\xdb")
        self.assertEqual(self.pushes, [])

    def test_a_push_in_blocks_is_one(self) -> None:
        for block in BLOCKS:
            self.say(block)
        self.say(BLOCKS[1])  # of one that has no beginning
        self.assertEqual(self.pushes, [Push(NOTIFICATION, MeterAddress(16, 1))])
        self.assertEqual(sum(self.line.counters.discarded.values()), 1)

    def test_a_push_that_is_not_welcome_disturbs_nobody(self) -> None:
        self.line.on_push(lambda push: [][1])
        self.say(NOTIFICATION)
        self.assertEqual(len(self.flushLoggedErrors(IndexError)), 1)
        self.assertEqual(len(self.pushes), 1)

    def test_a_stream_out_of_step_ends_the_connection(self) -> None:
        asked = self.ask()
        self.line.data_received(b"HTTP/1.1 400 Bad Request\r\n")
        self.assertTrue(self.wire.disconnecting)
        self.lose()
        self.failureResultOf(asked, NoReply)

    def test_a_lost_connection(self) -> None:
        sent, waiting = self.ask(), self.ask(TWO)
        self.lose()
        self.assertIn("gone", str(self.failureResultOf(sent, NoReply).value))
        self.failureResultOf(waiting, LinkDown)
        self.failureResultOf(self.ask(), LinkDown)
        self.assertFalse(self.line.conversation(ONE).is_open)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_what_nobody_waits_for_any_more_is_not_sent(self) -> None:
        first, second = self.ask(), self.ask(TWO)
        second.addErrback(lambda _failure: None)
        second.cancel()
        self.sent()
        self.say(b"\xc4mine")
        self.successResultOf(first)
        self.assertEqual(self.sent(), [])

    def test_the_timer_is_made_once_for_many_exchanges(self) -> None:
        made: list[float] = []
        call_later = self.clock.callLater
        self.clock.callLater = lambda delay, *rest: made.append(delay) or call_later(delay, *rest)  # type: ignore[assignment, func-returns-value, misc]
        for _ in range(50):
            asked = self.ask(timeout=5)
            self.clock.advance(0.01)
            self.say(b"\xc4mine")
            self.successResultOf(asked)
        self.assertEqual(made, [5])
        quick = self.ask(timeout=1)
        self.clock.advance(1)
        self.failureResultOf(quick, NoReply)
        self.clock.advance(10)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_ports_that_cannot_be(self) -> None:
        for address in (MeterAddress(16, 70_000), MeterAddress(-1, 1)):
            with self.assertRaises(FrameError):
                self.line.conversation(address)

    def test_frames_are_recorded_with_their_time(self) -> None:
        self.ask()
        self.clock.advance(0.25)
        self.line.data_received(encode_wpdu(1, 16, b"\xc4\x01\xc1\x00\x00") * 2)
        frames = [(frame.at_ms, frame.sent, frame.octets[8:]) for frame in self.line.recorder]
        answer = (1_000_000_250, False, b"\xc4\x01\xc1\x00\x00")
        self.assertEqual(frames, [(1_000_000_000, True, GET_SERIAL), answer, answer])


class OnHDLC(LineCase):
    layer = Layer.HDLC

    def setUp(self) -> None:
        super().setUp()
        self.meters = {1: Meter(b"46000755036"), 2: Meter(b"46000777832", size=400)}
        self.bus = HDLCMeters({ServerAddress(1, number + 16): meter for number, meter in self.meters.items()})

    def address(self, number: int) -> MeterAddress:
        return MeterAddress(16, 1, number + 16)

    def run_bus(self) -> None:
        """Carry octets to and fro until nobody says anything more."""
        while octets := self.taken():
            answer = self.bus.receive(octets)
            if answer:
                self.line.data_received(answer)

    def open(self, number: int = 1) -> Any:
        conversation = self.line.conversation(self.address(number))
        opening = Deferred.fromCoroutine(conversation.open(timeout=5))  # type: ignore[arg-type]
        self.run_bus()
        self.successResultOf(opening)
        return conversation

    def echo(self, number: int) -> Meter:
        """Let a meter say the same to everything."""
        meter = self.meters[number]

        def answers(pdu: bytes) -> list[bytes]:
            meter.asked.append(pdu)
            return [b"\xc4hello"]

        self.patch(meter, "answers", answers)
        return meter

    def kinds(self) -> list[str]:
        found = FrameReader().feed(self.taken())
        return [frame.kind.name for frame in found if isinstance(frame, HDLCFrame)]

    def test_meters_on_a_bus_have_a_link_each(self) -> None:
        for number in (1, 2):
            self.assertTrue(self.open(number).is_open)
            self.echo(number)
        asked = [self.ask(self.address(number), b"\xc0hello") for number in (2, 1, 2)]
        self.run_bus()
        self.assertEqual([self.successResultOf(each) for each in asked], [b"\xc4hello"] * 3)
        self.assertEqual([len(self.meters[number].asked) for number in (1, 2)], [1, 2])
        self.assertEqual(self.line.counters.discarded, {})

    def test_a_link_that_is_not_open(self) -> None:
        self.failureResultOf(self.ask(self.address(1)), LinkDown)
        self.assertEqual(self.taken(), b"")

    def test_opening_is_asked_for_again_twice(self) -> None:
        conversation = self.line.conversation(self.address(1))
        opening = Deferred.fromCoroutine(conversation.open(timeout=5))  # type: ignore[arg-type]
        for _ in range(3):
            self.assertEqual(self.kinds(), ["SNRM"])
            self.assertNoResult(opening)
            self.clock.advance(5)
        self.failureResultOf(opening, NoReply)
        self.assertEqual(self.kinds(), [])
        self.assertTrue(self.open().is_open)

    def test_a_meter_that_refuses_a_link(self) -> None:
        opening = Deferred.fromCoroutine(self.line.conversation(self.address(1)).open(timeout=5))  # type: ignore[arg-type]
        self.line.data_received(encode_frame(b"\x21", b"\x02\x23", 0x1F))
        self.failureResultOf(opening, LinkRefused)

    def test_a_lost_answer_is_asked_for_and_the_request_is_not_repeated(self) -> None:
        conversation = self.open()
        self.bus.lose = lambda said: b"hello" in said
        echo = self.echo(1)
        asked = self.ask(self.address(1), b"\xc3switch")
        self.run_bus()
        self.bus.lose = lambda _said: False
        self.clock.advance(5)
        self.run_bus()
        self.assertEqual(self.successResultOf(asked), b"\xc4hello")
        self.assertEqual(echo.asked, [b"\xc3switch"])
        self.assertTrue(conversation.is_open)

    def test_a_lost_request_is_sent_again_once_the_meter_says_it_has_not_got_it(self) -> None:
        self.open()
        echo = self.echo(1)
        asked = self.ask(self.address(1), b"\xc3switch")
        self.assertEqual(self.kinds(), ["I"])  # and it is lost on the way
        self.clock.advance(5)
        self.run_bus()
        self.assertEqual((self.successResultOf(asked), echo.asked), (b"\xc4hello", [b"\xc3switch"]))

    def test_silence_ends_the_link(self) -> None:
        conversation = self.open()
        asked = self.ask(self.address(1))
        self.assertEqual(self.kinds(), ["I"])
        for _ in range(2):
            self.clock.advance(5)
            self.assertEqual(self.kinds(), ["RR"])
        self.clock.advance(5)
        self.failureResultOf(asked, NoReply)
        self.assertFalse(conversation.is_open)
        self.line.data_received(encode_frame(b"\x21", b"\x02\x23", 0x30, b"\xe6\xe7\x00\xc4late"))
        self.assertEqual(
            (self.pushes, self.line.counters.discarded), ([], {"frame not expected in this state": 1})
        )

    def test_a_meter_that_lost_the_link(self) -> None:
        conversation = self.open()
        asked = self.ask(self.address(1))
        self.line.data_received(encode_frame(b"\x21", b"\x02\x23", 0x1F))
        self.failureResultOf(asked, NoReply)
        self.assertFalse(conversation.is_open)

    def test_a_link_is_closed_in_good_order_and_opened_again(self) -> None:
        conversation = self.open()
        closing = Deferred.fromCoroutine(conversation.close())
        self.run_bus()
        self.successResultOf(closing)
        self.assertFalse(conversation.is_open)
        self.assertTrue(self.open().is_open)
        deaf = Deferred.fromCoroutine(conversation.close())
        self.clock.advance(2)
        self.successResultOf(deaf)
        self.assertEqual(self.kinds(), ["DISC"])

    def test_pushes_need_no_link(self) -> None:
        for octets in (
            push(16, NOTIFICATION),
            encode_frame(b"\x21", b"\x03", 0x10, b"\xe6\xe7\x00" + NOTIFICATION),
            encode_frame(b"\x21", b"\x03", 0x13, b"\xe6\xe7\x00" + NOTIFICATION[:4], segmented=True)
            + encode_frame(b"\x21", b"\x03", 0x13, NOTIFICATION[4:]),
        ):
            self.line.data_received(octets)
        self.assertEqual(self.pushes, [Push(NOTIFICATION, MeterAddress(16, 1, None, 1))] * 3)

    def test_a_push_within_the_link_gives_the_turn_back(self) -> None:
        self.open()
        asked = self.ask(self.address(1))
        self.assertEqual(self.kinds(), ["I"])
        self.line.data_received(encode_frame(b"\x21", b"\x02\x23", 0x30, b"\xe6\xe7\x00" + NOTIFICATION))
        self.assertEqual((len(self.pushes), self.kinds()), (1, ["RR"]))
        self.line.data_received(encode_frame(b"\x21", b"\x02\x23", 0x32, b"\xe6\xe7\x00\xc4mine"))
        self.assertEqual(self.successResultOf(asked), b"\xc4mine")

    def test_noise_and_our_own_echo_are_no_answers(self) -> None:
        self.open()
        asked = self.ask(self.address(1))
        self.line.data_received(b"\x00\xff\x55" + self.taken())
        self.assertNoResult(asked)
        self.line.data_received(encode_frame(b"\x21", b"\x02\x23", 0x30, b"\xe6\xe7\x00\xc4mine"))
        self.assertEqual(self.successResultOf(asked), b"\xc4mine")
        self.assertEqual(sum(self.line.counters.discarded.values()), 2)

    def test_addresses_that_cannot_be(self) -> None:
        for address in (MeterAddress(200, 1), MeterAddress(16, 1 << 28), MeterAddress(16, 1, 1, 3)):
            with self.assertRaises(FrameError):
                self.line.conversation(address)
