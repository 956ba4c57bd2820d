"""Meters that dial a real port."""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from hesd.config import Duration, Listener
from hesd.dialin.event import Family
from hesd.dialin.family_h import ACKNOWLEDGEMENT, heartbeat
from hesd.dlms.association_states import State
from hesd.links.apdu_line import MeterAddress
from hesd.links.dial_in_listener import DialInListener
from tests.links.dial_in_case import Told
from tests.links.dial_in_words import CLIENT_HELLO, NOTIFICATION, OTHER, SERIAL, acknowledged, beat, login
from tests.links.dlms_meters import Meter, WrapperMeters, associate, push, serial
from tests.links.live import turn

reactor: Any = _reactor


class DiallingMeter(Protocol):
    """Logs in by the octet, then is a server; `meters` None says nothing by itself."""

    def __init__(self, meters: WrapperMeters | None = None) -> None:
        self.meters = meters
        self.heard = b""
        self.acknowledgements = 0
        self.is_lost = False

    def dataReceived(self, data: bytes) -> None:
        self.heard += data
        if self.meters is None:
            return
        for frame in (login(), beat()):
            if data.startswith(acknowledged(frame)):
                self.acknowledgements += 1
                data = data[len(acknowledged(frame)) :]
        if said := self.meters.receive(data):
            self.transport.write(beat()[:7])  # a heartbeat in front of every answer
            self.transport.write(beat()[7:] + said)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.is_lost = True


class DialInLive(TestCase):
    timeout = 20

    async def listen(self, **settings: Any) -> DialInListener:
        self.told = Told()
        settings = {"grace": Duration(0.3)} | settings
        settings = {"name": "gprs", "endpoint": "tcp:0:interface=127.0.0.1"} | settings
        listener = DialInListener(Listener(**settings), self.told, reactor)
        await listener.listen()
        self.addCleanup(listener.stop)
        self.callers: list[DiallingMeter] = []
        self.addCleanup(self.hang_up)
        return listener

    async def hang_up(self) -> None:
        for caller in self.callers:
            if not caller.is_lost:
                caller.transport.abortConnection()
        while not all(caller.is_lost for caller in self.callers):
            await turn()

    async def dial(self, listener: DialInListener, meters: WrapperMeters | None = None) -> DiallingMeter:
        factory = Factory.forProtocol(lambda: DiallingMeter(meters))  # type: ignore[arg-type]
        factory.noisy = False
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", listener.address.port)
        caller: DiallingMeter = await endpoint.connect(factory)
        self.callers.append(caller)
        return caller

    async def until(self, condition: Any) -> None:
        while not condition():
            await turn()

    async def test_a_meter_logs_in_and_is_read(self) -> None:
        listener = await self.listen()
        meters = WrapperMeters({1: Meter(SERIAL.encode()), 2: Meter(OTHER.encode())})
        caller = await self.dial(listener, meters)
        for octet in login() + beat():
            caller.transport.write(bytes((octet,)))
            await turn()
        await self.until(lambda: caller.acknowledgements == 2)
        (connection,) = self.told.connections
        for logical, number in ((1, SERIAL), (2, OTHER)):
            talk = connection.conversation(MeterAddress(16, logical))
            self.assertIs((await associate(talk)).state, State.ASSOCIATED)
            self.assertEqual(await serial(talk), number.encode())
        await self.until(lambda: caller.acknowledgements == 6)
        self.assertEqual(connection.counters.discarded, {})

    async def test_families_on_one_port(self) -> None:
        listener = await self.listen()
        hexcell = heartbeat("123456789012", 24, "123456789012").encode()
        for octets in (login(), hexcell, b"SN46000755036\r\n", push(16, NOTIFICATION)):
            caller = await self.dial(listener)
            caller.transport.write(octets)
        await self.until(lambda: len(self.told.connections) == 4)
        self.assertEqual({each.family for each in self.told.connections}, set(Family))
        await self.until(lambda: self.callers[1].heard == ACKNOWLEDGEMENT)
        self.assertIn("pushed", self.told.kinds)

    async def test_one_that_says_nothing(self) -> None:
        listener = await self.listen()
        await self.dial(listener)
        await self.until(lambda: self.told.connections)
        self.assertEqual((self.told.events, self.told.connections[0].claim), ([("identified", None)], None))

    async def test_strangers_are_cut_off_and_meters_are_not(self) -> None:
        listener = await self.listen()
        meter = await self.dial(listener)
        meter.transport.write(login())
        strangers = [await self.dial(listener) for _ in range(3)]
        oversize = b"\x00\x01\x00\x01\x00\x01\xff\xff"
        for caller, octets in zip(
            strangers, (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", CLIENT_HELLO, oversize), strict=True
        ):
            caller.transport.write(octets)
        await self.until(lambda: all(caller.is_lost for caller in strangers))
        await self.until(lambda: meter.heard == acknowledged(login()))
        self.assertEqual(listener.counters.strangers, 3)
        self.assertEqual(len(listener.connections), 1)

    async def test_the_next_one_is_turned_away_when_it_is_full(self) -> None:
        listener = await self.listen(max_connections=1)
        first, second = await self.dial(listener), await self.dial(listener)
        await self.until(lambda: second.is_lost)
        self.assertFalse(first.is_lost)
        self.assertEqual(listener.counters.refused, {"full": 1})

    async def test_one_that_reads_nothing_is_cut_off(self) -> None:
        listener = await self.listen()
        caller = await self.dial(listener)
        caller.transport.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        caller.transport.pauseProducing()
        caller.transport.write(login())
        await self.until(lambda: self.told.connections)
        (connection,) = listener.connections
        connection._transport.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2048)  # type: ignore[union-attr]
        counters, said = listener.counters, 0
        while not counters.refused:
            caller.transport.write(beat() * 500)
            said += 500
            await self.until(lambda said=said: counters.heartbeats >= said or counters.refused)
        self.assertEqual(listener.counters.refused, {"slow reader": 1})

    async def test_a_port_that_is_taken(self) -> None:
        listener = await self.listen()
        endpoint = f"tcp:{listener.address.port}:interface=127.0.0.1"
        again = DialInListener(Listener(name="again", endpoint=endpoint), self.told, reactor)
        await self.assertFailure(Deferred.fromCoroutine(again.listen()), CannotListenError)

    async def test_stopping_hangs_up(self) -> None:
        listener = await self.listen()
        callers = [await self.dial(listener) for _ in range(3)]
        for caller in callers:
            caller.transport.write(login())
        await self.until(lambda: len(self.told.connections) == 3)
        await listener.stop()
        self.assertEqual(self.told.kinds.count("lost"), 3)
        await self.until(lambda: all(caller.is_lost for caller in callers))

    async def test_the_kernel_finds_a_meter_that_is_gone(self) -> None:
        listener = await self.listen()
        await self.dial(listener)
        await self.until(lambda: listener.connections)
        (connection,) = listener.connections
        handle = connection._transport.getHandle()  # type: ignore[union-attr]
        options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
        idle, interval, probes, unacknowledged = (
            handle.getsockopt(socket.IPPROTO_TCP, option) for option in options
        )
        self.assertTrue(handle.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))
        self.assertLessEqual(max(idle + interval * probes, unacknowledged / 1000), 75)
