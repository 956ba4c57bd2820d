"""COSEM data in words: lists of plain values as JSON has them.

Containers become lists. A leaf is a number, a text or None: octet strings that are text as
text, those that are a date-time in ISO 8601 (`cosem_time`), all others as hex.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any, Final

from hesd.dlms.access_result import DataAccessResult, DataResult
from hesd.dlms.cosem_time import Date, DateTime, Time
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.model.obis import OBIS
from hesd.model.quantities import quantity
from hesd.model.units import Unit

HIDDEN: Final = "(hidden)"
_MOMENTS: Final = {
    DataType.DATE_TIME: DateTime.from_octets,
    DataType.DATE: Date.from_octets,
    DataType.TIME: Time.from_octets,
}
_DATE_TIME_LENGTH: Final = 12
_TEXT: Final = re.compile(rb"[\x20-\x7e]+")
# What a prepayment token looks like: twenty digits, in ASCII or two in an octet.
_TOKEN: Final = re.compile(r"[0-9]{20}")
# What a date-time has in its fields; whatever is above is either unspecified or none.
_YEARS: Final = range(1970, 2200)
_DAYLIGHT_SAVING_OR_LAST: Final = (0xFD, 0xFE)
_MAX_DEVIATION: Final = 14 * 60


def data_name(data: Data) -> str:
    """The data type as the standard writes it: ``double-long-unsigned``."""
    return data.type.name.lower().replace("_", "-")


def explain_data(data: Data, *, reveal: bool = True) -> Any:
    """Lists and leaves. Without `reveal`, what may be a token is hidden."""
    if data.type in (DataType.ARRAY, DataType.STRUCTURE):
        return [explain_data(part, reveal=reveal) for part in data.parts]
    moment = _MOMENTS.get(data.type)
    if moment is not None and isinstance(data.value, bytes):
        return str(moment(data.value))
    return _explain_value(data.value, reveal)


def explain_result(result: DataResult, *, reveal: bool = True) -> Any:
    """The data, or the code and meaning of why there is none."""
    if isinstance(result, DataAccessResult):
        return {"error": int(result), "meaning": result.text}
    return explain_data(result, reveal=reveal)


def leaves(shown: Any) -> Iterator[Any]:
    """The leaves of what `explain_data` made, in order."""
    if isinstance(shown, list):
        for part in shown:
            yield from leaves(part)
    else:
        yield shown


def _explain_value(value: Any, reveal: bool) -> Any:
    """A leaf, or the whole of a compact array, of which there may be very many parts."""
    if isinstance(value, list | tuple):
        return [_explain_value(part, reveal) for part in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    shown = explain_octets(value) if isinstance(value, bytes) else str(getattr(value, "value", value))
    return HIDDEN if not reveal and _TOKEN.search(shown) else shown


def explain_octets(octets: bytes) -> str:
    """A date-time, a text, or hex."""
    if is_date_time(octets):
        return str(DateTime.from_octets(octets))
    return octets.decode("ascii") if _TEXT.fullmatch(octets) else octets.hex()


def explain_time(date_time: bytes | None) -> str | None:
    """The date-time in front of a notification."""
    return None if date_time is None else str(DateTime.from_octets(date_time))


def is_date_time(octets: bytes) -> bool:
    """Whether twelve octets are in form a date-time that says a year, or that says a day."""
    if len(octets) != _DATE_TIME_LENGTH:
        return False
    found = DateTime.from_octets(octets)
    date, time = found.date, found.time
    if date.year is None and date.month is None and date.day is None:
        return False
    return (
        (date.year is None or date.year in _YEARS)
        and _within(date.month, 1, 12, *_DAYLIGHT_SAVING_OR_LAST)
        and _within(date.day, 1, 31, *_DAYLIGHT_SAVING_OR_LAST)
        and _within(date.day_of_week, 0, 7)
        and _within(time.hour, 0, 23)
        and _within(time.minute, 0, 59)
        and _within(time.second, 0, 59)
        and _within(time.hundredths, 0, 99)
        and _within(found.deviation, -_MAX_DEVIATION, _MAX_DEVIATION)
    )


def _within(field: int | None, low: int, high: int, *others: int) -> bool:
    return field is None or low <= field <= high or field in others


def scaler_unit(data: Data) -> dict[str, Any] | None:
    """Scaler and unit, where these data have their form: a structure of integer and enum."""
    types = [part.type for part in data.parts] if data.type is DataType.STRUCTURE else []
    if types != [DataType.INTEGER, DataType.ENUM]:
        return None
    scaler, code = (part.value for part in data.parts)
    assert isinstance(scaler, int)
    assert isinstance(code, int)
    return {"scaler": scaler, "unit": code, "unit_name": unit_name(code)}


def unit_name(code: int) -> str:
    """The unit of the number on the wire: ``Wh``, where people say kWh."""
    unit = Unit.of(code)
    return unit.sign[1:] if unit.exponent else unit.sign


def pushed_registers(data: Data) -> list[dict[str, Any]]:
    """The registers in a push that names them itself: logical name, value, scaler and unit."""
    found: list[dict[str, Any]] = []
    for part in data.parts:
        match part.parts:
            case (name, value, unit) if (
                name.type is DataType.OCTET_STRING
                and (scaled := scaler_unit(unit))
                and isinstance(name.value, bytes)
                and len(name.value) == 6
            ):
                obis = OBIS.from_octets(name.value)
                found.append({"obis": str(obis), **_quantity(obis), "value": explain_data(value), **scaled})
    return found


def named_object(obis: OBIS) -> dict[str, Any]:
    """The code, and what it stands for where that is known."""
    return {"obis": str(obis), **_quantity(obis)}


def _quantity(obis: OBIS) -> dict[str, Any]:
    label = quantity(obis).label
    return {} if label == obis else {"quantity": label}


def explain_meaning(meaning: Any) -> Any:
    """What `cosem_class` makes of a value, as JSON has it."""
    if isinstance(meaning, IntEnum):
        return meaning.name.lower().replace("_", "-")
    if isinstance(meaning, Date | Time | DateTime):
        return str(meaning)
    if dataclasses.is_dataclass(meaning):
        fields = dataclasses.fields(meaning)
        return {field.name: explain_meaning(getattr(meaning, field.name)) for field in fields}
    if isinstance(meaning, Mapping):
        return {str(key): explain_meaning(value) for key, value in meaning.items()}
    if isinstance(meaning, list | tuple):
        return [explain_meaning(part) for part in meaning]
    if isinstance(meaning, bytes):
        return explain_octets(meaning)
    return str(meaning) if isinstance(meaning, str) else meaning  # of a code only its text
