"""Links on real ports and sockets, against meters of ours and of pymodbus."""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase, TestCase

from hesd.config import ConfigError, Duration, Line
from hesd.links.modbus_tcp import ModbusTCP
from hesd.links.open_link import open_link
from hesd.links.rtu_line import RTULine
from hesd.modbus.errors import MeterException
from hesd.modbus.mbap import MBAPReader, encode_frame
from hesd.modbus.pdu import (
    ReadBits,
    ReadIdentification,
    ReadRegisters,
    WriteCoil,
    WriteCoils,
    WriteRegister,
    WriteRegisters,
)
from hesd.modbus.read_plan import BusTiming
from hesd.modbus.server import serve
from hesd.model.errors import LinkDown, NoReply
from tests.links.live import turn
from tests.links.terminals import MeterTerminal
from tests.modbus.banks import MemoryBank

reactor: Any = _reactor


def bank(unit: int) -> MemoryBank:
    return MemoryBank(registers={n: n + unit for n in range(3000, 3200)})


def words(data: bytes) -> list[int]:
    return list(struct.unpack(f">{len(data) // 2}H", data))


class LinkCase(TestCase):
    def open(self, line: Line) -> Any:
        """The link of `line`, connecting itself until the test is over."""
        link, service = open_link(line, reactor)
        service.startService()
        self.addCleanup(service.stopService)
        return link

    def came_up(self, link: Any) -> Deferred[None]:
        up: Deferred[None] = Deferred()
        if link.up:
            up.callback(None)
        else:
            link.on_up(lambda: up.called or up.callback(None))
        return up


class OnAPty(LinkCase):
    def setUp(self) -> None:
        self.by_id = self.mktemp()
        self.plug(MeterTerminal(reactor, {unit: bank(unit) for unit in (1, 2, 3)}))

    def plug(self, terminal: MeterTerminal) -> None:
        self.terminal = terminal
        self.addCleanup(terminal.connectionLost, None)
        Path(self.by_id).unlink(missing_ok=True)
        Path(self.by_id).symlink_to(terminal.path)

    async def line(self, **settings: Any) -> RTULine:
        link: RTULine = self.open(
            Line(
                name="bus-1",
                endpoint=f"serial:{self.by_id}:baudrate=115200",
                protocol="modbus-rtu",
                **settings,
            )
        )
        await self.came_up(link)
        self.terminal.listen()
        return link

    async def test_meters_one_after_the_other(self) -> None:
        link = await self.line()
        replies = await gatherResults(
            [
                Deferred.fromCoroutine(link.exchange(unit, ReadRegisters(3, 3000, 100), timeout=2))
                for unit in (1, 2, 3)
            ]
        )
        self.assertEqual([words(data)[:2] for data in replies], [[3001, 3002], [3002, 3003], [3003, 3004]])
        self.assertEqual((link.counters.replies, link.counters.discarded), (3, {}))

    async def test_a_noisy_line(self) -> None:
        link = await self.line()
        self.terminal.before, self.terminal.after = b"\x00\xff\x00", b"\xff"
        for _ in range(3):
            self.assertEqual(words(await link.exchange(1, ReadRegisters(3, 3010, 1), timeout=2)), [3011])
        self.assertGreaterEqual(link.counters.discarded["noise"], 3)

    async def test_a_dead_meter_among_living_ones(self) -> None:
        link = await self.line()
        dead = Deferred.fromCoroutine(link.exchange(9, ReadRegisters(3, 3000, 1), timeout=0.05))
        alive = Deferred.fromCoroutine(link.exchange(1, ReadRegisters(3, 3000, 1), timeout=2))
        await self.assertFailure(dead, NoReply)
        self.assertEqual(words(await alive), [3001])

    async def test_a_pulled_adapter_comes_back(self) -> None:
        link = await self.line()
        self.terminal.mute = True
        asked = Deferred.fromCoroutine(link.exchange(1, ReadRegisters(3, 3000, 1), timeout=1))
        while not self.terminal.asked:
            await turn()
        self.terminal.unplug()
        self.assertIn("port is gone", str(await self.assertFailure(asked, NoReply)))
        self.assertFalse(link.up)
        with self.assertRaises(LinkDown):
            await link.exchange(1, ReadRegisters(3, 3000, 1), timeout=1)
        self.plug(MeterTerminal(reactor, {1: bank(50)}))
        await self.came_up(link)
        self.terminal.listen()
        self.assertEqual(words(await link.exchange(1, ReadRegisters(3, 3000, 1), timeout=2)), [3050])
        self.assertEqual(link.counters.reconnects, 1)

    async def test_why_a_line_is_down_is_told(self) -> None:
        link = self.open(Line(name="bus-1", endpoint="serial:/nowhere/at/all", protocol="modbus-rtu"))
        with self.assertRaisesRegex(LinkDown, "No such file"):
            await link.exchange(1, ReadRegisters(3, 3000, 1), timeout=1)


