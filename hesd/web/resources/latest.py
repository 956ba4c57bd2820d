"""The newest reading of every quantity."""

from __future__ import annotations

from msgspec import Struct, structs

from hesd.store import meters
from hesd.web.app import App
from hesd.web.endpoint import Page, endpoint
from hesd.web.permissions import Permission
from hesd.web.shown import ReadingShown
from hesd.web.wire import Limit


class ReadingOfMeter(ReadingShown, kw_only=True):
    meter: str


class LatestQuery(Struct, forbid_unknown_fields=True):
    """`limit` is in readings; a meter is never cut in two, so there may be a few more."""

    limit: Limit = 500
    cursor: str | None = None


class Latest:
    def __init__(self, app: App) -> None:
        self._app = app

    @endpoint("GET", "/meters/<serial>/latest", Permission.SEE)
    async def of_meter(self, serial: str) -> Page[ReadingShown]:
        """The newest reading of each quantity of a meter, in the order of their OBIS codes."""
        meter = await self._app.db.read(meters.get, serial)
        return Page(self._readings(meter.serial))

    @endpoint("GET", "/latest", Permission.SEE)
    async def of_all(self, query: LatestQuery) -> Page[ReadingOfMeter]:
        """The newest readings of all meters, in the order of their serials."""
        found: list[ReadingOfMeter] = []
        for serial in sorted(self._app.latest.meters()):
            if query.cursor is not None and serial <= query.cursor:
                continue
            if len(found) >= query.limit:
                return Page(found, found[-1].meter)
            found += [_of_meter(serial, reading) for reading in self._readings(serial)]
        return Page(found)

    def _readings(self, serial: str) -> list[ReadingShown]:
        known = self._app.latest.of(serial)
        return [ReadingShown.of(known[obis]) for obis in sorted(known, key=lambda obis: obis.groups)]


def _of_meter(serial: str, reading: ReadingShown) -> ReadingOfMeter:
    return ReadingOfMeter(**structs.asdict(reading), meter=serial)
