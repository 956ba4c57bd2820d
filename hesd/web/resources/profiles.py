"""The profiles of a meter: what it captured by itself, row by row."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Self

import msgspec
from msgspec import Meta, Struct

from hesd.driver.cosem import DLMSDriver, ProfileTable
from hesd.model.obis import OBIS, InvalidOBIS
from hesd.model.profile import ProfileColumn, ProfileRow
from hesd.model.reading import Value, shift
from hesd.store import meters, profiles
from hesd.store.meters import Meter
from hesd.store.profiles import Columns, KnownProfile
from hesd.web.app import App
from hesd.web.endpoint import JSON, Call, Page, Stream, endpoint
from hesd.web.permissions import Permission
from hesd.web.problems import Problem, ProblemType
from hesd.web.shown import names
from hesd.web.table import CSV, as_csv, as_ndjson, wanted_form
from hesd.web.wire import At, Moment, at, at_or_none, span

_DAYS = 31
_ROWS_A_CHUNK = 2_000


class KnownProfileShown(Struct):
    """A profile of a meter, and what is kept of it; `rows` is 0 where nothing was read yet."""

    obis: str
    name: str
    rows: int
    first_at: At | None
    last_at: At | None


class ColumnShown(Struct):
    """What a column captures; energy and power come in kWh, kW and their like."""

    class_id: int
    obis: str
    attribute: int
    data_index: int
    name: str
    unit: str

    @classmethod
    def of(cls, column: ProfileColumn) -> Self:
        return cls(
            column.class_id,
            str(column.obis),
            column.attribute,
            column.data_index,
            column.name or names(column.obis)[1],
            column.unit.sign,
        )


class ProfileRowShown(Struct):
    """One capture: a value for each column, null where the meter did not capture it then."""

    at: At
    values: list[Value]


class ProfileRows(Struct):
    """Rows with their columns; `next` is the `cursor` that goes on from here, null at the end."""

    columns: list[ColumnShown]
    rows: list[ProfileRowShown]
    next: str | None = None


class ProfileQuery(Struct, forbid_unknown_fields=True):
    """From `from` (included) to `to` (not); the last 31 days where they are not given."""

    from_: Moment | None = msgspec.field(default=None, name="from")
    to: Moment | None = None
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 1_000
    cursor: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None


class Profiles:
    def __init__(self, app: App) -> None:
        self._app = app

    @endpoint("GET", "/meters/<serial>/profiles", Permission.SEE)
    async def list(self, serial: str) -> Page[KnownProfileShown]:
        """The profiles a meter has, as far as its driver or what was read tells."""
        meter = await self._app.db.read(meters.get, serial)
        kept = {profile.obis: profile for profile in await self._app.db.read(profiles.known, meter.serial)}
        tables = {table.obis: table for table in self._tables(meter)}
        codes = sorted(kept.keys() | tables.keys(), key=lambda obis: obis.groups)
        return Page([_known(obis, tables.get(obis), kept.get(obis)) for obis in codes])

    @endpoint("GET", "/meters/<serial>/profiles/<obis>", Permission.SEE)
    async def rows(self, call: Call, serial: str, obis: str, query: ProfileQuery) -> ProfileRows | Stream:
        """Rows of a profile, oldest first. JSON comes in pages; CSV and NDJSON in one piece."""
        form = wanted_form(call)
        profile = profile_code(obis)
        meter = await self._app.db.read(meters.get, serial)
        from_ms, to_ms = span(query.from_, query.to, self._app.now_ms, _DAYS)
        columns = await self._app.db.read(profiles.columns, meter.serial, profile, from_ms, to_ms)
        if form != JSON:
            name = f"{meter.serial}-{profile}.{'csv' if form == CSV else 'ndjson'}"
            call.answer_headers["Content-Disposition"] = f'attachment; filename="{name}"'
            return Stream(form, self._chunks(meter.serial, profile, from_ms, to_ms, columns, form))
        start = from_ms if query.cursor is None else query.cursor
        page = await self._app.db.read(
            profiles.history, meter.serial, profile, start, to_ms, query.limit, columns
        )
        return ProfileRows(
            [ColumnShown.of(column) for column in columns],
            [ProfileRowShown(at(row.at_ms), _values(columns, row)) for row in page.rows],
            None if page.next is None else str(page.next),
        )

    def _tables(self, meter: Meter) -> tuple[ProfileTable, ...]:
        loaded = self._app.drivers.get(meter.driver or "")
        driver = None if loaded is None else loaded.driver
        return driver.profiles if isinstance(driver, DLMSDriver) else ()

    async def _chunks(
        self, serial: str, obis: OBIS, from_ms: int, to_ms: int, columns: Columns, form: str
    ) -> AsyncIterator[bytes]:
        heads = [_head(column) for column in columns]
        if form == CSV:
            yield as_csv([("meter", "at", *heads)])
        start: int | None = from_ms
        while start is not None:
            page = await self._app.db.read(
                profiles.history, serial, obis, start, to_ms, _ROWS_A_CHUNK, columns
            )
            if form == CSV:
                yield as_csv((serial, at(row.at_ms), *_values(columns, row)) for row in page.rows)
            else:
                yield as_ndjson([_object(row, columns, heads) for row in page.rows])
            start = page.next


def profile_code(text: str) -> OBIS:
    """The code of a profile in an address. Raises `Problem`."""
    try:
        return OBIS(text)
    except InvalidOBIS as error:
        raise Problem(ProblemType.INVALID, str(error), field="obis") from error


def shown_value(column: ProfileColumn, value: Value) -> Value:
    """A value in the multiple that its unit's sign names."""
    return shift(value, -column.unit.exponent) if isinstance(value, (int, float)) else value


def _values(columns: Columns, row: ProfileRow) -> list[Value]:
    return [shown_value(*cell) for cell in zip(columns, row.values, strict=True)]


def _object(row: ProfileRow, columns: Columns, heads: list[str]) -> dict[str, Any]:
    return {"at": at(row.at_ms), **dict(zip(heads, _values(columns, row), strict=True))}


def _head(column: ProfileColumn) -> str:
    """``1.0.1.8.0.255 kWh``; what is not the value of its object says which attribute it is."""
    which = "" if column.attribute == 2 and not column.data_index else f"/{column.attribute}"
    index = f"/{column.data_index}" if column.data_index else ""
    return f"{column.obis}{which}{index} {column.unit.sign}".strip()


def _known(obis: OBIS, table: ProfileTable | None, kept: KnownProfile | None) -> KnownProfileShown:
    return KnownProfileShown(
        str(obis),
        names(obis)[1] if table is None else table.name,
        0 if kept is None else kept.rows,
        at_or_none(None if kept is None else kept.first_ms),
        at_or_none(None if kept is None else kept.last_ms),
    )
