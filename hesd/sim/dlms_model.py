"""From a driver's table to the objects that its simulated meters serve.

Every object of the table answers with the type, scaler and unit the table prints. Beside
them stands what no association is without: its own object list, the logical device name,
and where there are keys the security setup.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.driver.cosem import Column, CosemObject, DLMSDriver, TokenWay
from hesd.model.obis import OBIS
from hesd.sim.dlms_capture import rows_of
from hesd.sim.dlms_clock import clock_object
from hesd.sim.dlms_data import data_object, device_name_object, serial_object
from hesd.sim.dlms_logs import LogRows
from hesd.sim.dlms_object import ASSOCIATION, Attribute, CosemModel, ServedObject, constant, fixed
from hesd.sim.dlms_payment import payment_objects
from hesd.sim.dlms_profile import BufferForm, profile_object
from hesd.sim.dlms_register import MEASURING, register_object
from hesd.sim.dlms_relay import limiter_object, relay_object
from hesd.sim.dlms_security import security_objects
from hesd.sim.dlms_standard import standard_table
from hesd.sim.dlms_token import bcd_entry, gateway_object

if TYPE_CHECKING:
    from hesd.sim.dlms_meter import SimulatedDLMSMeter

_DATA, _CLOCK, _RELAY, _SCHEDULE, _LIMITER, _GATEWAY = 1, 8, 70, 22, 71, 115
_AS_CAPTURED: Final = BufferForm()
_SAP_ASSIGNMENT: Final = OBIS("0.0.41.0.0.255")
_USUAL: Final = (
    Column(OBIS("0.0.1.0.0.255"), _CLOCK, name="Clock"),
    Column(OBIS("1.0.1.8.0.255"), name="Import active energy"),
    Column(OBIS("1.0.2.8.0.255"), name="Export active energy"),
)


@dataclass(frozen=True, slots=True)
class ModelForm:
    """What a model depends on beside its driver; meters with the same share one."""

    phases: int = 1
    has_keys: bool = False
    load_period: int = 900
    buffers: BufferForm = _AS_CAPTURED


def cosem_model(driver: DLMSDriver, form: ModelForm) -> CosemModel:
    """The objects of a driver's meters."""
    table = standard_table(driver, form.phases) if driver.from_object_list else driver
    objects = {each.obis: each for each in _infrastructure(form)}
    for served in (*_of_table(table), *_named(table), *_buffers(table, form)):
        objects[served.obis] = served
    return CosemModel(objects.values())


def _infrastructure(form: ModelForm) -> Iterator[ServedObject]:
    yield _association()
    yield _sap_assignment()
    if form.has_keys:
        yield from security_objects()


def _of_table(table: DLMSDriver) -> Iterator[ServedObject]:
    for each in table.objects:
        if each.class_id in MEASURING:
            yield register_object(each, is_credit=each.obis == table.credit)
        elif each.class_id == _DATA:
            yield data_object(each, is_credit=each.obis == table.credit)
        elif each.class_id == _CLOCK:
            yield clock_object(each.obis)
        elif each.class_id == _RELAY:
            yield relay_object(each.obis)
        elif each.class_id == _LIMITER:
            yield limiter_object(each.obis, OBIS("1.0.1.7.0.255"))
        elif each.class_id == _SCHEDULE:
            yield _month_end(each.obis)
        elif each.class_id == _GATEWAY:
            yield gateway_object(each.obis)
            yield from payment_objects()
        else:
            yield _unknown(each)


def _named(table: DLMSDriver) -> Iterator[ServedObject]:
    """What has a purpose of its own, whatever the table lists it as."""
    yield device_name_object(table)
    for obis in table.serial.obis:
        yield serial_object(obis, table.serial)
    yield clock_object(table.clock)
    if table.relay is not None:
        yield relay_object(table.relay)
    if table.token is not None and table.token.way is TokenWay.DATA_BCD:
        yield from bcd_entry(table.token)
    elif table.token is not None:
        yield gateway_object(table.token.obis)
        yield from payment_objects()


def _buffers(table: DLMSDriver, form: ModelForm) -> Iterator[ServedObject]:
    for profile in table.profiles:
        rows = rows_of(profile, profile.columns or _USUAL, form.load_period)
        yield profile_object(profile.obis, rows, form.buffers)
    for log in table.logs:
        yield profile_object(log.obis, LogRows(log), form.buffers)


def _association() -> ServedObject:
    """Class 15; its list is the model's own, and pass 3 never gets here."""
    class_id, obis = ASSOCIATION
    partners = Data.structure(Data.of(DataType.INTEGER, 16), Data.of(DataType.LONG_UNSIGNED, 1))
    size = Data.structure(
        Data.of(DataType.BIT_STRING, "0" * 24),
        *(Data.of(DataType.LONG_UNSIGNED, number) for number in (0xFFFF, 0xFFFF)),
        Data.of(DataType.UNSIGNED, 6),
        Data.of(DataType.INTEGER, 0),
        Data.of(DataType.OCTET_STRING, b""),
    )
    attributes = {
        2: Attribute(lambda _: Data.array()),
        3: fixed(partners),
        4: constant(DataType.OCTET_STRING, bytes.fromhex("60857405080101")),
        5: fixed(size),
        6: constant(DataType.OCTET_STRING, bytes.fromhex("60857405080201")),
        8: constant(DataType.ENUM, 2),
        9: constant(DataType.OCTET_STRING, OBIS("0.0.43.0.0.255").octets),
    }
    return ServedObject(class_id, obis, attributes, version=1, is_public=True)


def _sap_assignment() -> ServedObject:
    def devices(meter: SimulatedDLMSMeter) -> Data:
        sap = Data.of(DataType.LONG_UNSIGNED, meter.server_sap)
        return Data.array(Data.structure(sap, Data.of(DataType.OCTET_STRING, meter.device_name)))

    return ServedObject(17, _SAP_ASSIGNMENT, {2: Attribute(devices)}, is_public=True)


def _month_end(obis: OBIS) -> ServedObject:
    """Class 22: midnight of every month's first day runs the script that bills."""
    script = Data.structure(
        Data.of(DataType.OCTET_STRING, OBIS("0.0.10.0.1.255").octets), Data.of(DataType.LONG_UNSIGNED, 1)
    )
    moment = Data.structure(
        Data.of(DataType.OCTET_STRING, bytes(4)),
        Data.of(DataType.OCTET_STRING, bytes.fromhex("ffffff01ff")),
    )
    return ServedObject(
        _SCHEDULE, obis, {2: fixed(script), 3: constant(DataType.ENUM, 1), 4: fixed(Data.array(moment))}
    )


def _unknown(each: CosemObject) -> ServedObject:
    return ServedObject(each.class_id, each.obis, {each.attribute: constant(DataType.NULL_DATA, None)})
