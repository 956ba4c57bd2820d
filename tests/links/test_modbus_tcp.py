from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from hesd.links.modbus_link import Priority
from hesd.links.modbus_tcp import ModbusTCP
from hesd.modbus.errors import BadReply, MeterException
from hesd.modbus.mbap import MBAPFrame, MBAPReader, encode_frame
from hesd.modbus.pdu import ReadRegisters
from hesd.model.errors import LinkDown, NoReply

ASKED = ReadRegisters(3, 3000, 2)


@implementer(ITCPTransport)
class Wire(StringTransport):
    """Remembers how often it was written to, and whether it was given up."""

    writes = 0
    aborted = False

    def write(self, data: bytes) -> None:
        self.writes += 1
        super().write(data)

    def abortConnection(self) -> None:
        self.aborted = True


class ConnectionCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1000)
        self.link = ModbusTCP("feeder-7", self.clock, in_flight=4)
        self.wire = Wire()
        self.link.connection_made(self.wire)

    def ask(
        self,
        unit: int = 1,
        request: ReadRegisters = ASKED,
        timeout: float = 0.5,
        priority: Priority = Priority.POLL,
    ) -> Deferred[bytes]:
        return Deferred.fromCoroutine(
            self.link.exchange(unit, request, timeout=timeout, priority=priority)  # type: ignore[arg-type]
        )

    def sent(self) -> list[MBAPFrame]:
        frames = MBAPReader().feed(self.wire.value())
        self.wire.clear()
        return frames

    def answer(self, frame: MBAPFrame, data: bytes = b"abcd", **changed: Any) -> None:
        self.hear(frame._replace(pdu=ASKED.encode_reply(data))._replace(**changed))

    def hear(self, *frames: MBAPFrame) -> None:
        self.link.data_received(b"".join(encode_frame(*frame) for frame in frames))


class Transactions(ConnectionCase):
    def test_one_request(self) -> None:
        asked = self.ask(7)
        (frame,) = self.sent()
        self.assertEqual((frame.unit, frame.pdu), (7, ASKED.encode()))
        self.answer(frame)
        self.assertEqual(self.successResultOf(asked), b"abcd")

    def test_replies_may_come_in_any_order_and_in_any_pieces(self) -> None:
        asked = [self.ask(unit) for unit in (1, 2, 3)]
        frames = self.sent()
        stream = b"".join(
            encode_frame(f.transaction, f.unit, ASKED.encode_reply(bytes([f.unit] * 4))) for f in frames[::-1]
        )
        for index in range(len(stream)):
            self.link.data_received(stream[index : index + 1])
        self.assertEqual([self.successResultOf(d) for d in asked], [bytes([unit] * 4) for unit in (1, 2, 3)])

    def test_no_more_than_the_other_side_takes(self) -> None:
        for unit in range(1, 8):
            self.ask(unit)
        frames = self.sent()
        self.assertEqual([frame.unit for frame in frames], [1, 2, 3, 4])
        self.answer(frames[2])
        self.assertEqual([frame.unit for frame in self.sent()], [5])
        self.link.in_flight = 5
        self.ask(8)
        self.assertEqual([frame.unit for frame in self.sent()], [6])

    def test_who_is_in_a_hurry_overtakes_what_waits(self) -> None:
        for unit in range(1, 7):
            self.ask(unit)
        self.ask(9, priority=Priority.READ)
        frames = self.sent()
        self.hear(*(frame._replace(pdu=ASKED.encode_reply(b"abcd")) for frame in frames))
        self.assertEqual([frame.unit for frame in self.sent()], [9, 5, 6])

    def test_what_replies_lead_to_leaves_in_one_piece(self) -> None:
        async def poll(unit: int) -> None:
            for _ in range(3):
                await self.link.exchange(unit, ASKED, timeout=1)

        polls = [Deferred.fromCoroutine(poll(unit)) for unit in (1, 2, 3, 4)]
        frames = self.sent()
        for _ in range(2):
            self.wire.writes = 0
            self.hear(*(frame._replace(pdu=ASKED.encode_reply(b"abcd")) for frame in frames))
            frames = self.sent()
            self.assertEqual((len(frames), self.wire.writes), (4, 1))
        self.hear(*(frame._replace(pdu=ASKED.encode_reply(b"abcd")) for frame in frames))
        for done in polls:
            self.assertIsNone(self.successResultOf(done))

    def test_transaction_ids_go_round_and_leave_out_what_is_in_use(self) -> None:
        stuck = self.ask(9, timeout=1e6)
        (held,) = self.sent()
        ids = set()
        for _ in range(0x10000 + 10):
            self.ask()
            (frame,) = self.sent()
            ids.add(frame.transaction)
            self.answer(frame)
        self.assertNotIn(held.transaction, ids)
        self.assertEqual(len(ids), 0xFFFF)
        self.assertNoResult(stuck)
        self.answer(held)
        self.assertEqual(self.successResultOf(stuck), b"abcd")

    def test_what_is_no_longer_wanted_is_not_sent(self) -> None:
        waiting = [self.ask(unit) for unit in range(1, 7)]
        waiting[4].cancel()
        self.failureResultOf(waiting[4], CancelledError)
        waiting[0].cancel()
        self.failureResultOf(waiting[0], CancelledError)
        frames = self.sent()
        self.answer(frames[0])
        self.assertEqual([frame.unit for frame in self.sent()], [6])


