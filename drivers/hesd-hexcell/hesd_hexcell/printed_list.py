"""The "Hexcell AMI System Unified OBIS List" as it is printed: `data/objects.csv`, `data/profiles.csv`."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from hesd.driver import CosemType, Unit

# What carries tokens: where they are entered, and the column of the logs that keep them.
TOKENS: Final = frozenset({"1-0:129.129.2.255", "0-0:96.96.1.255"})
_UNITS: Final = {
    "": Unit.NONE, "V": Unit.V, "A": Unit.A, "Hz": Unit.HZ, "W": Unit.W, "VA": Unit.VA,
    "var": Unit.VAR, "Wh": Unit.WH, "VAh": Unit.VAH, "varh": Unit.VARH,
}  # fmt: skip

Row = Mapping[str, str]


def rows(name: str) -> list[dict[str, str]]:
    """The lines of one of the two files."""
    text = (files("hesd_hexcell") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def measured(row: Row) -> tuple[Unit, int]:
    """Unit and scaler."""
    return _UNITS[row["unit"]], int(row["scaler"] or 0)


def coded(row: Row) -> tuple[CosemType | None, int]:
    """Data type, and its size in octets, of a bit-string in bits."""
    return CosemType(row["data_type"]) if row["data_type"] else None, int(row["size_bytes"] or 0)
