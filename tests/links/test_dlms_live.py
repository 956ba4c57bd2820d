"""DLMS lines on real sockets and a real pty, with the cores' server side as the meters."""

from __future__ import annotations

import re
import socket
import termios
from typing import Any

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase

from hesd.config import ConfigError, Line
from hesd.dlms.association_states import State
from hesd.dlms.hdlc_address import ServerAddress
from hesd.links import optical_conversation
from hesd.links.apdu_line import MeterAddress
from hesd.links.dlms_line import DLMSLine
from hesd.links.open_dlms_line import open_dlms_line
from hesd.model.errors import LinkDown, NoReply
from tests.links.dlms_meters import (
    GET_SERIAL,
    PASSWORD,
    HDLCMeters,
    Meter,
    OpticalMeter,
    WrapperMeters,
    associate,
    exchange,
    serial,
)
from tests.links.live import turn
from tests.links.terminals import Terminal

reactor: Any = _reactor


class MeterEnd(Protocol):
    def __init__(self, meters: Any, ends: list[MeterEnd]) -> None:
        self.meters = meters
        self.ends = ends

    def connectionMade(self) -> None:
        self.ends.append(self)

    def dataReceived(self, data: bytes) -> None:
        if said := self.meters.receive(data):
            self.transport.write(said)


class LiveCase(TestCase):
    timeout = 20

    async def listen(self, meters: Any) -> str:
        self.ends: list[MeterEnd] = []
        factory = Factory.forProtocol(lambda: MeterEnd(meters, self.ends))  # type: ignore[arg-type]
        factory.noisy = False
        port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(factory)
        self.addCleanup(port.stopListening)
        self.addCleanup(lambda: [end.transport.abortConnection() for end in self.ends])
        return f"tcp:127.0.0.1:{port.getHost().port}"

    def open(self, endpoint: str, protocol: Any, **settings: Any) -> DLMSLine:
        line, service = open_dlms_line(
            Line(name="m", endpoint=endpoint, protocol=protocol, **settings), reactor
        )
        service.startService()
        self.addCleanup(service.stopService)
        return line

    async def came_up(self, line: DLMSLine) -> None:
        while not line.up:
            await turn()


class OnASocket(LiveCase):
    async def test_several_meters_behind_one_wrapper_connection(self) -> None:
        meters = WrapperMeters({1: Meter(b"46000755036"), 7: Meter(b"46000777832")})
        line = self.open(await self.listen(meters), "dlms-wrapper")
        await self.came_up(line)
        talks = [line.conversation(MeterAddress(17, logical)) for logical in (1, 7)]
        for talk in talks:
            self.assertIs((await associate(talk)).state, State.ASSOCIATED)
        numbers = await gatherResults([Deferred.fromCoroutine(serial(talk)) for talk in talks * 3])
        self.assertEqual(numbers, [b"46000755036", b"46000777832"] * 3)
        self.assertIs(line.conversation(MeterAddress(17, 7)), talks[1])
        octets = b"".join(frame.octets for frame in line.recorder)
        self.assertIn(b"46000777832", octets)
        self.assertNotIn(PASSWORD, octets)

    async def test_hdlc_over_tcp_in_segments(self) -> None:
        meters = HDLCMeters({ServerAddress(1, 17): Meter(b"1"), ServerAddress(1, 1789, 4): Meter(b"2", 3000)})
        line = self.open(await self.listen(meters), "dlms-hdlc")
        await self.came_up(line)
        for number, address in ((b"1", MeterAddress(16, 1, 17)), (b"2", MeterAddress(16, 1, 1789, 4))):
            talk = line.conversation(address)
            self.assertIs((await associate(talk)).state, State.ASSOCIATED)
            self.assertEqual(await serial(talk), number)
        for address in (MeterAddress(16, 1, 17), MeterAddress(16, 1, 1789, 4)):
            await line.conversation(address).close()
            self.assertFalse(line.conversation(address).is_open)
        self.assertEqual(line.counters.discarded, {})

    async def test_a_broken_connection_leaves_commands_unknown_and_comes_back(self) -> None:
        meters = WrapperMeters({1: Meter(b"46000755036")})
        line = self.open(await self.listen(meters), "dlms-wrapper")
        await self.came_up(line)
        talk = line.conversation(MeterAddress())
        await associate(talk)
        meters.mute = True
        asked = [exchange(talk, GET_SERIAL) for _ in range(2)]
        self.ends[0].transport.abortConnection()
        await self.assertFailure(asked[0], NoReply)
        await self.assertFailure(asked[1], LinkDown)
        self.assertFalse(line.up)
        meters.mute = False
        await self.came_up(line)
        self.assertEqual((await associate(talk)).state, State.ASSOCIATED)
        self.assertEqual(line.counters.reconnects, 1)

    async def test_a_dead_peer_is_found_by_the_kernel(self) -> None:
        line = self.open(await self.listen(WrapperMeters({})), "dlms-wrapper")
        await self.came_up(line)
        handle = line._transport.getHandle()  # type: ignore[union-attr]
        options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
        idle, interval, probes, unacknowledged = (
            handle.getsockopt(socket.IPPROTO_TCP, option) for option in options
        )
        self.assertLessEqual(max(idle + interval * probes, unacknowledged / 1000), 75)
        self.assertTrue(handle.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))

    def test_an_endpoint_that_cannot_be_is_named(self) -> None:
        with self.assertRaisesRegex(ConfigError, "line x"):
            open_dlms_line(Line(name="x", endpoint="cereal:/dev/x", protocol="dlms-hdlc"), reactor)


