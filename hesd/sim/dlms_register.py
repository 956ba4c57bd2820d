"""Registers of a simulated meter (classes 3, 4 and 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from hesd.dlms.access_result import DataResult
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.driver.cosem import CosemObject
from hesd.model.obis import OBIS
from hesd.model.units import Unit
from hesd.sim.dlms_object import Attribute, ServedObject, constant, fixed, setting
from hesd.sim.dlms_quantity import Quantity, highest_demand, value_at
from hesd.sim.faults import FaultKind
from hesd.sim.load import QUARTER

if TYPE_CHECKING:
    from hesd.sim.dlms_meter import SimulatedDLMSMeter

REGISTER, EXTENDED_REGISTER, DEMAND_REGISTER = 3, 4, 5
MEASURING: Final = (REGISTER, EXTENDED_REGISTER, DEMAND_REGISTER)
_ELECTRICITY, _GENERAL, _LAST_MEASURED = 1, 0, 94  # groups A and C
_NEGATIVE_CREDIT: Final = OBIS("1.0.96.68.0.255")
# Registers that hold no measurement, in base units: what a meter is built for, and settings.
_RATED: Final = {
    OBIS("1.0.0.6.0.255"): 230.0,
    OBIS("1.0.0.6.1.255"): 5.0,
    OBIS("1.0.0.6.2.255"): 50.0,
    OBIS("1.0.0.6.3.255"): 60.0,
    OBIS("0.0.95.51.0.255"): QUARTER / 60,
    OBIS("0.0.95.71.0.255"): 10_000.0,
    OBIS("0.0.95.72.0.255"): 5_000.0,
    OBIS("1.0.129.39.130.255"): 30.0,
    OBIS("1.0.129.39.131.255"): 10.0,
}

Value = Callable[["SimulatedDLMSMeter"], float]


def register_object(each: CosemObject, *, is_credit: bool) -> ServedObject:
    """A register as its table describes it."""
    quantity = Quantity.of(each.obis, each.unit, each.scaler, each.type)
    value = _value_of(each.obis, is_credit=is_credit)
    read = _reader(quantity, value)
    held = setting(each.class_id, each.obis, 2, read) if each.writable else Attribute(read)
    scaler_unit = fixed(quantity.scaler_unit)
    if each.class_id == REGISTER:
        return ServedObject(REGISTER, each.obis, {2: held, 3: scaler_unit})
    if each.class_id == EXTENDED_REGISTER:
        attributes = {2: held, 3: scaler_unit, 4: constant(DataType.UNSIGNED, 0), 5: _captured(each.obis)}
        return ServedObject(EXTENDED_REGISTER, each.obis, attributes)
    return _demand_register(each, held, scaler_unit)


def _demand_register(each: CosemObject, held: Attribute, scaler_unit: Attribute) -> ServedObject:
    return ServedObject(
        DEMAND_REGISTER,
        each.obis,
        {
            2: held,
            3: held,
            4: scaler_unit,
            5: constant(DataType.UNSIGNED, 0),
            6: Attribute(_quarter),
            7: Attribute(_quarter),
            8: constant(DataType.DOUBLE_LONG_UNSIGNED, int(QUARTER)),
            9: constant(DataType.LONG_UNSIGNED, 1),
        },
    )


def _quarter(meter: SimulatedDLMSMeter) -> Data:
    """When the last quarter of an hour ended, and this one began."""
    now = meter.clock.now()
    return Data.of(DataType.OCTET_STRING, meter.clock.stamp(now - now % QUARTER))


def _reader(quantity: Quantity, value: Value) -> Callable[[SimulatedDLMSMeter], DataResult]:
    unavailable = Data.of(DataType.NULL_DATA)

    def read(meter: SimulatedDLMSMeter) -> Data:
        if FaultKind.UNAVAILABLE in meter.faults:
            return unavailable
        return Data.decode(quantity.octets(value(meter)))

    return read


def _value_of(obis: OBIS, *, is_credit: bool) -> Value:
    """Where a register's number comes from, in base units."""
    if is_credit:
        return lambda meter: max(0.0, meter.ledger.credit(meter.at()))
    if obis == _NEGATIVE_CREDIT:
        return lambda meter: max(0.0, -meter.ledger.credit(meter.at()))
    if obis in _RATED:
        rated = _RATED[obis]
        return lambda _: rated
    a, _, c, *_ = obis.groups
    if a != _ELECTRICITY or not _GENERAL < c <= _LAST_MEASURED:
        return lambda _: 0.0
    return lambda meter: value_at(meter.point, obis, meter.at(), meter.clock.utc_offset)


def _captured(obis: OBIS) -> Attribute:
    def read(meter: SimulatedDLMSMeter) -> Data:
        capture = highest_demand(meter.point, obis, meter.at(), meter.clock.utc_offset)
        return Data.of(DataType.OCTET_STRING, meter.clock.stamp(capture.at))

    return Attribute(read)


def credit_octets(each: CosemObject, meter: SimulatedDLMSMeter) -> bytes:
    """The credit where a meter keeps it in a Data object, whose scaler only the table knows."""
    quantity = Quantity.of(each.obis, Unit.WH, each.scaler, each.type)
    return quantity.octets(meter.ledger.credit(meter.at()))
