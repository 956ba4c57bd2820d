"""Which meters a schedule is for: all, or those whose driver, area, line or number fits a pattern."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Protocol, TypeVar


class Choosable(Protocol):
    """What is known of a meter in the registry."""

    @property
    def serial(self) -> str: ...
    @property
    def driver(self) -> str | None: ...
    @property
    def area(self) -> str | None: ...
    @property
    def line(self) -> str | None: ...


M = TypeVar("M", bound=Choosable)

_FIELDS = {"driver": "driver", "area": "area", "line": "line", "meter": "serial"}


def chosen(meters: Iterable[M], pattern: str) -> list[M]:
    """The meters that `all`, or a pattern such as ``driver:hexcell-*``, means."""
    kind, _, glob = pattern.partition(":")
    if kind == "all":
        return list(meters)
    return [meter for meter in meters if fnmatchcase(getattr(meter, _FIELDS[kind]) or "", glob)]
