"""The columns of a profile with their names, scalers and units, and what stands in their cells."""

from __future__ import annotations

import json
from ctypes import c_float
from dataclasses import dataclass
from typing import Any, Final

from hesd.collect.cosem_reading import clock_text, raw_of, scaled_value
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.dlms_table import Asked
from hesd.collect.profile_shape import ProfileShape, table_of
from hesd.collect.ratio import on_primary_side
from hesd.dlms.cosem_class import cosem_class
from hesd.dlms.cosem_time import DateTime
from hesd.dlms.explain_data import HIDDEN, is_date_time
from hesd.dlms.octet_text import octet_text
from hesd.dlms.selective_access import CaptureObject
from hesd.dlms.sts_token import holds_token, mask_value
from hesd.driver.cosem import Column, CosemObject, DLMSDriver, EventLog
from hesd.driver.meaning import in_decimal, printable
from hesd.model.obis import OBIS
from hesd.model.profile import ProfileColumn
from hesd.model.quantities import quantity
from hesd.model.reading import Raw, Value
from hesd.model.units import Unit

_VALUE: Final = 2
_CLOCK: Final = 8
_DATE_TIME: Final = 12
_NONE: Final = (0, Unit.NONE)

Cell = tuple[Raw, Value]


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """A column, and whether its texts are hidden for what they hold."""

    column: ProfileColumn
    secret: bool = False


async def columns_of(meter: DLMSMeter, obis: OBIS, shape: ProfileShape) -> list[ShownColumn]:
    """The columns of a meter's profile or log.

    Scalers are what the meter says of the object that is captured. Where the driver's table
    prints another one for the column than for the object, the column's own counts: the profiles
    of such meters are finer. Raises what `DLMSMeter.scaler_unit` raises.
    """
    table = table_of(meter, obis)
    left = [] if table is None else list(table.columns)
    hidden = isinstance(table, EventLog) and table.secret
    found = []
    for captured in shape.columns:
        entry = next((each for each in left if _is_of(each, captured)), None)
        if entry is not None:
            left.remove(entry)
        scaler, unit = await _scaled(meter, captured, entry)
        column = ProfileColumn(
            class_id=captured.class_id,
            obis=captured.instance,
            attribute=captured.attribute,
            data_index=captured.data_index,
            name=_name(meter, captured, entry),
            scaler=scaler,
            unit=unit,
        )
        found.append(ShownColumn(column, hidden or _is_secret(meter.spec.driver, captured, entry)))
    return found


def _is_of(entry: Column, captured: CaptureObject) -> bool:
    printed = entry.class_id, entry.obis, entry.attribute, entry.data_index
    return printed == (captured.class_id, captured.instance, captured.attribute, captured.data_index)


async def _scaled(meter: DLMSMeter, captured: CaptureObject, entry: Column | None) -> tuple[int, Unit]:
    known = _known(meter, captured)
    listed = None if known is None else (known.scaler, known.unit)
    printed = None if entry is None or (entry.scaler, entry.unit) == _NONE else (entry.scaler, entry.unit)
    if printed is not None and listed is not None and printed != listed:
        return printed
    if Asked.of(CosemObject(captured.instance, captured.class_id, attribute=captured.attribute)).scaler:
        said = await meter.scaler_unit(captured.class_id, captured.instance)
        if (said.scaler, said.unit) != _NONE:
            return said.scaler, said.unit
    return printed or listed or _NONE


def _known(meter: DLMSMeter, captured: CaptureObject) -> CosemObject | None:
    """What the driver's table says of the attribute that is captured."""
    asked = meter.table.find(captured.instance)
    return asked.object if asked is not None and asked.object.attribute == captured.attribute else None


def _name(meter: DLMSMeter, captured: CaptureObject, entry: Column | None) -> str:
    known = _known(meter, captured)
    for name in (entry and entry.name, known and known.name):
        if name:
            return name
    label = str(quantity(captured.instance).label)
    if captured.attribute in (known.attribute if known else _VALUE, _VALUE):
        return label
    return f"{label}, {cosem_class(captured.class_id).attribute_name(captured.attribute).replace('_', ' ')}"


def _is_secret(driver: DLMSDriver, captured: CaptureObject, entry: Column | None) -> bool:
    listed = any(each.secret and each.obis == captured.instance for each in driver.objects)
    return listed or (entry is not None and entry.secret)


def cell_of(shown: ShownColumn, driver: DLMSDriver, ratio: float, value: Any) -> Cell:
    """What was captured, as the meter gave it and in the column's unit; both are text for all but numbers.

    Tokens are masked wherever they stand, what else is secret is hidden.
    """
    if type(value) is int:  # nearly all are
        return value, on_primary_side(scaled_value(value, shown.column.scaler), shown.column.unit, ratio)
    if isinstance(value, int | float):
        raw = raw_of(value)
        if not isinstance(raw, int | float):
            return None, None
        scaled = scaled_value(in_decimal(raw) if _is_float32(raw) else raw, shown.column.scaler)
        return raw, on_primary_side(scaled, shown.column.unit, ratio)
    text = None if value is None else _text(shown, driver, value)
    return text, text


def _text(shown: ShownColumn, driver: DLMSDriver, value: Any) -> str:
    if isinstance(value, list | tuple):
        return HIDDEN if shown.secret else json.dumps([_part(shown, driver, part) for part in value])
    if isinstance(value, bytes) and len(value) == _DATE_TIME and _is_time(shown, value):
        return clock_text(DateTime.from_octets(value), driver)
    if isinstance(value, bytes | str):
        if shown.secret or holds_token(value):
            return mask_value(value)
        return octet_text(value) if isinstance(value, bytes) else printable(value)
    return str(value)


def _is_time(shown: ShownColumn, octets: bytes) -> bool:
    """A clock's column says what it is, in others it is for the octets to say."""
    return shown.column.class_id == _CLOCK or is_date_time(octets)


def _part(shown: ShownColumn, driver: DLMSDriver, value: Any) -> Any:
    return raw_of(value) if isinstance(value, int | float) else _text(shown, driver, value)


def _is_float32(raw: float) -> bool:
    """Whether it may have come in four octets; in eight hardly any measured value looks so."""
    return isinstance(raw, float) and c_float(raw).value == raw
