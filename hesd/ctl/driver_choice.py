"""`--driver NAME`: an installed driver, one of `drivers.d`, or the path of a TOML table."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Final

import click

from hesd.driver.loading import Driver, LoadedDriver, load_drivers, load_file, usable
from hesd.driver.modbus import ModbusDriver

DIRECTORY: Final = Path(os.environ.get("HESD_DRIVERS", "/etc/hesd/drivers.d"))
_TABLE: Final = ".toml"


def known_drivers() -> Mapping[str, LoadedDriver]:
    """Every driver of this machine."""
    return load_drivers(DIRECTORY)


def find_driver(name: str) -> LoadedDriver:
    """The driver of this name or file. Raises `click.BadParameter` where there is none."""
    loaded = known_drivers()
    if name.endswith(_TABLE):
        return load_file(Path(name), usable(loaded))
    if name not in loaded:
        close = get_close_matches(name, loaded)
        hint = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(loaded)}"
        raise click.BadParameter(f"no driver is called {name!r}; {hint}")
    return loaded[name]


def _usable(_context: click.Context, _option: click.Parameter, name: str) -> Driver:
    found = find_driver(name)
    if found.driver is None:
        raise click.ClickException(f"{found.name} ({found.origin}) cannot be used: {found.problem}")
    if found.driver.template:
        raise click.ClickException(f"{found.name} has no table of its own. {found.driver.note}")
    return found.driver


def _modbus(context: click.Context, option: click.Parameter, name: str) -> ModbusDriver:
    driver = _usable(context, option, name)
    if not isinstance(driver, ModbusDriver):
        raise click.ClickException(f"{name} is a driver of DLMS meters; this is about Modbus registers")
    return driver


def _complete(_context: click.Context, _option: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in known_drivers() if name.startswith(incomplete)]


driver_option = click.option(
    "--driver",
    metavar="NAME",
    required=True,
    callback=_usable,
    shell_complete=_complete,
    help="A driver by name (see `hesctl drivers`), or the path of a TOML table.",
)

modbus_driver_option = click.option(
    "--driver",
    metavar="NAME",
    required=True,
    callback=_modbus,
    shell_complete=_complete,
    help="A driver of Modbus meters by name (see `hesctl drivers`), or the path of a TOML table.",
)
