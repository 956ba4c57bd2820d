"""A meter as the outside sees it: its entry in the registry and how it is doing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Self

from msgspec import Struct

from hesd.collect.meter import MeterState
from hesd.driver.cosem import Authentication, Ciphering, DLMSDriver, Referencing
from hesd.driver.loading import Driver
from hesd.model.obis import OBIS
from hesd.model.reading import Reading, Value
from hesd.store.meters import Lifecycle, Meter, MeterType, Payment, RelayStatus
from hesd.web.shown import ReadingShown
from hesd.web.wire import At, at, at_or_none

# Control states of a relay (IEC 62056-6-2, 4.5.8.2.2.3).
_RELAY_STATUS: Final[dict[Value, RelayStatus]] = {
    0: RelayStatus.DISCONNECTED,
    1: RelayStatus.CONNECTED,
    2: RelayStatus.READY_FOR_RECONNECTION,
}


class StateShown(Struct):
    """How a meter is doing; the data of a ``meters/SERIAL`` event.

    `status` is online, offline or unknown for a meter in service, else what it is instead.
    `reason` says why, `since` from when on, `warning` what to look at although it answers.
    """

    serial: str
    status: str
    reason: str | None
    since: At | None
    last_seen: At | None
    warning: str | None

    @classmethod
    def of(cls, state: MeterState) -> Self:
        return cls(
            serial=state.serial,
            status=state.status.value,
            reason=state.reason or None,
            since=at(state.since_ms),
            last_seen=at_or_none(state.last_seen_ms),
            warning=state.warning or None,
        )


class MeterShown(Struct, kw_only=True):
    """A meter of the registry. Intervals are in seconds; null leaves them to the group or the line.

    `relay_status` and `credit` are what the meter itself said last, null where it has none.
    """

    serial: str
    status: str
    reason: str | None = None
    since: At | None = None
    last_seen: At | None = None
    warning: str | None = None
    lifecycle: Lifecycle
    name: str
    brand: str
    model: str
    meter_type: MeterType | None
    payment: Payment | None
    firmware: str
    driver: str | None
    line: str | None
    unit_id: int | None
    area: str | None
    group: str | None
    equipment: str
    room: str
    panel: str
    latitude: float | None
    longitude: float | None
    interval: float | None
    slow_interval: float | None
    ratio: float
    writes_enabled: bool
    client_sap: int | None
    server_sap: int | None
    physical_address: int | None
    authentication: Authentication | None
    ciphering: Ciphering | None
    suite: int | None
    referencing: Referencing | None
    via: str | None
    system_title: str | None
    relay_status: RelayStatus | None
    credit: ReadingShown | None = None
    created_at: At
    updated_at: At

    @classmethod
    def of(cls, meter: Meter, state: MeterState | None, problem: str | None) -> Self:
        """`state` is the head end's word, `problem` why it is not asked at all."""
        shown = cls(
            status=shown_status(meter, state),
            created_at=at(meter.created_ms),
            updated_at=at(meter.updated_ms),
            **{field: getattr(meter, field) for field in _AS_REGISTERED},
        )
        if meter.lifecycle is Lifecycle.ACTIVE:
            shown.reason = problem
            if state is not None:
                doing = StateShown.of(state)
                shown.reason, shown.since = doing.reason, doing.since
                shown.last_seen, shown.warning = doing.last_seen, doing.warning
        return shown

    def told(self, driver: Driver | None, latest: Mapping[OBIS, Reading]) -> Self:
        """With what a meter of this driver told of its relay and its credit; itself."""
        if isinstance(driver, DLMSDriver):
            relay = latest.get(driver.relay) if driver.relay else None
            credit = latest.get(driver.credit) if driver.credit else None
            if relay is not None:
                self.relay_status = _RELAY_STATUS.get(relay.value) or self.relay_status
            if credit is not None:
                self.credit = ReadingShown.of(credit)
        return self


_AS_REGISTERED = tuple(field for field in MeterShown.__struct_fields__ if field in Meter.__dataclass_fields__)


def shown_status(meter: Meter, state: MeterState | None) -> str:
    if meter.lifecycle is not Lifecycle.ACTIVE:
        return meter.lifecycle.value
    return "unknown" if state is None else state.status.value
