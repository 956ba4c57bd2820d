from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from hesd.links.serial_endpoint import SerialAddress, SerialEndpoint, SerialEndpointParser
from tests.links.terminals import Terminal

reactor: Any = _reactor


def point(link: str, target: str) -> None:
    """Make the symbolic link lead there, as udev does when an adapter is plugged in."""
    Path(link).unlink(missing_ok=True)
    Path(link).symlink_to(target)


class Collected(Protocol):
    """Keeps what it gets; `complete` fires when `wanted` bytes are there, `lost` at the end."""

    def __init__(self) -> None:
        self.data = b""
        self.wanted = 0
        self.complete: Deferred[bytes] = Deferred()
        self.lost: Deferred[None] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self.data += data
        if len(self.data) >= self.wanted > 0 and not self.complete.called:
            self.complete.callback(self.data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost.callback(None)


class Heard(Terminal):
    """Keeps what is written to the port."""

    def __init__(self) -> None:
        super().__init__(reactor)
        self.data = b""
        self.wanted = 0
        self.complete: Deferred[bytes] = Deferred()

    def received(self, data: bytes) -> None:
        self.data += data
        if len(self.data) >= self.wanted > 0 and not self.complete.called:
            self.complete.callback(self.data)


class Spelling(SynchronousTestCase):
    def parsed(self, *path: str, **settings: str) -> SerialAddress:
        return SerialEndpointParser().parseStreamClient(None, *path, **settings).address

    def test_everything_said(self) -> None:
        endpoint = clientFromString(
            reactor, "serial:/dev/ttyUSB0:baudrate=19200:bytesize=7:parity=o:stopbits=2:rs485=yes"
        )
        assert isinstance(endpoint, SerialEndpoint)
        self.assertEqual(endpoint.address, SerialAddress("/dev/ttyUSB0", 19200, 7, "O", 2, True))

    def test_nothing_said_is_what_the_specification_says(self) -> None:
        self.assertEqual(self.parsed("/dev/ttyS0"), SerialAddress("/dev/ttyS0", 9600, 8, "E", 1, False))

    def test_colons_in_a_path_are_its_own(self) -> None:
        endpoint = clientFromString(reactor, "serial:/dev/serial/by-path/pci-0000:00:14.0-usb:baudrate=9600")
        assert isinstance(endpoint, SerialEndpoint)
        self.assertEqual(endpoint.address.path, "/dev/serial/by-path/pci-0000:00:14.0-usb")

    def test_bits_of_a_character(self) -> None:
        for parity, stopbits, bits in (("E", "1", 11), ("N", "1", 10), ("N", "2", 11)):
            address = self.parsed("/dev/ttyS0", parity=parity, stopbits=stopbits)
            self.assertEqual(address.bits_per_character, bits)

    def test_what_is_wrong_is_named(self) -> None:
        for settings, said in (
            ({"baud": "9600"}, "baudrate.*not baud"),
            ({"baudrate": "fast"}, "baudrate.*'fast'"),
            ({"baudrate": "0"}, "baudrate.*'0'"),
            ({"parity": "even"}, "parity.*N, E, O.*'even'"),
            ({"stopbits": "3"}, "stopbits.*'3'"),
            ({"bytesize": "9"}, "bytesize.*'9'"),
            ({"rs485": "perhaps"}, "rs485.*'perhaps'"),
        ):
            with self.assertRaisesRegex(ValueError, said):
                self.parsed("/dev/ttyS0", **settings)
        with self.assertRaisesRegex(ValueError, "path"):
            self.parsed()


class Ports(TestCase):
    def setUp(self) -> None:
        self.terminal = Heard()
        self.addCleanup(self.terminal.connectionLost, None)

    async def open(self, path: str, **settings: Any) -> Collected:
        endpoint = SerialEndpoint(reactor, SerialAddress(path, **settings))
        protocol: Any = await endpoint.connect(Factory.forProtocol(Collected))
        self.addCleanup(self.close, protocol)
        self.terminal.listen()
        return protocol

    async def close(self, protocol: Collected) -> None:
        protocol.transport.loseConnection()
        await protocol.lost

    async def test_bytes_go_both_ways_on_a_pty_that_has_no_parity(self) -> None:
        port = await self.open(self.terminal.path, parity="E")
        self.terminal.wanted, port.wanted = 256, 256
        port.transport.write(bytes(range(256)))
        self.assertEqual(await self.terminal.complete, bytes(range(256)))
        self.terminal.write(bytes(range(256)))
        self.assertEqual(await port.complete, bytes(range(256)))

    async def test_it_is_ours_alone(self) -> None:
        first = await self.open(self.terminal.path)
        refusal = await self.assertFailure(
            SerialEndpoint(reactor, SerialAddress(self.terminal.path)).connect(
                Factory.forProtocol(Collected)
            ),
            OSError,
        )
        self.assertIn(f"{self.terminal.path} is in use by another program", str(refusal))
        await self.close(first)
        await self.open(self.terminal.path)

    async def test_what_is_no_port_cannot_be_opened(self) -> None:
        for path in ("/nowhere/at/all", __file__):
            await self.assertFailure(
                SerialEndpoint(reactor, SerialAddress(path)).connect(Factory.forProtocol(Collected)), OSError
            )

    async def test_settings_a_port_refuses_leave_it_closed(self) -> None:
        refused = SerialEndpoint(reactor, SerialAddress(self.terminal.path, rs485=True))
        await self.assertFailure(refused.connect(Factory.forProtocol(Collected)), ValueError)
        await self.open(self.terminal.path)

    async def test_a_pulled_adapter_is_a_lost_connection(self) -> None:
        port = await self.open(self.terminal.path)
        self.terminal.unplug()
        await port.lost

    async def test_the_path_is_followed_each_time(self) -> None:
        by_id = self.mktemp()
        point(by_id, self.terminal.path)
        port = await self.open(by_id)
        await self.close(port)
        other = Heard()
        self.addCleanup(other.connectionLost, None)
        point(by_id, other.path)
        again = await self.open(by_id)
        again.wanted = 3
        other.write(b"yes")
        self.assertEqual(await again.complete, b"yes")

    async def test_a_port_that_takes_nothing_more_can_be_closed(self) -> None:
        port = await self.open(self.terminal.path)
        self.terminal.connectionLost(None)  # nobody reads
        for _ in range(100):
            port.transport.write(bytes(1000))
        port.transport.loseConnection()
        await port.lost

    async def test_more_than_the_driver_takes_arrives_in_order(self) -> None:
        port = await self.open(self.terminal.path)
        data = os.urandom(100_000)
        self.terminal.wanted = len(data)
        for start in range(0, len(data), 1000):
            port.transport.write(data[start : start + 1000])
        self.assertEqual(await self.terminal.complete, data)
