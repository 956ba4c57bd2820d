"""Log observers for `twistd --logger`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TextIO

import msgspec
from twisted.logger import ILogObserver, LogEvent, formatEvent
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


def json_lines() -> JSONLines:
    """For `twistd --logger hesd.logs.json_lines`: to the real standard output.

    twistd puts its own capture over `sys.stdout`; writing there would come back as an event.
    """
    return JSONLines(sys.__stdout__ or sys.stdout)
