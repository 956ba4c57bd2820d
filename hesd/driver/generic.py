"""What serves meters that no distribution knows: by a table of the user's own, or by their own list."""

from __future__ import annotations

from hesd.driver.cosem import (
    Authentication,
    DLMSDriver,
    ProfileKind,
    ProfileTable,
    TokenEntry,
    TokenWay,
)
from hesd.driver.modbus import ModbusDriver
from hesd.model.obis import OBIS

DRIVER = ModbusDriver(
    vendor="generic",
    models=(),
    source="a TOML file of yours",
    registers=(),
    template=True,
    note="Describe the meter in drivers.d/NAME.toml; it is then a driver called NAME.",
)

DLMS_DRIVER = DLMSDriver(
    vendor="generic",
    models=(),
    source="the object list of the meter's association, and the places of IEC 62056-6-1",
    objects=(),
    profiles=(
        ProfileTable(OBIS("1-0:99.1.0.255"), "Load profile"),
        ProfileTable(OBIS("1-0:98.1.0.255"), "Billing", ProfileKind.BILLING),
    ),
    from_object_list=True,
    client_sap=16,
    server_sap=1,
    authentication=Authentication.NONE,
    relay=OBIS("0-0:96.3.10.255"),
    token=TokenEntry(TokenWay.GATEWAY, OBIS("0-0:19.40.0.255")),
    note="Any DLMS/COSEM meter: what it lists is read. Relay, token and profiles are looked for where the"
    " standard has them; a meter that wants a password or keys says so in its own entry.",
)
