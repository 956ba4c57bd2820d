"""The objects of Hexcell meters.

One list serves all meters. Objects of phases L2 and L3 are in three-phase meters only, those
it calls 1P in single-phase ones only; everything else is in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Final

from hesd.driver import CosemObject, CosemType, Tier
from hesd.model.obis import OBIS
from hesd_hexcell.printed_list import TOKENS, Row, coded, measured, rows

_ELSEWHERE: Final = {"single-phase": ("L2 ", "L3 "), "three-phase": ("1P ",)}
# Classes whose value is not attribute 2, and whose type the list leaves out: relay, schedule.
_VALUES: Final = {70: (3, CosemType.ENUM), 22: (4, CosemType.ARRAY)}
# Stands twice, once under the name of what is missing.
_MISPRINTED: Final = {("1-0:9.8.4.12", "Last 11 month apparent energy [TOU 4]"): "1-0:9.8.4.11"}


def objects(meter_type: str, tiers: Mapping[OBIS, Tier]) -> tuple[CosemObject, ...]:
    """The objects of "single-phase" or "three-phase" meters; `tiers` says which are polled."""
    elsewhere = _ELSEWHERE[meter_type]
    return tuple(
        replace(each, tier=tiers[each.obis]) if each.obis in tiers else each
        for each in _all_objects()
        if not each.name.startswith(elsewhere)
    )


@cache
def _all_objects() -> tuple[CosemObject, ...]:
    return tuple(map(_object, rows("objects.csv")))


def _object(row: Row) -> CosemObject:
    obis = OBIS(_MISPRINTED.get((row["obis"], row["name"]), row["obis"]))
    class_id = int(row["class_id"])
    (unit, scaler), (printed, size) = measured(row), coded(row)
    attribute, kind = _VALUES.get(class_id, (2, printed))
    return CosemObject(
        obis,
        class_id,
        # Of apparent energy the list calls every tariff the first.
        row["name"].replace("[TOU 1]", f"[TOU {obis.groups[4]}]"),
        unit,
        scaler=scaler,
        attribute=attribute,
        writable=not {f"{attribute}:RW", f"{attribute}:W"}.isdisjoint(row["access"].split()),
        secret=row["obis"] in TOKENS,
        type=kind,
        size=size,
    )
