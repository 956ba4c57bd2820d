"""Keeps what was read of meters' profiles and logs, and tells how far that goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hesd.model.event import MeterEvent
from hesd.model.obis import OBIS
from hesd.model.profile import Profile
from hesd.store import events, profiles
from hesd.store.database import Database


class StoredArchive:
    """What it has returned from is on disk. `on_events` is told of events that were not known before."""

    def __init__(
        self, database: Database, on_events: Callable[[Sequence[MeterEvent]], object] = lambda _: None
    ) -> None:
        self._database = database
        self._on_events = on_events

    async def keep_profile(self, profile: Profile) -> int:
        """Keep rows, and how many were not known before."""
        return await self._database.write(profiles.put, profile)

    async def keep_events(self, batch: Sequence[MeterEvent]) -> int:
        """Keep events, and how many were not known before."""
        new = await self._database.write(events.put, batch)
        if new:
            self._on_events(new)
        return len(new)

    async def newest_row(self, meter: str, obis: OBIS) -> int | None:
        """The time of the latest row of a profile, None where none is kept."""
        return await self._database.read(profiles.newest, meter, obis)

    async def newest_event(self, meter: str, log: OBIS) -> int | None:
        """The time of the latest event of a log, None where none is kept."""
        return await self._database.read(events.newest, meter, log)
