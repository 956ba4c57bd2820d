"""What a push says: readings and events, as far as its body names what it is about.

Push object lists are seldom known, so a body is read by its shape: an octet-string that can
be a logical name is followed by the value of that object, which may be followed by its
scaler and unit. What names nothing is kept as it is, as an event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from hesd.collect.cosem_reading import reading_of
from hesd.collect.dlms_spec import DLMSMeterSpec
from hesd.collect.dlms_table import DLMSTable
from hesd.collect.meter_scalers import NO_SCALER, of_table
from hesd.collect.ratio import with_ratio
from hesd.dialin.identity import Claim, ClaimSource, serial_of_device_name
from hesd.dlms.cosem_meaning import ScalerUnit, scaler_unit
from hesd.dlms.data import Data
from hesd.dlms.errors import DataError
from hesd.dlms.notification import DataNotification, EventNotification
from hesd.dlms.octet_text import octet_text
from hesd.driver.cosem import CosemObject
from hesd.model.event import MeterEvent
from hesd.model.meter_number import MeterNumberError
from hesd.model.obis import OBIS
from hesd.model.reading import Reading, Source

Notification = DataNotification | EventNotification

PUSH_SETUP: Final = OBIS("0.7.25.9.0.255")
_NAME_LENGTH: Final = 6
_DEVICE_NAME_LENGTH: Final = 16
_CURRENT: Final = 255  # value group F
_MEDIA: Final = (0, 1)  # value group A: abstract objects and electricity
_MOST_LEAVES: Final = 500


@dataclass(frozen=True, slots=True)
class Named:
    """A value a push holds, and whose it is."""

    obis: OBIS
    data: Data
    scaled: ScalerUnit | None = None


def named_values(notification: Notification) -> list[Named]:
    """The objects a notification names, with their values."""
    if isinstance(notification, EventNotification):
        return [Named(notification.attribute.instance, notification.value)]
    return list(_pairs(notification.body))


def claims_of(notification: Notification) -> list[Claim]:
    """Whom a push names as its sender: the logical device name first, then any text it holds.

    A device name has up to 16 octets; a shorter one counts where it stands first in the body.
    """
    value = notification.value if isinstance(notification, EventNotification) else notification.body
    texts = [leaf.value for leaf in _leaves(value) if isinstance(leaf.value, bytes | str)]
    names = [each if isinstance(each, bytes) else each.encode("latin-1", "replace") for each in texts]
    serials = [
        _serial_in(name) for at, name in enumerate(names) if len(name) == _DEVICE_NAME_LENGTH or not at
    ]
    plain = [text for name in names if name.isalnum() and (text := octet_text(name)).isalnum()]
    return [Claim(serial, ClaimSource.PUSH) for serial in (*filter(None, serials), *plain)]


def readings_of(
    named: Iterable[Named], spec: DLMSMeterSpec, table: DLMSTable, at_ms: int
) -> Iterator[Reading]:
    """The readings among the values; one whose scaler nobody knows is as it came."""
    for each in named:
        asked = table.find(each.obis)
        object_ = CosemObject(each.obis) if asked is None else asked.object
        scaled = each.scaled or (NO_SCALER if asked is None else of_table(asked))
        reading = reading_of(
            object_, each.data, scaled, spec.driver, meter=spec.serial, at_ms=at_ms, source=Source.PUSH
        )
        yield with_ratio(reading, spec.ratio)


def event_of(notification: Notification, meter: str, at_ms: int) -> MeterEvent:
    """A push that names no quantity, as an event with what it holds."""
    is_event = isinstance(notification, EventNotification)
    log = notification.attribute.instance if isinstance(notification, EventNotification) else PUSH_SETUP
    body = notification.value if isinstance(notification, EventNotification) else notification.body
    values = [_shown(leaf.value) for leaf in _leaves(body)]
    code = values[0] if is_event and len(values) == 1 and isinstance(values[0], int) else None
    return MeterEvent(meter=meter, log=log, at_ms=at_ms, name="push", code=code, detail={"values": values})


def is_quantity(obis: OBIS) -> bool:
    """Whether a reading of it makes sense: electricity (value group A is 1)."""
    return obis.groups[0] == 1


def _pairs(container: Data) -> Iterator[Named]:
    """Names and values that stand beside each other; a list of names and one of values do not."""
    parts, at = container.parts, 0
    while at < len(parts):
        obis, value = _logical_name(parts[at]), parts[at + 1] if at + 1 < len(parts) else None
        if obis is None or value is None or value.parts or _logical_name(value) is not None:
            yield from _pairs(parts[at])
            at += 1
            continue
        scaled = _scaler_of(parts[at + 2]) if at + 2 < len(parts) else None
        yield Named(obis, value, scaled)
        at += 2 if scaled is None else 3


def _scaler_of(data: Data) -> ScalerUnit | None:
    try:
        return scaler_unit(data.value) if _is_scaler(data) else None
    except DataError:
        return None


def _logical_name(data: Data) -> OBIS | None:
    value = data.value
    if not isinstance(value, bytes) or len(value) != _NAME_LENGTH:
        return None
    return OBIS.from_octets(value) if value[0] in _MEDIA and value[5] == _CURRENT else None


def _leaves(data: Data) -> Iterator[Data]:
    """The values in order; a structure of scaler and unit is one."""
    found, waiting = 0, [data]
    while waiting and found < _MOST_LEAVES:
        each = waiting.pop()
        parts = () if _is_scaler(each) else each.parts
        waiting.extend(reversed(parts))
        if not parts:
            found += 1
            yield each


def _is_scaler(data: Data) -> bool:
    """A structure of an integer and an enum (tags 0F and 16)."""
    return len(data.octets) == 6 and data.octets[0:3:2] == b"\x02\x0f" and data.octets[4] == 0x16


def _shown(value: Any) -> Any:
    if isinstance(value, bytes):
        return octet_text(value)
    return value if isinstance(value, int | float | str) else str(value)


def _serial_in(name: bytes) -> str | None:
    try:
        return serial_of_device_name(name)
    except MeterNumberError:
        return None
