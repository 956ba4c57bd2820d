"""Takes things down as they come, many with one write, and lets nobody wait for the disk.

For what has no caller who wants to know when it is kept: strangers, pushed events. Readings
have `hesd.store.reading_writer`, which promises more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from sqlalchemy import Connection, exc
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from hesd.store.database import Database
from hesd.store.errors import StoreDown

T = TypeVar("T")
R = TypeVar("R")


class Book(Generic[T, R]):
    """Hands what is taken down to `write`, one batch after the other, and its answer to `on_written`.

    At most `most` things wait for the disk; beyond that they are dropped, and the log says so.
    """

    _log = Logger()

    def __init__(
        self,
        database: Database,
        write: Callable[[Connection, Sequence[T]], R],
        on_written: Callable[[R], object] = lambda _: None,
        *,
        most: int,
    ) -> None:
        self._database = database
        self._write = write
        self._on_written = on_written
        self._most = most
        self._waiting: list[T] = []
        self._dropped = 0
        self._writing: Deferred[None] | None = None

    def add(self, thing: T) -> None:
        """Take one thing down."""
        self.extend((thing,))

    def extend(self, things: Iterable[T]) -> None:
        """Take several down, which are then in one batch."""
        wanted = list(things)
        if len(self._waiting) + len(wanted) > self._most:
            self._dropped += len(wanted)
            return
        self._waiting += wanted
        if self._writing is None or self._writing.called:
            self._writing = Deferred.fromCoroutine(self._write_all())

    async def close(self) -> None:
        """Returns when all that was taken down is on disk, or cannot be."""
        if self._writing is not None:
            await self._writing

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            if self._dropped:
                self._log.warn("{count} dropped: more came than the disk takes", count=self._dropped)
                self._dropped = 0
            try:
                written = await self._database.write(self._write, batch)
            except StoreDown as error:
                self._log.warn("{count} wait: {error}", count=len(batch), error=error)
                self._waiting = [*batch, *self._waiting]
                return  # the next one that comes tries again
            except exc.DBAPIError:
                self._log.failure("{count} cannot be stored", count=len(batch))
            else:
                self._on_written(written)
