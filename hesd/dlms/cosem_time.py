"""Date-time, date and time of COSEM (IEC 62056-6-2, 4.1.6.1).

::

    date-time: year 2, month, day, day of week, hour, minute, second, hundredths,
               deviation 2, clock status                              12 octets
    date: the first 5 of them        time: hour, minute, second, hundredths

Any field may be unspecified (all ones; deviation 8000), which makes a date-time a
pattern, as in a schedule. Deviation is in minutes *from local time to UTC*: a clock in
Lagos, an hour ahead, says -60. Some meters have that sign the other way round.
"""

from __future__ import annotations

import datetime as dt
import struct
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct
from typing import Final

from hesd.dlms.errors import DataError

_DATE_TIME: Final = Struct(">HBBBBBBBhB")
_DATE: Final = Struct(">HBBB")
_TIME: Final = Struct(">BBBB")
_TAIL: Final = Struct(">hB")  # deviation and clock status
_YEAR_UNSPECIFIED: Final = 0xFFFF
_UNSPECIFIED: Final = 0xFF
_DEVIATION_UNSPECIFIED: Final = -0x8000

# Months and days with a meaning of their own.
DAYLIGHT_SAVINGS_END: Final = 0xFD
DAYLIGHT_SAVINGS_BEGIN: Final = 0xFE
SECOND_LAST_DAY: Final = 0xFD
LAST_DAY: Final = 0xFE

# Clock status bits.
INVALID_VALUE: Final = 0x01
DOUBTFUL_VALUE: Final = 0x02
DIFFERENT_CLOCK_BASE: Final = 0x04
INVALID_CLOCK_STATUS: Final = 0x08
DAYLIGHT_SAVING_ACTIVE: Final = 0x80

