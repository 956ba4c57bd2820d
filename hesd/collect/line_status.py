"""How a line is doing, as its page and `/metrics` show it."""

from __future__ import annotations

from dataclasses import dataclass

from hesd.links.modbus_link import LinkCounters


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStatus:
    """Times are in seconds.

    `bound_seconds` is the least time a cycle with everything can take, `fast_bound_seconds`
    one with the fast tier only; `last_cycle_seconds` is what the last one took, None
    before its end. `period` is the shortest interval any of its meters is asked at.
    `utilisation` (0..1) is the share of the last minute in which the line was taken,
    `demand` the share that the intervals ask for: above 1 they cannot be kept, and
    `advice` says what could be done.
    """

    name: str
    protocol: str
    up: bool
    meters: int
    online: int
    bound_seconds: float
    fast_bound_seconds: float
    period: float
    demand: float
    utilisation: float
    last_cycle_seconds: float | None
    advice: list[str]
    counters: LinkCounters
