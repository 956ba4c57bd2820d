"""Addresses that clients of older field systems call, in the words those systems used."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from hesd.model.obis import OBIS
from hesd.model.reading import Reading, Value
from hesd.store import events, meters, profiles
from hesd.store.errors import Unknown
from hesd.store.events import EventFilter
from hesd.store.meters import Meter, MeterFilter
from hesd.web.app import App
from hesd.web.endpoint import Call, endpoint
from hesd.web.meter_import import split_meter_type
from hesd.web.meter_shown import shown_status
from hesd.web.permissions import Permission
from hesd.web.problems import Problem, ProblemType
from hesd.web.resources.profiles import shown_value
from hesd.web.session import Myself
from hesd.web.wire import At, Moment, at, at_or_none, given, span

_AT_ONCE = 1_000
_DAYS = 31
_MOST_ROWS = 10_000
# What `currentReading` is made of: its keys, and the codes that mean it, the total first.
_CURRENT_READING = {
    "totalEnergy": ("1.0.1.8.0.255",),
    "voltage": ("1.0.12.7.0.255", "1.0.32.7.0.255"),
    "current": ("1.0.11.7.0.255", "1.0.31.7.0.255"),
    "power": ("1.0.16.7.0.255", "1.0.1.7.0.255", "1.0.21.7.0.255"),
    "frequency": ("1.0.14.7.0.255",),
    "powerFactor": ("1.0.13.7.0.255", "1.0.33.7.0.255"),
}


class LegacyCredentials(Struct):
    username: str
    password: str


class LegacySignedIn(Struct):
    token: str
    user: Myself


class LegacyNewMeter(Struct, rename="camel", forbid_unknown_fields=True):
    """`meterType` takes single-phase or three-phase, prepaid or postpaid, or one of each."""

    meter_number: str
    brand: str = ""
    model: str = ""
    meter_type: str = ""
    firmware: str = ""
    area: str | None = None


class LegacyMeter(Struct, rename="camel"):
    meter_number: str
    brand: str
    model: str
    meter_type: str
    firmware: str
    area: str | None
    status: str
    last_seen: At | None
    current_reading: dict[str, Any] | None


class InstantaneousQuery(Struct, forbid_unknown_fields=True):
    meter: str
    obis: OBIS | None = None


class Instantaneous(Struct):
    obis: str
    value: Value
    unit: str
    quality: str
    timestamp: At


class ProfileReadQuery(Struct, forbid_unknown_fields=True):
    """From `from` (included) to `to` (not); the last 31 days where they are not given."""

    meter: str
    obis: OBIS
    from_: Moment | None = msgspec.field(default=None, name="from")
    to: Moment | None = None


class LegacyPoint(Struct):
    value: Value
    unit: str
    timestamp: At


class LegacyEventQuery(Struct, forbid_unknown_fields=True):
    meter: str


class LegacyEvent(Struct, rename="camel"):
    obis: str
    event_code: int | None
    event_name: str
    timestamp: At
    end_timestamp: At | None


class Legacy:
    def __init__(self, app: App) -> None:
        self._app = app

    @endpoint("POST", "/auth/login", None)
    async def login(self, call: Call, body: LegacyCredentials) -> LegacySignedIn:
        """Sign in."""
        token, session = await self._app.authentication.sign_in(body.username, body.password, call.address)
        return LegacySignedIn(token, session.user)

    @endpoint("GET", "/meters", Permission.SEE)
    async def meters(self) -> list[LegacyMeter]:
        """All meters in service."""
        found: list[LegacyMeter] = []
        after: str | None = None
        while True:
            page = await self._app.db.read(meters.listed, MeterFilter(), _AT_ONCE, after)
            found += [self._shown(meter) for meter in page.items]
            after = page.next
            if after is None:
                return found

    @endpoint("POST", "/meters", Permission.EDIT_METERS, status=201)
    async def add(self, body: LegacyNewMeter) -> LegacyMeter:
        """Register a meter."""
        fields = given(body)
        fields["serial"] = fields.pop("meter_number")
        fields |= split_meter_type(fields)
        meter = await self._app.db.write(meters.create, fields, self._app.now_ms)
        return self._shown(meter)

    @endpoint("GET", "/instantaneous", Permission.SEE)
    async def instantaneous(self, query: InstantaneousQuery) -> Instantaneous | dict[str, Instantaneous]:
        """The newest value of one quantity, or of all of them by their codes."""
        meter = await self._app.db.read(meters.get, query.meter)
        known = self._app.latest.of(meter.serial)
        if query.obis is None:
            return {str(obis): _instantaneous(reading) for obis, reading in known.items()}
        if query.obis not in known:
            raise Unknown("reading of", query.obis)
        return _instantaneous(known[query.obis])

    @endpoint("GET", "/profile/read", Permission.SEE)
    async def profile(self, query: ProfileReadQuery) -> dict[str, list[LegacyPoint]]:
        """What a profile captured, as one series of values for each code."""
        meter = await self._app.db.read(meters.get, query.meter)
        span_ms = span(query.from_, query.to, self._app.now_ms, _DAYS)
        page = await self._app.db.read(profiles.history, meter.serial, query.obis, *span_ms, _MOST_ROWS)
        if page.next is not None:
            raise Problem(ProblemType.INVALID, f"more than {_MOST_ROWS} rows; ask for less", field="from")
        found: dict[str, list[LegacyPoint]] = {}
        for place, column in enumerate(page.columns):
            points = [(shown_value(column, row.values[place]), row.at_ms) for row in page.rows]
            found[str(column.obis)] = [
                LegacyPoint(value, column.unit.sign, at(at_ms))
                for value, at_ms in points
                if value is not None
            ]
        return found

    @endpoint("GET", "/event", Permission.SEE)
    async def events(self, query: LegacyEventQuery) -> list[LegacyEvent]:
        """The latest thousand events of a meter."""
        meter = await self._app.db.read(meters.get, query.meter)
        page = await self._app.db.read(events.listed, EventFilter(meter=meter.serial), _AT_ONCE)
        return [
            LegacyEvent(str(event.log), event.code, event.name, at(event.at_ms), at_or_none(event.until_ms))
            for event in page.items
        ]

    def _shown(self, meter: Meter) -> LegacyMeter:
        state = self._app.head_end.state(meter.serial)
        kinds = [kind.value for kind in (meter.meter_type, meter.payment) if kind is not None]
        return LegacyMeter(
            meter.serial,
            meter.brand,
            meter.model,
            " ".join(kinds),
            meter.firmware,
            meter.area,
            shown_status(meter, state),
            at_or_none(state.last_seen_ms if state else None),
            self._current_reading(meter.serial),
        )

    def _current_reading(self, serial: str) -> dict[str, Any] | None:
        known = self._app.latest.of(serial)
        found = {}
        for key, codes in _CURRENT_READING.items():
            reading = next((known[OBIS(code)] for code in codes if OBIS(code) in known), None)
            if reading is not None:
                found[key] = reading
        if not found:
            return None
        newest = max(reading.at_ms for reading in found.values())
        return {**{key: reading.shown for key, reading in found.items()}, "timestamp": at(newest)}


def _instantaneous(reading: Reading) -> Instantaneous:
    return Instantaneous(
        str(reading.obis), reading.shown, reading.unit.sign, reading.quality.label, at(reading.at_ms)
    )
