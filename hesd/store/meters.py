"""The registry of meters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Insert, Select, Update, func, insert, select, update

from hesd.store import areas
from hesd.store.errors import Changed, Refused, Unknown
from hesd.store.fields import (
    choice,
    name,
    number,
    optional,
    read_fields,
    seconds,
    text,
    whole,
    yes_no,
)
from hesd.store.page import Page
from hesd.store.tables import meters as table


class MeterType(StrEnum):
    SINGLE_PHASE = "single-phase"
    THREE_PHASE = "three-phase"


class Payment(StrEnum):
    PREPAID = "prepaid"
    POSTPAID = "postpaid"


class Lifecycle(StrEnum):
    """Where a meter stands in its life; whether it answers is another question."""

    ACTIVE = "active"
    WAREHOUSE = "warehouse"
    FAULTY = "faulty"
    RETIRED = "retired"


class MeterRefused(Refused):
    """A meter was not registered or changed: `field` and `reason` say why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """A meter as it is registered.

    It is asked where it has a `driver`, a `line` and a `unit_id`. `interval` and
    `slow_interval` are in seconds; None leaves it to the group or the line. `ratio` is that
    of its transformers where the meter does not apply it itself. `area` is an area's code.
    `version` goes up with every change.
    """

    serial: str
    name: str = ""
    brand: str = ""
    model: str = ""
    meter_type: MeterType | None = None
    payment: Payment | None = None
    firmware: str = ""
    driver: str | None = None
    line: str | None = None
    unit_id: int | None = None
    area: str | None = None
    group: str | None = None
    equipment: str = ""
    room: str = ""
    panel: str = ""
    latitude: float | None = None
    longitude: float | None = None
    interval: float | None = None
    slow_interval: float | None = None
    ratio: float = 1.0
    writes_enabled: bool = False
    lifecycle: Lifecycle = Lifecycle.ACTIVE
    version: int
    created_ms: int
    updated_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterFilter:
    """Which meters to list; what is None does not matter. Retired ones come only when asked for.

    All words of `q` must occur in the serial, the names or the place, in any spelling.
    `accept` is asked last, for what the registry does not know (whether a meter is online).
    """

    driver: str | None = None
    area: str | None = None
    line: str | None = None
    group: str | None = None
    lifecycle: Lifecycle | None = None
    q: str = ""
    accept: Callable[[Meter], bool] | None = None


