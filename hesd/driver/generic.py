"""`generic-modbus`: the driver behind every meter that a TOML table describes."""

from __future__ import annotations

from hesd.driver.modbus import ModbusDriver

DRIVER = ModbusDriver(
    vendor="generic",
    models=(),
    source="a TOML file of yours",
    registers=(),
    template=True,
    note="Describe the meter in drivers.d/NAME.toml; it is then a driver called NAME.",
)
