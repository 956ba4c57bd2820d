"""Schneider Electric (Conzerv) EM6400 and EM6436: one block of 66 registers.

The register map does not say in which order the two registers of a float come. Low word
first is what nearly all users report; where yours differs, a file in `drivers.d` with
`base = "schneider-em6400"` and `order = "ABCD"` is the remedy.
"""

from __future__ import annotations

from hesd.driver import Holding, ModbusDriver, Order, Unit
from hesd_schneider_em.vectors import EM6400

A, V, W, VAR, VA = Unit.A, Unit.V, Unit.W, Unit.VAR, Unit.VA
MEDIUM_VOLTAGE = (0, 50_000)  # the meter shows the primary side of its voltage transformers

DRIVER = ModbusDriver(
    vendor="Schneider Electric",
    models=("EM6400", "EM6436", "EM6434", "EM6459"),
    source="EM6400 series register map V01.01.02 (43901...), block of all parameters",
    registers=(
        Holding(3901, "1-0:9.7.0", VA),
        Holding(3903, "1-0:1.7.0", W),
        Holding(3905, "1-0:3.7.0", VAR),
        Holding(3907, "1-0:13.7.0"),
        Holding(3909, "1-0:134.7.0", V, bounds=MEDIUM_VOLTAGE),  # average line to line
        Holding(3911, "1-0:12.7.0", V, bounds=MEDIUM_VOLTAGE),  # average to neutral
        Holding(3913, "1-0:11.7.0", A),  # average
        Holding(3915, "1-0:14.7.0", Unit.HZ),
        Holding(3917, "1-0:29.7.0", VA),
        Holding(3919, "1-0:21.7.0", W),
        Holding(3921, "1-0:23.7.0", VAR),
        Holding(3923, "1-0:33.7.0"),
        Holding(3925, "1-0:131.7.0", V, bounds=MEDIUM_VOLTAGE),
        Holding(3927, "1-0:32.7.0", V, bounds=MEDIUM_VOLTAGE),
        Holding(3929, "1-0:31.7.0", A),
        Holding(3931, "1-0:49.7.0", VA),
        Holding(3933, "1-0:41.7.0", W),
        Holding(3935, "1-0:43.7.0", VAR),
        Holding(3937, "1-0:53.7.0"),
        Holding(3939, "1-0:132.7.0", V, bounds=MEDIUM_VOLTAGE),
        Holding(3941, "1-0:52.7.0", V, bounds=MEDIUM_VOLTAGE),
        Holding(3943, "1-0:51.7.0", A),
        Holding(3945, "1-0:69.7.0", VA),
        Holding(3947, "1-0:61.7.0", W),
        Holding(3949, "1-0:63.7.0", VAR),
        Holding(3951, "1-0:73.7.0"),
        Holding(3953, "1-0:133.7.0", V, bounds=MEDIUM_VOLTAGE),
        Holding(3955, "1-0:72.7.0", V, bounds=MEDIUM_VOLTAGE),
        Holding(3957, "1-0:71.7.0", A),
        Holding(3959, "1-0:9.8.0", Unit.VAH),  # forward
        Holding(3961, "1-0:1.8.0", Unit.WH),
        Holding(3963, "1-0:3.8.0", Unit.VARH),  # inductive
        Holding(3965, "1-0:4.8.0", Unit.VARH),  # capacitive
    ),
    order=Order.CDAB,
    address_base=1,
    vectors=EM6400,
    note="Everything in base units. Power is signed; the counters count forward energy only.",
)
