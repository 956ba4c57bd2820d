"""What systemd wants to hear: READY, RELOADING, WATCHDOG, STOPPING (sd_notify(3))."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Mapping

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall


class ServiceManager:
    """Tells the service manager how the daemon is; silent where there is none.

    The watchdog runs on the reactor, so that a blocked reactor is what it finds.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        clock: IReactorTime,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the NUL of an abstract socket.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._monotonic_ns = monotonic_ns
        self._watchdog_seconds = int(environment.get("WATCHDOG_USEC", "0")) / 1e6
        self._watchdog = LoopingCall(self._send, "WATCHDOG=1")
        self._watchdog.clock = clock

    def ready(self, status: str) -> None:
        """The daemon serves; start answering the watchdog at half its patience."""
        self._send(f"READY=1\nSTATUS={status}")
        if self._watchdog_seconds and not self._watchdog.running:
            self._watchdog.start(self._watchdog_seconds / 2)

    def reloading(self) -> None:
        self._send(f"RELOADING=1\nMONOTONIC_USEC={self._monotonic_ns() // 1000}")

    def stopping(self) -> None:
        if self._watchdog.running:
            self._watchdog.stop()
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.setblocking(False)
            # A service manager that went away is no reason to fail.
            with contextlib.suppress(OSError):
                out.sendto(message.encode(), self._address)
