"""One request for rows of a profile: what came of it, decoded, completed and dated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.meter_zone import MeterZone, instant
from hesd.collect.profile_shape import PROFILE, ProfileShape
from hesd.collect.session_errors import AccessRefused
from hesd.dlms.access_result import DataAccessResult
from hesd.dlms.data import Data
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.errors import DataError
from hesd.dlms.profile_buffer import Row, complete_rows
from hesd.dlms.row_reader import RowReader
from hesd.dlms.selective_access import SelectiveAccess
from hesd.model.errors import HesdError, ProtocolError
from hesd.model.obis import OBIS

_CLOCK, _TIME = 8, 2
_BUFFER, _ENTRIES_IN_USE = 2, 7
# Rows that are decoded before the reactor has its turn.
_SLICE: Final = 500
# Rows that are asked for at once, so that a command does not wait for all of them.
PIECE: Final = 250
# How often a piece that breaks is asked for, as long as each time brings rows.
TRIES: Final = 5
# Another way to have the rows does not help here.
FINAL: Final = frozenset(
    {
        DataAccessResult.HARDWARE_FAULT,
        DataAccessResult.TEMPORARY_FAILURE,
        DataAccessResult.OBJECT_UNDEFINED,
        DataAccessResult.OBJECT_CLASS_INCONSISTENT,
    }
)


class ShapeChanged(ProtocolError):
    """The rows are not of the columns that the profile is known to have."""


@dataclass(frozen=True, slots=True)
class DatedRow:
    """A row, and when it was captured (UTC, ms since 1970); None where no clock says."""

    at_ms: int | None
    cells: Row


@dataclass(slots=True)
class BufferRows:
    """Rows in the order of the buffer, as far as they came before the `problem`.

    All before `missing_from_ms` are here, where it says so. `in_use` is how many rows there are
    in the meter, None where it was not asked.
    """

    rows: list[DatedRow] = field(default_factory=list)
    problem: HesdError | None = None
    missing_from_ms: int | None = None
    in_use: int | None = None


class BufferRequests:
    """What can be asked of one profile of one meter."""

    def __init__(self, meter: DLMSMeter, obis: OBIS, shape: ProfileShape, clock: IReactorTime) -> None:
        self._session = meter.session
        self._driver = meter.spec.driver
        self._obis = obis
        self._shape = shape
        self._clock = clock

    async def rows(self, access: SelectiveAccess | None) -> BufferRows:
        """The rows that are selected, all of them by None; as far as they came, with the `problem`.

        Raises where nothing came: `AccessRefused`, `ShapeChanged`, and what `Session.get_long` raises.
        """
        found = await self._session.get_long(AttributeDescriptor(PROFILE, self._obis, _BUFFER), access)
        if not found.octets and found.problem is not None:
            raise found.problem
        reader = RowReader(found.octets)
        rows = await self._decoded(reader)
        return BufferRows(rows, found.problem or reader.problem)

    async def entries_in_use(self) -> int:
        """How many rows there are.

        Raises `AccessRefused` where the meter does not tell, `DataError` where it tells no number.
        """
        (result,) = await self._session.get(
            [(AttributeDescriptor(PROFILE, self._obis, _ENTRIES_IN_USE), None)]
        )
        if isinstance(result, DataAccessResult):
            raise AccessRefused(result)
        if not isinstance(result.value, int) or result.value < 0:
            raise DataError(f"entries_in_use is no number of entries: {result.value!r:.80}")
        return int(result.value)

    async def zone(self) -> MeterZone:
        """How the meter's clock counts now."""
        return MeterZone.of_clock(self._driver, await self._clock_time())

    async def now_ms(self) -> int | None:
        """What time it is by the meter's clock (UTC, ms since 1970); None where it does not say."""
        return instant(self._driver, await self._clock_time())

    async def _clock_time(self) -> object:
        clock = AttributeDescriptor(_CLOCK, self._driver.clock, _TIME)
        (now,) = await self._session.get([(clock, None)])
        return now.value if isinstance(now, Data) else None

    async def _decoded(self, reader: RowReader) -> list[DatedRow]:
        shape = self._shape
        clocks, period = frozenset(shape.clocks), -shape.period if shape.newest_first else shape.period
        rows: list[DatedRow] = []
        before: list[Row] = []
        while not reader.ended:
            taken = reader.take(_SLICE)
            if any(len(row) != len(shape.columns) for row in taken):
                raise ShapeChanged(f"rows that are not of {len(shape.columns)} columns")
            completed = complete_rows([*before, *taken], clocks, period)[len(before) :]
            rows += [DatedRow(self._instant(row), row) for row in completed]
            before = completed[-1:]
            if not reader.ended:
                await deferLater(self._clock, 0)
        return rows

    def _instant(self, row: Row) -> int | None:
        clocks = self._shape.clocks
        return instant(self._driver, row[clocks[0]]) if clocks else None
