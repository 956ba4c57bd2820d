"""Hexcell DDSY1088: single-phase keypad prepayment meter."""

from __future__ import annotations

from hesd_hexcell.family import driver

DRIVER = driver(
    "single-phase",
    "DDSY1088",
    # Firmware differs in which of the two codes it answers for voltage and for current.
    fast=("1-0:32.7.0", "1-0:12.7.0", "1-0:31.7.0", "1-0:11.7.0", "1-0:1.7.0"),
    note="Voltage and current are those of L1, at 32.7.0 and 31.7.0 or as single-phase at 12.7.0 and 11.7.0.",
)
