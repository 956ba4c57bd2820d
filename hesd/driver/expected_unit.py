"""The unit an OBIS code asks for (IEC 62056-6-1, electricity): what tables are held against."""

from __future__ import annotations

from typing import Final

from hesd.model.obis import OBIS
from hesd.model.units import Unit

# Group C of an electricity OBIS (modulo 20) -> the unit of its power and of its energy.
_UNITS: Final[dict[int, tuple[Unit, Unit | None]]] = {
    **dict.fromkeys((1, 2, 15, 16), (Unit.W, Unit.WH)),
    **dict.fromkeys(range(3, 9), (Unit.VAR, Unit.VARH)),
    **dict.fromkeys((9, 10), (Unit.VA, Unit.VAH)),
    11: (Unit.A, Unit.AH),
    12: (Unit.V, None),
    13: (Unit.NONE, None),
    14: (Unit.HZ, None),
}
_ENERGY: Final = frozenset({8, 9, 29})
_NO_VALUE: Final = 31  # group D from here on: counters of limits and their like
_HARMONICS: Final = 124  # group E: total harmonic distortion


def expected_unit(obis: OBIS) -> Unit | None:
    """The base unit of what `obis` stands for; None where the code does not tell."""
    a, _, c, d, e, _ = obis.groups
    if a != 1 or c > 80 or c % 20 not in _UNITS or d >= _NO_VALUE:
        return None
    if e == _HARMONICS:
        return Unit.PERCENT
    power, energy = _UNITS[c % 20]
    return energy if d in _ENERGY else power
