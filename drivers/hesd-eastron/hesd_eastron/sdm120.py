"""Eastron SDM120-Modbus: one phase, direct."""

from __future__ import annotations

from hesd.driver import DataType, Holding, Input, ModbusDriver, Setting, Tier, Unit
from hesd_eastron.vectors import SDM120

A, W, SLOW = Unit.A, Unit.W, Tier.SLOW

REGISTERS = (
    Input(0x00, "1-0:32.7.0", Unit.V),
    Input(0x06, "1-0:31.7.0", A),
    Input(0x0C, "1-0:1.7.0", W),
    Input(0x12, "1-0:9.7.0", Unit.VA),
    Input(0x18, "1-0:3.7.0", Unit.VAR),
    Input(0x1E, "1-0:13.7.0"),
    Input(0x24, "1-0:81.7.4", Unit.DEGREE),
    Input(0x46, "1-0:14.7.0", Unit.HZ),
    Input(0x48, "1-0:1.8.0", Unit.WH, scaler=3),
    Input(0x4A, "1-0:2.8.0", Unit.WH, scaler=3),
    Input(0x4C, "1-0:3.8.0", Unit.VARH, scaler=3),
    Input(0x4E, "1-0:4.8.0", Unit.VARH, scaler=3),
    Input(0x54, "1-0:16.4.0", W, tier=SLOW),  # demand of the difference, and its maximum
    Input(0x56, "1-0:16.6.0", W, tier=SLOW),
    Input(0x58, "1-0:1.4.0", W, tier=SLOW),  # import
    Input(0x5A, "1-0:1.6.0", W, tier=SLOW),
    Input(0x5C, "1-0:2.4.0", W, tier=SLOW),  # export
    Input(0x5E, "1-0:2.6.0", W, tier=SLOW),
    Input(0x102, "1-0:31.4.0", A, tier=SLOW),
    Input(0x108, "1-0:31.6.0", A, tier=SLOW),
    Input(0x156, "1-0:15.8.0", Unit.WH, scaler=3),  # import and export together
    Input(0x158, "1-0:137.8.0", Unit.VARH, scaler=3),
    Holding(0xFC00, "0-0:96.1.0", type=DataType.UINT32, tier=Tier.ONCE),
)

SETTINGS = (
    Setting("pulse 1 width in ms", Holding(0x0C, "0-0:199.0.12"), ((60, "60"), (100, "100"), (200, "200"))),
    Setting("parity and stop bits", Holding(0x12, "0-0:199.0.18"),
            ((0, "N1"), (1, "E1"), (2, "O1"), (3, "N2")), needs_restart=True),
    Setting("unit id", Holding(0x14, "0-0:199.0.20"), limits=(1, 247), needs_restart=True),
    Setting("baud rate", Holding(0x1C, "0-0:199.0.28"),
            ((0, "2400"), (1, "4800"), (2, "9600"), (5, "1200")), needs_restart=True),
)  # fmt: skip

DRIVER = ModbusDriver(
    vendor="Eastron",
    models=("SDM120-Modbus", "SDM120-M"),
    source="SDM120-Modbus protocol V2.5",
    registers=REGISTERS,
    read_limit=60,  # 30 parameters
    # Between the groups of the sheet; the small gaps inside them are read as zero.
    holes=(range(0x60, 0x102), range(0x10A, 0x156)),
    settings=SETTINGS,
    vectors=SDM120,
    note="Power and power factor are signed: negative while energy flows out. 2400 baud from the factory.",
)
