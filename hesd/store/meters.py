"""The registry of meters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Insert, Select, Update, func, insert, select, update

from hesd.store import areas
from hesd.store.errors import Changed, Unknown
from hesd.store.fields import read_fields
from hesd.store.meter_record import ENUMS, READERS
from hesd.store.meter_record import Lifecycle as Lifecycle
from hesd.store.meter_record import Meter as Meter
from hesd.store.meter_record import MeterRefused as MeterRefused
from hesd.store.meter_record import MeterType as MeterType
from hesd.store.meter_record import Payment as Payment
from hesd.store.meter_record import RelayStatus as RelayStatus
from hesd.store.page import Page
from hesd.store.tables import meters as table


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


def find_out(
    connection: Connection,
    serial: str,
    *,
    system_title: bytes | None = None,
    relay_status: RelayStatus | None = None,
) -> None:
    """Keep what the meter itself has told; a meter that is not registered has no place for it."""
    found = {
        "system_title": None if system_title is None else system_title.hex(),
        "relay_status": relay_status,
    }
    news = {field: content for field, content in found.items() if content is not None}
    if news:
        connection.execute(update(table).where(table.c.serial == _normal(serial)).values(news))


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
    """Every meter that is to be asked: active, with a driver and a line.

    Some have no unit id: whether one is needed is a question of the line's protocol.
    """
    placed = (table.c.driver.is_not(None), table.c.line.is_not(None))
    query = select(*_COLUMNS).where(table.c.lifecycle == Lifecycle.ACTIVE, *placed)
    return list(_each(connection, query.order_by(table.c.line, table.c.unit_id)))


def titles(connection: Connection) -> dict[bytes, tuple[str, ...]]:
    """The serials of meters by their system title. A retired meter leaves its to its successor."""
    has_one = (table.c.system_title.is_not(None), table.c.lifecycle != Lifecycle.RETIRED)
    found: dict[bytes, tuple[str, ...]] = {}
    for serial, title in connection.execute(select(table.c.serial, table.c.system_title).where(*has_one)):
        octets = bytes.fromhex(title)
        found[octets] = (*found.get(octets, ()), serial)
    return found


def _normal(serial: Any) -> str:
    return serial.strip().upper() if isinstance(serial, str) else ""


def _read(connection: Connection, given: Mapping[str, Any]) -> dict[str, Any]:
    read = read_fields(READERS, given, MeterRefused)
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
        for field, kind in ENUMS:
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
