"""Rows of a profile as the head end keeps them: values with their columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hesd.model.obis import OBIS
from hesd.model.reading import Raw, Value
from hesd.model.units import Unit

# Entries that are asked for as the newest ones: three months of quarters of an hour are fewer, and so
# many rows are shown at once. What is longer is a range of time, which can be gone on with.
MOST_NEWEST: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileColumn:
    """What a column of a profile captures. A cell times ten to the `scaler` is in `unit`."""

    class_id: int
    obis: OBIS
    attribute: int
    data_index: int = 0
    name: str = ""
    scaler: int = 0
    unit: Unit = Unit.NONE


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """One capture: `at_ms` is its clock (UTC, ms since 1970), `values` one cell a column.

    `raws` are the cells as the meter gave them, `values` scaled, in the columns' units. A
    clock, the meter's status and what is no number are shown as text in both.
    """

    at_ms: int
    values: tuple[Value, ...]
    raws: tuple[Raw, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Rows of one profile of one meter, in the order of time."""

    meter: str
    obis: OBIS
    columns: tuple[ProfileColumn, ...]
    rows: tuple[ProfileRow, ...]
