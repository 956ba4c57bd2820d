"""A meter as collecting sees it: what is known beforehand, and how it is doing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from hesd.driver.modbus import ModbusDriver
from hesd.model.errors import HesdError


class UnknownMeter(HesdError):
    """No line has a meter of this serial number."""


class NotOffered(HesdError):
    """Meters of this kind cannot do what was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterSpec:
    """What has to be known to read a meter.

    `line` names the line it hangs on. `interval` is how often its fast tier is asked,
    `slow_interval` the slow one, in seconds. `ratio` is that of its current transformers
    where the meter does not apply it itself: it multiplies currents, powers and energies.
    Nothing is ever written to a meter unless `writes_enabled`.
    """

    serial: str
    line: str
    driver_name: str
    driver: ModbusDriver
    unit_id: int
    interval: float
    slow_interval: float
    ratio: float = 1
    writes_enabled: bool = False


class MeterStatus(StrEnum):
    """Whether a meter can be read."""

    UNKNOWN = "unknown"  # not tried yet
    ONLINE = "online"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterState:
    """How a meter is doing. Times are UTC in milliseconds since 1970.

    `reason` says why a meter is offline, or what went wrong since it last answered in
    full. `since_ms` is when `status` began. A meter that stays silent is paused until
    `paused_until_ms`. `warning` is something an operator should look at although the
    meter answers: another model than its driver is for, registers it refuses.
    """

    serial: str
    status: MeterStatus = MeterStatus.UNKNOWN
    reason: str = ""
    since_ms: int
    last_seen_ms: int | None = None
    consecutive_failures: int = 0
    paused_until_ms: int | None = None
    warning: str = ""

    def answered(self, now_ms: int) -> MeterState:
        """Everything that was asked came back."""
        return replace(
            self._turned(MeterStatus.ONLINE, now_ms),
            reason="",
            last_seen_ms=now_ms,
            consecutive_failures=0,
            paused_until_ms=None,
        )

    def answered_in_part(self, reason: str, now_ms: int) -> MeterState:
        """Something came back: the meter lives, but the turn counts as failed."""
        return replace(
            self._turned(MeterStatus.ONLINE, now_ms),
            reason=reason,
            last_seen_ms=now_ms,
            consecutive_failures=self.consecutive_failures + 1,
        )

    def failed(self, reason: str, now_ms: int, *, retries: int) -> MeterState:
        """Nothing came back; after `retries` further tries the meter is offline."""
        failures = self.consecutive_failures + 1
        status = MeterStatus.OFFLINE if failures > retries else self.status
        return replace(self._turned(status, now_ms), reason=reason, consecutive_failures=failures)

    def cut_off(self, reason: str, now_ms: int) -> MeterState:
        """The meter cannot be asked at all, which says nothing about the meter itself."""
        state = self._turned(MeterStatus.OFFLINE, now_ms)
        return replace(state, reason=reason, consecutive_failures=0, paused_until_ms=None)

    def told_apart_from(self, other: MeterState) -> bool:
        """Whether the difference is worth telling, beyond that time went on."""
        return (self.status, self.reason, self.warning, self.paused_until_ms) != (
            other.status,
            other.reason,
            other.warning,
            other.paused_until_ms,
        )

    def _turned(self, status: MeterStatus, now_ms: int) -> MeterState:
        return self if status is self.status else replace(self, status=status, since_ms=now_ms)
