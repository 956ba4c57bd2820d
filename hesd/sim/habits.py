"""How loads of a plant behave over a day, by kind."""

from __future__ import annotations

from dataclasses import dataclass

from hesd.sim.plant_meter import LoadKind

Knots = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Habit:
    """How a kind of load behaves.

    Workday, Saturday and Sunday are (hour, share of the connected load), straight lines
    between. `swing` and `switching` are the amplitudes of slow (sine) and of on-off cycles
    around that level, `cycles` how many of them a quarter of an hour has. Reactive power is
    `idle_var` of the connected load, always, and `tan_phi` of the active power; lamps with
    electronic ballasts are capacitive, so theirs is negative.
    """

    workday: Knots
    saturday: Knots
    sunday: Knots
    roughness: float
    swing: float
    switching: float
    cycles: tuple[int, int]
    tan_phi: float
    idle_var: float


_THREE_SHIFTS: Knots = (
    (0, 0.52), (5.8, 0.50), (6.3, 0.74), (10, 0.80), (10.4, 0.6), (12, 0.81), (12.6, 0.55),
    (13.8, 0.7), (14.3, 0.78), (18, 0.74), (18.5, 0.52), (21.7, 0.68), (22.3, 0.55), (24, 0.52),
)  # fmt: skip
_ONE_SHIFT: Knots = ((0, 0.3), (6, 0.3), (7, 0.55), (13, 0.5), (14.5, 0.28), (24, 0.25))
_STANDBY: Knots = ((0, 0.16), (12, 0.18), (21, 0.16), (22, 0.3), (24, 0.4))
_PROCESS: Knots = ((0, 0.72), (6, 0.72), (8, 0.8), (20, 0.78), (24, 0.72))
_WARM_DAY: Knots = ((0, 0.35), (6, 0.32), (10, 0.58), (14.5, 0.82), (18, 0.66), (24, 0.38))
_DUSK: Knots = ((0, 0.85), (6, 0.85), (7, 0.4), (17.3, 0.38), (18.6, 0.9), (24, 0.85))
_OFFICE: Knots = ((0, 0.1), (7.5, 0.12), (9, 0.7), (13, 0.6), (14, 0.72), (17.5, 0.66), (19, 0.2), (24, 0.1))
_CLOSED: Knots = ((0, 0.09), (24, 0.09))
_HOME: Knots = (
    (0, 0.05), (5.5, 0.04), (7, 0.22), (8.5, 0.1), (12, 0.13), (15, 0.08), (17.5, 0.2),
    (19.5, 0.36), (21.5, 0.24), (23, 0.1), (24, 0.05),
)  # fmt: skip
_AT_HOME: Knots = (
    (0, 0.06), (7.5, 0.06), (9.5, 0.24), (12.5, 0.34), (14, 0.16), (18, 0.24), (20, 0.33),
    (23, 0.12), (24, 0.06),
)  # fmt: skip

HABITS: dict[LoadKind, Habit] = {
    "machine": Habit(_THREE_SHIFTS, _ONE_SHIFT, _STANDBY, 0.22, 0.22, 0.3, (4, 14), 0.62, 0.10),
    "press": Habit(_THREE_SHIFTS, _ONE_SHIFT, _STANDBY, 0.15, 0.1, 0.45, (20, 45), 0.8, 0.14),
    "furnace": Habit(_PROCESS, _PROCESS, _ONE_SHIFT, 0.06, 0.05, 0.5, (2, 5), 0.18, 0.02),
    "compressor": Habit(_THREE_SHIFTS, _ONE_SHIFT, _STANDBY, 0.1, 0.04, 0.42, (5, 15), 0.48, 0.08),
    "chiller": Habit(_WARM_DAY, _WARM_DAY, _WARM_DAY, 0.08, 0.08, 0.25, (1, 3), 0.45, 0.05),
    "pump": Habit(_PROCESS, _PROCESS, _ONE_SHIFT, 0.04, 0.03, 0.12, (1, 4), 0.6, 0.06),
    "fan": Habit(_PROCESS, _ONE_SHIFT, _STANDBY, 0.03, 0.04, 0.0, (1, 5), 0.7, 0.05),
    "lighting": Habit(_DUSK, _DUSK, _DUSK, 0.03, 0.01, 0.0, (1, 2), -0.14, -0.01),
    "office": Habit(_OFFICE, _CLOSED, _CLOSED, 0.15, 0.12, 0.1, (3, 9), 0.3, 0.02),
    "flat": Habit(_HOME, _AT_HOME, _AT_HOME, 0.5, 0.12, 0.4, (2, 7), 0.2, 0.01),
}
