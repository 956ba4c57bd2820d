"""An RS-485 line with meters on it: every character takes its time, as on a wire.

A request's characters take wire time from the moment the first of them arrives. The meter
thinks for its turnaround, never less than 3.5 characters, and its answer's characters
appear when a wire would have brought them. Silence is judged strictly: a request counts as
a violation when it begins less than 3.5 characters after the last one was seen, by the same
clock that paced it (MODBUS over serial line V1.02, 2.5.1.1).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from statistics import median
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from hesd.modbus.read_plan import BusTiming
from hesd.modbus.rtu import LONGEST_FRAME, RequestReader, RTUFrame, encode_frame, is_intact
from hesd.sim.faults import FaultKind, Faults
from hesd.sim.plant import Bus
from hesd.sim.transmission import Pace, Transmission

# A USB adapter hands characters over in lumps; nobody needs a wake-up for each of them.
_LUMP_SECONDS = 0.004
# A meter knows a request to be over after 3.5 characters of silence; here an operating system
# may hold the writer up in the middle of it.
_PATIENCE = 0.05


class BusMeter(Protocol):
    """What a line needs of a meter."""

    @property
    def turnaround(self) -> float: ...

    @property
    def faults(self) -> Faults: ...

    def answer(self, pdu: bytes) -> bytes | None: ...


@dataclass(slots=True)
class BusCounters:
    """What happened on the wire."""

    requests: int = 0
    answers: int = 0
    violations: int = 0  # began before 3.5 characters of silence
    missed: int = 0  # not understood because of that
    broken: int = 0  # characters that never became a request
    collisions: int = 0  # somebody spoke while somebody spoke
    wire_seconds: float = 0.0
    silences: deque[float] = field(default_factory=lambda: deque(maxlen=10_000))

    def report(self) -> dict[str, float]:
        """The counters, and shortest and median silence before a request in seconds."""
        numbers = {name: getattr(self, name) for name in self.__slots__ if name != "silences"}
        if self.silences:
            numbers |= {"silence_min": min(self.silences), "silence_median": median(self.silences)}
        return numbers


class RTUBus:
    """The wire. `received` takes what the head end sends, `transmit` gets what it is to see.

    With `precise` every character comes by itself and on time, at the price of a busy
    processor while a meter speaks: for measurements.
    """

    def __init__(
        self,
        bus: Bus,
        meters: Mapping[int, BusMeter],
        faults: Faults,
        clock: IReactorTime,
        transmit: Callable[[bytes], None],
        random: Random,
        *,
        precise: bool = False,
    ) -> None:
        timing = BusTiming(bus.baud, bits_per_character=bus.bits_per_character)
        self.counters = BusCounters()
        self._meters = meters
        self._faults = faults
        self._clock = clock
        self._transmit = transmit
        self._random = random
        self._strict = bus.strict
        self._character = timing.character if bus.paced else 0.0
        self._silence = timing.silence if bus.paced else 0.0
        lump = 1 if precise else math.ceil(_LUMP_SECONDS / timing.character)
        self._pace = Pace(self._character, lump, precise)
        self._quiet_since = -math.inf
        self._reader = RequestReader()
        self._begun = False  # part of a request has arrived
        self._heard = b""
        self._missed = False
        self._silence_timer: IDelayedCall | None = None
        self._speaking: set[Transmission] = set()

    def received(self, data: bytes) -> None:
        """Characters the head end put on the wire, now."""
        now = self._clock.seconds()
        if not self._begun:
            self._begin(now)
        start = max(self._quiet_since, now)
        self._occupy(start + len(data) * self._character, len(data))
        if FaultKind.ECHO in self._faults:
            self._send(start, data)
        self._heard = (self._heard + data)[-LONGEST_FRAME:]
        self._understood(self._reader.feed(data))
        self._wait_for_silence()

    def hang_up(self) -> None:
        """The adapter is gone, and all that was on its way with it."""
        self._stop_waiting()
        for transmission in tuple(self._speaking):
            transmission.cancel()
        self._speaking.clear()
        self._forget_request()

    def _understood(self, frames: list[RTUFrame]) -> None:
        for number, frame in enumerate(frames):
            self._begun = False
            self.counters.requests += 1
            if number:  # without any silence after the one before
                self._judge(early=True)
            if not self._missed:
                self._answer(frame)

    def _wait_for_silence(self) -> None:
        """Characters that are no request yet become one, or none, when the line falls silent."""
        self._stop_waiting()
        if self._begun:
            delay = self._quiet_since - self._clock.seconds() + max(self._silence, _PATIENCE)
            self._silence_timer = self._clock.callLater(delay, self._fell_silent)

    def _fell_silent(self) -> None:
        if is_intact(self._heard):  # a function whose requests have no length anybody knows
            self._understood([RTUFrame(self._heard[0], self._heard[1:-2])])
        self._forget_request()

    def _stop_waiting(self) -> None:
        if self._silence_timer is not None and self._silence_timer.active():
            self._silence_timer.cancel()

    def _begin(self, now: float) -> None:
        self._begun = True
        self._heard = b""
        silence = now - self._quiet_since
        if silence < math.inf:
            self.counters.silences.append(silence)
        collides = any(transmission.began for transmission in self._speaking)
        self.counters.collisions += collides
        self._judge(early=collides or silence < self._silence)

    def _judge(self, *, early: bool) -> None:
        self.counters.violations += early
        self._missed = early and self._strict
        self.counters.missed += self._missed

    def _forget_request(self) -> None:
        if self._begun:
            self.counters.broken += 1
        self._begun = False
        self._reader = RequestReader()

    def _answer(self, frame: RTUFrame) -> None:
        meter = self._meters.get(frame.unit)
        noisy = self._place_of_noise()
        if meter is None or noisy == "request":
            return
        pdu = meter.answer(frame.pdu)
        if pdu is None:
            return
        data = self._corrupted(encode_frame(frame.unit, pdu), meter.faults)
        start = self._quiet_since + max(meter.turnaround, self._silence)
        if noisy == "before":
            self._send(self._quiet_since, self._stray())
        self._send(start, data)
        if noisy == "after":
            self._send(start + len(data) * self._character, self._stray())
        self.counters.answers += 1

    def _send(self, start: float, data: bytes) -> None:
        transmission = Transmission(self._clock, self._spoke, start, data, self._pace)
        self._speaking.add(transmission)
        transmission.wait()

    def _spoke(self, transmission: Transmission, data: bytes) -> None:
        # The time before the write: the head end may wake up before this process goes on.
        self._occupy(max(self._quiet_since, self._clock.seconds()), len(data))
        self._transmit(data)
        if transmission.ended:
            self._speaking.discard(transmission)

    def _occupy(self, until: float, characters: int) -> None:
        self._quiet_since = until
        self.counters.wire_seconds += characters * self._character

    def _place_of_noise(self) -> str | None:
        if self._random.random() >= self._faults.get(FaultKind.NOISE, 0):
            return None
        return self._random.choice(("request", "before", "after"))

    def _stray(self) -> bytes:
        return self._random.randbytes(self._random.randint(1, 6))

    def _corrupted(self, data: bytes, faults: Faults) -> bytes:
        if self._random.random() >= faults.get(FaultKind.CORRUPT, 0):
            return data
        bit = self._random.randrange(len(data) * 8)
        return (int.from_bytes(data) ^ 1 << bit).to_bytes(len(data))
