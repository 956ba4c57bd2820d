"""What happened at meters, as their logs say."""

from __future__ import annotations

from typing import Any, Self

import msgspec
from msgspec import Struct

from hesd.model.event import MeterEvent
from hesd.model.obis import OBIS
from hesd.store import events
from hesd.store.events import Cursor, EventFilter
from hesd.web.app import App
from hesd.web.endpoint import Page, endpoint
from hesd.web.permissions import Permission
from hesd.web.problems import Problem, ProblemType
from hesd.web.wire import At, Limit, Moment, at, at_or_none, milliseconds


class EventShown(Struct):
    """An entry of a meter's log; the data of an ``events/SERIAL`` event.

    `until` is null while it lasts, and in logs that tell no end. `detail` is what else the log
    has of it; tokens are masked.
    """

    meter: str
    log: str
    at: At
    until: At | None
    code: int | None
    name: str
    detail: dict[str, Any]

    @classmethod
    def of(cls, event: MeterEvent) -> Self:
        return cls(
            event.meter,
            str(event.log),
            at(event.at_ms),
            at_or_none(event.until_ms),
            event.code,
            event.name,
            dict(event.detail),
        )


class EventQuery(Struct, forbid_unknown_fields=True):
    """What is not given does not matter. From `from` (included) to `to` (not)."""

    meter: str | None = None
    log: OBIS | None = None
    from_: Moment | None = msgspec.field(default=None, name="from")
    to: Moment | None = None
    limit: Limit = 100
    cursor: str | None = None


class Events:
    def __init__(self, app: App) -> None:
        self._db = app.db

    @endpoint("GET", "/events", Permission.SEE)
    async def list(self, query: EventQuery) -> Page[EventShown]:
        """Events of one meter or of all, the latest first."""
        wanted = EventFilter(
            meter=query.meter and query.meter.strip().upper(),
            log=query.log,
            from_ms=None if query.from_ is None else milliseconds(query.from_),
            to_ms=None if query.to is None else milliseconds(query.to),
        )
        page = await self._db.read(events.listed, wanted, query.limit, _resume(query.cursor))
        next = None if page.next is None else "{}.{}".format(*page.next)
        return Page([EventShown.of(event) for event in page.items], next)


def _resume(cursor: str | None) -> Cursor | None:
    if cursor is None:
        return None
    at_ms, _, id = cursor.partition(".")
    if not all(
        part.isascii() and part.isdigit() and len(part) < 19 for part in (at_ms.removeprefix("-"), id)
    ):
        raise Problem(ProblemType.INVALID, "not a cursor of this list", field="cursor")
    return int(at_ms), int(id)
