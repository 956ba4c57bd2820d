"""What was learned of a model of meters: scalers, object lists, columns, as JSON under a key."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, insert, select
from twisted.internet.interfaces import IReactorTime

from hesd.model.job import JSON
from hesd.store.database import Database
from hesd.store.tables import cosem_models as table


def load(connection: Connection, key: str) -> JSON:
    """What is kept under a key, None where nothing is."""
    kept = connection.scalar(select(table.c.model).where(table.c.key == key))
    return None if kept is None else msgspec.json.decode(kept)


def save(connection: Connection, key: str, model: JSON, now_ms: int) -> None:
    """Keep this under a key, in place of what was there."""
    record = {"key": key, "model": msgspec.json.encode(model).decode(), "updated_ms": now_ms}
    connection.execute(insert(table).prefix_with("OR REPLACE").values(record))


class StoredModels:
    """`load` and `save` behind awaitables; what `save` has returned from is on disk."""

    def __init__(self, database: Database, clock: IReactorTime) -> None:
        self._database = database
        self._clock = clock

    async def load(self, key: str) -> JSON:
        """What is kept under a key, None where nothing is."""
        return await self._database.read(load, key)

    async def save(self, key: str, value: JSON) -> None:
        """Keep this under a key, in place of what was there."""
        await self._database.write(save, key, value, int(self._clock.seconds() * 1000))