class DLMSTerminal(Terminal):
    """Meters at the far end of a pty; it remembers the baud rate each lump came at."""

    def __init__(self, reactor: Any, meters: Any) -> None:
        super().__init__(reactor)
        self.meters = meters
        self.heard: list[tuple[int, bytes]] = []

    def received(self, data: bytes) -> None:
        self.heard.append((termios.tcgetattr(self.fileno())[5], data))
        if said := self.meters.receive(data):
            self.write(said)


class OnAPty(LiveCase):
    async def line(self, meters: Any, **settings: Any) -> DLMSLine:
        self.terminal = DLMSTerminal(reactor, meters)
        self.addCleanup(self.terminal.connectionLost, None)
        line = self.open(f"serial:{self.terminal.path}:baudrate=9600:parity=N", "dlms-hdlc", **settings)
        await self.came_up(line)
        self.terminal.listen()
        return line

    async def test_meters_of_a_bus(self) -> None:
        line = await self.line(
            HDLCMeters({ServerAddress(1, number): Meter(b"%d" % number) for number in (16, 17, 18)})
        )
        for number in (18, 16, 17):
            talk = line.conversation(MeterAddress(16, 1, number))
            await associate(talk)
            self.assertEqual(await serial(talk), b"%d" % number)

    async def test_an_optical_probe(self) -> None:
        self.patch(optical_conversation, "PAUSE", 0.05)
        meter = OpticalMeter(Meter(b"46000755036"))
        line = await self.line(meter, mode_e=True)
        talk = line.conversation(MeterAddress(16, 1))
        await associate(talk)
        self.assertEqual(await serial(talk), b"46000755036")
        self.assertEqual(meter.bauds, [9600])
        ascii_part = [speed for speed, data in self.terminal.heard if not data.startswith(b"~")]
        hdlc_part = [speed for speed, data in self.terminal.heard if data.startswith(b"~")]
        self.assertEqual((set(ascii_part), set(hdlc_part)), ({termios.B300}, {termios.B9600}))
        self.assertTrue(re.search(rb"/\?!", b"".join(frame.octets for frame in line.recorder)))

    async def test_a_sign_on_that_was_not_heard_is_sent_again(self) -> None:
        self.patch(optical_conversation, "PAUSE", 0.05)
        meter = OpticalMeter(Meter(b"46000755036"))
        meter.unheard = 1
        line = await self.line(meter, mode_e=True)
        talk = line.conversation(MeterAddress(16, 1))
        await talk.open(timeout=0.2)
        self.assertTrue(talk.is_open)

    async def test_a_probe_that_hears_nothing(self) -> None:
        meter = OpticalMeter(Meter(b"46000755036"))
        meter.unheard = 9
        line = await self.line(meter, mode_e=True)
        talk = line.conversation(MeterAddress(16, 1))
        await self.assertFailure(Deferred.fromCoroutine(talk.open(timeout=0.05)), NoReply)  # type: ignore[arg-type]
        self.assertFalse(talk.is_open)

    async def test_a_probe_that_is_pulled_in_between(self) -> None:
        meter = OpticalMeter(Meter(b"46000755036"))
        line = await self.line(meter, mode_e=True)
        talk = line.conversation(MeterAddress(16, 1))
        opening = Deferred.fromCoroutine(talk.open(timeout=5))  # type: ignore[arg-type]
        while not meter.bauds:
            await turn()
        self.terminal.unplug()
        await self.assertFailure(opening, NoReply)
