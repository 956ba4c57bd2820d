"""Profiles and logs of all meters, as rows with their columns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from hesd.collect.buffer_read import BufferReader
from hesd.collect.buffer_request import BufferRows, ShapeChanged
from hesd.collect.cosem_models import Models
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.other_columns import other_columns
from hesd.collect.profile_columns import ShownColumn, columns_of
from hesd.collect.profile_shape import ProfileShape, ProfileShapes, table_of
from hesd.model.obis import OBIS

Read = Callable[[BufferReader], Awaitable[BufferRows]]


@dataclass(frozen=True, slots=True)
class BufferRead:
    """What a profile captures, and the rows that came of it.

    `doubt` says where that is not what the driver's table says, "" where it is.
    """

    shape: ProfileShape
    columns: list[ShownColumn]
    found: BufferRows
    doubt: str = ""


class Buffers:
    """`models` is where is kept what is alike in all meters of a model."""

    log: ClassVar = Logger()

    def __init__(self, models: Models, clock: IReactorTime) -> None:
        self.clock = clock
        self._shapes = ProfileShapes(models)
        # By model and profile: how its rows were had last.
        self._ways: dict[tuple[str, OBIS], int] = {}
        # By model and profile: whose columns the log tells of.
        self._told: set[tuple[str, OBIS]] = set()

    async def read(self, meter: DLMSMeter, obis: OBIS, since_ms: int, until_ms: int) -> BufferRead:
        """The rows of a profile or log as `BufferReader.between` gives them.

        Raises only where none came: `AccessRefused` where the meter has no such profile or shows it
        to nobody, and what `DLMSMeter.meet` and `Session.get_long` raise.
        """
        return await self._read(meter, obis, lambda reader: reader.between(since_ms, until_ms))

    async def newest(self, meter: DLMSMeter, obis: OBIS, count: int) -> BufferRead:
        """The newest rows as `BufferReader.newest` gives them.

        Raises what that raises, and what `read` raises.
        """
        return await self._read(meter, obis, lambda reader: reader.newest(count))

    async def _read(self, meter: DLMSMeter, obis: OBIS, read: Read) -> BufferRead:
        shape = await self._shapes.of(meter, obis)
        try:
            return await self._read_as(meter, obis, shape, read)
        except ShapeChanged:
            shape = await self._shapes.renew(meter, obis)
            return await self._read_as(meter, obis, shape, read)

    async def _read_as(self, meter: DLMSMeter, obis: OBIS, shape: ProfileShape, read: Read) -> BufferRead:
        # The columns first: once rows have come there may be nobody left to ask.
        columns = await columns_of(meter, obis, shape)
        key = meter.model, obis
        reader = BufferReader(meter, obis, shape, self.clock, self._ways.get(key, 0))
        try:
            found = await read(reader)
        finally:
            self._ways[key] = reader.way
        return BufferRead(shape, columns, found, self._compared(meter, obis, shape))

    def _compared(self, meter: DLMSMeter, obis: OBIS, shape: ProfileShape) -> str:
        """Where the shape is not that of the driver's table; whoever looks at the meter sees it."""
        doubt = other_columns(table_of(meter, obis), shape)
        meter.doubt(obis, doubt)
        if doubt and (meter.model, obis) not in self._told:
            self._told.add((meter.model, obis))
            self.log.warn("meter {serial} {doubt}", serial=meter.spec.serial, doubt=doubt)
        return doubt
