"""Writes strangers down as they come, many with one write, and never waits for the disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from hesd.model.stranger import Stranger
from hesd.store import quarantine
from hesd.store.database import Database
from hesd.store.errors import StoreDown


class QuarantineBook:
    """`on_change` is called after every write. A storm of strangers costs one write at a time."""

    _log = Logger()
    _MOST: Final = 1000

    def __init__(self, database: Database, on_change: Callable[[], None] = lambda: None) -> None:
        self._database = database
        self._on_change = on_change
        self._waiting: list[Stranger] = []
        self._writing: Deferred[None] | None = None

    def seen(self, stranger: Stranger) -> None:
        """Take one down; beyond a thousand that wait for the disk, it has to come again."""
        if len(self._waiting) < self._MOST:
            self._waiting.append(stranger)
        if self._writing is None or self._writing.called:
            self._writing = Deferred.fromCoroutine(self._write())

    async def close(self) -> None:
        """Returns when all that was taken down is on disk, or cannot be."""
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                await self._database.write(quarantine.seen, batch)
                self._on_change()
        except StoreDown as error:
            self._log.warn("strangers are not written down: {error}", error=error)
