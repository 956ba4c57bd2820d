"""A line on which everything goes wrong: never a wrong value, and never stuck."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from hesd.links.rtu_line import RTULine
from hesd.modbus.errors import MeterException
from hesd.modbus.pdu import ReadRegisters
from hesd.modbus.read_plan import BusTiming
from hesd.modbus.rtu import RequestReader, encode_frame
from hesd.modbus.server import serve
from hesd.model.errors import NoReply
from tests.modbus.banks import MemoryBank

TIMEOUT = 0.2
TIMING = BusTiming(19200)


@dataclass(frozen=True)
class Fate:
    """What becomes of one reply: when it starts, in seconds, and how its bytes are spoilt."""

    delay: float
    flipped: int | None = None
    missing: int = 0
    before: bytes = b""
    after: bytes = b""
    cuts: tuple[int, ...] = ()
    repeated: bool = False

    def pieces(self, frame: bytes) -> list[bytes]:
        spoilt = bytearray(frame)
        if self.flipped is not None:
            bit = self.flipped % (8 * len(frame))
            spoilt[bit // 8] ^= 1 << bit % 8
        data = self.before + bytes(spoilt[: len(frame) - self.missing]) + self.after
        if self.repeated:
            return [2 * data]
        borders = [0, *sorted(cut % (len(data) + 1) for cut in self.cuts), len(data)]
        return [data[a:b] for a, b in pairwise(borders) if a < b]


noise = st.binary(max_size=5)
fates = st.one_of(
    st.just(Fate(0.02)),
    st.builds(
        Fate,
        # late replies come within the second that a meter stays suspected
        delay=st.one_of(st.floats(0.013, TIMEOUT), st.floats(TIMEOUT, TIMEOUT + 0.9)),
        flipped=st.one_of(st.none(), st.integers(0, 10_000)),
        missing=st.integers(0, 4),
        before=noise,
        after=noise,
        cuts=st.lists(st.integers(0, 300), max_size=3).map(tuple),
        repeated=st.booleans(),
    ),
)


class FaultyWire:
    """Meters 1 to 3 behind a wire; register n of unit u holds 1000 u + n."""

    def __init__(self, clock: Clock, fates: list[Fate]) -> None:
        self.line: Any = None
        self._clock = clock
        self._fates = fates
        self._reader = RequestReader()
        self._banks = {u: MemoryBank({n: 1000 * u + n for n in range(60)}) for u in (1, 2, 3)}

    def write(self, data: bytes) -> None:
        for frame in self._reader.feed(data):
            fate = self._fates.pop() if self._fates else Fate(0.02)
            reply = encode_frame(frame.unit, serve(frame.pdu, self._banks[frame.unit]))
            for number, piece in enumerate(fate.pieces(reply)):
                self._clock.callLater(fate.delay + 0.004 * number, self.line.data_received, piece)


reads = st.tuples(st.integers(1, 3), st.integers(0, 58), st.sampled_from((1, 2, 2, 2)))


class Faults(SynchronousTestCase):
    @given(st.lists(reads, min_size=2, max_size=12), st.lists(fates, max_size=12), st.integers(1, 4))
    def test_never_a_wrong_value_and_never_stuck(
        self, asked: list[tuple[int, int, int]], fates: list[Fate], at_once: int
    ) -> None:
        clock = Clock()
        wire = FaultyWire(clock, list(fates))
        wire.line = RTULine("bus-1", TIMING, clock)
        wire.line.connection_made(wire)
        waiting, ended = list(asked), 0

        async def poll() -> None:
            nonlocal ended
            while waiting:
                unit, address, count = waiting.pop()
                request = ReadRegisters(3, address, count)
                try:
                    data = await wire.line.exchange(unit, request, timeout=TIMEOUT)
                except (NoReply, MeterException):
                    pass
                else:
                    expected = [1000 * unit + n for n in range(address, address + count)]
                    self.assertEqual(data, b"".join(n.to_bytes(2) for n in expected))
            ended += 1

        polls = [Deferred.fromCoroutine(poll()) for _ in range(at_once)]
        for _ in range(len(asked) * 400):
            clock.advance(0.005)
            if ended == at_once:
                break
        for done in polls:
            self.assertIsNone(self.successResultOf(done))
        counters = wire.line.counters
        self.assertEqual(counters.requests, len(asked))
        self.assertEqual(counters.replies + counters.timeouts, len(asked))

    @given(st.lists(st.binary(max_size=60), max_size=12))
    def test_whatever_comes_the_line_goes_on(self, lumps: list[bytes]) -> None:
        clock = Clock()
        wire = FaultyWire(clock, [])
        wire.line = RTULine("bus-1", TIMING, clock)
        wire.line.connection_made(wire)
        for lump in lumps:
            asked = Deferred.fromCoroutine(wire.line.exchange(1, ReadRegisters(3, 0, 1), timeout=TIMEOUT))
            wire.line.data_received(lump)
            clock.advance(0.001)
            asked.cancel()
            asked.addErrback(lambda failure: None)
        clock.advance(3)
        asked = Deferred.fromCoroutine(wire.line.exchange(2, ReadRegisters(3, 7, 1), timeout=TIMEOUT))
        for _ in range(100):
            clock.advance(0.01)
        self.assertEqual(self.successResultOf(asked), (2007).to_bytes(2))
