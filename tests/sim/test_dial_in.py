"""Meters dial in: they say who they are, go on saying it, and dial again when they are cut off."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from hesd.dialin.family_h import ACKNOWLEDGEMENT, decode_frame
from hesd.dialin.family_w import FamilyWFrame, Message, decode_payload
from hesd.dlms.hdlc_address import ServerAddress, client_address
from hesd.dlms.hdlc_push import PushReader
from hesd.dlms.link import PushReceived
from hesd.dlms.notification import decode_data_notification
from hesd.dlms.wrapper import WPDU, WPDUReader
from hesd.model.obis import OBIS
from hesd.toml_file import ConfigError
from tests.sim.dlms_case import DLMSCase, entry, plant_of
from tests.sim.dlms_head import Head, hdlc, lls, wrapper

SERIAL = "46000755036"


class Listener:
    """The head end's listener, in a thread."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(5)
        self.endpoint = f"tcp:127.0.0.1:{self._server.getsockname()[1]}"

    def accept(self) -> socket.socket:
        connection, _ = self._server.accept()
        connection.settimeout(5)
        return connection

    def close(self) -> None:
        self._server.close()


def login_of(octets: bytes) -> FamilyWFrame:
    (found,) = WPDUReader().feed(octets)
    assert isinstance(found, WPDU)
    return decode_payload(found)


