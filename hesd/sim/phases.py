"""From the power in each phase to every other quantity of the same instant."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase at one instant: V, W (negative when exported), var (inductive positive)."""

    voltage: float
    active: float
    reactive: float

    @property
    def apparent(self) -> float:
        return math.hypot(self.active, self.reactive)

    @property
    def current(self) -> float:
        return self.apparent / self.voltage

    @property
    def angle(self) -> float:
        """Between voltage and current, in degrees."""
        return math.degrees(math.atan2(self.reactive, self.active))


def measured(c: int, e: int, phases: Sequence[Phase]) -> float:
    """The quantity of groups C and E of an OBIS code; 0 where these phases have it not.

    C above 80 is what phases have together, hesd's own codes 131 to 136 included.
    """
    if c > 80:
        return _between(c, e, phases)
    place, kind = divmod(c, 20)
    chosen = phases[place - 1 : place] if place else phases
    return _of(kind, chosen) if chosen else 0.0


def _of(kind: int, phases: Sequence[Phase]) -> float:
    """Group C modulo 20: powers add up, voltages and currents are averaged."""
    active = sum(phase.active for phase in phases)
    reactive = sum(phase.reactive for phase in phases)
    apparent = math.hypot(active, reactive)
    match kind:
        case 1 | 16:
            return active
        case 2:
            return max(-active, 0.0)
        case 3:
            return reactive
        case 4:
            return max(-reactive, 0.0)
        case 9:
            return apparent
        case 11:
            return sum(phase.current for phase in phases) / len(phases)
        case 12:
            return sum(phase.voltage for phase in phases) / len(phases)
        case 13:
            return active / apparent if apparent else 1.0
        case 15:
            return abs(active)
    return 0.0


def _between(c: int, e: int, phases: Sequence[Phase]) -> float:
    match c:
        case 81:  # E is 4, 15 or 26: voltage against current of L1, L2 or L3
            place = e // 11
            return phases[place].angle if place < len(phases) else 0.0
        case 91:
            return _neutral_current([phase.current for phase in phases])
        case 131 | 132 | 133:
            return _line_voltage(c - 131, phases)
        case 134:
            return sum(_line_voltage(pair, phases) for pair in range(3)) / 3
        case 135:
            return sum(phase.current for phase in phases)
        case 136:
            whole = Phase(1.0, sum(p.active for p in phases), sum(p.reactive for p in phases))
            return whole.angle
    return 0.0


def _line_voltage(pair: int, phases: Sequence[Phase]) -> float:
    """L1-L2, L2-L3, L3-L1; phases stand 120 degrees apart, so the law of cosines adds a*b."""
    if len(phases) < 3:
        return 0.0
    a, b = phases[pair].voltage, phases[(pair + 1) % 3].voltage
    return math.sqrt(a * a + b * b + a * b)


def _neutral_current(currents: list[float]) -> float:
    """The sum of three currents 120 degrees apart; a single phase comes back whole."""
    if len(currents) < 3:
        return sum(currents)
    a, b, c = currents
    return math.sqrt(max(0.0, a * a + b * b + c * c - a * b - b * c - c * a))
