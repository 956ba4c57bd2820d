"""The number under which the readings of one quantity of one meter are kept."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from hesd.model.obis import OBIS
from hesd.store.tables import series

Key = tuple[str, OBIS]

# Straight to the driver: a thousand meters that are read for the first time are 12 000 series.
_ADD = "INSERT INTO series (meter, obis) VALUES (?, ?) ON CONFLICT DO NOTHING"
_FIND = "SELECT id FROM series WHERE meter = ? AND obis = ?"


def find(connection: Connection, meter: str, obis: OBIS) -> int | None:
    """The number of a series, None where nothing was ever read of it."""
    return connection.scalar(select(series.c.id).where(series.c.meter == meter, series.c.obis == obis))


def all_numbers(connection: Connection) -> dict[Key, int]:
    """The numbers of all series there are."""
    return {(row.meter, OBIS(row.obis)): row.id for row in connection.execute(select(series))}


def number(connection: Connection, keys: Iterable[Key]) -> dict[Key, int]:
    """The numbers of these series; those that are new get one."""
    wanted = [(str(meter), str(obis)) for meter, obis in keys]
    if wanted:
        connection.exec_driver_sql(_ADD, wanted)
    found = (connection.exec_driver_sql(_FIND, one).scalar_one() for one in wanted)
    return {(meter, OBIS(obis)): number for (meter, obis), number in zip(wanted, found, strict=True)}
