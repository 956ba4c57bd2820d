"""From the value of a COSEM attribute to a reading: scaled, named and judged by itself."""

from __future__ import annotations

import datetime as dt
import math
from typing import Final

from hesd.dialin.identity import SerialForm
from hesd.dlms.cosem_meaning import ScalerUnit
from hesd.dlms.cosem_time import Date, DateTime, Time
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.errors import DataError
from hesd.dlms.octet_text import octet_text
from hesd.dlms.sts_token import mask_value
from hesd.driver.cosem import CosemObject, DLMSDriver
from hesd.driver.cosem_type import CosemType
from hesd.driver.meaning import in_decimal, out_of_bounds, printable
from hesd.model.bounds import Measured, MeasuredAs
from hesd.model.meter_number import MeterNumberError
from hesd.model.reading import Quality, Raw, Reading, Source, Value, shift
from hesd.model.units import Unit

_CLOCK_CLASS: Final = 8
_DATE_TIME_LENGTH: Final = 12


def reading_of(
    object_: CosemObject,
    data: Data | None,
    scaled: ScalerUnit,
    driver: DLMSDriver,
    *,
    meter: str,
    at_ms: int,
    source: Source,
) -> Reading:
    """The reading of one attribute, `bad` where it has no value (`data` None: not available now).

    Numbers are scaled; clocks, bit-strings and octet-strings become text. What is secret is
    masked before it is anything.
    """
    raw = None if data is None else raw_of(data.value)
    if object_.secret and raw is not None:
        raw = mask_value(raw if isinstance(raw, bytes) else str(raw))
    value = None if data is None else _value_of(raw, data.type, object_, scaled, driver)
    quality = Quality.GOOD
    if value is None:
        quality = Quality.BAD
    elif out_of_bounds(_measured(object_, scaled.unit), value):
        quality = Quality.SUSPECT
    return Reading(meter, object_.obis, at_ms, raw, scaled.scaler, value, scaled.unit, quality, source)


def _measured(object_: CosemObject, unit: Unit) -> Measured:
    """What is to be judged: the bounds of the table are in the unit of the table."""
    return object_ if object_.unit is unit else MeasuredAs(object_.obis, unit)


def serial_of(data: Data, driver: DLMSDriver) -> str:
    """The serial number in a value of the driver's serial objects. Raises `MeterNumberError`."""
    if not isinstance(data.value, bytes | str | int):
        raise MeterNumberError("a serial number is octets, text or a number")
    return SerialForm(driver.serial.encoding, driver.serial.digits).serial(data.value)


def raw_of(value: object) -> Raw:
    """A decoded value as the meter gave it; containers have none of their own."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return printable(value)
    return value if isinstance(value, int | bytes) else None


def _value_of(
    raw: Raw, type_: DataType, object_: CosemObject, scaled: ScalerUnit, driver: DLMSDriver
) -> Value:
    if isinstance(raw, bytes):
        return _text_of(raw, type_, object_, driver)
    if raw is None or isinstance(raw, str):
        return raw
    if type_ is DataType.FLOAT32 and isinstance(raw, float):
        raw = in_decimal(raw)
    return scaled_value(raw, scaled.scaler)


def scaled_value(raw: int | float, scaler: int) -> int | float | None:
    """The number with its point moved; None for what is too large to be one."""
    try:
        value = shift(raw, scaler)
        return value if math.isfinite(value) else None
    except OverflowError:
        return None


def _text_of(octets: bytes, type_: DataType, object_: CosemObject, driver: DLMSDriver) -> str:
    try:
        if object_.obis in driver.serial.obis:
            return SerialForm(driver.serial.encoding, driver.serial.digits).serial(octets)
        if type_ is DataType.DATE or object_.type is CosemType.DATE:
            return str(Date.from_octets(octets))
        if type_ is DataType.TIME or object_.type is CosemType.TIME:
            return str(Time.from_octets(octets))
        if _is_clock(octets, type_, object_):
            return clock_text(DateTime.from_octets(octets), driver)
    except (DataError, MeterNumberError):
        pass
    return octet_text(octets)


def _is_clock(octets: bytes, type_: DataType, object_: CosemObject) -> bool:
    known = type_ is DataType.DATE_TIME or object_.type is CosemType.DATE_TIME
    return known or (object_.class_id == _CLOCK_CLASS and len(octets) == _DATE_TIME_LENGTH)


def clock_text(clock: DateTime, driver: DLMSDriver) -> str:
    """A clock in ISO 8601 with its zone: its own, else the driver's; its fields where it is no instant."""
    zone = dt.timezone(dt.timedelta(minutes=driver.time_zone_minutes))
    moment = clock.moment(zone, reversed_sign=driver.reversed_deviation)
    return str(clock) if moment is None else moment.isoformat()
