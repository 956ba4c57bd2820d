"""The wire keeps its time to the character, by a clock that only moves when it is told."""

from __future__ import annotations

from random import Random

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from hesd.modbus.pdu import ReadRegisters
from hesd.modbus.rtu import encode_frame, is_intact
from hesd.sim.bus import RTUBus
from hesd.sim.faults import FaultKind, Faults
from hesd.sim.plant import Bus

CHARACTER = 11 / 9600
SILENCE = 3.5 * CHARACTER
TURNAROUND = 0.010
REQUEST = encode_frame(1, ReadRegisters(3, 0, 2).encode())
REPLY = encode_frame(1, b"\x03\x04ABCD")


class Meter:
    """Answers everything with the same four bytes."""

    def __init__(self, turnaround: float = TURNAROUND) -> None:
        self.turnaround = turnaround
        self.faults: Faults = {}
        self.asked: list[bytes] = []

    def answer(self, pdu: bytes) -> bytes | None:
        self.asked.append(pdu)
        return None if FaultKind.DEAD in self.faults else b"\x03\x04ABCD"


class BusCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.start(Bus(name="bus-1", baud=9600, meters=()))

    def start(self, bus: Bus) -> None:
        self.clock = Clock()
        self.clock.advance(1000)
        self.meter = Meter()
        self.faults: Faults = {}
        self.seen: list[tuple[float, bytes]] = []
        self.bus = RTUBus(bus, {1: self.meter}, self.faults, self.clock, self.heard, Random(1))

    def heard(self, data: bytes) -> None:
        self.seen.append((self.clock.seconds() - 1000, data))

    def pass_time(self, seconds: float) -> None:
        """In steps much shorter than a character."""
        for _ in range(round(seconds / 0.0001)):
            self.clock.advance(0.0001)

    @property
    def data(self) -> bytes:
        return b"".join(data for _, data in self.seen)


class PacingTests(BusCase):
    def test_answer_ends_when_a_wire_would_have_brought_it(self) -> None:
        self.bus.received(REQUEST)
        self.pass_time(0.1)
        self.assertEqual(self.data, REPLY)
        expected = 8 * CHARACTER + TURNAROUND + len(REPLY) * CHARACTER
        self.assertLess(abs(self.seen[-1][0] - expected), 0.0002)

    def test_answer_does_not_come_all_at_once(self) -> None:
        self.bus.received(REQUEST)
        self.pass_time(0.1)
        self.assertGreater(len(self.seen), 2)
        first = self.seen[0][0]
        self.assertGreater(first, 8 * CHARACTER + TURNAROUND)

    def test_a_quick_meter_still_keeps_silence(self) -> None:
        self.meter.turnaround = 0.0
        self.bus.received(REQUEST)
        self.pass_time(0.1)
        expected = 8 * CHARACTER + SILENCE + len(REPLY) * CHARACTER
        self.assertLess(abs(self.seen[-1][0] - expected), 0.0002)

    def test_request_in_pieces(self) -> None:
        for number in range(len(REQUEST)):
            self.bus.received(REQUEST[number : number + 1])
            self.pass_time(CHARACTER)
        self.pass_time(0.1)
        self.assertEqual(self.data, REPLY)
        self.assertEqual(self.bus.counters.violations, 0)

    def test_unpaced_line_takes_no_time_but_the_meters(self) -> None:
        self.start(Bus(name="bus-1", paced=False, meters=()))
        self.bus.received(REQUEST)
        self.clock.advance(TURNAROUND + 1e-6)
        self.assertEqual(self.data, REPLY)

    def test_wire_time_is_counted(self) -> None:
        self.bus.received(REQUEST)
        self.pass_time(0.1)
        self.assertAlmostEqual(self.bus.counters.wire_seconds, (8 + len(REPLY)) * CHARACTER)

    def test_unit_nobody_has(self) -> None:
        self.bus.received(encode_frame(2, ReadRegisters(3, 0, 2).encode()))
        self.pass_time(0.1)
        self.assertEqual(self.seen, [])
        self.assertEqual(self.meter.asked, [])

    def test_unknown_function_is_told_by_the_silence_after_it(self) -> None:
        self.bus.received(encode_frame(1, b"\x65\x01\x02\x03"))
        self.pass_time(0.2)
        self.assertEqual(self.meter.asked, [b"\x65\x01\x02\x03"])

    def test_garbage_is_forgotten_when_the_line_falls_silent(self) -> None:
        self.bus.received(REQUEST[:5])
        self.pass_time(0.2)
        self.assertEqual(self.bus.counters.broken, 1)
        self.bus.received(REQUEST)
        self.pass_time(0.1)
        self.assertEqual(self.data, REPLY)


