"""A head end with a listener and nothing else: what the daemon has for meters that dial in."""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import deferLater

from benchmarks.dial_in_plant import DRIVER, PASSWORD
from benchmarks.fixed_keys import FixedKeys
from hesd.collect.dlms_desk import DLMSDesk
from hesd.collect.dlms_spec import DLMSMeterSpec
from hesd.collect.head_end import DLMSDoors, HeadEnd
from hesd.collect.meter import MeterState
from hesd.config import Listener
from hesd.driver.cosem import DLMSDriver
from hesd.driver.loading import load_drivers, usable
from hesd.links.apdu_line import MeterAddress
from hesd.links.dial_in import DialInObserver
from hesd.links.dial_in_listener import DialInListener
from hesd.links.open_dlms_line import open_dlms_line
from hesd.links.open_link import open_link
from hesd.model.reading import Reading
from hesd.model.secrets import Secrets
from hesd.model.stranger import Stranger
from hesd.quiet_reactor import QuietReactor

LISTENER = "gprs"
_EVERY = 0.005


class Head:
    """`reads` counts how often each meter was read, `strangers` how many were told of.

    `on_read` is called with the serial number of each meter that was read.
    """

    def __init__(
        self, reactor: Any, on_read: Callable[[str], None] = lambda _: None, **listener: Any
    ) -> None:
        self._reactor = reactor
        self._settings = {"name": LISTENER, "endpoint": "tcp:0:interface=127.0.0.1"} | listener
        self.reads: Counter[str] = Counter()
        self._on_read = on_read
        self.strangers = 0
        self.desk = DLMSDesk(
            clock=reactor, keyring=FixedKeys(Secrets(password=PASSWORD.encode())),
            on_readings=self._collected, on_state=self._changed, on_stranger=self._met,
        )  # fmt: skip
        doors = DLMSDoors(self.desk, partial(open_dlms_line, reactor=reactor), self._open)
        self.head_end = HeadEnd(
            partial(open_link, reactor=reactor), reactor, self._collected, self._changed, dlms=doors
        )
        driver = usable(load_drivers(None))[DRIVER]
        assert isinstance(driver, DLMSDriver)
        self._driver = driver

    async def listen(self) -> int:
        """Open the port; which one."""
        QuietReactor(self._reactor).start()
        await self.head_end.add_listener(Listener(**self._settings))
        port: int = self.listener.address.port
        return port

    def spec(self, serial: str, interval: float) -> DLMSMeterSpec:
        """A meter that is read every `interval` seconds."""
        driver = self._driver
        return DLMSMeterSpec(
            serial=serial, line=LISTENER, driver_name=DRIVER, driver=driver,
            address=MeterAddress(driver.client_sap, driver.server_sap),
            authentication=driver.authentication, interval=interval, slow_interval=interval,
        )  # fmt: skip

    async def until(self, holds: Any, seconds: float) -> None:
        """Wait until something is so. Raises `TimeoutError`."""
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise TimeoutError(f"not so after {seconds} s")
            await deferLater(self._reactor, 0.1)

    def _open(self, listener: Listener, observer: DialInObserver) -> DialInListener:
        self.listener = DialInListener(listener, observer, self._reactor)
        return self.listener

    def _collected(self, readings: Sequence[Reading]) -> None:
        self.reads[readings[0].meter] += 1
        self._on_read(readings[0].meter)

    def _changed(self, _state: MeterState) -> None:
        """Nobody looks."""

    def _met(self, _stranger: Stranger) -> None:
        self.strangers += 1


class Collections:
    """How long the longest collection of garbage took while it was looked at, in seconds."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._began = 0.0

    def start(self) -> None:
        gc.callbacks.append(self._told)

    def stop(self) -> None:
        gc.callbacks.remove(self._told)

    def _told(self, phase: str, _: dict[str, int]) -> None:
        now = time.perf_counter()
        if phase == "start":
            self._began = now
        else:
            self.longest = max(self.longest, now - self._began)


class Lateness:
    """How late a reactor calls what it is to call every few milliseconds, in seconds."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._late: list[float] = []
        self._due = 0.0
        self._call: IDelayedCall | None = None

    def start(self) -> None:
        self._due = self._reactor.seconds() + _EVERY
        self._call = self._reactor.callLater(_EVERY, self._called)

    def stop(self) -> None:
        if self._call is not None:
            self._call.cancel()

    def at(self, share: float) -> float:
        """What so much of the calls were at most."""
        return sorted(self._late)[min(len(self._late) - 1, int(len(self._late) * share))]

    def _called(self) -> None:
        self._late.append(self._reactor.seconds() - self._due)
        self.start()


def resident_kib() -> float:
    """What this process has in memory, without what could be collected."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024


@contextmanager
def dialling(port: int, meters: int, heartbeat: float) -> Iterator[None]:
    """Meters that dial this port, on whatever processor is free."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.dial_in_plant", str(port), str(meters), str(heartbeat)],
        stdin=subprocess.PIPE,
        preexec_fn=partial(os.nice, 5),
    )
    with process:
        assert process.stdin is not None
        try:
            yield
        finally:
            process.stdin.close()
