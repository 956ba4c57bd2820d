"""History by minute, hour, day or month (UTC)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Subquery,
    and_,
    case,
    cast,
    desc,
    func,
    select,
    union_all,
)

from hesd.model.obis import OBIS
from hesd.model.reading import Quality, Value
from hesd.model.units import Unit
from hesd.store import series
from hesd.store.page import Page
from hesd.store.readings import of_series
from hesd.store.tables import readings, stage


class Resolution(StrEnum):
    """How long a span is."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


_EVER = -(2**63)
_LENGTH_MS = {Resolution.MINUTE: 60_000, Resolution.HOUR: 3_600_000, Resolution.DAY: 86_400_000}


@dataclass(frozen=True, slots=True)
class Span:
    """What a meter said in the span that begins at `start_ms`.

    `value` is the mean of what was measured; of a counter it is where it stood at the
    end, and `change` how far it has come since the end of the span before, so that
    changes add up to the whole with nothing lost in between. `change` is None where there
    is nothing before, or where the counter fell (a meter was exchanged).

    `count` readings are behind it. `left_out` are suspect, bad or no numbers: where only
    such came, `value` is None.
    """

    start_ms: int
    value: Value
    minimum: Value
    maximum: Value
    change: int | float | None
    count: int
    left_out: int
    unit: Unit


def cumulates(obis: OBIS) -> bool:
    """Whether a quantity only ever grows: electricity with D = 8, time integral 1 (IEC 62056-6-1)."""
    a, _, _, d, _, _ = obis.groups
    return a == 1 and d == 8


def history(
    connection: Connection,
    meter: str,
    obis: OBIS,
    resolution: Resolution,
    from_ms: int,
    to_ms: int,
    limit: int,
) -> Page[Span, int]:
    """The spans in which something was read from `from_ms` (included) to `to_ms` (not).

    `next` is the `from_ms` of the following page.
    """
    number = series.find(connection, meter, obis)
    if number is None:
        return Page(())
    known = union_all(*of_series(number, from_ms, to_ms)).subquery()
    rows = connection.execute(_grouped(known, resolution, limit + 1)).all()
    page = [_measured(row) for row in rows[:limit]]
    if cumulates(obis):
        stood = _values_at(connection, known, [row.last_ms for row in rows[:limit]])
        page = _counted(page, stood, _stood_before(connection, number, from_ms))
    return Page(tuple(page), rows[limit].start_ms if len(rows) > limit else None)


def _grouped(known: Subquery, resolution: Resolution, limit: int) -> Any:
    number = case((_usable(known), known.c.value))
    start = _start(known.c.at_ms, resolution)
    return (
        select(
            start.label("start_ms"),
            func.avg(number).label("mean"),
            func.min(number).label("minimum"),
            func.max(number).label("maximum"),
            func.max(case((_usable(known), known.c.at_ms))).label("last_ms"),
            func.count(number).label("numbers"),
            func.count().label("readings"),
            func.max(known.c.unit).label("unit"),
        )
        .group_by(start)
        .order_by(start)
        .limit(limit)
    )


def _measured(row: Any) -> Span:
    return Span(
        start_ms=row.start_ms,
        value=row.mean,
        minimum=row.minimum,
        maximum=row.maximum,
        change=None,
        count=row.numbers,
        left_out=row.readings - row.numbers,
        unit=Unit.of(row.unit),
    )


def _values_at(connection: Connection, known: Subquery, times: list[int | None]) -> list[Any]:
    rows = connection.execute(select(known.c.at_ms, known.c.value).where(known.c.at_ms.in_(times)))
    values: dict[int, Value] = {row.at_ms: row.value for row in rows}
    return [None if time is None else values[time] for time in times]


def _stood_before(connection: Connection, number: int, before_ms: int) -> Any:
    """Where a counter stood at the last usable reading before `before_ms`."""
    old, new = of_series(number, _EVER, before_ms)
    last = union_all(old.where(_usable(readings)), new.where(_usable(stage))).order_by(desc("at_ms")).limit(1)
    row = connection.execute(last).first()
    return None if row is None else row.value


def _counted(page: list[Span], stood: list[Any], before: Any) -> list[Span]:
    spans = []
    for span, now in zip(page, stood, strict=True):
        change = None if before is None or now is None or now < before else now - before
        spans.append(replace(span, value=now, change=change))
        before = before if now is None else now
    return spans


def _start(at_ms: ColumnElement[int], resolution: Resolution) -> ColumnElement[int]:
    if resolution is Resolution.MONTH:
        first = func.strftime("%s", at_ms // 1000, "unixepoch", "start of month")
        return cast(first, Integer) * 1000
    return at_ms - at_ms % _LENGTH_MS[resolution]


def _usable(known: Any) -> ColumnElement[bool]:
    return and_(
        known.c.quality.in_((int(Quality.GOOD), int(Quality.ESTIMATED))),
        func.typeof(known.c.value).in_(("integer", "real")),
    )
