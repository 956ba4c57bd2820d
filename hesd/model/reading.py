"""One value of one quantity of one meter at one time."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum, StrEnum

from hesd.model.obis import OBIS
from hesd.model.units import Unit

Raw = int | float | str | bytes | None
Value = int | float | str | None


class Quality(IntEnum):
    """How far a reading can be trusted; stored as the number."""

    GOOD = 0
    SUSPECT = 1  # plausible form, implausible content: out of bounds, an energy that fell
    BAD = 2  # the meter said "not available", or the value has no meaning
    ESTIMATED = 3  # filled in by somebody, not measured

    @property
    def label(self) -> str:
        return self.name.lower()


class Source(StrEnum):
    """How a reading came to the head end."""

    POLL = "poll"
    READ = "read"
    PROFILE = "profile"
    PUSH = "push"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Reading:
    """A value as the meter gave it (`raw`, `scaler`) beside what it means (`value`, `unit`).

    `at_ms` is UTC in milliseconds since 1970. `value` is in the base unit (W, Wh, V):
    raw times ten to the `scaler`, unless the driver says that the register is coded
    otherwise. Counters stay integers: `raw` is never rounded.
    """

    meter: str
    obis: OBIS
    at_ms: int
    raw: Raw
    scaler: int
    value: Value
    unit: Unit
    quality: Quality = Quality.GOOD
    source: Source = Source.POLL

    @property
    def shown(self) -> Value:
        """`value` in the multiple that `unit.sign` names (kWh, kW), exact for counters."""
        return shift(self.value, -self.unit.exponent) if isinstance(self.value, (int, float)) else self.value


def shift(number: int | float, exponent: int) -> int | float:
    """`number` times ten to the `exponent`, correctly rounded and an integer where it can be.

    A float counts as the decimal number it is printed as, and only its point is moved:
    1251.33 W divided by 1000 would be 1.2513299999999998 kW.
    """
    if isinstance(number, float):
        return float(Decimal(repr(number)).scaleb(exponent)) if exponent else number
    power: int = 10 ** abs(exponent)
    if exponent >= 0:
        return number * power
    return number // power if number % power == 0 else number / power
