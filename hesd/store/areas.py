"""Areas: where meters are, as the people who run them divide the place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from sqlalchemy import Connection, Insert, Select, Update, delete, func, insert, or_, select, update

from hesd.store.errors import Changed, Refused, Unknown
from hesd.store.fields import name, number, optional, read_fields, text
from hesd.store.page import Page
from hesd.store.tables import areas as table
from hesd.store.tables import meters


class AreaRefused(Refused):
    """An area was not taken or not deleted: `field` and `reason` say why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A place with a short `code`; `meter_count` leaves retired meters out."""

    code: str
    name: str
    description: str = ""
    latitude: float | None = None
    longitude: float | None = None
    version: int
    created_ms: int
    updated_ms: int
    meter_count: int = 0


_CODE = name(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", "1 to 32 letters, digits and . _ -")
_READERS = {
    "code": lambda content: _CODE(content).upper(),
    "name": text(200),
    "description": text(2000),
    "latitude": optional(number(-90, 90)),
    "longitude": optional(number(-180, 180)),
}
_COUNT = (
    select(func.count())
    .where(meters.c.area == table.c.code, meters.c.lifecycle != "retired")
    .scalar_subquery()
    .label("meter_count")
)
_STORED = tuple(field.name for field in fields(Area) if field.name != "meter_count")


def create(connection: Connection, given: Mapping[str, Any], now_ms: int) -> Area:
    """Add an area from its fields; the name is the code where none is given. Raises `AreaRefused`."""
    read = read_fields(_READERS, given, AreaRefused)
    if not read.get("code"):
        raise AreaRefused("code", "an area needs one")
    read["name"] = read.get("name") or read["code"]
    area = Area(**read, version=1, created_ms=now_ms, updated_ms=now_ms)
    _keep(connection, area, insert(table), None)
    return area


def change(
    connection: Connection, code: str, given: Mapping[str, Any], now_ms: int, version: int | None = None
) -> Area:
    """Give some fields new contents; where the code changes, its meters follow.

    Raises `AreaRefused`, `Unknown`, and `Changed` where the area is not at `version`.
    """
    old = get(connection, code)
    if version is not None and version != old.version:
        raise Changed("area", old.code, old.version)
    read = read_fields(_READERS, given, AreaRefused)
    if read.get("name") == "":
        raise AreaRefused("name", "an area needs one")
    area = replace(old, **read, version=old.version + 1, updated_ms=now_ms)
    _keep(connection, area, update(table).where(table.c.code == old.code), old.code)
    return area


def remove(connection: Connection, code: str, version: int | None = None) -> None:
    """Delete an area nothing is in any more. Raises `AreaRefused`, `Unknown`, `Changed`."""
    area = get(connection, code)
    if version is not None and version != area.version:
        raise Changed("area", area.code, area.version)
    held = connection.scalar(select(func.count()).where(meters.c.area == area.code))
    if held:
        raise AreaRefused("code", f"{held} meters are in it (retired ones count)", conflict=True)
    connection.execute(delete(table).where(table.c.code == area.code))


def get(connection: Connection, code: str) -> Area:
    """The area with this code, however it is capitalised. Raises `Unknown`."""
    area = _first(connection, _query().where(table.c.code == code.strip().upper()))
    if area is None:
        raise Unknown("area", code)
    return area


def find(connection: Connection, code_or_name: str) -> Area | None:
    """The area somebody means who writes its code or its name; codes come first."""
    wanted = code_or_name.strip()
    query = _query().where(or_(table.c.code == wanted.upper(), table.c.name == wanted))
    return _first(connection, query.order_by(table.c.code != wanted.upper(), table.c.code))


def listed(connection: Connection, limit: int, after: str | None = None) -> Page[Area, str]:
    """Areas in the order of their codes, from the first behind `after`."""
    query = _query().order_by(table.c.code).limit(limit + 1)
    if after is not None:
        query = query.where(table.c.code > after)
    found = [Area(**row._mapping) for row in connection.execute(query)]
    return Page(tuple(found[:limit]), found[limit - 1].code if len(found) > limit else None)


def _query() -> Select[Any]:
    return select(*(table.c[field] for field in _STORED), _COUNT)


def _first(connection: Connection, query: Select[Any]) -> Area | None:
    row = connection.execute(query).first()
    return None if row is None else Area(**row._mapping)


def _keep(connection: Connection, area: Area, statement: Insert | Update, old_code: str | None) -> None:
    clash = or_(table.c.code == area.code, table.c.name == area.name)
    other = select(table.c.code, table.c.name).where(clash, table.c.code != (old_code or ""))
    found = connection.execute(other).first()
    if found is not None:
        field = "code" if found.code == area.code else "name"
        raise AreaRefused(field, f"area {found.code} has it already", conflict=True)
    record = asdict(area)
    del record["meter_count"]
    connection.execute(statement.values(record))
