"""Profiles of meters: rows of captured values by time, each time once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select

from hesd.model.obis import OBIS
from hesd.model.profile import Profile, ProfileColumn, ProfileRow
from hesd.model.units import Unit
from hesd.store.profile_cells import pack_row, unpack_row
from hesd.store.tables import profile_columns, profile_rows, profiles

# Straight to the driver, as readings are; what is there already costs no write.
_PUT: Final = (
    f"INSERT INTO {profile_rows.name} (profile_id, at_ms, columns_id, raws, scaled)"  # noqa: S608
    " VALUES (?, ?, ?, ?, ?) ON CONFLICT (profile_id, at_ms) DO UPDATE SET"
    " columns_id = excluded.columns_id, raws = excluded.raws, scaled = excluded.scaled"
    " WHERE raws <> excluded.raws OR columns_id <> excluded.columns_id OR scaled IS NOT excluded.scaled"
)

Columns = tuple[ProfileColumn, ...]


@dataclass(frozen=True, slots=True)
class KnownProfile:
    """A profile that something is kept of: how many rows, and the times of the first and the last."""

    obis: OBIS
    rows: int
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class ProfilePage:
    """Some rows of a profile, and `next`: the `from_ms` of the following page."""

    columns: Columns
    rows: tuple[ProfileRow, ...]
    next: int | None = None


def put(connection: Connection, profile: Profile) -> int:
    """Keep the rows of a profile, and how many were not known before.

    Of two rows of one time (a clock was set back) the later word stays.
    """
    if not profile.rows:
        return 0
    number = _number(connection, profiles, {"meter": profile.meter, "obis": str(profile.obis)})
    columns_id = _number(connection, profile_columns, {"columns": _to_json(profile.columns)})
    times = [row.at_ms for row in profile.rows]
    before = _count(connection, number, min(times), max(times))
    rows = [(number, row.at_ms, columns_id, *pack_row(profile.columns, row)) for row in profile.rows]
    connection.exec_driver_sql(_PUT, rows)
    return _count(connection, number, min(times), max(times)) - before


def known(connection: Connection, meter: str) -> list[KnownProfile]:
    """The profiles that something is kept of, in the order of their codes."""
    query = (
        select(
            profiles.c.obis,
            func.count().label("rows"),
            func.min(profile_rows.c.at_ms).label("first_ms"),
            func.max(profile_rows.c.at_ms).label("last_ms"),
        )
        .join(profile_rows, profile_rows.c.profile_id == profiles.c.id)
        .where(profiles.c.meter == meter)
        .group_by(profiles.c.id)
    )
    found = [
        KnownProfile(OBIS(row.obis), row.rows, row.first_ms, row.last_ms) for row in connection.execute(query)
    ]
    return sorted(found, key=lambda profile: profile.obis.groups)


def newest(connection: Connection, meter: str, obis: OBIS) -> int | None:
    """The time of the latest row that is kept of a profile, None where none is."""
    number = _find(connection, meter, obis)
    query = select(func.max(profile_rows.c.at_ms)).where(profile_rows.c.profile_id == number)
    found: int | None = connection.scalar(query)
    return found


def columns(connection: Connection, meter: str, obis: OBIS, from_ms: int, to_ms: int) -> Columns:
    """All columns that rows from `from_ms` (included) to `to_ms` (not) have, the newest set's first."""
    sets = _sets(connection, _within(_find(connection, meter, obis), from_ms, to_ms))
    return _joined(sets[number] for number in sorted(sets, reverse=True))


def history(
    connection: Connection,
    meter: str,
    obis: OBIS,
    from_ms: int,
    to_ms: int,
    limit: int,
    shown: Columns | None = None,
) -> ProfilePage:
    """The rows from `from_ms` (included) to `to_ms` (not), oldest first.

    Where a meter captured other things at other times, all rows have the columns of all, with
    None in those they lack. `shown` are the columns to answer with, by default `columns`.
    """
    within = _within(_find(connection, meter, obis), from_ms, to_ms)
    shown = columns(connection, meter, obis, from_ms, to_ms) if shown is None else shown
    sets = _sets(connection, within)
    query = select(profile_rows).where(*within).order_by(profile_rows.c.at_ms).limit(limit + 1)
    found = connection.execute(query).all()
    rows = []
    for row in found[:limit]:
        own = sets[row.columns_id]
        unpacked = unpack_row(own, row.at_ms, (row.raws, row.scaled))
        rows.append(unpacked if own == shown else _arranged(unpacked, own, shown))
    return ProfilePage(shown, tuple(rows), found[limit].at_ms if len(found) > limit else None)


def _number(connection: Connection, table: Any, record: dict[str, str]) -> int:
    """The number of a row that is there once, made where it is not there yet."""
    here = [table.c[name] == content for name, content in record.items()]
    connection.execute(table.insert().prefix_with("OR IGNORE").values(record))
    found: int = connection.execute(select(table.c.id).where(*here)).scalar_one()
    return found


def _find(connection: Connection, meter: str, obis: OBIS) -> int | None:
    here = (profiles.c.meter == meter, profiles.c.obis == str(obis))
    found: int | None = connection.scalar(select(profiles.c.id).where(*here))
    return found


def _within(number: int | None, from_ms: int, to_ms: int) -> tuple[ColumnElement[bool], ...]:
    table = profile_rows.c
    return table.profile_id == number, table.at_ms >= from_ms, table.at_ms < to_ms


def _count(connection: Connection, number: int, first_ms: int, last_ms: int) -> int:
    within = _within(number, first_ms, last_ms + 1)
    found: int = connection.execute(
        select(func.count()).select_from(profile_rows).where(*within)
    ).scalar_one()
    return found


def _sets(connection: Connection, within: Sequence[ColumnElement[bool]]) -> dict[int, Columns]:
    used = select(profile_rows.c.columns_id).where(*within).distinct()
    found = connection.execute(select(profile_columns).where(profile_columns.c.id.in_(used)))
    return {row.id: _from_json(row.columns) for row in found}


def _joined(sets: Iterable[Columns]) -> Columns:
    return tuple(dict.fromkeys(column for columns in sets for column in columns))


def _arranged(row: ProfileRow, own: Columns, shown: Columns) -> ProfileRow:
    places = [own.index(column) if column in own else None for column in shown]
    return ProfileRow(
        row.at_ms,
        tuple(None if place is None else row.values[place] for place in places),
        tuple(None if place is None else row.raws[place] for place in places),
    )


def _to_json(columns: Columns) -> str:
    return msgspec.json.encode([_fields(column) for column in columns]).decode()


def _fields(column: ProfileColumn) -> tuple[Any, ...]:
    where = (column.class_id, str(column.obis), column.attribute, column.data_index)
    return *where, column.name, column.scaler, int(column.unit)


def _from_json(kept: str) -> Columns:
    return tuple(
        ProfileColumn(
            class_id=class_id,
            obis=OBIS(obis),
            attribute=attribute,
            data_index=data_index,
            name=name,
            scaler=scaler,
            unit=Unit.of(unit),
        )
        for class_id, obis, attribute, data_index, name, scaler, unit in msgspec.json.decode(kept)
    )
