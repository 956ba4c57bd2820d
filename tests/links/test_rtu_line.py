"""The rules of an RTU line, to the microsecond, on a clock that stands until it is moved."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import LogLevel, capturedLogs
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from hesd.links.modbus_link import Priority
from hesd.links.rtu_line import RTULine
from hesd.modbus.errors import BadRequest, MeterException
from hesd.modbus.pdu import AnyRequest, ReadRegisters, WriteRegister
from hesd.modbus.read_plan import BusTiming
from hesd.modbus.rtu import encode_frame
from hesd.model.errors import LinkDown, NoReply

TIMING = BusTiming(9600)
CHARACTER, SILENCE = TIMING.character, TIMING.silence
DRAIN = 0.03
JUST = 1e-6  # a moment before or after
VOLTAGES, CURRENTS = ReadRegisters(3, 3028, 6), ReadRegisters(3, 3000, 6)


def value(number: int) -> bytes:
    return bytes([number]) * 12


def reply(unit: int, data: bytes, function: int = 3) -> bytes:
    return encode_frame(unit, bytes((function, len(data))) + data)


class LineCase(SynchronousTestCase):
    echo = False

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1000)
        self.line = RTULine("bus-1", TIMING, self.clock, echo=self.echo)
        self.wire = StringTransport()
        self.line.connection_made(self.wire)
        self.clock.advance(1)

    def ask(
        self,
        unit: int,
        request: AnyRequest = CURRENTS,
        timeout: float = 0.5,
        priority: Priority = Priority.POLL,
    ) -> Deferred[Any]:
        return Deferred.fromCoroutine(
            self.line.exchange(unit, request, timeout=timeout, priority=priority)  # type: ignore[arg-type]
        )

    def sent(self) -> list[tuple[int, int]]:
        """Unit and address of the requests since the last look."""
        frames, data = [], self.wire.value()
        self.wire.clear()
        while data:
            frames.append((data[0], int.from_bytes(data[2:4])))
            data = data[8:]
        return frames

    def hear(self, data: bytes) -> None:
        self.line.data_received(data)


class Silences(LineCase):
    def test_the_first_request_goes_at_once(self) -> None:
        self.ask(1)
        self.assertEqual(self.sent(), [(1, 3000)])

    def test_a_fresh_connection_is_listened_to_first(self) -> None:
        self.line.connection_lost(Failure(ConnectionLost()))
        self.line.connection_made(self.wire)
        self.ask(1)
        self.clock.advance(DRAIN - JUST)
        self.assertEqual(self.sent(), [])
        self.clock.advance(2 * JUST)
        self.assertEqual(self.sent(), [(1, 3000)])

    def test_three_and_a_half_characters_after_the_last_byte(self) -> None:
        first, second = self.ask(1), self.ask(2)
        self.sent()
        self.clock.advance(0.1)
        frame = reply(1, value(1))
        self.hear(frame[:10])
        self.clock.advance(0.01)
        self.hear(frame[10:])
        self.assertEqual(self.successResultOf(first), value(1))
        self.clock.advance(SILENCE - JUST)
        self.assertEqual(self.sent(), [])
        self.clock.advance(2 * JUST)
        self.assertEqual(self.sent(), [(2, 3000)])
        self.assertNoResult(second)

    def test_a_stray_byte_in_the_silence_starts_it_again(self) -> None:
        self.ask(1)
        self.ask(2)
        self.clock.advance(0.1)
        self.hear(reply(1, value(1)))
        self.sent()
        self.clock.advance(SILENCE / 2)
        self.hear(b"\0")
        self.clock.advance(SILENCE - JUST)
        self.assertEqual(self.sent(), [])
        self.clock.advance(2 * JUST)
        self.assertEqual(self.sent(), [(2, 3000)])

    def test_our_own_characters_take_their_time(self) -> None:
        self.ask(1)
        self.ask(2)
        self.sent()
        self.hear(reply(1, value(1)))  # sooner than any wire could bring it
        self.clock.advance(8 * CHARACTER + SILENCE - JUST)
        self.assertEqual(self.sent(), [])
        self.clock.advance(2 * JUST)
        self.assertEqual(self.sent(), [(2, 3000)])

    def test_a_broadcast_is_given_time_to_work(self) -> None:
        told, asked = self.ask(0, WriteRegister(1, 2)), self.ask(1)
        self.assertEqual(self.sent(), [(0, 1)])
        self.clock.advance(8 * CHARACTER + 0.15 - JUST)
        self.assertNoResult(told)
        self.clock.advance(2 * JUST)
        self.assertIsNone(self.successResultOf(told))
        self.clock.advance(SILENCE)
        self.assertEqual(self.sent(), [(1, 3000)])
        self.assertNoResult(asked)

    def test_nobody_can_be_read_by_broadcast(self) -> None:
        self.failureResultOf(self.ask(0), BadRequest)
        self.assertEqual(self.sent(), [])

    def test_on_a_line_that_babbles_requests_fail_instead_of_waiting_for_ever(self) -> None:
        self.hear(b"\xff")
        asked = self.ask(1)
        for _ in range(400):
            self.clock.advance(0.003)
            self.hear(b"\xff")
        self.assertEqual(self.sent(), [(1, 3000)])
        for _ in range(400):
            self.clock.advance(0.003)
            self.hear(b"\xff")
        self.failureResultOf(asked, NoReply)

    def test_noise_long_ago_gives_no_right_to_interrupt(self) -> None:
        self.hear(b"\xff")
        self.clock.advance(60)
        self.hear(b"\xff")
        self.ask(1)
        self.assertEqual(self.sent(), [])
        self.clock.advance(DRAIN + JUST)
        self.assertEqual(self.sent(), [(1, 3000)])


class TimeOuts(LineCase):
    def test_characters_on_the_wire_do_not_count(self) -> None:
        request = ReadRegisters(3, 0, 125)
        asked = self.ask(1, request, timeout=0.2)
        self.clock.advance(8 * CHARACTER + 0.2 + 255 * CHARACTER - JUST)
        self.assertNoResult(asked)
        self.hear(reply(1, bytes(250)))
        self.assertEqual(self.successResultOf(asked), bytes(250))

    def test_a_silent_meter(self) -> None:
        asked, other = self.ask(1, timeout=0.2), self.ask(2)
        self.sent()
        self.clock.advance(8 * CHARACTER + 0.2 + 17 * CHARACTER + JUST)
        failure = self.failureResultOf(asked, NoReply)
        self.assertIn("unit 1", str(failure.value))
        self.assertEqual(self.line.counters.timeouts, 1)
        self.assertEqual(self.sent(), [(2, 3000)])  # the line has been silent all the while
        self.assertNoResult(other)

    def test_after_a_reply_that_broke_off_the_line_is_drained(self) -> None:
        asked = self.ask(1, timeout=0.2)
        self.ask(2)
        self.sent()
        self.clock.advance(0.22)
        self.hear(reply(1, value(1))[:5])
        self.clock.advance(0.01)
        self.failureResultOf(asked, NoReply)
        self.assertEqual(self.line.counters.discarded, {"short": 1})
        self.clock.advance(0.01)
        self.hear(reply(1, value(1))[5:10])  # still talking
        self.clock.advance(DRAIN - JUST)
        self.assertEqual(self.sent(), [])
        self.clock.advance(2 * JUST)
        self.assertEqual(self.sent(), [(2, 3000)])

    def test_a_damaged_reply_costs_no_time_out(self) -> None:
        asked = self.ask(1, timeout=5)
        self.clock.advance(0.05)
        self.hear(reply(1, value(1))[:-1] + b"\0")
        self.clock.advance(DRAIN + JUST)
        self.assertIn("damaged", str(self.failureResultOf(asked, NoReply).value))
        self.assertEqual(self.line.counters.discarded, {"crc": 1})

    def test_noise_around_a_reply_costs_nothing(self) -> None:
        asked = self.ask(7)
        self.clock.advance(0.05)
        self.hear(b"\x00\xff" + reply(7, value(1)) + b"\xfe")
        self.assertEqual(self.successResultOf(asked), value(1))
        self.ask(8)
        self.clock.advance(1)
        self.assertEqual(self.line.counters.discarded, {"noise": 2})

    def test_a_reply_behind_a_false_start_is_found_when_the_time_is_out(self) -> None:
        asked = self.ask(7, timeout=0.2)
        self.hear(bytes.fromhex("0903fa") + reply(7, value(1)))
        self.assertNoResult(asked)
        self.clock.advance(1)
        self.assertEqual(self.successResultOf(asked), value(1))
        self.assertEqual(self.line.counters.timeouts, 0)


class LateReplies(LineCase):
    def fall_silent(self, unit: int, request: AnyRequest) -> None:
        asked = self.ask(unit, request, timeout=0.2)
        self.clock.advance(0.25)
        self.failureResultOf(asked, NoReply)
        self.sent()

    def test_a_late_reply_is_never_taken_for_the_next(self) -> None:
        self.fall_silent(1, CURRENTS)
        asked = self.ask(1, VOLTAGES)
        self.clock.advance(0.1)
        self.assertEqual(self.sent(), [])
        self.hear(reply(1, value(1)))
        self.assertEqual(self.line.counters.discarded, {"late": 1})
        self.clock.advance(DRAIN + JUST)
        self.assertEqual(self.sent(), [(1, 3028)])  # it has come, so the line is safe again
        self.clock.advance(0.1)
        self.hear(reply(1, value(2)))
        self.assertEqual(self.successResultOf(asked), value(2))

    def test_a_reply_that_never_comes_is_waited_for_within_reason(self) -> None:
        self.fall_silent(1, CURRENTS)
        self.ask(1, VOLTAGES)
        self.clock.advance(0.99)
        self.assertEqual(self.sent(), [])
        self.clock.advance(0.02)
        self.assertEqual(self.sent(), [(1, 3028)])

    def test_others_need_not_wait_for_it(self) -> None:
        self.fall_silent(1, CURRENTS)
        self.ask(1, VOLTAGES)
        other = self.ask(2)
        same_meter = self.ask(1, ReadRegisters(4, 0, 6))
        self.assertEqual(self.sent(), [(2, 3000)])
        self.clock.advance(0.05)
        self.hear(reply(1, value(9)))  # speaks while it is unit 2's turn
        self.assertEqual(self.line.counters.discarded, {"wrong_unit": 1})
        self.assertNoResult(other)
        self.hear(reply(2, value(2)))
        self.assertEqual(self.successResultOf(other), value(2))
        self.clock.advance(SILENCE + JUST)
        self.assertEqual(self.sent(), [(1, 3028)])
        self.assertNoResult(same_meter)

    def test_what_comes_after_the_connection_broke_is_late_too(self) -> None:
        asked = self.ask(1, CURRENTS)
        self.line.connection_lost(Failure(ConnectionLost()))
        self.failureResultOf(asked, NoReply)
        self.line.connection_made(self.wire)
        self.sent()
        self.ask(1, VOLTAGES)
        self.clock.advance(0.5)
        self.hear(reply(1, value(1)))
        self.assertEqual(self.line.counters.discarded, {"late": 1})
        self.assertEqual(self.sent(), [])


class Order(LineCase):
    def serve(self, count: int) -> list[tuple[int, int]]:
        order = []
        for _ in range(count):
            self.clock.advance(0.05)
            for unit, address in self.sent():
                order.append((unit, address))
                self.clock.advance(0.05)
                self.hear(reply(unit, value(unit)))
        return order

    def test_one_conversation_at_a_time(self) -> None:
        for unit in (1, 2, 3):
            self.ask(unit)
        self.clock.advance(0.3)
        self.assertEqual(self.sent(), [(1, 3000)])

    def test_who_is_in_a_hurry_overtakes(self) -> None:
        self.ask(1)
        self.ask(2)
        self.ask(3, priority=Priority.PROBE)
        self.ask(4)
        self.ask(5, priority=Priority.READ)
        self.ask(6, priority=Priority.COMMAND)
        self.assertEqual([unit for unit, _ in self.serve(6)], [1, 6, 5, 2, 4, 3])

    def test_even_in_the_silence_before_the_next_request(self) -> None:
        self.ask(1)
        self.ask(2)
        self.sent()
        self.clock.advance(0.05)
        self.hear(reply(1, value(1)))
        self.clock.advance(SILENCE / 2)
        self.ask(3, priority=Priority.READ)
        self.clock.advance(SILENCE)
        self.assertEqual(self.sent(), [(3, 3000)])

    def test_what_is_no_longer_wanted_is_not_sent(self) -> None:
        self.ask(1)
        unwanted = self.ask(2)
        self.ask(3)
        unwanted.cancel()
        self.failureResultOf(unwanted, CancelledError)
        self.assertEqual([unit for unit, _ in self.serve(3)], [1, 3])

    def test_what_is_on_the_wire_is_waited_for_even_so(self) -> None:
        unwanted = self.ask(1)
        self.sent()
        unwanted.cancel()
        self.failureResultOf(unwanted, CancelledError)
        self.ask(2)
        self.clock.advance(0.2)
        self.assertEqual(self.sent(), [])
        self.hear(reply(1, value(1)))
        self.clock.advance(SILENCE + JUST)
        self.assertEqual(self.sent(), [(2, 3000)])
        self.assertEqual(self.line.counters.replies, 1)


class UpAndDown(LineCase):
    def test_what_was_sent_may_have_been_done_what_waited_was_not(self) -> None:
        sent, waiting = self.ask(1), self.ask(2)
        self.line.connection_lost(Failure(ConnectionLost("pulled")))
        self.assertFalse(self.line.up)
        self.failureResultOf(sent, NoReply)
        self.failureResultOf(waiting, LinkDown)
        self.assertIn("pulled", str(self.failureResultOf(self.ask(3), LinkDown).value))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_it_says_when_it_is_up_again(self) -> None:
        ups: list[bool] = []
        self.line.on_up(lambda: ups.append(self.line.up))
        self.line.connection_lost(Failure(ConnectionLost()))
        self.line.connection_made(self.wire)
        self.assertEqual((ups, self.line.counters.reconnects), ([True], 1))

    def test_who_cannot_bear_it_does_no_harm(self) -> None:
        ups: list[int] = []
        self.line.on_up(lambda: ups.append(1 // 0))
        self.line.on_up(lambda: ups.append(1))
        self.line.connection_lost(Failure(ConnectionLost()))
        self.line.connection_made(self.wire)
        self.assertEqual(ups, [1])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_why_it_cannot_be_opened_is_said_once(self) -> None:
        self.line.connection_lost(Failure(ConnectionLost()))
        with capturedLogs() as events:
            for _ in range(3):
                self.line.connection_failed(Failure(OSError(13, "Permission denied")))
        self.assertEqual(len([e for e in events if e["log_level"] == LogLevel.warn]), 1)
        self.assertIn("Permission denied", str(self.failureResultOf(self.ask(1), LinkDown).value))


class Counting(LineCase):
    def test_everything(self) -> None:
        first = self.ask(1)
        self.clock.advance(0.05)
        self.hear(encode_frame(1, b"\x83\x02"))
        self.assertEqual(self.failureResultOf(first, MeterException).value.code, 2)
        counters = self.line.counters
        self.assertEqual((counters.requests, counters.replies, counters.exceptions), (1, 1, 1))
        self.assertEqual((counters.bytes_out, counters.bytes_in, counters.timeouts), (8, 5, 0))
        self.assertAlmostEqual(counters.busy_seconds, 0.05 + SILENCE)

    def test_what_is_discarded_is_explained(self) -> None:
        self.ask(1)
        with capturedLogs() as events:
            self.hear(reply(2, value(1)))
        (event,) = events
        self.assertEqual(event["log_level"], LogLevel.debug)
        self.assertEqual((event["reason"], event["data"][:8]), ("wrong_unit", "02 03 0c"))


class Echo(LineCase):
    echo = True

    def test_what_we_hear_ourselves_say_is_no_reply(self) -> None:
        asked = self.ask(1, WriteRegister(5, 6))
        frame = encode_frame(1, WriteRegister(5, 6).encode())
        self.clock.advance(0.01)
        self.hear(frame)
        self.assertNoResult(asked)
        self.clock.advance(0.05)
        self.hear(frame)
        self.assertIsNone(self.successResultOf(asked))
        self.assertEqual(self.line.counters.discarded, {})
