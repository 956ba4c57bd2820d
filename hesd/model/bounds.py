"""What a quantity can plausibly be, where the driver does not say it.

Bounds are wide on purpose: a reading outside is marked *suspect*, so they must not touch a
healthy meter. They are for low voltage and for meters that show primary values of current
transformers up to 10 kA; a driver for medium voltage names its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from hesd.model.obis import OBIS
from hesd.model.units import Unit

Bounds = tuple[float, float]

POWER_FACTOR: Final[Bounds] = (-1.001, 1.001)  # meters round: 1.0002 is still one

# In the base unit, both ends included.
_BY_UNIT: Final[dict[Unit, Bounds]] = {
    Unit.V: (0, 1_000),
    Unit.A: (0, 10_000),
    Unit.HZ: (40, 70),
    Unit.W: (-10e6, 10e6),
    Unit.VAR: (-10e6, 10e6),
    Unit.VA: (-10e6, 10e6),  # some meters give apparent power the sign of the active one
    Unit.WH: (0, 10e12),
    Unit.VAH: (0, 10e12),
    Unit.VARH: (-10e12, 10e12),  # a net counter may run below zero
    Unit.AH: (0, 10e9),
    Unit.DEGREE: (-360, 360),
    Unit.PERCENT: (-1_000, 1_000),  # the THD of a small current exceeds 100 %
    Unit.CELSIUS: (-60, 150),
}

_POWER_FACTOR_GROUP: Final = 13  # group C of the total; +20, +40, +60 are the phases
_NET_GROUP: Final = 16


class Measured(Protocol):
    """Anything that measures a quantity: a register of a driver's table."""

    @property
    def obis(self) -> OBIS: ...
    @property
    def unit(self) -> Unit: ...
    @property
    def bounds(self) -> Bounds | None: ...


@dataclass(frozen=True, slots=True)
class MeasuredAs:
    """A quantity that no table has: its own bounds count, where there are none given."""

    obis: OBIS
    unit: Unit
    bounds: Bounds | None = None


def bounds_of(register: Measured) -> Bounds | None:
    """The register's own bounds, else those of its quantity; None where anything goes."""
    if register.bounds is not None:
        return register.bounds
    a, _, c, *_ = register.obis.groups
    bounds = _BY_UNIT.get(register.unit)
    if a == 1 and c <= 80:
        if c % 20 == _POWER_FACTOR_GROUP:
            return POWER_FACTOR
        if c % 20 == _NET_GROUP and bounds is not None:
            return -bounds[1], bounds[1]
    return bounds
