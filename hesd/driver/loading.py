"""All drivers there are: installed distributions and the TOML files of `drivers.d`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final

from hesd.driver.modbus import ModbusDriver
from hesd.driver.table_check import check_table
from hesd.driver.toml_table import load_table

ENTRY_POINTS: Final = "hesd.drivers"


@dataclass(frozen=True, slots=True)
class LoadedDriver:
    """A driver that can be used, or the `problem` that keeps it from being used.

    `origin` is the distribution and version, or the file, that it comes from.
    """

    name: str
    driver: ModbusDriver | None
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


def usable(loaded: Mapping[str, LoadedDriver]) -> dict[str, ModbusDriver]:
    """The drivers that work, by name."""
    return {name: each.driver for name, each in loaded.items() if each.driver is not None}


def load_file(path: Path, bases: Mapping[str, ModbusDriver]) -> LoadedDriver:
    """The driver a TOML file describes, under the name of the file."""
    try:
        return _checked(path.stem, load_table(path, bases), str(path))
    except Exception as error:
        return LoadedDriver(path.stem, None, str(error), str(path))


def _installed(entry_point: EntryPoint) -> LoadedDriver:
    origin = f"{entry_point.dist.name} {entry_point.dist.version}" if entry_point.dist else entry_point.value
    try:
        return _checked(entry_point.name, entry_point.load(), origin)
    # Foreign code: whatever it does on import, up to leaving the program, is its own problem.
    except (Exception, SystemExit) as error:
        return LoadedDriver(entry_point.name, None, f"{type(error).__name__}: {error}", origin)


def _checked(name: str, driver: object, origin: str) -> LoadedDriver:
    if not isinstance(driver, ModbusDriver):
        return LoadedDriver(name, None, f"DRIVER is a {type(driver).__name__}, not a ModbusDriver", origin)
    problems = check_table(driver)
    return LoadedDriver(name, None if problems else driver, "; ".join(problems) or None, origin)


def _add(loaded: dict[str, LoadedDriver], driver: LoadedDriver) -> None:
    if (first := loaded.get(driver.name)) is None:
        loaded[driver.name] = driver
        return
    name = f"{driver.name} ({driver.origin})"
    loaded[name] = LoadedDriver(
        name, None, f"the name belongs to the driver of {first.origin}", driver.origin
    )
