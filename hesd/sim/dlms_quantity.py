"""What a DLMS meter's registers hold: quantities by OBIS code, scaled into COSEM data.

The metering point knows the whole and its phases at any instant; what a meter makes of it
by itself stands here: tariffs, values of past months, highest demand.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from hesd.dlms import axdr
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.driver.cosem_type import CosemType
from hesd.model.obis import OBIS
from hesd.model.units import Unit
from hesd.sim.load import DAY, QUARTER, noise
from hesd.sim.point import MeteringPoint

_BITS: Final = {
    DataType.INTEGER: (8, True),
    DataType.UNSIGNED: (8, False),
    DataType.ENUM: (8, False),
    DataType.LONG: (16, True),
    DataType.LONG_UNSIGNED: (16, False),
    DataType.DOUBLE_LONG: (32, True),
    DataType.DOUBLE_LONG_UNSIGNED: (32, False),
    DataType.LONG64: (64, True),
    DataType.LONG64_UNSIGNED: (64, False),
}
# Group C of an OBIS code modulo 20, and groups D (IEC 62056-6-1).
_POWER_FACTOR: Final = 13
_ENERGY: Final = 8
_DEMAND: Final = (4, 5)
_MAXIMUM: Final = 6
_LAST_HISTORICAL: Final = 99
# Shares of tariffs 1 to 4 in a day's energy.
_TARIFFS: Final = {1: 0.46, 2: 0.27, 3: 0.19, 4: 0.08}
# Vendors' own numbers: the neutral's of single-phase meters, and reactive energy either way.
_NEUTRAL: Final = {81: 21, 83: 23, 93: 33}
_REACTIVE_EITHER_WAY: Final = {93: 137}
_EVENING: Final = 19.25  # the hour that has the day's highest demand


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measured value as one attribute carries it; `type` is that of the number on the wire."""

    obis: OBIS
    type: DataType
    scaler: int
    unit: Unit

    @classmethod
    def of(cls, obis: OBIS, unit: Unit, scaler: int, type_: CosemType | None = None) -> Quantity:
        return cls(obis, _usual_type(obis, unit) if type_ is None else data_type(type_), scaler, unit)

    @property
    def scaler_unit(self) -> Data:
        """Attribute 3 of a register."""
        return Data.structure(Data.of(DataType.INTEGER, self.scaler), Data.of(DataType.ENUM, self.unit))

    def octets(self, value: float) -> bytes:
        """A value in base units, within what the type can say."""
        number = value / 10.0**self.scaler
        if self.type not in _BITS:
            return axdr.encode(self.type, number)
        bits, signed = _BITS[self.type]
        low = -(1 << bits - 1) if signed else 0
        high = low + (1 << bits) - 1
        return bytes((self.type,)) + max(low, min(high, round(number))).to_bytes(
            bits // 8, "big", signed=signed
        )


def data_type(name: CosemType) -> DataType:
    """The type an object list names."""
    return DataType[name.name]


def _usual_type(obis: OBIS, unit: Unit) -> DataType:
    """What meters mostly take where their list does not say."""
    if unit in (Unit.V, Unit.HZ):
        return DataType.LONG_UNSIGNED
    if unit in (Unit.W, Unit.VAR):
        return DataType.DOUBLE_LONG
    if unit is Unit.NONE and obis.groups[2] % 20 == _POWER_FACTOR:
        return DataType.LONG
    return DataType.DOUBLE_LONG_UNSIGNED


@dataclass(frozen=True, slots=True)
class Capture:
    """A value that belongs to an instant: the highest demand and when that was."""

    value: float
    at: float


def value_at(point: MeteringPoint, obis: OBIS, at: float, utc_offset: float) -> float:
    """A quantity at `at`, seconds since 1970, in base units; 0 for one the point has not."""
    place = _place(obis)
    if place.historical:
        at = start_of_month(at, place.historical - 1, utc_offset)
    if place.is_maximum:
        return highest_demand(point, obis, at, utc_offset).value
    return point.value(place.measured, at) * place.share


def highest_demand(point: MeteringPoint, obis: OBIS, at: float, utc_offset: float) -> Capture:
    """The highest quarter of an hour of the month of `at`, or with group F of that many before.

    It is one evening's of the days gone by, which one depends on the month.
    """
    place = _place(obis)
    end = start_of_month(at, place.historical - 1, utc_offset) if place.historical else at
    start = start_of_month(end - 1, 0, utc_offset)
    days = max(1, int((end - start) / DAY))
    evening = start + int(noise(int(start) + place.tariff, 1) * days) * DAY + _EVENING * 3600
    when = min(evening, end)
    when -= when % QUARTER
    return Capture(point.value(place.measured, when) * place.share, when)


def start_of_month(at: float, before: int, utc_offset: float) -> float:
    """When the month of `at` began by the clock on the wall, or one `before` it."""
    local = dt.datetime.fromtimestamp(at + utc_offset, dt.UTC)
    months = local.year * 12 + local.month - 1 - before
    begun = dt.datetime(months // 12, months % 12 + 1, 1, tzinfo=dt.UTC)
    return begun.timestamp() - utc_offset


@dataclass(frozen=True, slots=True)
class _Place:
    """What an OBIS code asks of the metering point."""

    measured: OBIS
    share: float
    tariff: int
    historical: int
    is_maximum: bool


@lru_cache(maxsize=4096)
def _place(obis: OBIS) -> _Place:
    a, b, c, d, e, f = obis.groups
    is_maximum = d == _MAXIMUM
    tariff = e if e in _TARIFFS and (d == _ENERGY or is_maximum) else 0
    if d == _ENERGY:
        c = _REACTIVE_EITHER_WAY.get(c, c)
    elif e == 0:
        c = _NEUTRAL.get(c, c)
    measured = OBIS(f"{a}.{b}.{c}.{_DEMAND[0] if is_maximum else d}.{0 if tariff else e}.255")
    share = 1.0 if is_maximum else _TARIFFS.get(tariff, 1.0)
    return _Place(measured, share, tariff, f if 1 <= f <= _LAST_HISTORICAL else 0, is_maximum)