class DialInTests(DLMSCase):
    async def dialled(self, work: Callable[[Listener], None], *meters: dict[str, Any], **fields: Any) -> None:
        listener = Listener()
        self.addCleanup(listener.close)
        table = {"name": "gprs", "endpoint": listener.endpoint, "heartbeat": "100ms"}
        self.play(dialin=[{**table, "meters": list(meters) or [entry(SERIAL)], **fields}])
        await self.in_thread(lambda: work(listener))

    def read(self, connection: socket.socket, server: int = 1) -> Any:
        head = Head(connection, wrapper(17, server), lls())
        head.associate()
        return head.get(1, "0.0.42.0.0.255")

    async def test_family_w(self) -> None:
        def work(listener: Listener) -> None:
            with listener.accept() as connection:
                login = login_of(connection.recv(100))
                self.assertEqual((login.message, login.meter_id), (Message.LOGIN, SERIAL))
                connection.sendall(login.acknowledgement().encode())
                beat = login_of(connection.recv(100))
                self.assertEqual((beat.message, beat.meter_id), (Message.HEARTBEAT, SERIAL))
                connection.sendall(beat.acknowledgement().encode())

        await self.dialled(work)

    async def test_it_is_read_on_the_connection_it_opened(self) -> None:
        def work(listener: Listener) -> None:
            with listener.accept() as connection:
                connection.sendall(login_of(connection.recv(100)).acknowledgement().encode())
                self.assertEqual(self.read(connection), b"SMA" + SERIAL.encode())

        await self.dialled(work, heartbeat="60s")

    async def test_family_h(self) -> None:
        def work(listener: Listener) -> None:
            with listener.accept() as connection:
                frame = decode_frame(connection.recv(100))
                self.assertEqual((frame.meter_id(), frame.signal), ("046000755036", 21))
                self.assertEqual(frame.sim, "892340155036")
                connection.sendall(ACKNOWLEDGEMENT)
                self.assertEqual(self.read(connection), b"SMA" + SERIAL.encode())

        await self.dialled(work, family="hexcell", heartbeat="60s")

    async def test_line_of_text_and_silence(self) -> None:
        def work(listener: Listener) -> None:
            with listener.accept() as first, listener.accept() as second:
                second.settimeout(0.2)
                said = []
                for connection in (first, second):
                    connection.settimeout(0.3)
                    try:
                        said.append(connection.recv(100))
                    except TimeoutError:
                        said.append(b"")
                self.assertEqual(sorted(said), [b"", b"A-17\r\n"])

        quiet = entry("18", family="silent", address=2)
        await self.dialled(work, entry("A-17", family="ascii"), quiet, heartbeat="60s")

    async def test_hdlc(self) -> None:
        def work(listener: Listener) -> None:
            with listener.accept() as connection:
                connection.recv(100)
                connection.sendall(ACKNOWLEDGEMENT)
                head = Head(connection, hdlc(17, ServerAddress(1)), lls())
                head.associate()
                self.assertEqual(head.get(1, "0.0.42.0.0.255"), b"SMA" + SERIAL.encode())

        await self.dialled(work, family="hexcell", framing="hdlc", heartbeat="60s")

    async def test_pushes_through_the_wrapper(self) -> None:
        def work(listener: Listener) -> None:
            with listener.accept() as connection:
                reader, pushes = WPDUReader(), []
                while len(pushes) < 3:
                    pushes += reader.feed(connection.recv(1000))
                for push in pushes:
                    assert isinstance(push, WPDU)
                    self.assertEqual((push.source, push.destination), (1, 102))
                    said = decode_data_notification(push.apdu).body.value
                    self.assertEqual(said[0], b"SMA" + SERIAL.encode())
                    scaled = said[said.index(OBIS("1.0.32.7.0.255").octets) + 1 :][:2]
                    self.assertTrue(2150 < scaled[0] < 2450)
                    self.assertEqual(scaled[1], (-1, 35))
                self.in_reactor(lambda: self.simulator.board.obey(f"{SERIAL} dead"))
                connection.settimeout(0.3)
                with self.assertRaises(TimeoutError):
                    while connection.recv(1000):
                        pass

        await self.dialled(work, family="push", heartbeat="50ms")

    async def test_pushes_in_frames_without_a_link(self) -> None:
        def work(listener: Listener) -> None:
            with listener.accept() as connection:
                reader, pushes = PushReader(), []
                while len(pushes) < 2:
                    pushes += reader.feed(connection.recv(1000))
                senders = set()
                for push in pushes:
                    assert isinstance(push, PushReceived)
                    senders.add(ServerAddress.from_octets(push.source))
                    self.assertEqual(push.destination, client_address(102))
                    decode_data_notification(push.pdu)
                self.assertEqual(senders, {ServerAddress(1, 17, 2), ServerAddress(1, 18, 2)})

        behind = [entry(f"100{number}", address=number, via="900") for number in (17, 18)]
        await self.dialled(work, *behind, family="push", framing="hdlc", heartbeat="60s")

    async def test_meters_behind_a_concentrator(self) -> None:
        def work(listener: Listener) -> None:
            with listener.accept() as connection:
                self.assertEqual(login_of(connection.recv(100)).meter_id, "00000000900")
                for number in (1, 2):
                    self.assertEqual(self.read(connection, number), f"SMA100{number}".encode())

        behind = [entry(f"100{number}", address=number, via="900") for number in (1, 2)]
        await self.dialled(work, *behind, heartbeat="60s")

    async def test_closed_connection_is_dialled_again(self) -> None:
        def work(listener: Listener) -> None:
            listener.accept().close()
            with listener.accept() as connection:
                self.assertEqual(login_of(connection.recv(100)).message, Message.LOGIN)

        await self.dialled(work)

    async def test_unanswered_heartbeats_are_a_reason_to_dial_again(self) -> None:
        def work(listener: Listener) -> None:
            with listener.accept() as silent, listener.accept() as connection:
                self.assertEqual(login_of(connection.recv(100)).message, Message.LOGIN)
                heard = b""
                while octets := silent.recv(1000):
                    heard += octets
                messages = [decode_payload(each).message for each in WPDUReader().feed(heard)]  # type: ignore[arg-type]
                self.assertEqual(messages, [Message.LOGIN, *[Message.HEARTBEAT] * 3])

        await self.dialled(work, heartbeat="20ms")

    async def test_connection_dead_in_the_middle(self) -> None:
        def work(listener: Listener) -> None:
            with listener.accept() as dead:
                self.assertEqual(login_of(dead.recv(100)).message, Message.LOGIN)
                self.in_reactor(lambda: self.simulator.board.obey(f"{SERIAL} nat"))
                with listener.accept() as connection:  # it has noticed
                    self.assertEqual(login_of(connection.recv(100)).message, Message.LOGIN)
                    dead.settimeout(0.1)
                    self.assertRaises(TimeoutError, dead.recv, 100)  # and never said so
                    self.in_reactor(lambda: self.simulator.board.obey(f"{SERIAL} nat off"))
                    dead.settimeout(5)
                    self.assertRaises(ConnectionResetError, dead.recv, 100)

        await self.dialled(work, heartbeat="30ms")

    async def test_counted(self) -> None:
        def work(listener: Listener) -> None:
            with listener.accept() as connection:
                connection.recv(100)
                report = self.simulator.report()["gprs"]
                self.assertEqual((report["dialled"], report["connections"]), (1, 1))

        await self.dialled(work, heartbeat="60s")

    def test_listeners_are_overridden_by_name(self) -> None:
        plant = plant_of(dialin=[{"name": "gprs", "endpoint": "tcp:127.0.0.1:4059", "meters": [entry("1")]}])
        moved = plant.dialling({"gprs": "tcp:127.0.0.1:5000"})
        self.assertEqual(moved.dialin[0].address, ("127.0.0.1", 5000))
        for endpoints in ({"lte": "tcp:127.0.0.1:5000"}, {"gprs": "unix:/x"}):
            self.assertRaises(ConfigError, plant.dialling, endpoints)
