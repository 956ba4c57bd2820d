"""Modbus TCP: one meter that speaks it, or a gateway with several behind it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from random import Random

from twisted.internet.interfaces import IReactorTime, ITransport
from twisted.internet.protocol import Factory, Protocol

from hesd.modbus.errors import BadReply
from hesd.modbus.mbap import MBAPFrame, MBAPReader, encode_frame
from hesd.sim.bus import BusMeter
from hesd.sim.faults import FaultKind, Faults
from hesd.sim.plant import TCP

_log = logging.getLogger(__name__)
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
        delay = self._tcp.delay + (meter.turnaround if meter else 0.0)
        now = self._clock.seconds()
        start = max(now, self._free_from) if self._tcp.gateway else now
        self._free_from = start + delay
        data = encode_frame(frame.transaction, frame.unit, pdu)
        if meter and self._random.random() < meter.faults.get(FaultKind.CORRUPT, 0):
            data = self._corrupted(data)
        if self._random.random() < self._faults.get(FaultKind.NOISE, 0):
            data = self._random.randbytes(self._random.randint(1, 6)) + data
        self._clock.callLater(self._free_from - now, connection.send, data)
        self.answers += 1

    def _corrupted(self, data: bytes) -> bytes:
        bit = self._random.randrange(_TELLTALE_BYTES * 8)
        flipped = int.from_bytes(data[:_TELLTALE_BYTES]) ^ 1 << bit
        return flipped.to_bytes(_TELLTALE_BYTES) + data[_TELLTALE_BYTES:]


class _Connection(Protocol):
    transport: ITransport

    def __init__(self, server: ModbusTCPServer) -> None:
        self._server = server
        self._reader = MBAPReader()
        self._open = False

    def connectionMade(self) -> None:
        self._open = True
        self._server.opened(self)

    def dataReceived(self, data: bytes) -> None:
        try:
            frames = self._reader.feed(data)
        except BadReply as error:
            _log.warning("no Modbus TCP: %s", error)
            self.transport.loseConnection()
            return
        for frame in frames:
            self._server.answer(self, frame)

    def connectionLost(self, reason: object = None) -> None:  # noqa: ARG002
        self._open = False
        self._server.closed(self)

    def send(self, data: bytes) -> None:
        if self._open:
            self.transport.write(data)

    def drop(self) -> None:
        self.transport.loseConnection()
