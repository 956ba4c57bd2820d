"""What every meter of a plant file has, whatever it speaks: a number, a place, a load."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from hesd.config import Name
from hesd.toml_file import Duration

LoadKind = Literal[
    "machine", "press", "furnace", "compressor", "chiller", "pump", "fan", "lighting", "office", "flat"
]


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """A table of a plant file: keys it does not have are mistakes."""


class MeteredLoad(Table, frozen=True, kw_only=True):
    """A meter and what it feeds.

    `rated` is the connected load in kW, `pv` what panels behind the meter give at best,
    `energy` the kWh it had counted when the plant's `since` began. `turnaround` is the time
    it thinks before it answers; left out it is somewhere from 5 to 20 ms, always the same.
    """

    serial: Name
    driver: Name
    name: str
    area: Name
    room: str = ""
    panel: str = ""
    load: LoadKind
    rated: Annotated[float, Meta(gt=0)]
    pv: Annotated[float, Meta(ge=0)] = 0.0
    phases: Literal[1, 3] = 3
    energy: Annotated[float, Meta(ge=0)] = 0.0
    turnaround: Duration | None = None
