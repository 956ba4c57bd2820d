"""Areas: where meters are."""

from __future__ import annotations

from typing import Self

from msgspec import UNSET, Struct, UnsetType

from hesd.store import areas
from hesd.web.app import App
from hesd.web.endpoint import Call, Page, endpoint
from hesd.web.permissions import Permission
from hesd.web.versions import etag, expected_version
from hesd.web.wire import At, Limit, at, given


class AreaShown(Struct):
    code: str
    name: str
    description: str
    latitude: float | None
    longitude: float | None
    meter_count: int
    created_at: At
    updated_at: At

    @classmethod
    def of(cls, area: areas.Area) -> Self:
        return cls(
            area.code,
            area.name,
            area.description,
            area.latitude,
            area.longitude,
            area.meter_count,
            at(area.created_ms),
            at(area.updated_ms),
        )


class AreaChange(Struct, forbid_unknown_fields=True):
    """What is not given stays as it is."""

    code: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    latitude: float | UnsetType | None = UNSET
    longitude: float | UnsetType | None = UNSET


class NewArea(AreaChange, kw_only=True):
    code: str


class AreaQuery(Struct, forbid_unknown_fields=True):
    limit: Limit = 100
    cursor: str | None = None


class Areas:
    def __init__(self, app: App) -> None:
        self._app = app

    @endpoint("GET", "/areas", Permission.SEE)
    async def list(self, query: AreaQuery) -> Page[AreaShown]:
        """Areas in the order of their codes."""
        page = await self._app.db.read(areas.listed, query.limit, query.cursor)
        return Page([AreaShown.of(area) for area in page.items], page.next)

    @endpoint("POST", "/areas", Permission.EDIT_METERS, status=201)
    async def add(self, call: Call, body: NewArea) -> AreaShown:
        """Add an area."""
        area = await self._app.db.write(areas.create, given(body), self._app.now_ms)
        return self._shown(call, area)

    @endpoint("GET", "/areas/<code>", Permission.SEE)
    async def get(self, call: Call, code: str) -> AreaShown:
        """One area."""
        return self._shown(call, await self._app.db.read(areas.get, code))

    @endpoint("PATCH", "/areas/<code>", Permission.EDIT_METERS)
    async def change(self, call: Call, code: str, body: AreaChange) -> AreaShown:
        """Change an area; where its code changes, its meters follow."""
        area = await self._app.db.write(
            areas.change, code, given(body), self._app.now_ms, expected_version(call)
        )
        return self._shown(call, area)

    @endpoint("DELETE", "/areas/<code>", Permission.EDIT_METERS)
    async def remove(self, call: Call, code: str) -> None:
        """Delete an area that no meter is in."""
        await self._app.db.write(areas.remove, code, expected_version(call))

    def _shown(self, call: Call, area: areas.Area) -> AreaShown:
        call.answer_headers["ETag"] = etag(area.version)
        return AreaShown.of(area)
