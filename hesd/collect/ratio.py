"""The ratio of current transformers, for meters that do not apply it themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hesd.model.reading import Reading
from hesd.model.units import Unit

# What current transformers scale: currents, powers and energies, not voltages or angles.
_TRANSFORMED: Final = frozenset({Unit.A, Unit.W, Unit.VA, Unit.VAR, Unit.WH, Unit.VAH, Unit.VARH, Unit.AH})


def with_ratio(reading: Reading, ratio: float) -> Reading:
    """The reading on the primary side; a whole ratio leaves counters integers."""
    if ratio == 1 or reading.unit not in _TRANSFORMED or not isinstance(reading.value, (int, float)):
        return reading
    factor = int(ratio) if float(ratio).is_integer() else ratio
    return replace(reading, value=reading.value * factor)
