"""What a simulated meter says unasked: who it is and what it measures, as a DataNotification.

The body is a structure of the logical device name and then, for each quantity the meter has,
its logical name, its value, and its scaler and unit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.notification import DataNotification
from hesd.driver.cosem import Ciphering
from hesd.model.obis import OBIS
from hesd.sim.dlms_object import Rights
from hesd.sim.dlms_register import REGISTER
from hesd.sim.dlms_security import sealed

if TYPE_CHECKING:
    from hesd.sim.dlms_meter import SimulatedDLMSMeter

# Energy either way, power, and of each phase voltage and current.
_PUSHED: Final = tuple(
    OBIS(f"1.0.{quantity}.255")
    for quantity in ("1.8.0", "2.8.0", "1.7.0", "32.7.0", "52.7.0", "72.7.0", "31.7.0", "51.7.0", "71.7.0")
)
_VALUE, _SCALER_UNIT = 2, 3
_INVOKE_IDS: Final = 1 << 24


def push_of(meter: SimulatedDLMSMeter) -> bytes:
    """The APDU it pushes now: with the meter's clock, and ciphered where its APDUs are."""
    name = Data.of(DataType.OCTET_STRING, meter.device_name)
    notification = DataNotification(
        int(meter.at()) % _INVOKE_IDS,
        meter.clock.stamp(meter.clock.now()),
        Data.structure(name, *(part for obis in _PUSHED for part in _named(meter, obis))),
    )
    security = meter.security
    if security.access.ciphering is Ciphering.NONE:
        return notification.encode()
    return sealed(notification.encode(), security.protection(general=True), meter.faults)


def _named(meter: SimulatedDLMSMeter, obis: OBIS) -> Iterator[Data]:
    value, scaler_unit = (
        meter.model.get(meter, Rights.MANAGEMENT, AttributeDescriptor(REGISTER, obis, attribute))
        for attribute in (_VALUE, _SCALER_UNIT)
    )
    if isinstance(value, Data) and isinstance(scaler_unit, Data):
        yield from (Data.of(DataType.OCTET_STRING, obis.octets), value, scaler_unit)
