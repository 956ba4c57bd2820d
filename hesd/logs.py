"""Log observers for `twistd --logger`."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import TextIO

import msgspec
from twisted.logger import (
    FilteringLogObserver,
    ILogObserver,
    InvalidLogLevelError,
    LogEvent,
    LogLevel,
    LogLevelFilterPredicate,
    formatEvent,
    textFileLogObserver,
)
from zope.interface import implementer


@implementer(ILogObserver)
class JSONLines:
    """Writes every event as one JSON object a line: `at`, `level`, `source`, `text`, `failure`.

    Only the formatted text goes out, never the event's other fields: they may hold objects
    whose repr nobody has checked for secrets.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._encode = msgspec.json.Encoder().encode

    def __call__(self, event: LogEvent) -> None:
        line = {
            "at": datetime.fromtimestamp(event["log_time"], UTC).isoformat(timespec="milliseconds"),
            "level": getattr(event.get("log_level"), "name", "info"),
            "source": event.get("log_namespace", "-"),
            "text": formatEvent(event),
        }
        if failure := event.get("log_failure"):
            line["failure"] = failure.getTraceback()
        self._out.write(self._encode(line).decode() + "\n")
        self._out.flush()


def json_lines() -> ILogObserver:
    """For `twistd --logger hesd.logs.json_lines`."""
    return _from_wanted_level(JSONLines(_out()))


def text_lines() -> ILogObserver:
    """What `twistd -n hesd` writes where no other logger was asked for."""
    return _from_wanted_level(textFileLogObserver(_out()))


def _out() -> TextIO:
    """The real standard output: twistd's capture over `sys.stdout` would come back as an event."""
    return sys.__stdout__ or sys.stdout


def _from_wanted_level(observer: ILogObserver) -> ILogObserver:
    """Leave out what is below `HESD_LOG_LEVEL`: debug has every frame that was thrown away."""
    name = os.environ.get("HESD_LOG_LEVEL", "info")
    try:
        level = LogLevel.levelWithName(name)
    except InvalidLogLevelError:
        level = LogLevel.info
    filtering: ILogObserver = FilteringLogObserver(observer, [LogLevelFilterPredicate(level)])
    return filtering
