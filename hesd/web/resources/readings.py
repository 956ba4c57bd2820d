"""The history of a meter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from hesd.model.obis import OBIS
from hesd.store import meters
from hesd.web.app import App
from hesd.web.endpoint import JSON, Call, Page, Stream, endpoint
from hesd.web.history import History, ReadingRow, SpanRow, history_of
from hesd.web.permissions import Permission
from hesd.web.table import CSV, as_csv, as_ndjson, wanted_form
from hesd.web.wire import Moment
from hesd.web.wire import span as span_of

_ROWS_A_CHUNK = 2_000


class ReadingsQuery(Struct, forbid_unknown_fields=True):
    """`obis` may be repeated; without it all quantities come, one after the other.

    From `from` (included) to `to` (not); the last 24 hours where they are not given.
    """

    obis: list[OBIS] = []
    from_: Moment | None = msgspec.field(default=None, name="from")
    to: Moment | None = None
    resolution: Literal["raw", "minute", "hour", "day", "month"] = "raw"
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 1_000
    cursor: str | None = None


class Readings:
    def __init__(self, app: App) -> None:
        self._app = app

    @endpoint("GET", "/meters/<serial>/readings", Permission.SEE)
    async def history(
        self, call: Call, serial: str, query: ReadingsQuery
    ) -> Page[ReadingRow] | Page[SpanRow] | Stream:
        """What a meter said. JSON comes in pages; CSV and NDJSON in one piece, of any length."""
        form = wanted_form(call)
        meter = await self._app.db.read(meters.get, serial)
        wanted = query.obis or sorted(self._app.latest.of(meter.serial), key=lambda obis: obis.groups)
        span = span_of(query.from_, query.to, self._app.now_ms)
        history = history_of(query.resolution)
        if form == JSON:
            page: Page[Any] = Page(
                *await history.page(self._app.db, meter.serial, wanted, span, query.cursor, query.limit)
            )
            return page
        name = f"{meter.serial}-{query.resolution}.{'csv' if form == CSV else 'ndjson'}"
        call.answer_headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return Stream(form, self._chunks(history, meter.serial, wanted, span, form))

    async def _chunks(
        self, history: History[Any], serial: str, wanted: list[OBIS], span: tuple[int, int], form: str
    ) -> AsyncIterator[bytes]:
        if form == CSV:
            yield as_csv([("meter", *history.columns)])
        cursor: str | None = None
        while True:
            rows, cursor = await history.page(self._app.db, serial, wanted, span, cursor, _ROWS_A_CHUNK)
            if form == CSV:
                yield as_csv((serial, *msgspec.structs.astuple(row)) for row in rows)
            else:
                yield as_ndjson(rows)
            if cursor is None:
                return
