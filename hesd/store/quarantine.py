"""Meters that dialled in and are not known: kept until somebody adopts or forgets them.

Whoever can open a connection can fill this, so it holds a bounded number: those that were
seen longest ago make room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, select, update

from hesd.model.meter_number import canonical_number
from hesd.model.stranger import Stranger
from hesd.store import meters
from hesd.store.errors import Unknown
from hesd.store.meters import Meter, MeterRefused
from hesd.store.page import Page
from hesd.store.tables import quarantine as table

MOST: Final = 1000

_SEEN: Final = (
    f"INSERT INTO {table.name} (identity, family, serial, address, listener, framing,"  # noqa: S608
    " first_seen_ms, last_seen_ms, times, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, 'waiting')"
    " ON CONFLICT (identity) DO UPDATE SET family = excluded.family, serial = excluded.serial,"
    " address = excluded.address, framing = excluded.framing, times = times + 1, state = 'waiting',"
    " last_seen_ms = max(last_seen_ms, excluded.last_seen_ms)"
)


class QuarantineState(StrEnum):
    WAITING = "waiting"
    ADOPTED = "adopted"  # and registered; should it be seen again as a stranger, it waits again


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A stranger and how often it was seen; `serial` is its own claim, "" where it makes none."""

    id: int
    family: str
    serial: str
    address: str
    listener: str
    framing: str
    first_seen_ms: int
    last_seen_ms: int
    times: int


_COLUMNS = tuple(table.c[name] for name in Quarantined.__dataclass_fields__)


def seen(connection: Connection, strangers: Sequence[Stranger]) -> None:
    """Keep strangers that were seen; one that is here already is counted."""
    rows = [_row(stranger) for stranger in strangers]
    if rows:
        connection.exec_driver_sql(_SEEN, rows)
        newest = select(table.c.id).order_by(table.c.last_seen_ms.desc(), table.c.id.desc()).limit(MOST)
        connection.execute(delete(table).where(table.c.id.not_in(newest)))


def listed(connection: Connection, limit: int, before: int | None = None) -> Page[Quarantined, int]:
    """Those that wait, the latest to have come first; `next` is the `before` of the following page."""
    query = select(*_COLUMNS).where(_WAITING).order_by(table.c.id.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(table.c.id < before)
    found = [Quarantined(**row._mapping) for row in connection.execute(query)]
    return Page(tuple(found[:limit]), found[limit - 1].id if len(found) > limit else None)


def get(connection: Connection, id: int) -> Quarantined:
    """One that waits. Raises `Unknown`."""
    row = connection.execute(select(*_COLUMNS).where(table.c.id == id, _WAITING)).first()
    if row is None:
        raise Unknown("meter in quarantine", id)
    return Quarantined(**row._mapping)


def adopt(connection: Connection, id: int, given: Mapping[str, Any], now_ms: int) -> Meter:
    """Register one as a meter with these fields, by default under the serial it claims, without the
    zeros that only filled its login up.

    It hangs on the listener it dialled. Raises `Unknown`, `MeterRefused`.
    """
    found = get(connection, id)
    serial = given.get("serial") or canonical_number(found.serial)
    if not serial:
        raise MeterRefused("serial", "this meter does not say who it is, so somebody else has to")
    meter = meters.create(connection, {**given, "serial": serial, "line": found.listener}, now_ms)
    adopted = {"state": QuarantineState.ADOPTED}
    connection.execute(update(table).where(table.c.id == id).values(adopted))
    return meter


def forget(connection: Connection, id: int) -> None:
    """Take one off the list; when it dials in again, it is back. Raises `Unknown`."""
    get(connection, id)
    connection.execute(delete(table).where(table.c.id == id))


_WAITING: Final[ColumnElement[bool]] = table.c.state == QuarantineState.WAITING


def _row(stranger: Stranger) -> tuple[Any, ...]:
    # A meter on a mobile network has another address every day; one without a number has only that.
    identity = canonical_number(stranger.serial) or f"@{stranger.address}"
    return (
        f"{stranger.listener} {identity}"[:200],
        stranger.family,
        stranger.serial[:64],
        stranger.address,
        stranger.listener,
        stranger.framing,
        stranger.at_ms,
        stranger.at_ms,
    )
