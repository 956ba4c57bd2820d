"""Modbus TCP: one meter that speaks it, or a gateway with several behind it."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from twisted.internet.interfaces import IDelayedCall, IReactorTime, ITransport
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import Logger

from hesd.modbus.errors import BadReply
from hesd.modbus.mbap import MBAPFrame, MBAPReader, encode_frame
from hesd.sim.bus import BusMeter
from hesd.sim.faults import FaultKind, Faults
from hesd.sim.plant import TCP

_TARGET_FAILED_TO_RESPOND = 0x0B
# What a bit of can be flipped so that the other side can tell: TCP has its own checksums,
# so a wrong value would be the meter's own.
_TELLTALE_BYTES = 4


class ModbusTCPServer(Factory):
    """All connections to the meters of one `TCP` table."""

    noisy = False

    def __init__(
        self, tcp: TCP, meters: Mapping[int, BusMeter], faults: Faults, clock: IReactorTime, random: Random
    ) -> None:
        self.requests = 0
        self.answers = 0
        self._tcp = tcp
        self._meters = meters
        self._faults = faults
        self._clock = clock
        self._random = random
        self._free_from = 0.0
        self._connections: set[_Connection] = set()

    def buildProtocol(self, addr: object) -> _Connection:  # noqa: ARG002
        return _Connection(self)

    def report(self) -> dict[str, float]:
        """The counters."""
        return {
            "requests": self.requests,
            "answers": self.answers,
            "connections": len(self._connections),
        }

    def hang_up(self) -> None:
        """Drop every connection."""
        for connection in tuple(self._connections):
            connection.drop()

    def opened(self, connection: _Connection) -> None:
        self._connections.add(connection)

    def closed(self, connection: _Connection) -> None:
        self._connections.discard(connection)

    def answer(self, connection: _Connection, frame: MBAPFrame) -> None:
        """Let the meter answer in its time; a gateway asks its line one thing at a time."""
        self.requests += 1
        meter = self._meters.get(frame.unit)
        pdu = meter.answer(frame.pdu) if meter else None
        if pdu is None and self._tcp.gateway:
            pdu = bytes((frame.pdu[0] | 0x80, _TARGET_FAILED_TO_RESPOND))
        if pdu is None:
            return
        data = encode_frame(frame.transaction, frame.unit, pdu)
        if meter and self._random.random() < meter.faults.get(FaultKind.CORRUPT, 0):
            data = self._corrupted(data)
        if self._random.random() < self._faults.get(FaultKind.NOISE, 0):
            data = self._random.randbytes(self._random.randint(1, 6)) + data
        delay = self._tcp.delay + (meter.turnaround if meter else 0.0)
        connection.send_at(self._clock, self._time_for(delay), data)
        self.answers += 1

    def _time_for(self, delay: float) -> float:
        now = self._clock.seconds()
        if not self._tcp.gateway:
            return now + delay
        self._free_from = max(now, self._free_from) + delay
        return self._free_from

    def _corrupted(self, data: bytes) -> bytes:
        bit = self._random.randrange(_TELLTALE_BYTES * 8)
        flipped = int.from_bytes(data[:_TELLTALE_BYTES]) ^ 1 << bit
        return flipped.to_bytes(_TELLTALE_BYTES) + data[_TELLTALE_BYTES:]


class _Connection(Protocol):
    transport: ITransport
    _log = Logger()

    def __init__(self, server: ModbusTCPServer) -> None:
        self._server = server
        self._reader = MBAPReader()
        self._answers: list[IDelayedCall] = []

    def connectionMade(self) -> None:
        self._server.opened(self)

    def dataReceived(self, data: bytes) -> None:
        try:
            frames = self._reader.feed(data)
        except BadReply as error:
            self._log.warn("no Modbus TCP: {error}", error=error)
            self.transport.loseConnection()
            return
        for frame in frames:
            self._server.answer(self, frame)

    def connectionLost(self, reason: object = None) -> None:  # noqa: ARG002
        for answer in self._answers:
            if answer.active():
                answer.cancel()
        self._server.closed(self)

    def send_at(self, clock: IReactorTime, due: float, data: bytes) -> None:
        """Write `data` at that time, if anybody is still there."""
        self._answers = [answer for answer in self._answers if answer.active()]
        self._answers.append(clock.callLater(max(0.0, due - clock.seconds()), self.transport.write, data))

    def drop(self) -> None:
        self.transport.loseConnection()
