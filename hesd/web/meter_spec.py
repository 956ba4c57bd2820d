"""What the head end has to know of a meter, from its entry, its driver and where it hangs."""

from __future__ import annotations

from typing import Final

from hesd.collect.dlms_spec import DLMSMeterSpec, MeterAddress
from hesd.collect.meter import MeterSpec
from hesd.config import Line, Listener
from hesd.driver.cosem import Authentication, Ciphering, DLMSDriver, Referencing
from hesd.driver.loading import LoadedDriver
from hesd.driver.modbus import ModbusDriver
from hesd.model.errors import HesdError
from hesd.store.meters import Meter

_LAST_UNIT_ID: Final = 247  # 0 is everybody's, 248 to 255 are reserved (serial line specification, 2.2)
_WITHOUT_CHALLENGE: Final = (Authentication.NONE, Authentication.LLS)
# These prove with keys, which are those of a suite; the others need a password alone.
_WITH_KEYS: Final = (Authentication.HLS_GMAC, Authentication.HLS_ECDSA)

Intervals = tuple[float, float]


class NotPlaced(HesdError):
    """A meter cannot be read as it is registered; the text says what is missing."""


def modbus_spec(meter: Meter, line: Line, loaded: LoadedDriver, intervals: Intervals) -> MeterSpec:
    """A meter on a Modbus line, asked at these intervals (fast, slow; seconds). Raises `NotPlaced`."""
    if not isinstance(loaded.driver, ModbusDriver):
        raise NotPlaced(f"the driver {loaded.name} speaks DLMS, the line {line.name} {line.protocol}")
    if meter.unit_id is None:
        raise NotPlaced("it has no unit id")
    if line.protocol == "modbus-rtu" and not 1 <= meter.unit_id <= _LAST_UNIT_ID:
        raise NotPlaced(f"a bus has unit ids 1 to {_LAST_UNIT_ID}, not {meter.unit_id}")
    return MeterSpec(
        serial=meter.serial,
        line=line.name,
        driver_name=loaded.name,
        driver=loaded.driver,
        unit_id=meter.unit_id,
        interval=intervals[0],
        slow_interval=intervals[1],
        ratio=meter.ratio,
        writes_enabled=meter.writes_enabled,
    )


def dlms_spec(
    meter: Meter, place: Line | Listener, loaded: LoadedDriver, intervals: Intervals
) -> DLMSMeterSpec:
    """A meter on a DLMS line, or one that dials in. Raises `NotPlaced`.

    What its entry leaves open is as its driver says.
    """
    driver = loaded.driver
    if not isinstance(driver, DLMSDriver):
        raise NotPlaced(f"the driver {loaded.name} speaks Modbus, {place.name} is for DLMS meters")
    authentication = driver.authentication if meter.authentication is None else meter.authentication
    ciphering = meter.ciphering or Ciphering.NONE
    if meter.suite and ciphering is Ciphering.NONE and authentication not in _WITH_KEYS:
        raise NotPlaced(f"security suite {meter.suite} is nothing without ciphering")
    if authentication is Authentication.HLS_ECDSA and not meter.suite:
        raise NotPlaced(f"{authentication} is nothing without security suite 1 or 2")
    referencing = meter.referencing or Referencing.LOGICAL
    if referencing is Referencing.SHORT and authentication not in _WITHOUT_CHALLENGE:
        raise NotPlaced(f"{authentication} is not supported with short names")
    return DLMSMeterSpec(
        serial=meter.serial,
        line=place.name,
        driver_name=loaded.name,
        driver=driver,
        address=MeterAddress(
            client=driver.client_sap if meter.client_sap is None else meter.client_sap,
            logical=driver.server_sap if meter.server_sap is None else meter.server_sap,
            physical=meter.physical_address,
        ),
        authentication=authentication,
        ciphering=ciphering,
        suite=meter.suite or 0,
        referencing=referencing,
        interval=intervals[0],
        slow_interval=intervals[1],
        ratio=meter.ratio,
        writes_enabled=meter.writes_enabled,
        via=meter.via or "",
    )
