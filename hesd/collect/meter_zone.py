"""The local time of a meter's clock: what it would write for an instant, and what it has written."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hesd.dlms.cosem_time import Date, DateTime, Time, epoch_ms
from hesd.dlms.errors import DataError
from hesd.driver.cosem import DLMSDriver

_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class MeterZone:
    """`east` is how many minutes its clock is ahead of UTC, `deviation` what it writes for that."""

    east: int
    deviation: int | None

    @classmethod
    def of_driver(cls, driver: DLMSDriver) -> MeterZone:
        """Where the meter does not say."""
        east = driver.time_zone_minutes
        return cls(east, east if driver.reversed_deviation else -east)

    @classmethod
    def of_clock(cls, driver: DLMSDriver, octets: object) -> MeterZone:
        """Of a clock's time as read; of the driver where that says nothing."""
        try:
            deviation = DateTime.from_octets(octets if isinstance(octets, bytes) else b"").deviation
        except DataError:
            return cls.of_driver(driver)
        if deviation is None:
            return cls(driver.time_zone_minutes, None)
        if abs(deviation) >= _DAY_MINUTES:
            return cls.of_driver(driver)
        return cls(deviation if driver.reversed_deviation else -deviation, deviation)

    def stamp(self, at_ms: int) -> DateTime:
        """An instant in whole seconds, as such a clock shows it; the day of week is left open.

        Raises `DataError` for what no calendar has.
        """
        try:
            local = dt.datetime.fromtimestamp(at_ms // 1000 + self.east * 60, dt.UTC)
        except (ValueError, OverflowError, OSError):
            raise DataError(f"{at_ms} ms is in no year") from None
        date = Date(local.year, local.month, local.day)
        return DateTime(date, Time(local.hour, local.minute, local.second, 0), self.deviation)


def instant(driver: DLMSDriver, cell: object) -> int | None:
    """When a clock that was captured stood there (UTC, ms since 1970); None for what is no instant."""
    if not isinstance(cell, bytes):
        return None
    return epoch_ms(cell, -driver.time_zone_minutes, -1 if driver.reversed_deviation else 1)
