"""The register table of a plant's field note, exactly as it stands there.

EM 1200, EM 6400 and EM 6400NG were documented together with one table of literal
addresses. The makers' lists disagree (`em6400ng`: 3054 is the power of phase A only, and
3204 a 64-bit integer), so check it against your model; hesd marks an energy that is an
integer read as a float as suspect.
"""

from __future__ import annotations

from hesd.driver import Coding, Holding, ModbusDriver, Unit
from hesd_schneider_em.vectors import FIELD_TABLE

DRIVER = ModbusDriver(
    vendor="Schneider Electric",
    models=("EM1200", "EM6400", "EM6400NG"),
    source="field note of a plant with 79 meters; not a maker's document",
    registers=(
        Holding(3000, "1-0:31.7.0", Unit.A),
        Holding(3002, "1-0:51.7.0", Unit.A),
        Holding(3004, "1-0:71.7.0", Unit.A),
        Holding(3028, "1-0:32.7.0", Unit.V),  # to neutral
        Holding(3030, "1-0:52.7.0", Unit.V),
        Holding(3032, "1-0:72.7.0", Unit.V),
        Holding(3054, "1-0:1.7.0", Unit.W, scaler=3),
        Holding(3068, "1-0:3.7.0", Unit.VAR, scaler=3),
        Holding(3076, "1-0:9.7.0", Unit.VA, scaler=3),
        Holding(3084, "1-0:13.7.0", coding=Coding.FOUR_QUADRANT_PF),
        Holding(3110, "1-0:14.7.0", Unit.HZ),
        Holding(3204, "1-0:1.8.0", Unit.WH, scaler=3),
    ),
    vectors=FIELD_TABLE,
    note="As documented in the field note; check against your model. Power is signed.",
)
