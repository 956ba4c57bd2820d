"""Moves staged readings into the clustered table, between the commits of others."""

from __future__ import annotations

from twisted.internet.defer import Deferred, ensureDeferred, succeed
from twisted.logger import Logger

from hesd.store import stage
from hesd.store.database import Database
from hesd.store.errors import StoreDown


class StageMover:
    """Runs one move at a time, a slice a transaction. A move that fails is made at the next start."""

    _log = Logger()

    def __init__(self, database: Database) -> None:
        self.moved = 0
        self._database = database
        self._moving: Deferred[None] = succeed(None)
        self._stopping = False

    def start(self) -> None:
        """Move all that is staged by now, unless that is under way."""
        if self._moving.called and not self._stopping:
            self._moving = ensureDeferred(self._move())

    async def stop(self) -> None:
        """Come to rest after the slice at hand; the rest is moved another time."""
        self._stopping = True
        await self._moving

    async def _move(self) -> None:
        try:
            steps = await self._database.read(stage.slices)
            for step in steps:
                if self._stopping:
                    return
                self.moved += await self._database.write(stage.move, step)
            more = bool(steps)
            while more:
                more = await self._database.write(stage.forget, steps[-1].last_id)
        except StoreDown as error:
            self._log.warn("moving readings stopped: {error}", error=error)
