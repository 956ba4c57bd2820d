"""What happened at meters, as their logs say: every entry once, however often it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from hesd.model.event import MeterEvent
from hesd.model.obis import OBIS
from hesd.store.page import Page
from hesd.store.tables import events as table

# An end may come later than the event; a name may be known later than its code.
_PUT: Final = (
    f"INSERT INTO {table.name}"  # noqa: S608
    " (meter, log, at_ms, kind, ordinal, code, until_ms, name, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (meter, log, at_ms, kind, ordinal) DO UPDATE SET"
    " until_ms = coalesce(excluded.until_ms, until_ms), name = excluded.name, detail = excluded.detail"
    " WHERE name <> excluded.name OR detail <> excluded.detail"
    " OR (excluded.until_ms IS NOT NULL AND until_ms IS NOT excluded.until_ms)"
)

Cursor = tuple[int, int]  # the time and the number of the last event that was given


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events to list, from `from_ms` (included) to `to_ms` (not); None does not matter."""

    meter: str | None = None
    log: OBIS | None = None
    from_ms: int | None = None
    to_ms: int | None = None


def put(connection: Connection, batch: Sequence[MeterEvent]) -> list[MeterEvent]:
    """Keep events; those that were not known before.

    Entries of one time and one code are told apart by their order, so all of a log that are
    of one time have to come in one batch.
    """
    rows = list(_rows(batch))
    if not rows:
        return []
    last = connection.scalar(select(func.max(table.c.id))) or 0
    connection.exec_driver_sql(_PUT, rows)
    return _events(connection, select(table).where(table.c.id > last).order_by(table.c.id))


def listed(
    connection: Connection, wanted: EventFilter, limit: int, after: Cursor | None = None
) -> Page[MeterEvent, Cursor]:
    """Events, the latest first, from the first behind `after`."""
    query = select(table).where(*_conditions(wanted, after))
    rows = connection.execute(query.order_by(table.c.at_ms.desc(), table.c.id.desc()).limit(limit + 1)).all()
    found = tuple(map(_event, rows[:limit]))
    return Page(found, (rows[limit - 1].at_ms, rows[limit - 1].id) if len(rows) > limit else None)


def newest(connection: Connection, meter: str, log: OBIS) -> int | None:
    """The time of the latest event that is known of a log, None where none is."""
    query = select(func.max(table.c.at_ms)).where(table.c.meter == meter, table.c.log == log)
    found: int | None = connection.scalar(query)
    return found


def _rows(batch: Sequence[MeterEvent]) -> Iterator[tuple[Any, ...]]:
    met: dict[tuple[str, str, int, str], int] = {}
    for event in batch:
        kind = event.name if event.code is None else str(event.code)
        identity = (event.meter, str(event.log), event.at_ms, kind[:200])
        ordinal = met[identity] = met.get(identity, -1) + 1
        detail = msgspec.json.encode(dict(event.detail)).decode()
        yield *identity, ordinal, event.code, event.until_ms, event.name[:200], detail


def _conditions(wanted: EventFilter, after: Cursor | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.meter is not None:
        conditions.append(table.c.meter == wanted.meter)
    if wanted.log is not None:
        conditions.append(table.c.log == wanted.log)
    if wanted.from_ms is not None:
        conditions.append(table.c.at_ms >= wanted.from_ms)
    if wanted.to_ms is not None:
        conditions.append(table.c.at_ms < wanted.to_ms)
    if after is not None:
        at_ms, id = after
        conditions.append(table.c.at_ms <= at_ms)
        conditions.append(or_(table.c.at_ms < at_ms, and_(table.c.at_ms == at_ms, table.c.id < id)))
    return conditions


def _events(connection: Connection, query: Any) -> list[MeterEvent]:
    return [_event(row) for row in connection.execute(query)]


def _event(row: Any) -> MeterEvent:
    return MeterEvent(
        meter=row.meter,
        log=OBIS(row.log),
        at_ms=row.at_ms,
        name=row.name,
        code=row.code,
        until_ms=row.until_ms,
        detail=msgspec.json.decode(row.detail),
    )