_NAME = optional(name(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", "a name of letters, digits and . _ -"))
_SERIAL = name(
    r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}",
    "1 to 64 letters, digits and . _ : - beginning with a letter or digit",
)
_INTERVAL = optional(seconds(0.1, 31 * 86_400))
_READERS = {
    "serial": lambda content: _SERIAL(content).upper(),
    "name": text(200),
    "brand": text(200),
    "model": text(200),
    "meter_type": optional(choice(MeterType)),
    "payment": optional(choice(Payment)),
    "firmware": text(200),
    "driver": _NAME,
    "line": _NAME,
    "unit_id": optional(whole(0, 255)),
    "area": optional(text(200)),
    "group": _NAME,
    "equipment": text(200),
    "room": text(200),
    "panel": text(200),
    "latitude": optional(number(-90, 90)),
    "longitude": optional(number(-180, 180)),
    "interval": _INTERVAL,
    "slow_interval": _INTERVAL,
    "ratio": lambda content: optional(number(1e-6, 1e9))(content) or 1.0,
    "writes_enabled": yes_no,
    "lifecycle": lambda content: optional(choice(Lifecycle))(content) or Lifecycle.ACTIVE,
}
_SEARCHED = ("serial", "name", "brand", "model", "equipment", "room", "panel")
_COLUMNS = tuple(table.c[field.name] for field in fields(Meter))


def create(connection: Connection, given: Mapping[str, Any], now_ms: int) -> Meter:
    """Register a meter from its fields, typed or as text. Raises `MeterRefused`."""
    if not given.get("serial"):
        raise MeterRefused("serial", "a meter needs one")
    read = _read(connection, given)
    meter = Meter(**read, version=1, created_ms=now_ms, updated_ms=now_ms)
    known = _find(connection, meter.serial)
    if known is not None:
        retired = " and is retired" if known.lifecycle is Lifecycle.RETIRED else ""
        raise MeterRefused("serial", f"{meter.serial} is registered already{retired}", conflict=True)
    _keep(connection, meter, insert(table))
    return meter


def change(
    connection: Connection,
    serial: str,
    given: Mapping[str, Any],
    now_ms: int,
    version: int | None = None,
) -> Meter:
    """Give some fields of a meter new contents; the serial stays.

    Raises `MeterRefused`, `Unknown`, and `Changed` where the meter is not at `version`.
    """
    old = get(connection, serial)
    if version is not None and version != old.version:
        raise Changed("meter", old.serial, old.version)
    read = _read(connection, given)
    if read.setdefault("serial", old.serial) != old.serial:
        raise MeterRefused("serial", "the history hangs on it, so it cannot be changed")
    meter = replace(old, **read, version=old.version + 1, updated_ms=now_ms)
    _keep(connection, meter, update(table).where(table.c.serial == old.serial))
    return meter


def put(connection: Connection, given: Mapping[str, Any], now_ms: int) -> tuple[Meter, bool]:
    """Register a meter, or bring the registered one to these contents.

    True beside it when it is new. What is as it should be keeps its version.
    """
    known = _find(connection, _normal(given.get("serial")))
    if known is None:
        return create(connection, given, now_ms), True
    read = _read(connection, given)
    if all(getattr(known, field) == content for field, content in read.items()):
        return known, False
    return change(connection, known.serial, given, now_ms), False


def retire(connection: Connection, serial: str, now_ms: int, version: int | None = None) -> Meter:
    """Take a meter out of service. Its history stays, its unit id is free again."""
    return change(connection, serial, {"lifecycle": Lifecycle.RETIRED}, now_ms, version)


def get(connection: Connection, serial: str) -> Meter:
    """The meter with this serial, however it is capitalised. Raises `Unknown`."""
    meter = _find(connection, _normal(serial))
    if meter is None:
        raise Unknown("meter", serial)
    return meter


def listed(
    connection: Connection, wanted: MeterFilter, limit: int, after: str | None = None
) -> Page[Meter, str]:
    """Meters in the order of their serials, from the first behind `after`."""
    query = select(*_COLUMNS).where(*_conditions(wanted)).order_by(table.c.serial)
    if after is not None:
        query = query.where(table.c.serial > after)
    if wanted.accept is None:
        query = query.limit(limit + 1)
    found: list[Meter] = []
    for meter in _each(connection, query):
        if wanted.accept is not None and not wanted.accept(meter):
            continue
        if len(found) == limit:
            return Page(tuple(found), found[-1].serial)
        found.append(meter)
    return Page(tuple(found))


def in_service(connection: Connection) -> list[Meter]:
    """Every meter that is to be asked: active, with a driver and a place on a line."""
    placed = (table.c.driver.is_not(None), table.c.line.is_not(None), table.c.unit_id.is_not(None))
    query = select(*_COLUMNS).where(table.c.lifecycle == Lifecycle.ACTIVE, *placed)
    return list(_each(connection, query.order_by(table.c.line, table.c.unit_id)))


def _normal(serial: Any) -> str:
    return serial.strip().upper() if isinstance(serial, str) else ""


def _read(connection: Connection, given: Mapping[str, Any]) -> dict[str, Any]:
    read = read_fields(_READERS, given, MeterRefused)
    if read.get("area") is not None:
        area = areas.find(connection, read["area"])
        if area is None:
            raise MeterRefused("area", f"no area has the code or name {read['area']!r}")
        read["area"] = area.code
    return read


def _keep(connection: Connection, meter: Meter, statement: Insert | Update) -> None:
    _check_unit_id(connection, meter)
    search = "\n".join(getattr(meter, field) for field in _SEARCHED).casefold()
    connection.execute(statement.values(**asdict(meter), search=search))


def _check_unit_id(connection: Connection, meter: Meter) -> None:
    if meter.unit_id is None or meter.line is None or meter.lifecycle is Lifecycle.RETIRED:
        return
    owner = connection.scalar(
        select(table.c.serial).where(
            table.c.line == meter.line,
            table.c.unit_id == meter.unit_id,
            table.c.serial != meter.serial,
            table.c.lifecycle != Lifecycle.RETIRED,
        )
    )
    if owner is not None:
        raise MeterRefused("unit_id", f"{meter.unit_id} on line {meter.line} is meter {owner}", conflict=True)


def _find(connection: Connection, serial: str) -> Meter | None:
    return next(_each(connection, select(*_COLUMNS).where(table.c.serial == serial)), None)


def _each(connection: Connection, query: Select[Any]) -> Iterator[Meter]:
    for row in connection.execute(query):
        record = dict(row._mapping)
        for field, kind in (("meter_type", MeterType), ("payment", Payment), ("lifecycle", Lifecycle)):
            record[field] = None if record[field] is None else kind(record[field])
        yield Meter(**record)


def _conditions(wanted: MeterFilter) -> list[ColumnElement[bool]]:
    conditions = [
        table.c[field] == getattr(wanted, field)
        for field in ("driver", "area", "line", "group", "lifecycle")
        if getattr(wanted, field) is not None
    ]
    if wanted.lifecycle is None:
        conditions.append(table.c.lifecycle != Lifecycle.RETIRED)
    conditions += [func.instr(table.c.search, word) > 0 for word in wanted.q.casefold().split()]
    return conditions
