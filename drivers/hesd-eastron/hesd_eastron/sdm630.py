"""Eastron SDM630-Modbus, versions 1 and 2: three phases, direct or with transformers."""

from __future__ import annotations

from hesd.driver import Coding, DataType, Holding, Input, ModbusDriver, Setting, Tier, Unit
from hesd_eastron.vectors import SDM630

A, V, W, VA, VAR = Unit.A, Unit.V, Unit.W, Unit.VA, Unit.VAR
WH, VARH, VAH, AH, DEGREE, PERCENT = Unit.WH, Unit.VARH, Unit.VAH, Unit.AH, Unit.DEGREE, Unit.PERCENT
SLOW, ONCE, UINT32 = Tier.SLOW, Tier.ONCE, DataType.UINT32


def energy(address: int, obis: str, unit: Unit) -> Input:
    """A counter in kWh, kvarh or kVAh, or in millions where the unit prefix is set to M."""
    return Input(address, obis, unit, scaler=3, coding=Coding.SCALED_BY_PREFIX)


def minutes(*numbers: int) -> tuple[tuple[float, str], ...]:
    return tuple((number, f"{number} min") for number in numbers)


REGISTERS = (
    Input(0x00, "1-0:32.7.0", V), Input(0x02, "1-0:52.7.0", V), Input(0x04, "1-0:72.7.0", V),  # to neutral
    Input(0x06, "1-0:31.7.0", A), Input(0x08, "1-0:51.7.0", A), Input(0x0A, "1-0:71.7.0", A),
    Input(0x0C, "1-0:21.7.0", W), Input(0x0E, "1-0:41.7.0", W), Input(0x10, "1-0:61.7.0", W),
    Input(0x12, "1-0:29.7.0", VA), Input(0x14, "1-0:49.7.0", VA), Input(0x16, "1-0:69.7.0", VA),
    Input(0x18, "1-0:23.7.0", VAR), Input(0x1A, "1-0:43.7.0", VAR), Input(0x1C, "1-0:63.7.0", VAR),
    Input(0x1E, "1-0:33.7.0"), Input(0x20, "1-0:53.7.0"), Input(0x22, "1-0:73.7.0"),  # power factor
    Input(0x24, "1-0:81.7.4", DEGREE), Input(0x26, "1-0:81.7.15", DEGREE), Input(0x28, "1-0:81.7.26", DEGREE),
    Input(0x2A, "1-0:12.7.0", V),  # average to neutral
    Input(0x2E, "1-0:11.7.0", A),  # average of the lines
    Input(0x30, "1-0:135.7.0", A),  # their sum
    Input(0x34, "1-0:1.7.0", W),
    Input(0x38, "1-0:9.7.0", VA),
    Input(0x3C, "1-0:3.7.0", VAR),
    Input(0x3E, "1-0:13.7.0"),
    Input(0x42, "1-0:136.7.0", DEGREE),
    Input(0x46, "1-0:14.7.0", Unit.HZ),
    energy(0x48, "1-0:1.8.0", WH), energy(0x4A, "1-0:2.8.0", WH),  # import, export
    energy(0x4C, "1-0:3.8.0", VARH), energy(0x4E, "1-0:4.8.0", VARH),
    energy(0x50, "1-0:9.8.0", VAH),
    Input(0x52, "1-0:11.8.0", AH),
    Input(0x54, "1-0:1.4.0", W, tier=SLOW), Input(0x56, "1-0:1.6.0", W, tier=SLOW),  # demand, its maximum
    Input(0x64, "1-0:9.4.0", VA, tier=SLOW), Input(0x66, "1-0:9.6.0", VA, tier=SLOW),
    Input(0x68, "1-0:91.4.0", A, tier=SLOW), Input(0x6A, "1-0:91.6.0", A, tier=SLOW),  # of the neutral
    Input(0xC8, "1-0:131.7.0", V), Input(0xCA, "1-0:132.7.0", V), Input(0xCC, "1-0:133.7.0", V),
    Input(0xCE, "1-0:134.7.0", V),  # average line to line
    Input(0xE0, "1-0:91.7.0", A),
    Input(0xEA, "1-0:32.7.124", PERCENT, tier=SLOW), Input(0xEC, "1-0:52.7.124", PERCENT, tier=SLOW),
    Input(0xEE, "1-0:72.7.124", PERCENT, tier=SLOW), Input(0xF0, "1-0:31.7.124", PERCENT, tier=SLOW),
    Input(0xF2, "1-0:51.7.124", PERCENT, tier=SLOW), Input(0xF4, "1-0:71.7.124", PERCENT, tier=SLOW),
    Input(0xF8, "1-0:12.7.124", PERCENT, tier=SLOW), Input(0xFA, "1-0:11.7.124", PERCENT, tier=SLOW),
    # 0xFE repeats the power factor of 0x3E.
    Input(0x102, "1-0:31.4.0", A, tier=SLOW), Input(0x104, "1-0:51.4.0", A, tier=SLOW),
    Input(0x106, "1-0:71.4.0", A, tier=SLOW), Input(0x108, "1-0:31.6.0", A, tier=SLOW),
    Input(0x10A, "1-0:51.6.0", A, tier=SLOW), Input(0x10C, "1-0:71.6.0", A, tier=SLOW),
    Input(0x14E, "1-0:131.7.124", PERCENT, tier=SLOW), Input(0x150, "1-0:132.7.124", PERCENT, tier=SLOW),
    Input(0x152, "1-0:133.7.124", PERCENT, tier=SLOW), Input(0x154, "1-0:134.7.124", PERCENT, tier=SLOW),
    energy(0x156, "1-0:15.8.0", WH), energy(0x158, "1-0:137.8.0", VARH),  # import and export together
    energy(0x15A, "1-0:21.8.0", WH), energy(0x15C, "1-0:41.8.0", WH), energy(0x15E, "1-0:61.8.0", WH),
    energy(0x160, "1-0:22.8.0", WH), energy(0x162, "1-0:42.8.0", WH), energy(0x164, "1-0:62.8.0", WH),
    energy(0x166, "1-0:35.8.0", WH), energy(0x168, "1-0:55.8.0", WH), energy(0x16A, "1-0:75.8.0", WH),
    energy(0x16C, "1-0:23.8.0", VARH), energy(0x16E, "1-0:43.8.0", VARH), energy(0x170, "1-0:63.8.0", VARH),
    energy(0x172, "1-0:24.8.0", VARH), energy(0x174, "1-0:44.8.0", VARH), energy(0x176, "1-0:64.8.0", VARH),
    energy(0x178, "1-0:138.8.0", VARH), energy(0x17A, "1-0:139.8.0", VARH),
    energy(0x17C, "1-0:140.8.0", VARH),
    Holding(0x00, "0-0:199.0.0", Unit.MINUTE, tier=ONCE),  # into the running demand period
    Holding(0x06, "0-0:199.0.6", V, tier=ONCE), Holding(0x24, "0-0:199.0.36", W, tier=ONCE),  # ratings
    Holding(0x2A, "0-0:199.0.42", type=UINT32, tier=ONCE),  # serial number, high and low part (V2)
    Holding(0x2C, "0-0:199.0.44", type=UINT32, tier=ONCE),
    Holding(0xFC00, "0-0:96.1.0", type=UINT32, tier=ONCE),  # serial number (V1.8, MID)
)  # fmt: skip

