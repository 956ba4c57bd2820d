"""HDLC meters on a pty: addresses, paced characters, the optical probe's sign-on."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import serial

from hesd.dlms.hdlc_address import ServerAddress
from hesd.dlms.mode_e import ModeEOpening
from tests.sim.dlms_case import DLMSCase, entry
from tests.sim.dlms_head import Head, Silent, hdlc, lls


class PortAsSocket:
    """What `Head` needs of a socket, of a serial port."""

    def __init__(self, port: serial.Serial) -> None:
        self._port = port

    def settimeout(self, seconds: float) -> None:
        self._port.timeout = seconds

    def sendall(self, octets: bytes) -> None:
        self._port.write(octets)

    def recv(self, _: int) -> bytes:
        first = self._port.read(1)
        if not first:
            raise TimeoutError
        return bytes(first + self._port.read(self._port.in_waiting))

    def close(self) -> None:
        self._port.close()


class BusTests(DLMSCase):
    @contextlib.contextmanager
    def head(self, name: str, address: ServerAddress, timeout: float = 5) -> Iterator[Head]:
        port = PortAsSocket(serial.Serial(str(self.directory / name), 9600))
        head = Head(port, hdlc(17, address), lls(), timeout)  # type: ignore[arg-type]
        with contextlib.closing(port):
            yield head

    async def test_meters_on_a_bus_are_told_apart(self) -> None:
        meters = [entry("1001", address=17), entry("1002", address=18)]
        self.play(dlms_bus=[{"name": "bus-1", "baud": 115200, "meters": meters}])
        self.assertRegex(
            self.simulator.endpoints["bus-1"], r"^serial:.*:baudrate=115200:parity=N:stopbits=1$"
        )

        def read() -> None:
            for number, address in (("1001", 17), ("1002", 18)):
                with self.head("bus-1", ServerAddress(1, address)) as head:
                    head.associate()
                    self.assertEqual(head.get(1, "0.0.42.0.0.255"), b"SMA" + number.encode())
            with self.head("bus-1", ServerAddress(1, 19), 0.2) as head:
                self.assertRaises(Silent, head.associate)

        await self.in_thread(read)

    async def test_characters_take_their_time(self) -> None:
        self.play(dlms_bus=[{"name": "bus-1", "baud": 9600, "meters": [entry("1001")]}])

        def read() -> None:
            with self.head("bus-1", ServerAddress(1)) as head:
                began = time.monotonic()
                head.associate()
                self.assertGreater(time.monotonic() - began, 60 * 10 / 9600)

        await self.in_thread(read)

    async def test_optical_probe(self) -> None:
        self.play(dlms_bus=[{"name": "probe", "mode_e": True, "paced": False, "meters": [entry("1001")]}])

        def sign_on(port: serial.Serial) -> None:
            opening = ModeEOpening()
            port.write(opening.request())
            (identified,) = opening.receive(port.read_until(b"\r\n"))
            self.assertEqual((identified.manufacturer, identified.baud), ("HSD", 9600))
            octets, switched = opening.acknowledge(identified)
            self.assertEqual(switched.baud, 9600)
            port.write(octets)
            time.sleep(0.1)  # both ends change their baud rate

        def read() -> None:
            with self.head("probe", ServerAddress(1), 0.2) as head:
                self.assertRaises(Silent, head.associate)  # nobody has signed on
            for _ in range(2):
                with self.head("probe", ServerAddress(1), 2) as head:
                    sign_on(head.socket._port)  # type: ignore[attr-defined]
                    head.associate()
                    self.assertTrue(head.get(3, "1.0.32.7.0.255"))

        await self.in_thread(read)
