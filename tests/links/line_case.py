"""An RTU line on a clock that stands until it is moved, and a wire to look at."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from hesd.links.modbus_link import Priority
from hesd.links.rtu_line import RTULine
from hesd.modbus.pdu import AnyRequest, ReadRegisters
from hesd.modbus.read_plan import BusTiming
from hesd.modbus.rtu import encode_frame

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
