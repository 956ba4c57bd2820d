"""Schneider Electric (Conzerv) EM1200 and EM1220: power and energy meters for panels."""

from __future__ import annotations

from hesd.driver import Holding, ModbusDriver, Order, Unit
from hesd_schneider_em.vectors import EM1200

A, V, W, VAR, VA = Unit.A, Unit.V, Unit.W, Unit.VAR, Unit.VA

DRIVER = ModbusDriver(
    vendor="Schneider Electric",
    models=("EM1200", "EM1220"),
    source="EM1000/EM1200/EM1220 user manual EAV95462-01, chapter 6 (43001...)",
    registers=(
        Holding(3001, "1-0:29.7.0", VA),
        Holding(3003, "1-0:21.7.0", W),
        Holding(3005, "1-0:23.7.0", VAR),
        Holding(3007, "1-0:33.7.0"),
        Holding(3009, "1-0:31.7.0", A),
        Holding(3011, "1-0:131.7.0", V),
        Holding(3013, "1-0:32.7.0", V),
        Holding(3017, "1-0:49.7.0", VA),
        Holding(3019, "1-0:41.7.0", W),
        Holding(3021, "1-0:43.7.0", VAR),
        Holding(3023, "1-0:53.7.0"),
        Holding(3025, "1-0:51.7.0", A),
        Holding(3027, "1-0:132.7.0", V),
        Holding(3029, "1-0:52.7.0", V),
        Holding(3033, "1-0:69.7.0", VA),
        Holding(3035, "1-0:61.7.0", W),
        Holding(3037, "1-0:63.7.0", VAR),
        Holding(3039, "1-0:73.7.0"),
        Holding(3041, "1-0:71.7.0", A),
        Holding(3043, "1-0:133.7.0", V),
        Holding(3045, "1-0:72.7.0", V),
        Holding(3049, "1-0:9.7.0", VA),
        Holding(3051, "1-0:1.7.0", W),
        Holding(3053, "1-0:3.7.0", VAR),
        Holding(3055, "1-0:13.7.0"),
        Holding(3057, "1-0:11.7.0", A),  # average
        Holding(3059, "1-0:134.7.0", V),  # average line to line
        Holding(3061, "1-0:12.7.0", V),  # average to neutral
        Holding(3063, "1-0:14.7.0", Unit.HZ),
        Holding(3201, "1-0:9.8.0", Unit.VAH),  # forward
        Holding(3203, "1-0:1.8.0", Unit.WH),
        Holding(3205, "1-0:3.8.0", Unit.VARH),
    ),
    order=Order.CDAB,
    address_base=1,
    vectors=EM1200,
    note="Everything in base units. The EM1200 itself measures power, power factor and energy; current, "
    "voltage and frequency are the EM1220's. 19200 8E1 from the factory.",
)