class SilenceTests(BusCase):
    def ask_again_after(self, pause: float) -> None:
        """The first answer's last character, then `pause`, then a request."""
        self.bus.received(REQUEST)
        self.pass_time(0.1)
        end = self.seen[-1][0] + 1000
        self.clock.rightNow = end + pause
        self.seen.clear()
        self.bus.received(REQUEST)
        self.pass_time(0.1)

    def test_long_enough(self) -> None:
        self.ask_again_after(SILENCE + 1e-6)
        self.assertEqual(self.bus.counters.violations, 0)
        self.assertEqual(self.data, REPLY)

    def test_too_short_is_missed_and_counted(self) -> None:
        self.ask_again_after(SILENCE - 1e-4)
        self.assertEqual((self.bus.counters.violations, self.bus.counters.missed), (1, 1))
        self.assertEqual(self.data, b"")

    def test_lenient_meters_only_count(self) -> None:
        self.start(Bus(name="bus-1", strict=False, meters=()))
        self.ask_again_after(SILENCE - 1e-4)
        self.assertEqual((self.bus.counters.violations, self.bus.counters.missed), (1, 0))
        self.assertEqual(self.data, REPLY)

    def test_the_first_request_breaks_no_silence(self) -> None:
        self.bus.received(REQUEST)
        self.assertEqual(self.bus.counters.violations, 0)

    def test_two_requests_in_a_row(self) -> None:
        self.bus.received(REQUEST + REQUEST)
        self.pass_time(0.2)
        self.assertEqual(self.bus.counters.violations, 1)
        self.assertEqual(self.data, REPLY)

    def test_speaking_while_a_meter_speaks(self) -> None:
        self.bus.received(REQUEST)
        self.pass_time(8 * CHARACTER + TURNAROUND + 2 * CHARACTER)
        self.bus.received(REQUEST)
        self.pass_time(0.2)
        self.assertEqual(self.bus.counters.collisions, 1)
        self.assertEqual(len(self.meter.asked), 1)

    def test_report(self) -> None:
        self.ask_again_after(0.02)
        report = self.bus.counters.report()
        self.assertEqual((report["requests"], report["answers"]), (2, 2))
        self.assertAlmostEqual(report["silence_min"], 0.02)


class WireFaultTests(BusCase):
    def exchange(self, times: int = 1) -> list[bytes]:
        answers = []
        for _ in range(times):
            self.seen.clear()
            self.bus.received(REQUEST)
            self.pass_time(0.1)
            answers.append(self.data)
        return answers

    def test_dead(self) -> None:
        self.meter.faults[FaultKind.DEAD] = 1
        self.assertEqual(self.exchange(), [b""])

    def test_echo(self) -> None:
        self.faults[FaultKind.ECHO] = 1
        self.assertEqual(self.exchange(), [REQUEST + REPLY])

    def test_corrupt_answers_have_one_bit_wrong(self) -> None:
        self.meter.faults[FaultKind.CORRUPT] = 1
        (answer,) = self.exchange()
        self.assertFalse(is_intact(answer))
        wrong = int.from_bytes(answer) ^ int.from_bytes(REPLY)
        self.assertEqual(wrong.bit_count(), 1)

    def test_corrupt_is_a_share(self) -> None:
        self.meter.faults[FaultKind.CORRUPT] = 0.3
        intact = [is_intact(answer) for answer in self.exchange(60)]
        self.assertTrue(30 < sum(intact) < 55, sum(intact))

    def test_noise_comes_before_or_after_or_drowns_the_request(self) -> None:
        self.faults[FaultKind.NOISE] = 1
        answers = self.exchange(30)
        kinds = {
            "drowned": b"" in answers,
            "before": any(len(answer) > len(REPLY) and answer.endswith(REPLY) for answer in answers),
            "after": any(len(answer) > len(REPLY) and answer.startswith(REPLY) for answer in answers),
        }
        self.assertEqual(kinds, dict.fromkeys(kinds, True))

    def test_a_late_answer_mixes_with_the_next_one(self) -> None:
        late = Meter(turnaround=0.492)
        self.bus = RTUBus(
            Bus(name="b", meters=()), {1: self.meter, 2: late}, {}, self.clock, self.heard, Random(1)
        )
        self.bus.received(encode_frame(2, REQUEST[1:-2]))
        self.pass_time(0.48)
        self.bus.received(REQUEST)
        self.pass_time(0.2)
        self.assertEqual(sorted(self.data), sorted(REPLY + encode_frame(2, b"\x03\x04ABCD")))
        self.assertNotIn(REPLY, self.data)

    def test_unplugged_nothing_comes_any_more(self) -> None:
        self.bus.received(REQUEST)
        self.pass_time(8 * CHARACTER + TURNAROUND + 5 * CHARACTER)
        self.bus.hang_up()
        got = len(self.data)
        self.pass_time(0.1)
        self.assertEqual(len(self.data), got)
        self.assertLess(got, len(REPLY))
        self.assertEqual(self.clock.getDelayedCalls(), [])
