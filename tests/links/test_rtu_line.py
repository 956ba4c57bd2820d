"""The rules of an RTU line, to the microsecond."""

from __future__ import annotations

from twisted.internet.defer import CancelledError
from twisted.internet.error import ConnectionLost
from twisted.logger import LogLevel, capturedLogs
from twisted.python.failure import Failure

from hesd.links.modbus_link import Priority
from hesd.modbus.errors import BadRequest, MeterException
from hesd.modbus.pdu import WriteRegister
from hesd.modbus.rtu import encode_frame
from hesd.model.errors import LinkDown, NoReply
from tests.links.line_case import CHARACTER, DRAIN, JUST, SILENCE, LineCase, reply, value


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

    def test_how_long_a_meter_thinks_is_what_is_neither_its_characters_nor_ours(self) -> None:
        self.assertIsNone(self.line.turnaround(1))
        answer = reply(1, value(1))
        for thought in (0.02, 0.02, 0.04):
            self.ask(1)
            self.clock.advance((8 + len(answer)) * CHARACTER + thought)
            self.hear(answer)
            self.clock.advance(SILENCE + JUST)
        seen = self.line.turnaround(1)
        assert seen is not None
        self.assertAlmostEqual(seen, 0.0225, places=4)  # one that is slow once changes little

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
