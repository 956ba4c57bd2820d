"""The newest reading of every quantity of every meter, in memory.

It is a copy of what the store knows, filled at the start and kept up by whoever puts
readings into the store; another process has its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from hesd.model.obis import OBIS
from hesd.model.reading import Reading
from hesd.store import readings
from hesd.store.database import Database

_NOTHING: Mapping[OBIS, Reading] = MappingProxyType({})


class LatestValues:
    """Newest by the time of the reading, not of its arrival: a late profile changes nothing."""

    _AT_ONCE = 5_000  # series a query, so that no reader thread is held for long

    def __init__(self) -> None:
        self._meters: dict[str, dict[OBIS, Reading]] = {}

    async def fill(self, database: Database) -> None:
        """Take over what the store knows; readings that arrive meanwhile are not lost."""
        after: int | None = 0
        while after is not None:
            page = await database.read(readings.newest, after, self._AT_ONCE)
            self.update(page.items)
            after = page.next
        self.update(await database.read(readings.newest_staged))

    def update(self, batch: Iterable[Reading]) -> None:
        """Take these readings where they are no older than what is known."""
        for reading in batch:
            values = self._meters.setdefault(reading.meter, {})
            known = values.get(reading.obis)
            if known is None or known.at_ms <= reading.at_ms:
                values[reading.obis] = reading

    def of(self, serial: str) -> Mapping[OBIS, Reading]:
        """The newest reading of each quantity of a meter, a view that moves on; empty if none."""
        values = self._meters.get(serial)
        return _NOTHING if values is None else MappingProxyType(values)

    def meters(self) -> list[str]:
        """The serials of the meters something is known of."""
        return list(self._meters)
