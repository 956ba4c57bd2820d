"""Pages of a meter's history over several quantities, one quantity after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from msgspec import Struct
from sqlalchemy import Connection

from hesd.model.obis import OBIS
from hesd.model.reading import Quality, Reading, Value, shift
from hesd.model.units import Unit
from hesd.store import readings, spans
from hesd.store.database import Database
from hesd.store.page import Page
from hesd.store.spans import Resolution, Span
from hesd.web.problems import Problem, ProblemType
from hesd.web.shown import names
from hesd.web.wire import At, at

R = TypeVar("R", bound=Struct)


class ReadingRow(Struct):
    """A reading. Energy and power in kWh, kW and their like."""

    obis: str
    quantity: str
    at: At
    value: Value
    unit: str
    quality: str

    @classmethod
    def of(cls, obis: OBIS, reading: Reading) -> ReadingRow:
        return cls(
            str(obis),
            names(obis)[0],
            at(reading.at_ms),
            reading.shown,
            reading.unit.sign,
            Quality(reading.quality).label,
        )


class SpanRow(Struct):
    """What was read in the minute, hour, day or month (UTC) that begins at `at`.

    `value` is the mean; of a counter it is where it stood at the end, and `change` how far
    it came. `count` readings are behind it, `left_out` were suspect or bad.
    """

    obis: str
    quantity: str
    at: At
    value: Value
    unit: str
    min: Value
    max: Value
    change: int | float | None
    count: int
    left_out: int

    @classmethod
    def of(cls, obis: OBIS, span: Span) -> SpanRow:
        return cls(
            str(obis),
            names(obis)[0],
            at(span.start_ms),
            _shown(span.value, span.unit),
            span.unit.sign,
            _shown(span.minimum, span.unit),
            _shown(span.maximum, span.unit),
            _shown(span.change, span.unit),  # type: ignore[arg-type]  # a number stays one
            span.count,
            span.left_out,
        )


@dataclass(frozen=True, slots=True)
class History(Generic[R]):
    """Rows of one kind: how the store gives them and how they are shown."""

    fetch: Callable[[Connection, str, OBIS, int, int, int], Page[Any, int]]
    show: Callable[[OBIS, Any], R]
    columns: tuple[str, ...]

    async def page(
        self,
        db: Database,
        meter: str,
        wanted: Sequence[OBIS],
        span: tuple[int, int],
        cursor: str | None,
        limit: int,
    ) -> tuple[list[R], str | None]:
        """Up to `limit` rows from `span[0]` (included) to `span[1]` (not), and where to go on."""
        index, start = _resume(wanted, span[0], cursor)
        rows: list[R] = []
        while index < len(wanted):
            obis = wanted[index]
            if len(rows) == limit:
                return rows, f"{obis}@{start}"
            page = await db.read(self.fetch, meter, obis, start, span[1], limit - len(rows))
            rows += [self.show(obis, item) for item in page.items]
            if page.next is not None:
                return rows, f"{obis}@{page.next}"
            index, start = index + 1, span[0]
        return rows, None


def history_of(resolution: str) -> History[ReadingRow] | History[SpanRow]:
    """The history at a resolution: ``raw``, or one of the store's spans."""
    if resolution == "raw":
        return History(readings.history, ReadingRow.of, ReadingRow.__struct_fields__)
    return History(partial(_spans, Resolution(resolution)), SpanRow.of, SpanRow.__struct_fields__)


def _spans(
    resolution: Resolution,
    connection: Connection,
    meter: str,
    obis: OBIS,
    from_ms: int,
    to_ms: int,
    limit: int,
) -> Page[Span, int]:
    return spans.history(connection, meter, obis, resolution, from_ms, to_ms, limit)


def _resume(wanted: Sequence[OBIS], start: int, cursor: str | None) -> tuple[int, int]:
    if cursor is None:
        return 0, start
    obis, _, at_ms = cursor.partition("@")
    if obis not in wanted or not at_ms.lstrip("-").isdecimal() or len(at_ms) > 18:
        raise Problem(ProblemType.INVALID, "not a cursor of this list", field="cursor")
    return list(wanted).index(OBIS(obis)), int(at_ms)


def _shown(value: Value, unit: Unit) -> Value:
    return shift(value, -unit.exponent) if isinstance(value, (int, float)) else value