PREFIX = Holding(0x1E, "0-0:199.0.30")

SETTINGS = (
    Setting("demand period", Holding(0x02, "0-0:199.0.2"), minutes(0, 5, 8, 10, 15, 20, 30, 60)),
    Setting("system type", Holding(0x0A, "0-0:199.0.10"), ((1, "1p2w"), (2, "3p3w"), (3, "3p4w"))),
    Setting("pulse 1 width in ms", Holding(0x0C, "0-0:199.0.12"), ((60, "60"), (100, "100"), (200, "200"))),
    Setting("parity and stop bits", Holding(0x12, "0-0:199.0.18"),
            ((0, "N1"), (1, "E1"), (2, "O1"), (3, "N2")), needs_restart=True),
    Setting("unit id", Holding(0x14, "0-0:199.0.20"), limits=(1, 247), needs_restart=True),
    Setting("pulse 1 divisor in kWh", Holding(0x16, "0-0:199.0.22"),
            ((0, "0.0025"), (1, "0.01"), (2, "0.1"), (3, "1"), (4, "10"), (5, "100"))),
    Setting("baud rate", Holding(0x1C, "0-0:199.0.28"),
            ((0, "2400"), (1, "4800"), (2, "9600"), (3, "19200"), (4, "38400")), needs_restart=True),
    Setting("unit prefix", PREFIX, ((0, "k"), (1, "M"))),
    Setting("register order", Holding(0x28, "0-0:199.0.40"), ((2141, "the order this number comes in"),)),
    Setting("pulse 1 energy", Holding(0x56, "0-0:199.0.86"),
            ((1, "import active"), (2, "total active"), (4, "export active"),
             (5, "import reactive"), (6, "total reactive"), (8, "export reactive"))),
)  # fmt: skip

DRIVER = ModbusDriver(
    vendor="Eastron",
    models=("SDM630-Modbus", "SDM630-Modbus V2", "SDM630-Modbus-MID"),
    source="SDM630 Modbus protocol V1.8 and V2.0; holding registers: SDM630-Modbus MID V2 manual, 1.3.1",
    registers=REGISTERS,
    read_limit=80,  # 40 parameters; a reply to more is an exception
    # Between the groups of the sheet; the small gaps inside them are read as zero.
    holes=(range(0x6C, 0xC8), range(0x10E, 0x14E)),
    settings=SETTINGS,
    password=Holding(0x18, "0-0:199.0.24"),
    prefix=PREFIX,
    prefix_scalers=((0, 0), (1, 3)),
    vectors=SDM630,
    note="Powers and power factors are signed: negative while energy flows out. Writing: one parameter "
    "a message, after the password (1000 from the factory).",
)
