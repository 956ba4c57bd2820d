"""What a head end connects to: a pty with a bus behind it, or a TCP port."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any, Protocol

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.endpoints import quoteStringArgument
from twisted.internet.interfaces import IListeningPort

from hesd.sim.bus import BusMeter, RTUBus
from hesd.sim.faults import Faults
from hesd.sim.plant import TCP, Bus
from hesd.sim.pty_port import PTYPort
from hesd.sim.tcp import ModbusTCPServer


class SimulatedLine(Protocol):
    """A line that can be plugged in and pulled out, and that counts what happens on it."""

    @property
    def endpoint(self) -> str:
        """What to put into the configuration to reach it."""

    def plug(self) -> None: ...

    def unplug(self) -> Deferred[Any]: ...

    def report(self) -> dict[str, float]: ...


class PTYLine:
    """An RTU bus behind a pty in `directory`."""

    def __init__(
        self,
        bus: Bus,
        meters: Mapping[int, BusMeter],
        faults: Faults,
        reactor: Any,
        directory: Path,
        *,
        random: Random,
        precise: bool,
    ) -> None:
        self._bus = bus
        self._port = PTYPort(reactor, directory / bus.name, self._received)
        self._wire = RTUBus(bus, meters, faults, reactor, self._port.write, random, precise=precise)

    @property
    def endpoint(self) -> str:
        path = quoteStringArgument(str(self._port.path))
        bus = self._bus
        return f"serial:{path}:baudrate={bus.baud}:parity={bus.parity}:stopbits={bus.stopbits}"

    def plug(self) -> None:
        self._port.plug()

    def unplug(self) -> Deferred[Any]:
        self._wire.hang_up()
        self._port.unplug()
        return succeed(None)

    def report(self) -> dict[str, float]:
        return self._wire.counters.report()

    def _received(self, data: bytes) -> None:
        self._wire.received(data)


class TCPLine:
    """A Modbus TCP server; pulled out it refuses connections, then comes back on its port."""

    def __init__(
        self, tcp: TCP, meters: Mapping[int, BusMeter], faults: Faults, reactor: Any, *, random: Random
    ) -> None:
        self._tcp = tcp
        self._reactor = reactor
        self._server = ModbusTCPServer(tcp, meters, faults, reactor, random)
        self._listening: IListeningPort | None = None
        self._port = tcp.port

    @property
    def endpoint(self) -> str:
        return f"tcp:{quoteStringArgument(self._tcp.interface)}:{self._port}"

    def plug(self) -> None:
        self._listening = self._reactor.listenTCP(self._port, self._server, interface=self._tcp.interface)
        host: Any = self._listening.getHost()
        self._port = host.port

    def unplug(self) -> Deferred[Any]:
        listening, self._listening = self._listening, None
        self._server.hang_up()
        return maybeDeferred(listening.stopListening) if listening else succeed(None)

    def report(self) -> dict[str, float]:
        return self._server.report()
