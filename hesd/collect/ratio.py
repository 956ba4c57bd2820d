"""The ratio of current transformers, for meters that do not apply it themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hesd.model.reading import Reading, Value
from hesd.model.units import Unit

# What current transformers scale: currents, powers and energies, not voltages or angles.
_TRANSFORMED: Final = frozenset({Unit.A, Unit.W, Unit.VA, Unit.VAR, Unit.WH, Unit.VAH, Unit.VARH, Unit.AH})


def with_ratio(reading: Reading, ratio: float) -> Reading:
    """The reading on the primary side; a whole ratio leaves counters integers."""
    value = on_primary_side(reading.value, reading.unit, ratio)
    return reading if value is reading.value else replace(reading, value=value)


def on_primary_side(value: Value, unit: Unit, ratio: float) -> Value:
    """A value in `unit` times the ratio, where that is something transformers scale."""
    if ratio == 1 or unit not in _TRANSFORMED or not isinstance(value, (int, float)):
        return value
    return value * (int(ratio) if float(ratio).is_integer() else ratio)
