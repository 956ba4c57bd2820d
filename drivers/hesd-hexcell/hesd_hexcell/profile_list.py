"""The profiles and logs of Hexcell meters: a log for every kind of event, without codes.

The single-phase part of the list ends at 1-0:99.98.46; the three-phase part goes on with what
no phase has to do with (relay, battery, tokens), and that is taken for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from hesd.driver import Column, CosemObject, EventLog, ProfileTable
from hesd.model.obis import OBIS
from hesd_hexcell.printed_list import TOKENS, Row, coded, measured, rows

_LOG: Final = "1-0:99.98."
# Credit tokens and their energy have no clock of their own: it is logged beside them.
_TIMES: Final = {f"{_LOG}{each}.255": OBIS(f"{_LOG}70.255") for each in (84, 85)}
_LOGS_OF_ALL: Final = frozenset(f"{_LOG}{each}.255" for each in (47, 63, 70, 84, 85, 86, 87, 88, 101))


def profiles(meter_type: str, table: Iterable[CosemObject]) -> tuple[ProfileTable, ...]:
    """The profiles of measurements; `table` helps out where the list leaves a column blank."""
    known = {each.obis: each for each in table}
    found = _buffers(row for row in rows("profiles.csv") if row["meter_type"] == meter_type)
    return tuple(
        ProfileTable(OBIS(code), name, columns=tuple(_column(row, known) for row in captured))
        for (code, name), captured in found.items()
        if not code.startswith(_LOG)
    )


def logs(meter_type: str) -> tuple[EventLog, ...]:
    """The logs: with a clock for start and end, with one, or beside others with none."""
    found = _buffers(row for row in rows("profiles.csv") if _is_log_of(meter_type, row))
    return tuple(
        EventLog(
            OBIS(code),
            name,
            _event(name),
            columns=tuple(_column(row, {}) for row in captured),
            times=_TIMES.get(code),
        )
        for (code, name), captured in found.items()
    )


def _event(name: str) -> str:
    """``strong DC field`` for "Strong DC Field Logs"."""
    words = name.removesuffix(" Logs").replace("Err", "error").split()
    return " ".join(word if word.isupper() else word.lower() for word in words)


def _is_log_of(meter_type: str, row: Row) -> bool:
    code = row["profile_obis"]
    return code.startswith(_LOG) and (row["meter_type"] == meter_type or code in _LOGS_OF_ALL)


def _buffers(captured: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    found: dict[tuple[str, str], list[Row]] = {}
    for row in captured:
        found.setdefault((row["profile_obis"], row["profile_name"]), []).append(row)
    return found


def _column(row: Row, known: Mapping[OBIS, CosemObject]) -> Column:
    obis, attribute = OBIS(row["obis"]), int(row["attribute"])
    (unit, scaler), (kind, size) = measured(row), coded(row)
    name = row["name"]
    if not name:  # and then the unit is that of the line above: energy for a demand
        name = known[obis].name
        if attribute == known[obis].attribute:
            unit, scaler = known[obis].unit, known[obis].scaler
    return Column(
        obis,
        int(row["class_id"]),
        attribute,
        name=name,
        unit=unit,
        scaler=scaler,
        secret=row["obis"] in TOKENS,
        type=kind,
        size=size,
    )
