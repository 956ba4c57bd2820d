"""Reads a profile of a meter: rows in the order of time, with their columns, scaled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from twisted.internet.task import deferLater

from hesd.collect.buffer_request import DatedRow
from hesd.collect.buffers import BufferRead, Buffers
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.profile_columns import ShownColumn, cell_of
from hesd.driver.cosem import DLMSDriver, ProfileKind, ProfileTable
from hesd.driver.meaning import out_of_bounds
from hesd.model.bounds import MeasuredAs
from hesd.model.errors import HesdError
from hesd.model.obis import OBIS
from hesd.model.profile import Profile, ProfileRow
from hesd.model.reading import Quality, Reading, Source

_VALUE: Final = 2
_MEASURING: Final = (3, 4, 5)
# Rows that are scaled before the reactor has its turn.
_SLICE: Final = 100
# Load profiles stand at 1-b:99.1.0 and .2.0 (IEC 62056-6-1, 7.5.4.1).
_LOAD: Final = ((99, 1), (99, 2))


@dataclass(frozen=True, slots=True)
class ProfileRead:
    """What came of a profile.

    Where it broke off, `problem` says why, and of a range all rows before `missing_from_ms` are
    here. `undated` is how many rows were dropped because no clock says when they were captured,
    `in_use` how many the meter has, None where it was not asked. `doubt` says where its columns are
    not those of the driver's table.
    """

    profile: Profile
    problem: HesdError | None = None
    missing_from_ms: int | None = None
    undated: int = 0
    in_use: int | None = None
    doubt: str = ""


async def read_profile(
    meter: DLMSMeter, obis: OBIS, since_ms: int, until_ms: int, buffers: Buffers
) -> ProfileRead:
    """The rows captured from `since_ms` to `until_ms`, both included (UTC, ms since 1970).

    Raises what `Buffers.read` raises.
    """
    return await _profile_of(meter, obis, await buffers.read(meter, obis, since_ms, until_ms), buffers)


async def read_newest(meter: DLMSMeter, obis: OBIS, count: int, buffers: Buffers) -> ProfileRead:
    """The newest `count` rows, or all where there are fewer. Raises what `Buffers.newest` raises."""
    return await _profile_of(meter, obis, await buffers.newest(meter, obis, count), buffers)


async def _profile_of(meter: DLMSMeter, obis: OBIS, read: BufferRead, buffers: Buffers) -> ProfileRead:
    columns, found = read.columns, read.found
    rows: list[ProfileRow] = []
    for start in range(0, len(found.rows), _SLICE):
        if start:
            await deferLater(buffers.clock, 0)
        rows += _shown(found.rows[start : start + _SLICE], columns, meter)
    rows.sort(key=lambda row: row.at_ms)
    profile = Profile(
        meter=meter.spec.serial, obis=obis, columns=tuple(each.column for each in columns), rows=tuple(rows)
    )
    undated = len(found.rows) - len(rows)
    return ProfileRead(profile, found.problem, found.missing_from_ms, undated, found.in_use, read.doubt)


def _shown(rows: list[DatedRow], columns: list[ShownColumn], meter: DLMSMeter) -> Iterator[ProfileRow]:
    driver, ratio = meter.spec.driver, meter.spec.ratio
    for row in rows:
        if row.at_ms is not None:
            cells = [
                cell_of(column, driver, ratio, value)
                for column, value in zip(columns, row.cells, strict=True)
            ]
            raws, values = zip(*cells, strict=True)
            yield ProfileRow(row.at_ms, values, raws)


def is_load_profile(driver: DLMSDriver, obis: OBIS) -> bool:
    """Whether a profile's rows are measurements of their time, not bills or events."""
    table = next((each for each in driver.buffers if each.obis == obis), None)
    if table is None:
        return obis.groups[2:4] in _LOAD
    return isinstance(table, ProfileTable) and table.kind is ProfileKind.LOAD


def readings(profile: Profile) -> list[Reading]:
    """The readings in a load profile: values of registers at the time of their row."""
    measured = [
        (at, each)
        for at, each in enumerate(profile.columns)
        if each.class_id in _MEASURING and each.attribute == _VALUE
    ]
    found = []
    for row in profile.rows:
        for at, column in measured:
            value = row.values[at]
            if not isinstance(value, int | float):
                continue
            doubt = out_of_bounds(MeasuredAs(column.obis, column.unit), value)
            found.append(
                Reading(
                    profile.meter,
                    column.obis,
                    row.at_ms,
                    row.raws[at],
                    column.scaler,
                    value,
                    column.unit,
                    Quality.SUSPECT if doubt else Quality.GOOD,
                    Source.PROFILE,
                )
            )
    return found
