from __future__ import annotations

import os
import sys
from pathlib import Path

from sqlalchemy import Connection
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from hesd.store import readings
from tests.store import killed_writer
from tests.store.store_case import ENERGY, NOON, StoreCase, numbered

_SCRIPT = Path(killed_writer.__file__)


class _Killing(ProcessProtocol):
    """Kills the process at the given acknowledgement, while it goes on writing."""

    def __init__(self, acknowledgements: int) -> None:
        self.ended: Deferred[None] = Deferred()
        self.errors = b""
        self._wanted = acknowledgements
        self._said = b""

    @property
    def acknowledged(self) -> list[range]:
        complete = self._said.split(b"\n")[:-1]
        return [range(*map(int, line.split())) for line in complete]

    def outReceived(self, data: bytes) -> None:
        self._said += data
        if self._said.count(b"\n") >= self._wanted and self.transport is not None:
            self.transport.signalProcess("KILL")

    def errReceived(self, data: bytes) -> None:
        self.errors += data

    def processEnded(self, reason: Failure) -> None:
        self.ended.callback(None)


class KillTests(StoreCase):
    async def _write_and_kill(self, first: int, acknowledgements: int) -> list[range]:
        protocol = _Killing(acknowledgements)
        root = str(_SCRIPT.parents[2])
        reactor.spawnProcess(  # type: ignore[attr-defined]
            protocol,
            sys.executable,
            [sys.executable, str(_SCRIPT), str(self.state), str(first)],
            env={**os.environ, "PYTHONPATH": root},
        )
        await protocol.ended
        self.assertGreaterEqual(len(protocol.acknowledged), acknowledgements, protocol.errors.decode())
        return protocol.acknowledged

    async def test_what_was_acknowledged_survives(self) -> None:
        acknowledged: set[int] = set()
        moved = 0
        for round_, acknowledgements in enumerate((1, 9, 40, 90)):
            for numbers in await self._write_and_kill(round_ * 1_000_000, acknowledgements):
                acknowledged |= set(numbers)
            moved += self.read(
                lambda connection: connection.exec_driver_sql("SELECT count(*) FROM readings").scalar()
            )
        self.assertEqual(self.read(_integrity), ["ok"])
        self.assertGreater(moved, 0)
        kept = {}
        for meter in range(50):
            page = self.read(readings.history, f"M{meter}", ENERGY, NOON, NOON + 10_000_000, 1_000_000)
            kept.update({one.at_ms - NOON: one for one in page.items})
        self.assertEqual(acknowledged - kept.keys(), set())
        self.assertEqual({number for number, one in kept.items() if one != numbered(number)}, set())


def _integrity(connection: Connection) -> list[str]:
    return list(connection.exec_driver_sql("PRAGMA integrity_check").scalars())
