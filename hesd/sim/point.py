"""What a meter at one point of the plant measures: every quantity from the power that flows there.

Voltages and frequency come from the `Supply` all points share, currents from power, power
factor and voltage, energies from the load curve's integral.
"""

from __future__ import annotations

import math

from hesd.model.obis import OBIS
from hesd.sim.load import QUARTER, Load, noise
from hesd.sim.phases import Phase, measured

# How far the share of a phase may be off a third of the power.
_UNBALANCE = 0.16
# Group D of an OBIS code (IEC 62056-6-1), and group E of harmonic distortion.
_ENERGY = (8, 9, 29)
_DEMAND = (4, 5, 25, 27)
_MAXIMUM = (2, 6)
_DISTORTION = 124
_FREQUENCY = 14
# Reactive energy in both directions is hesd's own: all phases, L1, L2, L3.
_REACTIVE_BOTH = {137: 0, 138: 1, 139: 2, 140: 3}
_BOTH = 17  # a place group C has not taken


class Supply:
    """The network: three phase voltages around `nominal` V and a frequency around 50 Hz."""

    def __init__(self, seed: int, nominal: float = 230.0) -> None:
        self._seed = seed
        self.nominal = nominal

    def voltage(self, at: float, phase: int) -> float:
        """Phase to neutral in V; `phase` is 0, 1 or 2."""
        slow = math.sin(at / 610 + 2.1 * phase) * 0.009 + math.sin(at / 83 + phase) * 0.003
        daily = -0.012 * math.sin(2 * math.pi * (at / 86400 - 0.3))
        flicker = 0.002 * (noise(self._seed + phase, int(at * 2)) - 0.5)
        return self.nominal * (1 + slow + daily + flicker + 0.004 * (1 - phase))

    def frequency(self, at: float) -> float:
        """In Hz."""
        slow = 0.018 * math.sin(at / 47) + 0.011 * math.sin(at / 13.7)
        return 50 + slow + 0.006 * (noise(self._seed - 1, int(at * 2)) - 0.5)


class MeteringPoint:
    """The quantities of one meter by OBIS code in base units; 0 for one it has not.

    A single-phase point measures its one phase both as the total and as L1. `start_wh` is
    what the meter had counted when its curve began.
    """

    def __init__(self, curve: Load, supply: Supply, seed: int, phases: int, start_wh: float) -> None:
        self._curve = curve
        self._supply = supply
        self._seed = seed
        self._start_wh = start_wh
        self._shares = _shares(seed, phases)
        self._moment = (math.nan, True)
        self._now: tuple[Phase, ...] = ()

    def value(self, obis: OBIS, at: float) -> float:
        """The quantity at `at`, seconds since 1970."""
        _, _, c, d, e, _ = obis.groups
        if d in _ENERGY:
            return self._counted(c, at)
        if e == _DISTORTION:
            return self._distortion(c, at)
        if c == _FREQUENCY:
            return self._supply.frequency(at)
        if d in _DEMAND:
            return measured(c, e, self._phases(self._quarter_watts(at), at))
        if d in _MAXIMUM:
            return measured(c, e, self._phases(self._curve.rated_w, at))
        return measured(c, e, self.phases(at))

    def phases(self, at: float) -> tuple[Phase, ...]:
        """All phases of one instant."""
        moment = at, self._curve.is_on(at)
        if moment != self._moment:
            flutter = 1 + 0.006 * (noise(self._seed, int(at * 2)) - 0.5)
            self._now = self._phases(self._curve.watts(at) * flutter, at)
            self._moment = moment
        return self._now

    def _phases(self, watts: float, at: float) -> tuple[Phase, ...]:
        habit = self._curve.habit
        idle = habit.idle_var * self._curve.rated_w if self._curve.is_on(at) else 0.0
        reactive = idle + habit.tan_phi * abs(watts)
        return tuple(
            Phase(self._supply.voltage(at, number), watts * share, reactive * share)
            for number, share in enumerate(self._shares)
        )

    def _counted(self, c: int, at: float) -> float:
        place, kind = (_REACTIVE_BOTH[c], _BOTH) if c in _REACTIVE_BOTH else divmod(c, 20)
        if place > len(self._shares):
            return 0.0
        return self._energy(kind, at) * (self._shares[place - 1] if place else 1.0)

    def _energy(self, kind: int, at: float) -> float:
        imported, exported = self._curve.energy(at)
        imported += self._start_wh
        habit, hours = self._curve.habit, self._curve.hours(at)
        reactive = habit.idle_var * self._curve.rated_w * hours + habit.tan_phi * (imported + exported)
        match kind:
            case 1:
                return imported
            case 2:
                return exported
            case 3:
                return max(reactive, 0.0)
            case 4:
                return max(-reactive, 0.0)
            case 9:
                return math.hypot(imported + exported, reactive)
            case 11:  # ampere hours
                return math.hypot(imported + exported, reactive) / self._supply.nominal
            case 15:
                return imported + exported
            case 16:
                return imported - exported
            case _ if kind == _BOTH:
                return abs(reactive)
        return 0.0

    def _quarter_watts(self, at: float) -> float:
        """Mean import over the last full quarter of an hour, as a demand meter keeps it."""
        end = at - at % QUARTER
        counted = self._curve.energy(end).imported - self._curve.energy(end - QUARTER).imported
        return counted * 3600 / QUARTER

    def _distortion(self, c: int, at: float) -> float:
        """Total harmonic distortion in percent: of currents more than of voltages."""
        usual = 8.0 if c < 80 and c % 20 == 11 else 2.2
        return usual * (0.8 + 0.2 * math.sin(at / 311 + c + self._seed % 7))


def _shares(seed: int, phases: int) -> tuple[float, ...]:
    if phases == 1:
        return (1.0,)
    parts = [1 + _UNBALANCE * (2 * noise(seed, -10 - phase) - 1) for phase in range(phases)]
    return tuple(part / sum(parts) for part in parts)
