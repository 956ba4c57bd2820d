"""Schneider Electric EM6400NG and its relatives of the PM2000 series.

The list counts from 1. Energy is read as the 64-bit integer in Wh, which is exact; the
floats in kWh (2676, 2700) say the same with seven digits.
"""

from __future__ import annotations

from hesd.driver import Coding, DataType, Holding, Identity, ModbusDriver, Register, Tier, Unit
from hesd_schneider_em.vectors import EM6400NG

A, V, W, VAR, VA, HZ, WH, VARH, VAH = (
    Unit.A, Unit.V, Unit.W, Unit.VAR, Unit.VA, Unit.HZ, Unit.WH, Unit.VARH, Unit.VAH,
)  # fmt: skip
MEDIUM_VOLTAGE = (0, 50_000)  # the meter shows the primary side of its voltage transformers


def volts(address: int, obis: str) -> Register:
    return Holding(address, obis, V, bounds=MEDIUM_VOLTAGE)


def kilo(address: int, obis: str, unit: Unit) -> Register:
    return Holding(address, obis, unit, scaler=3)


def power_factor(address: int, obis: str) -> Register:
    return Holding(address, obis, coding=Coding.FOUR_QUADRANT_PF)


def counter(address: int, obis: str, unit: Unit) -> Register:
    return Holding(address, obis, unit, DataType.INT64)


def text(address: int, obis: str) -> Register:
    return Holding(address, obis, type=DataType.STRING, length=20, tier=Tier.ONCE)


DRIVER = ModbusDriver(
    vendor="Schneider Electric",
    models=("EM6400NG",),
    source='"Public EM6400 PM2xxx PMC Register List" v1050.6',
    registers=(
        text(30, "0-0:42.0.0"),  # meter name
        text(50, "0-0:96.1.2"),  # model
        Holding(130, "0-0:96.1.0", type=DataType.UINT32, tier=Tier.ONCE, unavailable=(0xFFFFFFFF,)),
        Holding(3000, "1-0:31.7.0", A),
        Holding(3002, "1-0:51.7.0", A),
        Holding(3004, "1-0:71.7.0", A),
        Holding(3006, "1-0:91.7.0", A),
        Holding(3008, "1-0:141.7.0", A),  # neutral, ground
        Holding(3010, "1-0:11.7.0", A),  # average
        volts(3020, "1-0:131.7.0"),
        volts(3022, "1-0:132.7.0"),
        volts(3024, "1-0:133.7.0"),
        volts(3026, "1-0:134.7.0"),
        volts(3028, "1-0:32.7.0"),
        volts(3030, "1-0:52.7.0"),
        volts(3032, "1-0:72.7.0"),  # to neutral
        volts(3036, "1-0:12.7.0"),
        kilo(3054, "1-0:21.7.0", W),
        kilo(3056, "1-0:41.7.0", W),
        kilo(3058, "1-0:61.7.0", W),
        kilo(3060, "1-0:1.7.0", W),  # the total; 3054 is phase A only
        kilo(3062, "1-0:23.7.0", VAR),
        kilo(3064, "1-0:43.7.0", VAR),
        kilo(3066, "1-0:63.7.0", VAR),
        kilo(3068, "1-0:3.7.0", VAR),
        kilo(3070, "1-0:29.7.0", VA),
        kilo(3072, "1-0:49.7.0", VA),
        kilo(3074, "1-0:69.7.0", VA),
        kilo(3076, "1-0:9.7.0", VA),
        power_factor(3078, "1-0:33.7.0"),
        power_factor(3080, "1-0:53.7.0"),
        power_factor(3082, "1-0:73.7.0"),
        power_factor(3084, "1-0:13.7.0"),
        Holding(3110, "1-0:14.7.0", HZ),
        counter(3204, "1-0:1.8.0", WH),
        counter(3208, "1-0:2.8.0", WH),  # delivered, received
        counter(3212, "1-0:15.8.0", WH),
        counter(3216, "1-0:16.8.0", WH),  # their sum, their difference
        counter(3220, "1-0:3.8.0", VARH),
        counter(3224, "1-0:4.8.0", VARH),
        counter(3236, "1-0:9.8.0", VAH),
        counter(3240, "1-0:10.8.0", VAH),
    ),
    address_base=1,
    identity=(
        Identity(Holding(90, "0-0:96.1.1", type=DataType.UINT16, unavailable=(0xFFFF,)), expected=(15511,)),
    ),
    vectors=EM6400NG,
    note="Powers and power factors are signed; delivered energy is what the load consumes.",
)
