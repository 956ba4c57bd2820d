"""Hexcell DTSY1088: three-phase prepayment meter."""

from __future__ import annotations

from hesd_hexcell.family import driver

DRIVER = driver(
    "three-phase",
    "DTSY1088",
    fast=(
        "1-0:32.7.0", "1-0:52.7.0", "1-0:72.7.0", "1-0:31.7.0", "1-0:51.7.0", "1-0:71.7.0", "1-0:1.7.0",
    ),
    note="Power is the sum of the phases; each by itself is read when somebody asks.",
)  # fmt: skip
