"""The configuration file: TOML in, frozen structs out.

An error names the file, the key and what was expected, because the person who reads it
is in a terminal with the file open. Secrets have no place here: they live encrypted in
the store.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from hesd.toml_file import ConfigError as ConfigError
from hesd.toml_file import Duration as Duration
from hesd.toml_file import convert as convert
from hesd.toml_file import read as read

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
    overrides what drivers assume of their meters. `in_flight` is for Modbus TCP.
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
    for kind, names in (("line", [x.name for x in config.line]), ("group", [x.name for x in config.group])):
        for index, name in enumerate(names):
            if name in names[:index]:
                raise ConfigError(
                    f"{path}: {kind}[{index}].name: expected a name used once, got {name!r} again"
                )
    if not config.http.behind_proxy and not _is_closed(config.http.endpoint):
        raise ConfigError(
            f"{path}: http.endpoint: expected ssl:, unix: or a loopback interface, "
            f"got {config.http.endpoint!r}: passwords would cross the network in clear "
            "(behind_proxy = true if a proxy adds TLS)"
        )


def _is_closed(endpoint: str) -> bool:
    """Whether nobody on a network can listen in on what this endpoint serves."""
    kind, *fields = re.split(r"(?<!\\):", endpoint)
    interface = next((f.removeprefix("interface=") for f in fields if f.startswith("interface=")), "")
    return (
        kind in ("ssl", "unix")
        or interface.replace("\\", "") in ("localhost", "::1")
        or interface.startswith("127.")
    )