class Refusals(ConnectionCase):
    def test_a_reply_counts_only_if_everything_fits(self) -> None:
        asked = self.ask(7)
        (frame,) = self.sent()
        self.answer(frame, transaction=frame.transaction + 1)
        self.answer(frame, unit=8)
        self.answer(frame, pdu=ReadRegisters(4, 0, 2).encode_reply(b"wxyz"))
        self.assertNoResult(asked)
        self.assertEqual(self.link.counters.discarded, {"late": 1, "wrong_unit": 1, "wrong_function": 1})
        self.answer(frame)
        self.assertEqual(self.successResultOf(asked), b"abcd")

    def test_a_reply_of_another_size_is_refused(self) -> None:
        for data, reason in ((b"ab", "short"), (b"abcdef", "long")):
            asked = self.ask()
            self.answer(self.sent()[0], data)
            self.failureResultOf(asked, BadReply)
            self.assertEqual(self.link.counters.discarded[reason], 1)

    def test_an_exception(self) -> None:
        asked = self.ask()
        self.answer(self.sent()[0], pdu=b"\x83\x0b")
        self.assertEqual(self.failureResultOf(asked, MeterException).value.code, 11)
        self.assertEqual(self.link.counters.exceptions, 1)

    def test_garbage_gives_the_connection_up(self) -> None:
        first, second = self.ask(1), self.ask(2)
        frames = self.sent()
        self.link.data_received(
            encode_frame(frames[0].transaction, 1, ASKED.encode_reply(b"abcd")) + b"HTTP/1.1 400 Bad"
        )
        self.assertEqual(self.successResultOf(first), b"abcd")
        self.link.data_received(b"\r\n")
        self.assertTrue(self.wire.aborted)
        self.link.connection_lost(Failure(ConnectionLost()))
        self.failureResultOf(second, NoReply)
        self.assertEqual(self.link.counters.discarded, {"noise": 1})
        self.link.connection_made(Wire())
        self.assertTrue(self.link.up)


class TimeOuts(ConnectionCase):
    def test_each_request_has_its_own(self) -> None:
        patient = self.ask(1, timeout=1.0)
        hasty = self.ask(2, timeout=0.2)
        usual = self.ask(3, timeout=0.5)
        for until, failing, remaining in (
            (0.2, hasty, [patient, usual]),
            (0.5, usual, [patient]),
            (1.0, patient, []),
        ):
            self.clock.advance(1000 + until - 1e-6 - self.clock.seconds())
            self.assertNoResult(failing)
            self.clock.advance(2e-6)
            self.failureResultOf(failing, NoReply)
            for other in remaining:
                self.assertNoResult(other)
        self.assertEqual(self.link.counters.timeouts, 3)

    def test_one_timer_for_all(self) -> None:
        for unit in (1, 2, 3, 4):
            self.ask(unit)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)

    def test_a_late_reply_is_counted_and_its_id_spared_until_then(self) -> None:
        asked = self.ask(timeout=0.2)
        (old,) = self.sent()
        self.clock.advance(0.3)
        self.failureResultOf(asked, NoReply)
        asked = self.ask()
        (new,) = self.sent()
        self.answer(old, b"old!")
        self.assertNoResult(asked)
        self.assertEqual(self.link.counters.discarded, {"late": 1})
        self.answer(new, b"new!")
        self.assertEqual(self.successResultOf(asked), b"new!")

    def test_what_waits_is_sent_in_place_of_what_was_given_up(self) -> None:
        for unit in range(1, 6):
            self.ask(unit, timeout=0.2).addErrback(lambda failure: failure.trap(NoReply))
        self.sent()
        self.clock.advance(0.2)
        self.assertEqual([frame.unit for frame in self.sent()], [5])

    def test_ten_thousand_time_outs_cost_no_memory_and_no_ids(self) -> None:
        for _ in range(10_000):
            self.ask(timeout=0.01).addErrback(lambda failure: failure.trap(NoReply))
            self.clock.advance(0.02)
        self.assertEqual(self.link.counters.timeouts, 10_000)
        self.sent()
        asked = self.ask()
        self.answer(self.sent()[0])
        self.assertEqual(self.successResultOf(asked), b"abcd")


class UpAndDown(ConnectionCase):
    def test_what_was_sent_may_have_been_done_what_waited_was_not(self) -> None:
        asked = [self.ask(unit) for unit in range(1, 7)]
        self.link.connection_lost(Failure(ConnectionLost()))
        for sent in asked[:4]:
            self.failureResultOf(sent, NoReply)
        for waiting in (*asked[4:], self.ask()):
            self.failureResultOf(waiting, LinkDown)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_new_connection_starts_afresh(self) -> None:
        self.ask().addErrback(lambda failure: failure.trap(NoReply))
        (frame,) = self.sent()
        self.link.data_received(encode_frame(frame.transaction, 1, ASKED.encode_reply(b"abcd"))[:5])
        self.link.connection_lost(Failure(ConnectionLost()))
        self.link.connection_made(self.wire)
        asked = self.ask()
        self.answer(self.sent()[-1])
        self.assertEqual(self.successResultOf(asked), b"abcd")
        self.assertEqual(self.link.counters.reconnects, 1)

    def test_round_trips_are_measured(self) -> None:
        for _ in range(200):
            self.ask()
            self.clock.advance(0.1)
            self.answer(self.sent()[0])
        self.assertAlmostEqual(self.link.timing.round_trip, 0.1, places=4)
        self.assertAlmostEqual(self.link.counters.busy_seconds, 20.0)
