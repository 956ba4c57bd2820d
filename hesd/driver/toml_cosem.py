"""A DLMS meter described by a TOML file, with no code: the file in, a `DLMSDriver` out.

`etc/drivers.d.example/dlms.toml` shows and explains every key. A file may start from another
driver (`base`) and say only what differs: another client, one more object.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from hesd.driver.cosem import (
    Authentication,
    Column,
    CosemObject,
    CosemVector,
    DLMSDriver,
    EventLog,
    ProfileKind,
    ProfileTable,
    SerialNumber,
    TokenEntry,
    TokenWay,
)
from hesd.driver.cosem_type import CosemType
from hesd.driver.event_codes import CODES
from hesd.driver.register import Tier
from hesd.driver.toml_keys import UNITS, Table, Wrong, choice, given, obis, octets
from hesd.model.meter_number import NumberEncoding
from hesd.model.obis import OBIS
from hesd.model.units import Unit
from hesd.toml_file import ConfigError, Duration, convert, read


class _Attribute(Table, frozen=True, kw_only=True):
    obis: str
    class_id: int = 3
    attribute: int = 2
    name: str = ""
    unit: str = ""
    scaler: int = 0
    secret: bool = False
    type: CosemType | None = None
    size: int = 0


class _Object(_Attribute, frozen=True, kw_only=True):
    tier: Tier | None = None
    bounds: tuple[float, float] | None = None
    writable: bool = False


class _Column(_Attribute, frozen=True, kw_only=True):
    data_index: int = 0


class _Profile(Table, frozen=True, kw_only=True):
    obis: str
    name: str
    kind: ProfileKind = ProfileKind.LOAD
    column: tuple[_Column, ...] = ()


class _Log(Table, frozen=True, kw_only=True):
    obis: str
    name: str
    event: str = ""
    codes: tuple[tuple[int, str], ...] | str = ()
    column: tuple[_Column, ...] = ()
    secret: bool = False
    times: str = ""


class _Serial(Table, frozen=True, kw_only=True):
    obis: tuple[str, ...]
    encoding: NumberEncoding | None = None
    digits: int = 0


class _Token(Table, frozen=True, kw_only=True):
    way: TokenWay
    obis: str
    result: str | None = None


class _Vector(Table, frozen=True, kw_only=True):
    obis: str
    data: str
    value: int | float | str
    source: str


class _Driver(Table, frozen=True, kw_only=True):
    kind: Literal["modbus", "dlms"] = "dlms"
    base: str | None = None
    vendor: str | None = None
    models: tuple[str, ...] | None = None
    source: str | None = None
    note: str | None = None
    client_sap: int | None = None
    server_sap: int | None = None
    authentication: Authentication | None = None
    flags: tuple[str, ...] | None = None
    clock: str | None = None
    firmware: str | None = None
    relay: str | None = None
    credit: str | None = None
    from_object_list: bool | None = None
    reversed_deviation: bool | None = None
    time_zone_minutes: int | None = None
    inactivity: Duration | None = None
    max_pdu: int | None = None
    serial: _Serial | None = None
    token: _Token | None = None
    object: tuple[_Object, ...] = ()
    profile: tuple[_Profile, ...] = ()
    log: tuple[_Log, ...] = ()
    vector: tuple[_Vector, ...] | None = None


class _Named(Protocol):
    @property
    def obis(self) -> OBIS: ...


N = TypeVar("N", bound=_Named)


def load_cosem_table(path: Path, bases: Mapping[str, DLMSDriver]) -> DLMSDriver:
    """The driver in `path`. `bases` are the drivers its `base` may refer to.

    An object, profile or log takes the place of the base's of the same OBIS code; every
    other key replaces the base's as a whole. Raises `ConfigError` naming file, key and
    expectation.
    """
    table = convert(path, read(path), _Driver)
    try:
        base = _base(table, path.stem, bases)
        return replace(base, **_tables(base, table), **_given(table))
    except Wrong as wrong:
        raise ConfigError(f"{path}: {wrong}") from wrong


def _base(table: _Driver, stem: str, bases: Mapping[str, DLMSDriver]) -> DLMSDriver:
    if table.base is None:
        vendor, source = given("vendor", table.vendor), given("source", table.source)
        return DLMSDriver(vendor=vendor, models=(stem,), source=source, objects=())
    return replace(choice("base", bases, table.base), vectors=(), template=False)


def _tables(base: DLMSDriver, table: _Driver) -> dict[str, Any]:
    objects = [_object(f"object[{i}]", each) for i, each in enumerate(table.object)]
    profiles = [_profile(f"profile[{i}]", each) for i, each in enumerate(table.profile)]
    logs = [_log(f"log[{i}]", each) for i, each in enumerate(table.log)]
    return {
        "objects": _merged(base.objects, objects),
        "profiles": _merged(base.profiles, profiles),
        "logs": _merged(base.logs, logs),
    }


def _merged(inherited: Iterable[N], own: list[N]) -> tuple[N, ...]:
    codes = {each.obis for each in own}
    return (*(each for each in inherited if each.obis not in codes), *own)


def _given(table: _Driver) -> dict[str, Any]:
    """The other keys of the file as those of `DLMSDriver`, without what it leaves out."""
    plain = (
        "vendor", "models", "source", "note", "client_sap", "server_sap", "authentication", "flags",
        "from_object_list", "reversed_deviation", "time_zone_minutes", "max_pdu",
    )  # fmt: skip
    keys: dict[str, Any] = {key: getattr(table, key) for key in plain}
    keys["inactivity"] = None if table.inactivity is None else float(table.inactivity)
    for key in ("clock", "firmware", "relay", "credit"):
        keys[key] = _optional(key, getattr(table, key))
    if table.serial is not None:
        keys["serial"] = _serial(table.serial)
    if table.token is not None:
        keys["token"] = _token(table.token)
    if table.vector is not None:
        keys["vectors"] = tuple(_vector(f"vector[{i}]", each) for i, each in enumerate(table.vector))
    return {key: value for key, value in keys.items() if value is not None}


def _optional(key: str, code: str | None) -> OBIS | None:
    return None if code is None else obis(key, code)


def _serial(entry: _Serial) -> SerialNumber:
    return SerialNumber(tuple(obis("serial.obis", code) for code in entry.obis), entry.encoding, entry.digits)


def _token(entry: _Token) -> TokenEntry:
    return TokenEntry(entry.way, obis("token.obis", entry.obis), _optional("token.result", entry.result))


def _unit(key: str, entry: _Attribute) -> tuple[Unit, int]:
    """The base unit, and the scaler that goes with it."""
    unit, exponent = choice(f"{key}.unit", UNITS, entry.unit)
    return unit, entry.scaler + exponent


def _object(key: str, entry: _Object) -> CosemObject:
    unit, scaler = _unit(key, entry)
    return CosemObject(
        obis(f"{key}.obis", entry.obis),
        entry.class_id,
        entry.name,
        unit,
        scaler=scaler,
        attribute=entry.attribute,
        tier=entry.tier,
        bounds=entry.bounds,
        writable=entry.writable,
        secret=entry.secret,
        type=entry.type,
        size=entry.size,
    )


def _columns(key: str, entries: tuple[_Column, ...]) -> tuple[Column, ...]:
    return tuple(_column(f"{key}.column[{index}]", entry) for index, entry in enumerate(entries))


def _column(key: str, entry: _Column) -> Column:
    unit, scaler = _unit(key, entry)
    return Column(
        obis(f"{key}.obis", entry.obis),
        entry.class_id,
        entry.attribute,
        entry.data_index,
        entry.name,
        unit,
        scaler,
        entry.secret,
        entry.type,
        entry.size,
    )


def _profile(key: str, entry: _Profile) -> ProfileTable:
    columns = _columns(key, entry.column)
    return ProfileTable(obis(f"{key}.obis", entry.obis), entry.name, entry.kind, columns)


def _log(key: str, entry: _Log) -> EventLog:
    columns = _columns(key, entry.column)
    code = obis(f"{key}.obis", entry.obis)
    times = obis(f"{key}.times", entry.times) if entry.times else None
    codes = choice(f"{key}.codes", CODES, entry.codes) if isinstance(entry.codes, str) else entry.codes
    return EventLog(code, entry.name, entry.event, codes, columns, entry.secret, times)


def _vector(key: str, entry: _Vector) -> CosemVector:
    octets(f"{key}.data", "A-XDR data as hex", entry.data)
    return CosemVector(obis(f"{key}.obis", entry.obis), entry.data, entry.value, entry.source)
