"""All drivers there are: installed distributions and the TOML files of `drivers.d`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final, TypeVar

from hesd.driver.cosem import DLMSDriver
from hesd.driver.cosem_check import check_cosem_table
from hesd.driver.modbus import ModbusDriver
from hesd.driver.table_check import check_table
from hesd.driver.toml_cosem import load_cosem_table
from hesd.driver.toml_table import load_table
from hesd.toml_file import read

ENTRY_POINTS: Final = "hesd.drivers"

Driver = ModbusDriver | DLMSDriver
D = TypeVar("D", ModbusDriver, DLMSDriver)


@dataclass(frozen=True, slots=True)
class LoadedDriver:
    """A driver that can be used, or the `problem` that keeps it from being used.

    `origin` is the distribution and version, or the file, that it comes from.
    """

    name: str
    driver: Driver | None
    problem: str | None
    origin: str


def load_drivers(directory: Path | None) -> Mapping[str, LoadedDriver]:
    """Every driver by its name. A driver that misbehaves is listed with its problem.

    Installed drivers come from the entry-point group `hesd.drivers`, the others from
    `*.toml` in `directory`. A name that is taken already is listed with its origin added.
    """
    loaded: dict[str, LoadedDriver] = {}
    for entry_point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        _add(loaded, _installed(entry_point))
    bases = usable(loaded)
    for path in sorted(directory.glob("*.toml")) if directory else ():
        _add(loaded, load_file(path, bases))
    return loaded


def usable(loaded: Mapping[str, LoadedDriver]) -> dict[str, Driver]:
    """The drivers that work, by name."""
    return {name: each.driver for name, each in loaded.items() if each.driver is not None}


def of_kind(drivers: Mapping[str, Driver], kind: type[D]) -> dict[str, D]:
    """Those of the drivers that speak one protocol."""
    return {name: driver for name, driver in drivers.items() if isinstance(driver, kind)}


def load_file(path: Path, bases: Mapping[str, Driver]) -> LoadedDriver:
    """The driver a TOML file describes, under the name of the file."""
    try:
        return _checked(path.stem, _described(path, bases), str(path))
    except Exception as error:
        return LoadedDriver(path.stem, None, str(error), str(path))


def _described(path: Path, bases: Mapping[str, Driver]) -> Driver:
    """What `kind` says: "modbus", "dlms", or where it is left out whatever the base is."""
    document = read(path)
    base = bases.get(str(document.get("base")))
    if document.get("kind", "dlms" if isinstance(base, DLMSDriver) else "modbus") == "dlms":
        return load_cosem_table(path, of_kind(bases, DLMSDriver))
    return load_table(path, of_kind(bases, ModbusDriver))


def _installed(entry_point: EntryPoint) -> LoadedDriver:
    origin = f"{entry_point.dist.name} {entry_point.dist.version}" if entry_point.dist else entry_point.value
    try:
        return _checked(entry_point.name, entry_point.load(), origin)
    # Foreign code: whatever it does on import, up to leaving the program, is its own problem.
    except (Exception, SystemExit) as error:
        return LoadedDriver(entry_point.name, None, f"{type(error).__name__}: {error}", origin)


def _checked(name: str, driver: object, origin: str) -> LoadedDriver:
    if isinstance(driver, ModbusDriver):
        problems = check_table(driver)
    elif isinstance(driver, DLMSDriver):
        problems = check_cosem_table(driver)
    else:
        wrong = f"DRIVER is a {type(driver).__name__}, neither a ModbusDriver nor a DLMSDriver"
        return LoadedDriver(name, None, wrong, origin)
    return LoadedDriver(name, None if problems else driver, "; ".join(problems) or None, origin)


def _add(loaded: dict[str, LoadedDriver], driver: LoadedDriver) -> None:
    if (first := loaded.get(driver.name)) is None:
        loaded[driver.name] = driver
        return
    name = f"{driver.name} ({driver.origin})"
    loaded[name] = LoadedDriver(
        name, None, f"the name belongs to the driver of {first.origin}", driver.origin
    )
