"""The configuration file: TOML in, frozen structs out.

An error names the file, the key and what was expected, because the person who reads it
is in a terminal with the file open. Secrets have no place here: they live encrypted in
the store.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from hesd.toml_file import ConfigError as ConfigError
from hesd.toml_file import Duration as Duration
from hesd.toml_file import convert as convert
from hesd.toml_file import read as read

# What a duration may be, in seconds.
_BOUNDS: Final = {
    "interval": (0.1, 31 * 86_400.0),
    "slow_interval": (0.1, 31 * 86_400.0),
    "timeout": (0.01, 60.0),
    "turnaround": (0.0, 10.0),
}

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
Protocol = Literal["modbus-rtu", "modbus-tcp"]


class _Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class HTTP(_Table, frozen=True):
    """Where people and programs reach hesd."""

    endpoint: str = "tcp:8080:interface=127.0.0.1"
    behind_proxy: bool = False
    metrics: Literal["loopback", "token", "open"] = "loopback"


class Store(_Table, frozen=True):
    """Where meters and readings are kept; a relative SQLite path starts at `state`."""

    url: str = "sqlite:///hesd.db"


class Line(_Table, frozen=True):
    """A bus or a connection with meters on it.

    `interval` is how often the fast tier (V, A, kW) is asked, `slow_interval` the slow one
    (energy); a meter or a group may say otherwise. `timeout` is for one reply, `turnaround`
    overrides what drivers assume of their meters. `in_flight` is for Modbus TCP, `baudrate`
    for the bus behind a gateway that carries RTU frames over TCP.
    """

    name: Name
    endpoint: str
    protocol: Protocol
    interval: Duration = Duration(10)
    slow_interval: Duration = Duration(60)
    timeout: Duration = Duration(0.5)
    turnaround: Duration | None = None
    retries: Annotated[int, Meta(ge=0, le=10)] = 2
    in_flight: Annotated[int, Meta(ge=1, le=64)] | None = None
    baudrate: Annotated[int, Meta(ge=300, le=4_000_000)] | None = None
    echo: bool = False


class Group(_Table, frozen=True):
    """Meters that are polled alike, wherever they hang."""

    name: Name
    interval: Duration
    slow_interval: Duration | None = None


class Demo(_Table, frozen=True):
    """A simulated plant that is started beside the daemon, and a user to look at it."""

    plant: str
    user: str = "demo"


class Drivers(_Table, frozen=True):
    """Where meters described by a TOML file are looked for."""

    directory: str = "drivers.d"


class Config(_Table, frozen=True):
    """The whole file."""

    state: str = "/var/lib/hesd"
    http: HTTP = HTTP()
    store: Store = Store()
    drivers: Drivers = Drivers()
    line: tuple[Line, ...] = ()
    group: tuple[Group, ...] = ()
    demo: Demo | None = None


def load(path: Path, environment: Mapping[str, str]) -> Config:
    """The configuration in `path`, with `HESD_HTTP` and `HESD_STATE` put over it.

    Relative paths in the file start where the file is; those from the environment, where
    the command was given. Raises `ConfigError`.
    """
    document = read(path)
    if endpoint := environment.get("HESD_HTTP"):
        document.setdefault("http", {})["endpoint"] = endpoint
    config = convert(path, document, Config)
    _check(path, config)
    return _resolve(config, path.parent, environment.get("HESD_STATE"))


def _resolve(config: Config, folder: Path, state: str | None) -> Config:
    return replace(
        config,
        state=str((Path(state) if state else folder / config.state).resolve()),
        drivers=replace(config.drivers, directory=str((folder / config.drivers.directory).resolve())),
        demo=config.demo and replace(config.demo, plant=str((folder / config.demo.plant).resolve())),
    )


def _check(path: Path, config: Config) -> None:
    named: dict[str, Sequence[Line | Group]] = {"line": config.line, "group": config.group}
    for kind, tables in named.items():
        names = [table.name for table in tables]
        for index, table in enumerate(tables):
            key = f"{path}: {kind}[{index}]"
            if table.name in names[:index]:
                raise ConfigError(f"{key}.name: expected a name used once, got {table.name!r} again")
            _check_durations(key, table)
    for index, line in enumerate(config.line):
        _check_line(f"{path}: line[{index}]", line, config.line[:index])
    if not config.http.behind_proxy and not _is_closed(config.http.endpoint):
        raise ConfigError(
            f"{path}: http.endpoint: expected ssl:, unix: or a loopback interface, "
            f"got {config.http.endpoint!r}: passwords would cross the network in clear "
            "(behind_proxy = true if a proxy adds TLS)"
        )


def _check_durations(key: str, table: Line | Group) -> None:
    for name, (least, most) in _BOUNDS.items():
        seconds = getattr(table, name, None)
        if seconds is not None and not least <= seconds <= most:
            raise ConfigError(f"{key}.{name}: expected {least:g} to {most:.7g} seconds, got {seconds:g}")


def _check_line(key: str, line: Line, before: Sequence[Line]) -> None:
    port = _serial_port(line)
    if port is not None and line.protocol == "modbus-tcp":
        raise ConfigError(f"{key}.protocol: expected modbus-rtu on a serial port, got {line.protocol!r}")
    if line.baudrate is not None and (port is not None or line.protocol != "modbus-rtu"):
        raise ConfigError(
            f"{key}.baudrate: expected with modbus-rtu over TCP only; a serial endpoint says baudrate=..."
        )
    for other in before:
        if port is not None and port == _serial_port(other):
            raise ConfigError(f"{key}.endpoint: expected a port used once, {other.name} has {port}")


def _serial_port(line: Line) -> str | None:
    kind, _, rest = line.endpoint.partition(":")
    return re.split(r":\w+=", rest)[0] if kind == "serial" else None


def _is_closed(endpoint: str) -> bool:
    """Whether nobody on a network can listen in on what this endpoint serves."""
    kind, *fields = re.split(r"(?<!\\):", endpoint)
    interface = next((f.removeprefix("interface=") for f in fields if f.startswith("interface=")), "")
    return (
        kind in ("ssl", "unix")
        or interface.replace("\\", "") in ("localhost", "::1")
        or interface.startswith("127.")
    )
