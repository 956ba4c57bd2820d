"""What has to be true of a configuration beyond the form of each of its values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cronsim import CronSim, CronSimError

from hesd.model.obis import OBIS, InvalidOBIS
from hesd.toml_file import ConfigError

if TYPE_CHECKING:
    from hesd.config import Config, Group, Line, Listener, Schedule

# What a duration may be, in seconds.
_BOUNDS: Final = {
    "interval": (0.1, 31 * 86_400.0),
    "slow_interval": (0.1, 31 * 86_400.0),
    "timeout": (0.01, 60.0),
    "turnaround": (0.0, 10.0),
    "grace": (1.0, 300.0),
    "offline_after": (10.0, 86_400.0),
}
_MODBUS_ONLY: Final = ("in_flight", "baudrate", "turnaround", "echo")
_ERRANDS: Final = ("read", "events", "clock")
_SELECTIONS: Final = ("driver", "area", "line", "meter")
# Any moment will do to see whether an expression is one.
_SOME_TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)


def check(path: Path, config: Config) -> None:
    """Raises `ConfigError` naming file, key and what was expected."""
    named: dict[str, Sequence[Line | Listener | Group | Schedule]] = {
        "line": config.line,
        "listener": config.listener,
        "group": config.group,
        "schedule": config.schedule,
    }
    for kind, tables in named.items():
        names = [table.name for table in tables]
        for index, table in enumerate(tables):
            key = f"{path}: {kind}[{index}]"
            if table.name in names[:index]:
                raise ConfigError(f"{key}.name: expected a name used once, got {table.name!r} again")
            _check_durations(key, table)
    for index, line in enumerate(config.line):
        _check_line(f"{path}: line[{index}]", line, config.line[:index])
    for index, listener in enumerate(config.listener):
        _check_listener(f"{path}: listener[{index}]", listener, config.line)
    for index, schedule in enumerate(config.schedule):
        _check_schedule(f"{path}: schedule[{index}]", schedule)
    if not config.http.behind_proxy and not _is_closed(config.http.endpoint):
        raise ConfigError(
            f"{path}: http.endpoint: expected ssl:, unix: or a loopback interface, "
            f"got {config.http.endpoint!r}: passwords would cross the network in clear "
            "(behind_proxy = true if a proxy adds TLS)"
        )


def _check_durations(key: str, table: object) -> None:
    for name, (least, most) in _BOUNDS.items():
        seconds = getattr(table, name, None)
        if seconds is not None and not least <= seconds <= most:
            raise ConfigError(f"{key}.{name}: expected {least:g} to {most:.7g} seconds, got {seconds:g}")


def _check_line(key: str, line: Line, before: Sequence[Line]) -> None:
    port = _serial_port(line)
    if port is not None and line.protocol in ("modbus-tcp", "dlms-wrapper"):
        fitting = "dlms-hdlc" if line.is_dlms else "modbus-rtu"
        raise ConfigError(f"{key}.protocol: expected {fitting} on a serial port, got {line.protocol!r}")
    if line.is_dlms:
        _check_dlms_line(key, line)
    if line.mode_e and (port is None or line.protocol != "dlms-hdlc"):
        raise ConfigError(f"{key}.mode_e: expected with dlms-hdlc on a serial port only")
    if line.baudrate is not None and (port is not None or line.protocol != "modbus-rtu"):
        raise ConfigError(
            f"{key}.baudrate: expected with modbus-rtu over TCP only; a serial endpoint says baudrate=..."
        )
    for other in before:
        if port is not None and port == _serial_port(other):
            raise ConfigError(f"{key}.endpoint: expected a port used once, {other.name} has {port}")


def _check_dlms_line(key: str, line: Line) -> None:
    for name in _MODBUS_ONLY:
        if getattr(line, name) not in (None, False):
            raise ConfigError(f"{key}.{name}: expected with Modbus only, got it with {line.protocol}")


def _check_listener(key: str, listener: Listener, lines: Sequence[Line]) -> None:
    # Both are places of meters, and a meter says only the name.
    if any(listener.name == line.name for line in lines):
        raise ConfigError(f"{key}.name: expected no line's name, got {listener.name!r}")
    if not listener.families:
        raise ConfigError(f"{key}.families: expected at least one family")


def _check_schedule(key: str, schedule: Schedule) -> None:
    try:
        CronSim(schedule.cron, _SOME_TIME)
    except CronSimError as error:
        raise ConfigError(
            f'{key}.cron: expected five fields such as "*/15 * * * *", got {schedule.cron!r}: {error}'
        ) from error
    errand, _, object_ = schedule.what.partition(":")
    if schedule.what not in _ERRANDS and (errand != "profile" or not _is_obis(object_)):
        raise ConfigError(
            f"{key}.what: expected {', '.join(_ERRANDS)} or profile:OBIS, got {schedule.what!r}"
        )
    selection, _, pattern = schedule.meters.partition(":")
    if schedule.meters != "all" and (selection not in _SELECTIONS or not pattern):
        choices = ", ".join(f"{name}:..." for name in _SELECTIONS)
        raise ConfigError(f"{key}.meters: expected all, {choices}, got {schedule.meters!r}")


def _is_obis(text: str) -> bool:
    try:
        OBIS(text)
    except InvalidOBIS:
        return False
    return True


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
