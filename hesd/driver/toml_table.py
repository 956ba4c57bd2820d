"""A meter described by a TOML file, with no code: the file in, a `ModbusDriver` out.

`etc/drivers.d.example/example.toml` shows and explains every key. A file may start from another
driver (`base`) and say only what differs: another byte order, one more register.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

from hesd.driver.modbus import Identity, ModbusDriver, Setting, Vector
from hesd.driver.register import Coding, Coil, DataType, DiscreteInput, Holding, Input, Order, Register, Tier
from hesd.driver.toml_keys import UNITS, Table, Wrong, choice, given, obis, octets
from hesd.model.reading import Value
from hesd.toml_file import ConfigError, Duration, convert, read

NOT_AVAILABLE: Final = "not available"  # how a vector spells None

_KINDS: Final[Mapping[str, type[Register]]] = {
    "input": Input,
    "holding": Holding,
    "coil": Coil,
    "discrete-input": DiscreteInput,
}
_TYPES: Final = {data_type.name.lower(): data_type for data_type in DataType}
_CODINGS: Final = {
    "plain": Coding.PLAIN,
    "four-quadrant-pf": Coding.FOUR_QUADRANT_PF,
    "scaled-by-prefix": Coding.SCALED_BY_PREFIX,
}


class _Register(Table, frozen=True, kw_only=True):
    address: int
    obis: str
    kind: str = "holding"
    unit: str = ""
    type: str | None = None
    scaler: int = 0
    length: int = 0
    order: Order | None = None
    tier: Tier | None = None
    coding: str = "plain"
    bounds: tuple[float, float] | None = None
    unavailable: tuple[float, ...] = ()
    mask: int = 0


class _Identity(_Register, frozen=True, kw_only=True):
    expected: tuple[int | float | str, ...]


class _Setting(_Register, frozen=True, kw_only=True):
    name: str
    choices: tuple[tuple[float, str], ...] = ()
    limits: tuple[float, float] | None = None
    needs_restart: bool = False


class _Prefix(_Register, frozen=True, kw_only=True):
    scalers: tuple[tuple[float, int], ...]


class _Vector(Table, frozen=True, kw_only=True):
    function: Literal[1, 2, 3, 4]
    address: int
    data: str
    values: dict[str, int | float | str]
    source: str


class _Driver(Table, frozen=True, kw_only=True):
    kind: Literal["modbus", "dlms"] = "modbus"
    base: str | None = None
    vendor: str | None = None
    models: tuple[str, ...] | None = None
    source: str | None = None
    note: str | None = None
    read_limit: int | None = None
    holes: tuple[tuple[int, int], ...] | None = None
    address_base: Literal[0, 1] | None = None
    order: Order | None = None
    in_flight: int | None = None
    turnaround: Duration | None = None
    register: tuple[_Register, ...] = ()
    identity: tuple[_Identity, ...] | None = None
    setting: tuple[_Setting, ...] | None = None
    password: _Register | None = None
    prefix: _Prefix | None = None
    vector: tuple[_Vector, ...] | None = None


def load_table(path: Path, bases: Mapping[str, ModbusDriver]) -> ModbusDriver:
    """The driver in `path`. `bases` are the drivers its `base` may refer to.

    A register that measures what one of the base does takes its place; every other key
    replaces the base's as a whole. Raises `ConfigError` naming file, key and expectation.
    """
    table = convert(path, read(path), _Driver)
    try:
        base = _base(table, path.stem, bases)
        return replace(base, registers=tuple(_merged(base, table)), **_given(table))
    except Wrong as wrong:
        raise ConfigError(f"{path}: {wrong}") from wrong


def _base(table: _Driver, stem: str, bases: Mapping[str, ModbusDriver]) -> ModbusDriver:
    if table.base is None:
        vendor, source = given("vendor", table.vendor), given("source", table.source)
        return ModbusDriver(vendor=vendor, models=(stem,), source=source, registers=())
    base = choice("base", bases, table.base)
    # The vectors of the base hold for its own order and addresses only.
    return replace(base, vectors=(), template=False)


def _merged(base: ModbusDriver, table: _Driver) -> Iterator[Register]:
    own = [_register(f"register[{index}]", entry) for index, entry in enumerate(table.register)]
    measured = {register.obis for register in own}
    yield from (register for register in base.registers if register.obis not in measured)
    yield from own


def _given(table: _Driver) -> dict[str, Any]:
    """The keys of the file as those of `ModbusDriver`, without what it leaves out."""
    plain = ("vendor", "models", "source", "note", "read_limit", "address_base", "order", "in_flight")
    keys: dict[str, Any] = {key: getattr(table, key) for key in plain}
    keys["turnaround"] = None if table.turnaround is None else float(table.turnaround)
    if table.holes is not None:
        keys["holes"] = tuple(range(first, last + 1) for first, last in table.holes)
    if table.password is not None:
        keys["password"] = _register("password", table.password)
    if table.prefix is not None:
        keys["prefix"] = _register("prefix", table.prefix)
        keys["prefix_scalers"] = table.prefix.scalers
    if table.identity is not None:
        keys["identity"] = tuple(_identity(f"identity[{i}]", each) for i, each in enumerate(table.identity))
    if table.setting is not None:
        keys["settings"] = tuple(_setting(f"setting[{i}]", each) for i, each in enumerate(table.setting))
    if table.vector is not None:
        keys["vectors"] = tuple(_vector(f"vector[{i}]", each) for i, each in enumerate(table.vector))
    return {key: value for key, value in keys.items() if value is not None}


def _register(key: str, entry: _Register) -> Register:
    unit, exponent = choice(f"{key}.unit", UNITS, entry.unit)
    return choice(f"{key}.kind", _KINDS, entry.kind)(
        entry.address,
        obis(f"{key}.obis", entry.obis),
        unit,
        None if entry.type is None else choice(f"{key}.type", _TYPES, entry.type),
        scaler=entry.scaler + exponent,
        length=entry.length,
        order=entry.order,
        tier=entry.tier,
        coding=choice(f"{key}.coding", _CODINGS, entry.coding),
        bounds=entry.bounds,
        unavailable=entry.unavailable,
        mask=entry.mask,
    )


def _identity(key: str, entry: _Identity) -> Identity:
    return Identity(_register(key, entry), entry.expected)


def _setting(key: str, entry: _Setting) -> Setting:
    return Setting(entry.name, _register(key, entry), entry.choices, entry.limits, entry.needs_restart)


def _vector(key: str, entry: _Vector) -> Vector:
    octets(f"{key}.data", "register bytes as hex", entry.data)
    values: list[tuple[str, Value]] = [
        (obis(f"{key}.values", code), None if value == NOT_AVAILABLE else value)
        for code, value in entry.values.items()
    ]
    return Vector(entry.function, entry.address, entry.data, tuple(values), entry.source)
