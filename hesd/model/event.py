"""Something that happened at a meter, as its log says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from hesd.model.obis import OBIS

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterEvent:
    """One entry of a log. Times are UTC in milliseconds since 1970.

    `log` is the logical name of the profile it stands in, `code` what the meter calls it
    where the log has a code object, `name` what that means. An event that lasts has an end,
    `until_ms`, None while it goes on or where the log has one clock only. `detail` holds the
    other columns by name, as JSON; what is secret in them (token digits) is masked already.
    """

    meter: str
    log: OBIS
    at_ms: int
    name: str
    code: int | None = None
    until_ms: int | None = None
    detail: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
