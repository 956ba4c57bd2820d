"""Which meters have a system title: an index in memory, for whoever pushes may be anybody."""

from __future__ import annotations

from collections.abc import Mapping

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from hesd.store import meters
from hesd.store.database import Database

Found = Mapping[bytes, tuple[str, ...]]


class Titles:
    """Reads the registry once after `forget`, however many ask; once more for those who asked since."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._found: Found = {}
        # How often it was told to forget, and how often when what it found began to be read.
        self._edits, self._as_of = 0, -1
        self._waiting: list[tuple[int, Deferred[None]]] = []
        self._is_reading = False

    def forget(self) -> None:
        """The registry has been edited: who asks from now on is told what it says now."""
        self._edits += 1

    async def of(self, title: bytes) -> tuple[str, ...]:
        """The serials of the meters that have this title. Raises `StoreDown`."""
        if self._as_of < self._edits:
            waiter: Deferred[None] = Deferred()
            self._waiting.append((self._edits, waiter))
            if not self._is_reading:
                self._read()
            await waiter
        return self._found.get(title, ())

    def _read(self) -> None:
        self._is_reading = True
        reading = Deferred.fromCoroutine(self._database.read(meters.titles))
        reading.addCallback(self._keep, self._edits).addBoth(self._tell)

    def _keep(self, found: Found, edits: int) -> None:
        self._found, self._as_of = found, edits

    def _tell(self, outcome: Failure | None) -> None:
        """From a loop, not one waiter from another: a flood of them would be a tower of calls."""
        waiting, self._waiting = self._waiting, []
        for edits, waiter in waiting:
            if outcome is not None:
                waiter.errback(outcome)
            elif edits <= self._as_of:
                waiter.callback(None)
            else:
                self._waiting.append((edits, waiter))
        self._is_reading = False
        if self._waiting:
            self._read()
