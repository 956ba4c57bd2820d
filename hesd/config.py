"""The configuration file: TOML in, frozen structs out.

An error names the file, the key and what was expected, because the person who reads it
is in a terminal with the file open. Secrets have no place here: they live encrypted in
the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct
from msgspec.structs import force_setattr, replace

from hesd.config_check import check
from hesd.toml_file import ConfigError as ConfigError
from hesd.toml_file import Duration as Duration
from hesd.toml_file import convert as convert
from hesd.toml_file import read as read

_MODBUS_TIMEOUT: Final = Duration(0.5)
# A meter behind a modem thinks for longer than one on a bus.
_DLMS_TIMEOUT: Final = Duration(5)

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
Title = Annotated[str, Meta(min_length=1, max_length=64)]
Protocol = Literal["modbus-rtu", "modbus-tcp", "dlms-hdlc", "dlms-wrapper"]
Family = Literal["wrapper", "hexcell", "ascii", "push"]


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


class Keys(_Table, frozen=True):
    """What the secrets of meters are sealed under; a systemd credential comes before it."""

    master_key_file: str | None = None


class Line(_Table, frozen=True):
    """A bus or a connection with meters on it.

    `interval` is how often the fast tier (V, A, kW) is asked, `slow_interval` the slow one
    (energy); a meter or a group may say otherwise. `timeout` is for one reply, `turnaround`
    overrides what drivers assume of their meters. `in_flight` is for Modbus TCP, `baudrate`
    for the bus behind a gateway that carries RTU frames over TCP, `mode_e` for an optical
    probe, where HDLC begins with the opening of IEC 62056-21. DLMS meters have 5 s for a
    reply unless the line says otherwise.
    """

    name: Name
    endpoint: str
    protocol: Protocol
    interval: Duration = Duration(10)
    slow_interval: Duration = Duration(60)
    timeout: Duration = _MODBUS_TIMEOUT
    turnaround: Duration | None = None
    retries: Annotated[int, Meta(ge=0, le=10)] = 2
    in_flight: Annotated[int, Meta(ge=1, le=64)] | None = None
    baudrate: Annotated[int, Meta(ge=300, le=4_000_000)] | None = None
    echo: bool = False
    mode_e: bool = False

    def __post_init__(self) -> None:
        if self.is_dlms and self.timeout is _MODBUS_TIMEOUT:
            force_setattr(self, "timeout", _DLMS_TIMEOUT)

    @property
    def is_dlms(self) -> bool:
        return self.protocol.startswith("dlms-")


class Listener(_Table, frozen=True):
    """Where meters dial in.

    `families` are the ways they may say who they are, `pattern` finds the number in a line of
    text (the group `id`, else the first, else all of it). `framing` is spoken with meters that
    do not show theirs. With `meter_initiated` answered, a meter that acts as the client is let
    do so, as a registration and no more. A meter that says nothing for `grace` is asked who it
    is; one that has been silent for `offline_after` is offline. The intervals and `timeout` are
    as for a line.
    """

    name: Name
    endpoint: str
    families: tuple[Family, ...] = ("wrapper", "hexcell", "ascii", "push")
    meter_initiated: Literal["refuse", "answer"] = "refuse"
    pattern: str | None = None
    framing: Literal["wrapper", "hdlc"] = "wrapper"
    grace: Duration = Duration(10)
    offline_after: Duration = Duration(120)
    interval: Duration = Duration(900)
    slow_interval: Duration = Duration(900)
    timeout: Duration = Duration(10)
    max_connections: Annotated[int, Meta(ge=1, le=1_000_000)] = 20_000
    max_per_address: Annotated[int, Meta(ge=1, le=1_000_000)] = 10_000


class Schedule(_Table, frozen=True):
    """Work that is due at times: `what` is read, events, clock or profile:OBIS.

    `meters` is all, or driver:, area:, line: or meter: with a pattern such as ``hexcell-*``.
    """

    name: Title
    cron: str
    what: str
    meters: str = "all"


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
    keys: Keys = Keys()
    drivers: Drivers = Drivers()
    line: tuple[Line, ...] = ()
    group: tuple[Group, ...] = ()
    listener: tuple[Listener, ...] = ()
    schedule: tuple[Schedule, ...] = ()
    demo: Demo | None = None


def load(path: Path, environment: Mapping[str, str]) -> Config:
    """The configuration in `path`, with `HESD_HTTP`, `HESD_DIALIN` and `HESD_STATE` put over it.

    `HESD_DIALIN` is for the first listener. Relative paths in the file start where the file
    is; those from the environment, where the command was given. Raises `ConfigError`.
    """
    document = read(path)
    if endpoint := environment.get("HESD_HTTP"):
        document.setdefault("http", {})["endpoint"] = endpoint
    config = convert(path, document, Config)
    if config.listener and (endpoint := environment.get("HESD_DIALIN")):
        first, *others = config.listener
        config = replace(config, listener=(replace(first, endpoint=endpoint), *others))
    check(path, config)
    return _resolve(config, path.parent, environment.get("HESD_STATE"))


def _resolve(config: Config, folder: Path, state: str | None) -> Config:
    key = config.keys.master_key_file
    return replace(
        config,
        keys=Keys(master_key_file=str((folder / key).resolve()) if key else None),
        state=str((Path(state) if state else folder / config.state).resolve()),
        drivers=replace(config.drivers, directory=str((folder / config.drivers.directory).resolve())),
        demo=config.demo and replace(config.demo, plant=str((folder / config.demo.plant).resolve())),
    )
