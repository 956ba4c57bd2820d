"""Meters that dialled in and are not known."""

from __future__ import annotations

from typing import Annotated, Self

from msgspec import UNSET, Meta, Struct, UnsetType

from hesd.model.stranger import Stranger
from hesd.store import quarantine
from hesd.store.errors import Unknown
from hesd.store.quarantine import Quarantined
from hesd.web.app import App
from hesd.web.endpoint import Call, Page, endpoint
from hesd.web.meter_shown import MeterShown
from hesd.web.permissions import Permission
from hesd.web.resources.meters import MeterChange, Meters, check_writes
from hesd.web.wire import At, Limit, at, given


class QuarantinedShown(Struct):
    """`serial` is what the meter says it is, in clear and unproved; "" where it says nothing."""

    id: int
    family: str
    serial: str
    address: str
    listener: str
    framing: str
    first_seen: At
    last_seen: At
    times: int

    @classmethod
    def of(cls, found: Quarantined) -> Self:
        return cls(
            found.id,
            found.family,
            found.serial,
            found.address,
            found.listener,
            found.framing,
            at(found.first_seen_ms),
            at(found.last_seen_ms),
            found.times,
        )


class StrangerShown(Struct):
    """Who has just dialled in and is not known; the data of a ``quarantine`` event."""

    family: str
    serial: str
    address: str
    listener: str
    framing: str
    at: At

    @classmethod
    def of(cls, stranger: Stranger) -> Self:
        return cls(
            stranger.family,
            stranger.serial,
            stranger.address,
            stranger.listener,
            stranger.framing,
            at(stranger.at_ms),
        )


class Adoption(MeterChange, kw_only=True):
    """The meter as it is to be registered: by default under the serial it claims, on the listener
    it dialled."""

    serial: str | UnsetType = UNSET
    driver: str


class QuarantineQuery(Struct, forbid_unknown_fields=True):
    limit: Limit = 100
    cursor: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None


class Quarantine:
    def __init__(self, app: App, meters: Meters) -> None:
        self._app = app
        self._meters = meters

    @endpoint("GET", "/quarantine", Permission.SEE)
    async def list(self, query: QuarantineQuery) -> Page[QuarantinedShown]:
        """Meters that wait to be adopted, the latest to have come first."""
        page = await self._app.db.read(quarantine.listed, query.limit, query.cursor)
        next = None if page.next is None else str(page.next)
        return Page([QuarantinedShown.of(found) for found in page.items], next)

    @endpoint("POST", "/quarantine/<id>/adopt", Permission.EDIT_METERS, status=201)
    async def adopt(self, call: Call, id: str, body: Adoption) -> MeterShown:
        """Register one as a meter."""
        check_writes(call, body)
        fields = given(body)
        self._app.placement.check(fields)
        meter = await self._app.db.write(quarantine.adopt, _number(id), fields, self._app.now_ms)
        call.answer_headers["Location"] = f"/api/v1/meters/{meter.serial}"
        return await self._meters.edited(call, meter)

    @endpoint("DELETE", "/quarantine/<id>", Permission.EDIT_METERS)
    async def forget(self, id: str) -> None:
        """Take one off the list; when it dials in again, it is back."""
        await self._app.db.write(quarantine.forget, _number(id))


def _number(id: str) -> int:
    if not (id.isascii() and id.isdigit()) or len(id) > 18:
        raise Unknown("meter in quarantine", id)
    return int(id)
