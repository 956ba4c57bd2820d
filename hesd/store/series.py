"""The number under which the readings of one quantity of one meter are kept."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, insert, select

from hesd.model.obis import OBIS
from hesd.store.tables import series

Key = tuple[str, OBIS]


def find(connection: Connection, meter: str, obis: OBIS) -> int | None:
    """The number of a series, None where nothing was ever read of it."""
    return connection.scalar(select(series.c.id).where(series.c.meter == meter, series.c.obis == obis))


def all_numbers(connection: Connection) -> dict[Key, int]:
    """The numbers of all series there are."""
    return {(row.meter, OBIS(row.obis)): row.id for row in connection.execute(select(series))}


def number(connection: Connection, keys: Iterable[Key]) -> dict[Key, int]:
    """The numbers of these series; those that are new get one."""
    found: dict[Key, int] = {}
    for meter, obis in keys:
        row = {"meter": str(meter), "obis": str(obis)}
        known = find(connection, meter, obis)
        if known is None:
            added = connection.execute(insert(series).values(row).returning(series.c.id))
            known = added.scalar_one()
        found[meter, obis] = known
    return found
