"""Data objects of a simulated meter (class 1): what it is, what it counts, what can be set."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.driver.cosem import CosemObject, DLMSDriver, SerialNumber
from hesd.driver.cosem_type import CosemType
from hesd.model.meter_number import NumberEncoding, encode_number
from hesd.model.obis import OBIS
from hesd.sim.dlms_object import Attribute, ServedObject, setting
from hesd.sim.dlms_quantity import data_type
from hesd.sim.dlms_register import credit_octets

if TYPE_CHECKING:
    from hesd.sim.dlms_meter import SimulatedDLMSMeter

_CLASS_ID: Final = 1
DEVICE_NAME: Final = OBIS("0.0.42.0.0.255")
_BCD_SIZE: Final = 6
_PURCHASES: Final = OBIS("0.0.96.61.0.255")
_TEXTS: Final = {
    OBIS("1.0.0.2.0.255"): "HSD-SIM V1.0",
    OBIS("0.0.96.1.1.255"): "HW-SIM-1.0",
    OBIS("0.0.96.90.4.255"): "600727",
}
_NUMBERS: Final = {
    OBIS("1.0.0.3.0.255"): 1600,
    OBIS("1.0.0.3.1.255"): 1600,
    OBIS("0.0.96.60.0.255"): 1,
    OBIS("0.0.96.80.0.255"): 2,
    OBIS("0.0.96.81.0.255"): 2,
    OBIS("1.0.0.4.2.255"): 1,
    OBIS("1.0.0.4.3.255"): 1,
}


def data_object(each: CosemObject, *, is_credit: bool) -> ServedObject:
    """A Data object as its table describes it."""
    read = _reader(each, is_credit=is_credit)
    held = setting(_CLASS_ID, each.obis, each.attribute, read) if each.writable else Attribute(read)
    return ServedObject(_CLASS_ID, each.obis, {each.attribute: held})


def _reader(each: CosemObject, *, is_credit: bool) -> Callable[[SimulatedDLMSMeter], Data]:
    if is_credit:
        return lambda meter: Data.decode(credit_octets(each, meter))
    kind = data_type(each.type or CosemType.DOUBLE_LONG_UNSIGNED)
    if each.obis == _PURCHASES:
        return lambda meter: Data.of(kind, meter.ledger.accepted(meter.at()))
    value = Data.of(kind, _value(each, kind))
    return lambda _: value


def _value(each: CosemObject, kind: DataType) -> Any:
    text = _TEXTS.get(each.obis, "")[: each.size or None]
    match kind:
        case DataType.VISIBLE_STRING | DataType.UTF8_STRING:
            return text.ljust(each.size)
        case DataType.OCTET_STRING:
            return text.encode().ljust(each.size, b"\x00")
        case DataType.BIT_STRING:
            return "0" * (each.size or 8)
        case DataType.NULL_DATA:
            return None
        case DataType.BOOLEAN:
            return False
        case DataType.DATE_TIME:
            return bytes.fromhex("ffffffffffffffffff800000")
        case DataType.DATE:
            return bytes.fromhex("ffffffffff")
        case DataType.TIME:
            return bytes.fromhex("ffffffff")
    return _NUMBERS.get(each.obis, 0)


def serial_object(obis: OBIS, form: SerialNumber) -> ServedObject:
    """The meter's number as its driver says it is kept; what is no number goes as text."""

    def read(meter: SimulatedDLMSMeter) -> Data:
        serial = meter.serial
        if form.encoding is NumberEncoding.BCD and serial.isdigit():
            return Data.of(DataType.OCTET_STRING, encode_number(serial, NumberEncoding.BCD, _BCD_SIZE))
        return Data.of(DataType.OCTET_STRING, serial.zfill(form.digits).encode())

    return ServedObject(_CLASS_ID, obis, {2: Attribute(read)}, is_public=True)


def device_name_object(table: DLMSDriver) -> ServedObject:
    """The COSEM logical device name, octets unless the table says that it is text."""
    types = {each.obis: each.type for each in table.objects}
    is_text = types.get(DEVICE_NAME) is CosemType.VISIBLE_STRING

    def read(meter: SimulatedDLMSMeter) -> Data:
        name = meter.device_name
        if is_text:
            return Data.of(DataType.VISIBLE_STRING, name.decode())
        return Data.of(DataType.OCTET_STRING, name)

    return ServedObject(_CLASS_ID, DEVICE_NAME, {2: Attribute(read)}, is_public=True)
