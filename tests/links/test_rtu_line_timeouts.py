"""Meters that are silent, late, spoilt or heard twice."""

from __future__ import annotations

from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from hesd.modbus.pdu import AnyRequest, ReadRegisters, WriteRegister
from hesd.modbus.rtu import encode_frame
from hesd.model.errors import NoReply
from tests.links.line_case import CHARACTER, CURRENTS, DRAIN, JUST, SILENCE, VOLTAGES, LineCase, reply, value


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

    def test_who_has_begun_to_answer_may_finish(self) -> None:
        asked = self.ask(1, timeout=0.2)
        frame = reply(1, value(1))
        self.clock.advance(0.22)
        self.hear(frame[:8])
        self.clock.advance(0.02)
        self.hear(frame[8:])
        self.assertEqual(self.successResultOf(asked), value(1))

    def test_but_not_for_ever(self) -> None:
        asked = self.ask(1, ReadRegisters(3, 0, 125), timeout=0.2)
        self.clock.advance(0.4)
        for byte in reply(1, bytes(250)):
            if self.line.counters.timeouts:
                break
            self.hear(bytes((byte,)))
            self.clock.advance(0.01)
        self.failureResultOf(asked, NoReply)

    def test_after_a_reply_that_broke_off_the_line_is_drained(self) -> None:
        asked = self.ask(1, timeout=0.2)
        self.ask(2)
        self.sent()
        self.clock.advance(0.22)
        self.hear(reply(1, value(1))[:5])
        self.clock.advance(DRAIN + JUST)
        self.failureResultOf(asked, NoReply)
        self.assertEqual(self.line.counters.discarded, {"short": 1})
        self.assertEqual(self.sent(), [(2, 3000)])

    def test_a_line_that_talks_on_is_waited_for(self) -> None:
        asked = self.ask(1, timeout=0.2)
        self.ask(2)
        self.sent()
        self.clock.advance(0.22)
        self.hear(b"\xff")
        self.clock.advance(0.01)
        self.failureResultOf(asked, NoReply)
        self.hear(b"\xff")
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
