"""The registry of meters."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

from hesd.driver.cosem import Authentication, Ciphering, Referencing
from hesd.store import meters
from hesd.store.meters import Lifecycle, Meter, MeterFilter, MeterType, Payment, RelayStatus
from hesd.web.app import App
from hesd.web.endpoint import Call, Page, endpoint
from hesd.web.meter_import import ImportResult, import_csv
from hesd.web.meter_shown import MeterShown, shown_status
from hesd.web.permissions import Permission
from hesd.web.problems import Problem, ProblemType
from hesd.web.versions import etag, expected_version
from hesd.web.wire import Limit, given

_STATUSES = ("online", "offline", "unknown")


class MeterQuery(Struct, forbid_unknown_fields=True):
    """What is not given does not matter. Retired meters come only when asked for."""

    status: str | None = None
    driver: str | None = None
    area: str | None = None
    line: str | None = None
    group: str | None = None
    q: str = ""
    limit: Limit = 100
    cursor: str | None = None


class MeterChange(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is not given stays as it is. Intervals are in seconds or written "10s".

    From `client_sap` to `referencing` stands how a DLMS meter is spoken to; null leaves it to its driver.
    """

    name: str | UnsetType = UNSET
    brand: str | UnsetType = UNSET
    model: str | UnsetType = UNSET
    meter_type: MeterType | UnsetType | None = UNSET
    payment: Payment | UnsetType | None = UNSET
    firmware: str | UnsetType = UNSET
    driver: str | UnsetType | None = UNSET
    line: str | UnsetType | None = UNSET
    unit_id: int | UnsetType | None = UNSET
    area: str | UnsetType | None = UNSET
    group: str | UnsetType | None = UNSET
    equipment: str | UnsetType = UNSET
    room: str | UnsetType = UNSET
    panel: str | UnsetType = UNSET
    latitude: float | UnsetType | None = UNSET
    longitude: float | UnsetType | None = UNSET
    interval: float | str | UnsetType | None = UNSET
    slow_interval: float | str | UnsetType | None = UNSET
    ratio: float | UnsetType = UNSET
    writes_enabled: bool | UnsetType = UNSET
    lifecycle: Lifecycle | UnsetType = UNSET
    client_sap: int | UnsetType | None = UNSET
    server_sap: int | UnsetType | None = UNSET
    physical_address: int | UnsetType | None = UNSET
    authentication: Authentication | UnsetType | None = UNSET
    ciphering: Ciphering | UnsetType | None = UNSET
    suite: int | UnsetType | None = UNSET
    referencing: Referencing | UnsetType | None = UNSET
    via: str | UnsetType | None = UNSET
    system_title: str | UnsetType | None = UNSET
    relay_status: RelayStatus | UnsetType | None = UNSET


class NewMeter(MeterChange, kw_only=True):
    """A meter needs a serial; it is read as soon as it has a driver and a line, and on a Modbus line
    a unit id. `line` may be the listener it dials in to."""

    serial: str


def check_writes(call: Call, change: MeterChange) -> None:
    """Refuse to let anybody but an admin enable writing. Raises `Problem`."""
    if change.writes_enabled is True and not call.user.may(Permission.WRITE_METERS):
        raise Problem(ProblemType.FORBIDDEN, "writing is enabled by an admin", field="writes_enabled")


class Meters:
    def __init__(self, app: App) -> None:
        self._app = app

    @endpoint("GET", "/meters", Permission.SEE)
    async def list(self, query: MeterQuery) -> Page[MeterShown]:
        """Meters in the order of their serials."""
        page = await self._app.db.read(meters.listed, self._filter(query), query.limit, query.cursor)
        return Page([self._shown(meter) for meter in page.items], page.next)

    @endpoint("POST", "/meters", Permission.EDIT_METERS, status=201)
    async def add(self, call: Call, body: NewMeter) -> MeterShown:
        """Register a meter."""
        check_writes(call, body)
        self._app.placement.check(given(body))
        meter = await self._app.db.write(meters.create, given(body), self._app.now_ms)
        call.answer_headers["Location"] = f"/api/v1/meters/{meter.serial}"
        return await self.edited(call, meter)

    @endpoint("POST", "/meters/import", Permission.EDIT_METERS, consumes="text/csv")
    async def import_(self, body: bytes) -> ImportResult:
        """Register the meters of a table; good rows are kept, bad ones are named with their reason."""
        result = await import_csv(self._app.db, body, self._app.placement.check, self._app.now_ms)
        await self._app.placement.renew()
        return result

    @endpoint("GET", "/meters/<serial>", Permission.SEE)
    async def get(self, call: Call, serial: str) -> MeterShown:
        """One meter."""
        return self._answer(call, await self._app.db.read(meters.get, serial))

    @endpoint("PATCH", "/meters/<serial>", Permission.EDIT_METERS)
    async def change(self, call: Call, serial: str, body: MeterChange) -> MeterShown:
        """Change a meter."""
        check_writes(call, body)
        self._app.placement.check(given(body))
        meter = await self._app.db.write(
            meters.change, serial, given(body), self._app.now_ms, expected_version(call)
        )
        return await self.edited(call, meter)

    @endpoint("DELETE", "/meters/<serial>", Permission.EDIT_METERS)
    async def retire(self, call: Call, serial: str) -> None:
        """Take a meter out of service; its history stays."""
        version = expected_version(call)
        await self.edited(call, await self._app.db.write(meters.retire, serial, self._app.now_ms, version))

    async def edited(self, call: Call, meter: Meter) -> MeterShown:
        """Let the head end know of an edit, and those who listen; what is answered."""
        await self._app.placement.renew()
        shown = self._answer(call, meter)
        self._app.hub.publish(f"meters/{meter.serial}", shown)
        return shown

    def _answer(self, call: Call, meter: Meter) -> MeterShown:
        call.answer_headers["ETag"] = etag(meter.version)
        return self._shown(meter)

    def _shown(self, meter: Meter) -> MeterShown:
        state = self._app.head_end.state(meter.serial)
        shown = MeterShown.of(meter, state, self._app.placement.why_not(meter))
        loaded = self._app.drivers.get(meter.driver or "")
        return shown.told(None if loaded is None else loaded.driver, self._app.latest.of(meter.serial))

    def _filter(self, query: MeterQuery) -> MeterFilter:
        lifecycle, accept = None, None
        if query.status in _STATUSES:
            # The store asks from its own thread, so it gets a copy of what is known now.
            states = {state.serial: state for state in self._app.head_end.states()}
            lifecycle = Lifecycle.ACTIVE

            def accept(meter: Meter) -> bool:
                return shown_status(meter, states.get(meter.serial)) == query.status

        elif query.status is not None:
            try:
                lifecycle = Lifecycle(query.status)
            except ValueError:
                known = ", ".join((*_STATUSES, *Lifecycle))
                raise Problem(ProblemType.INVALID, f"expected one of {known}", field="status") from None
        return MeterFilter(
            driver=query.driver,
            area=query.area and query.area.upper(),
            line=query.line,
            group=query.group,
            lifecycle=lifecycle,
            q=query.q,
            accept=accept,
        )
