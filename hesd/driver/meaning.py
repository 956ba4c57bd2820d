"""From a raw number to a reading: what it means, and how far to trust it."""

from __future__ import annotations

import math
from struct import Struct
from sys import float_info
from typing import Final

from hesd.driver.modbus import Identity, ModbusDriver
from hesd.driver.register import Coding, DataType, Register
from hesd.model.bounds import Measured, bounds_of
from hesd.model.reading import Quality, Raw, Reading, Source, Value, shift

_FLOAT32: Final = Struct(">f")
_SMALLEST_NORMAL: Final = {DataType.FLOAT32: 2.0**-126, DataType.FLOAT64: float_info.min}


def scaler_of(register: Register, prefix_scaler: int = 0) -> int:
    """The power of ten between the raw number and the register's unit."""
    return register.scaler + (prefix_scaler if register.coding is Coding.SCALED_BY_PREFIX else 0)


def value_of(register: Register, raw: Raw, prefix_scaler: int = 0) -> Value:
    """What `raw` means, in the register's unit; None for "not available".

    Integers stay exact wherever the result is an integer, and everything else is rounded
    once; of a float32 the digits that tell it from its neighbours are kept. A text loses
    the characters that would disturb a terminal.
    """
    if raw is None or isinstance(raw, bytes):
        return None
    if isinstance(raw, str):
        return printable(raw)
    if register.type is DataType.FLOAT32 and isinstance(raw, float):
        raw = in_decimal(raw)
    if register.coding is Coding.FOUR_QUADRANT_PF:
        return _power_factor(raw)
    value = shift(raw, scaler_of(register, prefix_scaler))
    return value if math.isfinite(value) else None


def printable(text: str) -> str:
    """The text without the characters that would disturb a terminal."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def prefix_scaler(driver: ModbusDriver, raw: Raw) -> int | None:
    """The scaler that the value of the meter's prefix register asks for; None if it is unknown."""
    return next((scaler for number, scaler in driver.prefix_scalers if number == raw), None)


def doubt(register: Register, raw: Raw, value: Value) -> str | None:
    """Why this value cannot be right, None where nothing speaks against it."""
    if isinstance(raw, float) and 0 < abs(raw) < _SMALLEST_NORMAL.get(register.type, 0):
        return f"{raw:.3g} is a denormal number: this register holds an integer, not a float"
    return out_of_bounds(register, value)


def out_of_bounds(measured: Measured, value: Value) -> str | None:
    """How this value leaves the bounds of its quantity, None where it does not."""
    bounds = bounds_of(measured)
    if bounds and isinstance(value, (int, float)) and not bounds[0] <= value <= bounds[1]:
        return f"{value:g} is outside {bounds[0]:g}..{bounds[1]:g} {measured.unit.name}"
    return None


def reading_of(
    register: Register,
    raw: Raw,
    *,
    meter: str,
    at_ms: int,
    prefix_scaler: int = 0,
    source: Source = Source.POLL,
) -> Reading:
    """The reading, judged by itself: bad where there is no value, suspect where it is implausible."""
    value = value_of(register, raw, prefix_scaler)
    quality = Quality.GOOD
    if value is None:
        quality = Quality.BAD
    elif doubt(register, raw, value):
        quality = Quality.SUSPECT
    scaler = scaler_of(register, prefix_scaler)
    return Reading(meter, register.obis, at_ms, raw, scaler, value, register.unit, quality, source)


def mismatch(identity: Identity, raw: Raw) -> str | None:
    """What to warn of when the meter's identity register says `raw`; None if it is as expected."""
    value = value_of(identity.register, raw)
    if value in identity.expected:
        return None
    expected = " or ".join(str(each) for each in identity.expected)
    return f"register {identity.register.address} says {value}, this driver is written for {expected}"


def in_decimal(raw: float) -> float:
    """230.1 for the float32 that is nearest to it, whose own digits are 230.10000610351562."""
    if raw.is_integer() or not math.isfinite(raw):
        return raw
    for digits in (7, 8):
        value = float(f"{raw:.{digits}g}")
        if _FLOAT32.unpack(_FLOAT32.pack(value))[0] == raw:
            return value
    return float(f"{raw:.9g}")


def _power_factor(raw: float) -> float | None:
    """The power factor of Schneider's four-quadrant coding.

    The coded value runs from -2 to 2: within -1..1 the current lags and the value is the
    power factor; beyond, the current leads and it is 2-x, or -2-x (register list of the
    EM6400NG, "4Q FP PF"). The sign is that of the active power.
    """
    if abs(raw) <= 1:
        return raw
    return math.copysign(2, raw) - raw if abs(raw) <= 2 else None
