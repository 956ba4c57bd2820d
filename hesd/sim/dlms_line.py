"""Lines of DLMS meters the head end dials: a TCP port, or a bus or optical probe on a pty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any, Final

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.endpoints import quoteStringArgument
from twisted.internet.interfaces import IListeningPort, ITransport
from twisted.internet.protocol import Factory, Protocol

from hesd.dlms.mode_e import INITIAL_BAUD, BaudSwitched, ModeEAnswer
from hesd.sim.dlms_meter import SimulatedDLMSMeter
from hesd.sim.dlms_outbox import Outbox
from hesd.sim.dlms_plant import DLMSBus, DLMSPort, Framing
from hesd.sim.dlms_stream import HDLCStream, Meters, MeterStream, WrapperStream
from hesd.sim.pty_port import PTYPort

_MODE_E_BITS: Final = 10  # start bit, seven data bits, parity, stop bit
_SIGN_ON: Final = (b"/", b"\xaf")  # with and without parity
_MANUFACTURER: Final = "HSD"


def stream_of(
    framing: Framing, meters: Meters, clock: Any, transmit: Callable[[bytes], None], random: Random
) -> MeterStream:
    """The meters behind one TCP connection."""
    kind = WrapperStream if framing == "wrapper" else HDLCStream
    return kind(meters, clock, transmit, random)


class MeterConnection(Protocol):
    """One TCP connection to meters. Cut, it is dead, and neither side is told."""

    transport: ITransport

    def __init__(self, make: Callable[[Callable[[bytes], None]], MeterStream]) -> None:
        self._stream = make(self.write)
        self.is_cut = False

    def write(self, octets: bytes) -> None:
        if not self.is_cut and self.transport is not None:
            self.transport.write(octets)

    def push(self, address: int | None, pdu: bytes) -> None:
        """Have the meter at this address say something unasked."""
        self._stream.push(address, pdu)

    def dataReceived(self, data: bytes) -> None:
        if not self.is_cut and not self._stream.received(data):
            self.transport.loseConnection()

    def connectionLost(self, reason: object = None) -> None:  # noqa: ARG002
        self._stream.hang_up()

    def close(self) -> None:
        self.transport.loseConnection()

    def drop(self) -> None:
        """Without a word of farewell."""
        abort: Any = self.transport
        abort.abortConnection()


class DLMSPortLine(Factory):
    """Meters on a listening port."""

    noisy = False

    def __init__(self, tcp: DLMSPort, meters: Meters, reactor: Any, random: Random) -> None:
        self._tcp = tcp
        self._meters = meters
        self._reactor = reactor
        self._random = random
        self._port = tcp.port
        self._listening: IListeningPort | None = None
        self._connections: set[_Accepted] = set()
        self._accepted = 0

    @property
    def endpoint(self) -> str:
        return f"tcp:{quoteStringArgument(self._tcp.interface)}:{self._port}"

    def plug(self) -> None:
        self._listening = self._reactor.listenTCP(self._port, self, interface=self._tcp.interface)
        host: Any = self._listening.getHost()
        self._port = host.port

    def unplug(self) -> Deferred[Any]:
        listening, self._listening = self._listening, None
        for connection in tuple(self._connections):
            connection.drop()
        return maybeDeferred(listening.stopListening) if listening else succeed(None)

    def report(self) -> dict[str, float]:
        return {"accepted": self._accepted, "connections": len(self._connections)}

    def cut(self, serial: str) -> None:  # noqa: ARG002
        """Every connection there is now is dead: they are to all meters of the line."""
        for connection in self._connections:
            connection.is_cut = True

    def mend(self, serial: str) -> None:  # noqa: ARG002
        for connection in tuple(self._connections):
            if connection.is_cut:
                connection.drop()

    def buildProtocol(self, addr: object) -> MeterConnection:  # noqa: ARG002
        return _Accepted(self)

    def opened(self, connection: _Accepted) -> None:
        self._accepted += 1
        self._connections.add(connection)

    def closed(self, connection: _Accepted) -> None:
        self._connections.discard(connection)

    def stream(self, transmit: Callable[[bytes], None]) -> MeterStream:
        return stream_of(self._tcp.framing, self._meters, self._reactor, transmit, self._random)


class _Accepted(MeterConnection):
    def __init__(self, line: DLMSPortLine) -> None:
        super().__init__(line.stream)
        self._line = line

    def connectionMade(self) -> None:
        self._line.opened(self)

    def connectionLost(self, reason: object = None) -> None:
        super().connectionLost(reason)
        self._line.closed(self)


class DLMSBusLine:
    """HDLC meters on a pty in `directory`; with mode E they have to be signed on to first."""

    def __init__(
        self,
        serial: DLMSBus,
        meters: Mapping[int | None, SimulatedDLMSMeter],
        reactor: Any,
        directory: Path,
        random: Random,
    ) -> None:
        self._serial = serial
        self._port = PTYPort(reactor, directory / serial.name, self._received)
        character = serial.bits_per_character / serial.baud if serial.paced else 0.0
        self._stream = HDLCStream(meters, reactor, self._port.write, random, character)
        self._answers = [
            ModeEAnswer(_MANUFACTURER, meter.driver.vendor, serial.baud, meter.serial)
            for meter in (meters.values() if serial.mode_e else ())
        ]
        self._opening = Outbox(
            reactor, self._port.write, random, character=_MODE_E_BITS / INITIAL_BAUD if serial.paced else 0.0
        )
        self._is_open = not serial.mode_e
        self._requests = 0

    @property
    def endpoint(self) -> str:
        path, serial = quoteStringArgument(str(self._port.path)), self._serial
        return f"serial:{path}:baudrate={serial.baud}:parity={serial.parity}:stopbits={serial.stopbits}"

    def plug(self) -> None:
        self._port.plug()

    def unplug(self) -> Deferred[Any]:
        self._stream.hang_up()
        self._opening.hang_up()
        self._port.unplug()
        self._is_open = not self._serial.mode_e
        return succeed(None)

    def report(self) -> dict[str, float]:
        return {"lumps": self._requests}

    def cut(self, serial: str) -> None:
        """A serial line has no connection that could be dead."""

    def mend(self, serial: str) -> None:
        """Nor one that could come back."""

    def _received(self, data: bytes) -> None:
        self._requests += 1
        if self._serial.mode_e and data[:1] in _SIGN_ON:
            self._stream.hang_up()
            self._is_open = False
        if self._is_open:
            self._stream.received(data)
            return
        for answer in self._answers:
            switched = [each for each in answer.receive(data) if isinstance(each, BaudSwitched)]
            self._is_open = self._is_open or bool(switched)
            if octets := answer.data_to_send():
                self._opening.send(octets)
