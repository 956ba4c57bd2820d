from __future__ import annotations

import os
import socket

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from hesd.service_manager import ServiceManager


class ServiceManagerTests(SynchronousTestCase):
    def setUp(self) -> None:
        # An abstract address: trial's temporary paths can be longer than a socket's may be.
        self.address = f"@hesd-test-{os.getpid()}-{id(self)}"
        self.inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.inbox.bind("\0" + self.address[1:])
        self.inbox.setblocking(False)
        self.addCleanup(self.inbox.close)
        self.clock = Clock()

    def heard(self) -> list[str]:
        messages = []
        while True:
            try:
                messages.append(self.inbox.recv(4096).decode())
            except BlockingIOError:
                return messages

    def test_says_ready_and_answers_the_watchdog_until_it_stops(self) -> None:
        manager = ServiceManager({"NOTIFY_SOCKET": self.address, "WATCHDOG_USEC": "20000000"}, self.clock)
        manager.ready("2 lines")
        self.assertEqual(self.heard(), ["READY=1\nSTATUS=2 lines", "WATCHDOG=1"])
        self.clock.advance(10)
        self.assertEqual(self.heard(), ["WATCHDOG=1"])
        manager.stopping()
        self.clock.advance(30)
        self.assertEqual(self.heard(), ["STOPPING=1"])

    def test_a_reload_carries_the_time_systemd_asks_for(self) -> None:
        ServiceManager({"NOTIFY_SOCKET": self.address}, self.clock, lambda: 1_500_000_000).reloading()
        self.assertEqual(self.heard(), ["RELOADING=1\nMONOTONIC_USEC=1500000"])

    def test_is_silent_where_nobody_listens(self) -> None:
        ServiceManager({}, self.clock).ready("")
        ServiceManager({"NOTIFY_SOCKET": "/nonexistent/socket"}, self.clock).stopping()
        self.assertEqual(self.heard(), [])