class TCPMeter(Protocol):
    """Answers from banks; `script` may hold, change or spoil what it says."""

    def __init__(self, meters: TCPMeters) -> None:
        self._meters = meters
        self._reader = MBAPReader()

    def connectionMade(self) -> None:
        self._meters.connections.append(self)

    def dataReceived(self, data: bytes) -> None:
        for transaction, unit, pdu in self._reader.feed(data):
            self._meters.asked += 1
            if not self._meters.mute:
                self.transport.write(encode_frame(transaction, unit, serve(pdu, self._meters.bank)))


class TCPMeters(Factory):
    noisy = False

    def __init__(self) -> None:
        self.bank = bank(1)
        self.connections: list[TCPMeter] = []
        self.asked = 0
        self.mute = False

    def buildProtocol(self, addr: object) -> TCPMeter:
        return TCPMeter(self)


class OnASocket(LinkCase):
    async def listen(self) -> str:
        self.meters = TCPMeters()
        port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(self.meters)
        self.addCleanup(port.stopListening)
        self.addCleanup(lambda: [c.transport.abortConnection() for c in self.meters.connections])
        return f"tcp:127.0.0.1:{port.getHost().port}"

    async def connect(self, in_flight: int = 1) -> ModbusTCP:
        endpoint = await self.listen()
        link: ModbusTCP = self.open(
            Line(name="feeder-7", endpoint=endpoint, protocol="modbus-tcp", in_flight=in_flight)
        )
        await self.came_up(link)
        return link

    async def test_a_gateway_that_lost_its_power_is_noticed_within_seconds(self) -> None:
        opened: list[Any] = []
        self.patch(ModbusTCP, "connection_made", lambda link, transport: opened.append(transport))
        self.open(Line(name="feeder-7", endpoint=await self.listen(), protocol="modbus-tcp"))
        while not opened:
            await turn()
        handle = opened[0].getHandle()
        self.assertEqual(handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT), 10_000)
        options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        idle, interval, probes = (handle.getsockopt(socket.IPPROTO_TCP, option) for option in options)
        self.assertLessEqual(idle + interval * probes, 75)
        self.assertTrue(handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    async def test_many_in_flight(self) -> None:
        link = await self.connect(in_flight=16)
        replies = await gatherResults(
            [
                Deferred.fromCoroutine(link.exchange(1, ReadRegisters(3, 3000 + n, 1), timeout=5))
                for n in range(150)
            ]
        )
        self.assertEqual([words(data) for data in replies], [[3001 + n] for n in range(150)])

    async def test_a_connection_that_breaks_is_made_again(self) -> None:
        link = await self.connect(in_flight=2)
        self.meters.mute = True
        asked = [
            Deferred.fromCoroutine(link.exchange(1, ReadRegisters(3, 3000, 1), timeout=5)) for _ in range(3)
        ]
        while self.meters.asked < 2:
            await turn()
        self.meters.connections[0].transport.abortConnection()
        for sent in asked[:2]:
            await self.assertFailure(sent, NoReply)
        await self.assertFailure(asked[2], LinkDown)
        self.meters.mute = False
        await self.came_up(link)
        self.assertEqual(words(await link.exchange(1, ReadRegisters(3, 3000, 1), timeout=5)), [3001])

    async def test_garbage_is_answered_by_a_new_connection(self) -> None:
        link = await self.connect()
        self.meters.connections[0].transport.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        while link.up:
            await turn()
        await self.came_up(link)
        self.assertEqual(words(await link.exchange(1, ReadRegisters(3, 3000, 1), timeout=5)), [3001])
        self.assertEqual((link.counters.discarded, link.counters.reconnects), ({"noise": 1}, 1))


class AgainstPymodbus(LinkCase):
    def start(self, kind: str) -> str:
        """Where the meter can be reached."""
        meter = subprocess.Popen(
            [sys.executable, "-m", "tests.links.pymodbus_meter", kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert meter.stdin is not None
        assert meter.stdout is not None
        self.addCleanup(meter.wait, 10)
        self.addCleanup(meter.stdout.close)
        self.addCleanup(meter.stdin.close)
        return meter.stdout.readline().strip()

    async def conversation(self, link: RTULine | ModbusTCP) -> None:
        await self.came_up(link)

        async def ask(request: Any, unit: int = 7) -> Any:
            return await link.exchange(unit, request, timeout=5)

        self.assertEqual(words(await ask(ReadRegisters(3, 3000, 125))), list(range(1, 126)))
        self.assertEqual(words(await ask(ReadRegisters(4, 10, 2), unit=1)), [510, 511])
        for function in (1, 2):
            bits = await ask(ReadBits(function, 0, 20))
            self.assertEqual(bits, tuple(n % 3 == 0 for n in range(20)))
        self.assertIsNone(await ask(WriteRegister(3000, 4711)))
        self.assertIsNone(await ask(WriteRegisters(3001, b"\x12\x34\x56\x78")))
        self.assertEqual(words(await ask(ReadRegisters(3, 3000, 4))), [4711, 0x1234, 0x5678, 4])
        self.assertIsNone(await ask(WriteCoil(1, True)))
        self.assertIsNone(await ask(WriteCoils(2, (True, False))))
        self.assertEqual((await ask(ReadBits(1, 0, 5))), (True, True, True, False, False))
        with self.assertRaises(MeterException) as caught:
            await ask(ReadRegisters(3, 4000, 1))
        self.assertEqual(caught.exception.code, 2)
        identity = await ask(ReadIdentification())
        self.assertEqual(identity.objects, {0: b"hesd tests", 1: b"pymodbus", 2: b"3"})
        self.assertEqual(link.counters.discarded, {})

    async def test_modbus_tcp(self) -> None:
        endpoint = f"tcp:127.0.0.1:{self.start('tcp')}"
        await self.conversation(self.open(Line(name="m", endpoint=endpoint, protocol="modbus-tcp")))

    async def test_rtu_over_tcp(self) -> None:
        endpoint = f"tcp:127.0.0.1:{self.start('rtu-over-tcp')}"
        await self.conversation(self.open(Line(name="m", endpoint=endpoint, protocol="modbus-rtu")))

    async def test_rtu(self) -> None:
        endpoint = f"serial:{self.start('serial')}:baudrate=115200"
        await self.conversation(self.open(Line(name="m", endpoint=endpoint, protocol="modbus-rtu")))


class Configuration(SynchronousTestCase):
    def timing(self, endpoint: str, **settings: Any) -> Any:
        link, _ = open_link(Line(name="x", endpoint=endpoint, protocol="modbus-rtu", **settings), reactor)
        return link.timing

    def test_the_endpoint_says_what_a_character_costs(self) -> None:
        self.assertEqual(self.timing("serial:/dev/ttyS0"), BusTiming(9600, 11, 0.0125))
        self.assertEqual(
            self.timing("serial:/dev/ttyS0:baudrate=38400:parity=N", turnaround=Duration(0.004)),
            BusTiming(38400, 10, 0.004),
        )
        self.assertEqual(self.timing("tcp:127.0.0.1:4001"), BusTiming(9600, 11, 0.0125))
        self.assertEqual(self.timing("tcp:127.0.0.1:4001", baudrate=19200), BusTiming(19200, 11, 0.0125))

    def test_modbus_tcp_asks_one_thing_at_a_time_unless_told_otherwise(self) -> None:
        for in_flight, meant in ((None, 1), (8, 8)):
            line = Line(name="x", endpoint="tcp:127.0.0.1:502", protocol="modbus-tcp", in_flight=in_flight)
            self.assertEqual(open_link(line, reactor)[0].in_flight, meant)

    def test_a_port_that_stays_away_is_told_of_once(self) -> None:
        told: list[str] = []
        observer = lambda event: told.append(formatEvent(event))  # noqa: E731
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        clock = MemoryReactorClock()
        _, service = open_link(Line(name="x", endpoint="serial:/nowhere", protocol="modbus-rtu"), clock)
        service.startService()
        clock.pump([5.0] * 10)
        service.stopService()
        self.assertEqual(told, ["line x cannot be opened: [Errno 2] No such file or directory: '/nowhere'"])

    def test_an_endpoint_that_cannot_be_is_named(self) -> None:
        for endpoint in ("serial:/dev/ttyS0:baud=9600", "cereal:/dev/ttyS0", "tcp:127.0.0.1", ""):
            with self.assertRaisesRegex(ConfigError, "line x"):
                open_link(Line(name="x", endpoint=endpoint, protocol="modbus-rtu"), reactor)
