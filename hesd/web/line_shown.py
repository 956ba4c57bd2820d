"""A line as the outside sees it; the data of a ``lines/NAME`` event."""

from __future__ import annotations

from typing import Self

from msgspec import Struct

from hesd.collect.line_status import LineStatus

# Tenths of a millisecond, and of a per mille: more is noise.
_DECIMALS = 4


class LineCounters(Struct):
    """Since the start; `discarded` counts what was received and thrown away, by reason."""

    requests: int
    replies: int
    timeouts: int
    exceptions: int
    discarded: dict[str, int]
    bytes_in: int
    bytes_out: int
    reconnects: int
    busy_seconds: float


class LineShown(Struct):
    """Times are in seconds. No cycle with everything can be shorter than `bound_seconds`, none of
    the fast tier than `fast_bound_seconds`. `utilisation` is the share of the time in which the line
    is taken, `demand` what its meters' intervals ask for; above 1 they cannot be kept."""

    name: str
    protocol: str
    up: bool
    meters: int
    online: int
    bound_seconds: float
    fast_bound_seconds: float
    period: float | None
    demand: float
    utilisation: float
    last_cycle_seconds: float | None
    advice: list[str]
    counters: LineCounters

    @classmethod
    def of(cls, status: LineStatus) -> Self:
        counters = status.counters
        return cls(
            name=status.name,
            protocol=status.protocol,
            up=status.up,
            meters=status.meters,
            online=status.online,
            bound_seconds=round(status.bound_seconds, _DECIMALS),
            fast_bound_seconds=round(status.fast_bound_seconds, _DECIMALS),
            period=status.period,
            demand=round(status.demand, _DECIMALS),
            utilisation=round(status.utilisation, _DECIMALS),
            last_cycle_seconds=status.last_cycle_seconds and round(status.last_cycle_seconds, _DECIMALS),
            advice=list(status.advice),
            counters=LineCounters(
                requests=counters.requests,
                replies=counters.replies,
                timeouts=counters.timeouts,
                exceptions=counters.exceptions,
                discarded={str(reason): count for reason, count in counters.discarded.items()},
                bytes_in=counters.bytes_in,
                bytes_out=counters.bytes_out,
                reconnects=counters.reconnects,
                busy_seconds=round(counters.busy_seconds, _DECIMALS),
            ),
        )