_MS_PER_DAY: Final = 86_400_000
_EPOCH_DAY: Final = dt.date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Date:
    """A date; None is unspecified. Zeros, which some meters send for the same, are kept as zeros."""

    year: int | None
    month: int | None
    day: int | None
    day_of_week: int | None = None

    @classmethod
    def from_octets(cls, octets: bytes) -> Date:
        """Of 5 octets. Raises `DataError`."""
        year, *rest = _unpack(_DATE, octets, "date")
        return cls(_specified(year, _YEAR_UNSPECIFIED), *map(_specified, rest))

    @property
    def octets(self) -> bytes:
        """Raises `DataError` for a field out of range."""
        year = _field(self.year, _YEAR_UNSPECIFIED)
        return _pack(_DATE, year, *map(_field, (self.month, self.day, self.day_of_week)))

    def __str__(self) -> str:
        year = "????" if self.year is None else f"{self.year:04}"
        return f"{year}-{_named(self.month)}-{_named(self.day)}"


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day; None is unspecified."""

    hour: int | None
    minute: int | None
    second: int | None
    hundredths: int | None = None

    @classmethod
    def from_octets(cls, octets: bytes) -> Time:
        """Of 4 octets. Raises `DataError`."""
        return cls(*map(_specified, _unpack(_TIME, octets, "time")))

    @property
    def octets(self) -> bytes:
        """Raises `DataError` for a field out of range."""
        return _pack(_TIME, *map(_field, (self.hour, self.minute, self.second, self.hundredths)))

    def __str__(self) -> str:
        text = ":".join(map(_named, (self.hour, self.minute, self.second)))
        return text if not self.hundredths else f"{text}.{self.hundredths:02}"


@dataclass(frozen=True, slots=True)
class DateTime:
    """A date and time. `deviation` in minutes from local time to UTC; `status` None is unspecified."""

    date: Date
    time: Time
    deviation: int | None = None
    status: int | None = 0

    @classmethod
    def from_octets(cls, octets: bytes) -> DateTime:
        """Of 12 octets. Raises `DataError`."""
        *_, deviation, status = _unpack(_DATE_TIME, octets, "date-time")
        return cls(
            Date.from_octets(octets[:5]),
            Time.from_octets(octets[5:9]),
            _specified(deviation, _DEVIATION_UNSPECIFIED),
            _specified(status),
        )

    @classmethod
    def of(cls, moment: dt.datetime, *, daylight_saving: bool = False) -> DateTime:
        """The local time of an aware datetime, with its deviation. Raises `DataError`."""
        offset = moment.utcoffset()
        if offset is None:
            raise DataError("a datetime without a zone has no deviation")
        return cls(
            Date(moment.year, moment.month, moment.day, moment.isoweekday()),
            Time(moment.hour, moment.minute, moment.second, moment.microsecond // 10_000),
            -int(offset.total_seconds()) // 60,
            DAYLIGHT_SAVING_ACTIVE if daylight_saving else 0,
        )

    @property
    def octets(self) -> bytes:
        """Raises `DataError` for a field out of range."""
        deviation = _field(self.deviation, _DEVIATION_UNSPECIFIED)
        return self.date.octets + self.time.octets + _pack(_TAIL, deviation, _field(self.status))

    def moment(self, zone: dt.tzinfo | None = None, *, reversed_sign: bool = False) -> dt.datetime | None:
        """The instant this is; None where date, hour or minute is unspecified or impossible.

        `zone` is taken where the meter gives no deviation; with neither the result is naive
        local time. `reversed_sign` is for meters that count the deviation from UTC.
        """
        date, time = self.date, self.time
        if date.year is None or date.month is None or date.day is None:
            return None
        if time.hour is None or time.minute is None:
            return None
        try:
            local = dt.datetime(date.year, date.month, date.day, time.hour, time.minute, time.second or 0)
            local += dt.timedelta(milliseconds=10 * (time.hundredths or 0))
            if self.deviation is None:
                return local.replace(tzinfo=zone)
            offset = self.deviation if reversed_sign else -self.deviation
            return local.replace(tzinfo=dt.timezone(dt.timedelta(minutes=offset)))
        except (ValueError, OverflowError):
            return None

    def __str__(self) -> str:
        """ISO 8601, with question marks for what is unspecified; the same in every locale."""
        text = f"{self.date}T{self.time}"
        if self.deviation is None:
            return text
        hours, minutes = divmod(abs(self.deviation), 60)
        return f"{text}{'+' if self.deviation <= 0 else '-'}{hours:02}:{minutes:02}"


def epoch_ms(octets: bytes, default_deviation: int = 0, sign: int = 1) -> int | None:
    """Milliseconds since 1970 UTC of a date-time's 12 octets; None for what is no instant.

    This is for the clock column of a profile. `default_deviation` holds where the meter
    gives none; `sign` is -1 for meters that count the deviation from UTC.
    """
    if len(octets) != _DATE_TIME.size:
        return None
    year, month, day, _, hour, minute, second, hundredths, deviation, _ = _DATE_TIME.unpack(octets)
    day_ms = _day_ms(year, month, day)
    if day_ms is None or hour > 23 or minute > 59:
        return None
    second = 0 if second == _UNSPECIFIED else second
    hundredths = 0 if hundredths == _UNSPECIFIED else hundredths
    if second > 59 or hundredths > 99:
        return None
    minute += default_deviation if deviation == _DEVIATION_UNSPECIFIED else sign * deviation
    instant: int = day_ms + ((hour * 60 + minute) * 60 + second) * 1000 + hundredths * 10
    return instant


@lru_cache(maxsize=1024)
def _day_ms(year: int, month: int, day: int) -> int | None:
    try:
        return (dt.date(year, month, day).toordinal() - _EPOCH_DAY) * _MS_PER_DAY
    except ValueError:
        return None


def _unpack(layout: Struct, octets: bytes, name: str) -> tuple[int, ...]:
    if len(octets) != layout.size:
        raise DataError(f"a {name} has {layout.size} octets, not {len(octets)}")
    return layout.unpack(octets)


def _pack(layout: Struct, *fields: int) -> bytes:
    try:
        return layout.pack(*fields)
    except struct.error:
        raise DataError(f"no date or time: {fields}") from None


def _specified(field: int, unspecified: int = _UNSPECIFIED) -> int | None:
    return None if field == unspecified else field


def _field(value: int | None, unspecified: int = _UNSPECIFIED) -> int:
    return unspecified if value is None else value


def _named(field: int | None) -> str:
    return "??" if field is None else f"{field:02}"
