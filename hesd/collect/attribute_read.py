"""Reads any attribute of any object, and says what its value means."""

from __future__ import annotations

from typing import Any, Final

from hesd.collect.cosem_reading import clock_text, raw_of, scaled_value
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.dlms_table import Asked
from hesd.collect.session_errors import AccessRefused
from hesd.dlms.access_result import DataAccessResult
from hesd.dlms.cosem_class import cosem_class
from hesd.dlms.cosem_time import DateTime
from hesd.dlms.data import Data
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.explain_data import HIDDEN, data_name, explain_data, explain_meaning, scaler_unit
from hesd.dlms.sts_token import mask_value
from hesd.driver.cosem import CosemObject, DLMSDriver
from hesd.links.modbus_link import Priority
from hesd.model.errors import HesdError
from hesd.model.job import JSON
from hesd.model.obis import OBIS
from hesd.model.reading import shift

_TOKEN: Final = (115, 2)
# Class and attribute: passwords of associations, of PPP and of the SIM card.
_SECRETS: Final = frozenset({(12, 3), (15, 7), (44, 5), (45, 3)})
_READ_OTHERWISE: Final = {
    (7, 2): "rows are read as a profile or as a log",
    (12, 2): "objects are read as a list",
    (15, 2): "objects are read as a list",
}


class NotShown(HesdError):
    """An attribute that is not read in this way; the text says why."""


def check_attribute(class_id: int, attribute: int) -> None:
    """Raises `NotShown` for what is secret, and for what there is a better way to read."""
    if (class_id, attribute) in _SECRETS:
        raise NotShown("this attribute holds a secret")
    if why := _READ_OTHERWISE.get((class_id, attribute)):
        raise NotShown(why)


async def read_attribute(
    meter: DLMSMeter, class_id: int, obis: OBIS, attribute: int, priority: Priority = Priority.READ
) -> JSON:
    """An attribute by its name, with its data type and its value.

    Enumerations are named, octets that are text or a time are shown as such; of a register
    `shown` is the value in `unit`. Tokens are masked. Raises `NotShown`, `AccessRefused` and what
    `DLMSMeter.meet` and `Session.get` raise.
    """
    check_attribute(class_id, attribute)
    await meter.meet(priority)
    wanted = AttributeDescriptor(class_id, obis, attribute)
    (result,) = await meter.session.get([(wanted, None)], priority=priority)
    if isinstance(result, DataAccessResult):
        raise AccessRefused(result)
    known = cosem_class(class_id)
    return {
        "class_id": class_id,
        "class_name": known.name,
        "obis": str(obis),
        "attribute": attribute,
        "name": known.attribute_name(attribute),
        "type": data_name(result),
        "value": _shown(meter.spec.driver, wanted, result),
        **await _scaled(meter, wanted, result, priority),
    }


def _shown(driver: DLMSDriver, wanted: AttributeDescriptor, data: Data) -> JSON:
    if _is_secret(driver, wanted):
        return mask_value(data.value) if isinstance(data.value, bytes | str) else HIDDEN
    meaning = cosem_class(wanted.class_id).meaning_of(wanted.attribute, data.value)
    if isinstance(meaning, DateTime):
        return clock_text(meaning, driver)
    if meaning is data.value:
        return explain_data(data, reveal=False)
    return scaler_unit(data) or explain_meaning(meaning)


def _is_secret(driver: DLMSDriver, wanted: AttributeDescriptor) -> bool:
    if (wanted.class_id, wanted.attribute) == _TOKEN:
        return True
    return any(
        each.secret and (each.obis, each.attribute) == (wanted.instance, wanted.attribute)
        for each in driver.objects
    )


async def _scaled(
    meter: DLMSMeter, wanted: AttributeDescriptor, data: Data, priority: Priority
) -> dict[str, Any]:
    asked = Asked.of(CosemObject(wanted.instance, wanted.class_id, attribute=wanted.attribute))
    raw = raw_of(data.value)
    if asked.scaler is None or not isinstance(raw, int | float):
        return {}
    said = await meter.scaler_unit(wanted.class_id, wanted.instance, priority=priority)
    value = scaled_value(raw, said.scaler)
    return {"shown": None if value is None else shift(value, -said.unit.exponent), "unit": said.unit.sign}
