"""Scalers and units of one meter's registers: of its model where they are known, else asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from hesd.collect.cosem_models import ScalerBook
from hesd.collect.dlms_table import Asked, DLMSTable
from hesd.dlms.access_result import DataResult
from hesd.dlms.cosem_meaning import ScalerUnit, scaler_unit
from hesd.dlms.data import Data
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.errors import DataError
from hesd.model.units import Unit

NO_SCALER: Final = ScalerUnit(0, Unit.NONE, Unit.NONE)

Get = Callable[[Sequence[AttributeDescriptor]], Awaitable[list[DataResult]]]


class MeterScalers:
    """What a meter of `model` has said, or another of its kind; `table` counts where none has."""

    def __init__(self, book: ScalerBook, model: str, table: DLMSTable) -> None:
        self._book = book
        self._model = model
        self._table = table
        self._untold: set[AttributeDescriptor] = set()

    async def of(self, wanted: Sequence[Asked], get: Get) -> list[ScalerUnit]:
        """Those of `wanted`, in that order; what nobody has told yet is asked for."""
        await self.learn([asked.scaler for asked in wanted if asked.scaler is not None], get)
        return [
            of_table(asked) if asked.scaler is None else await self.known(asked.scaler) for asked in wanted
        ]

    async def learn(self, scalers: Sequence[AttributeDescriptor], get: Get) -> None:
        """Have the meter tell what no meter of this model has told yet."""
        book = await self._book.of(self._model)
        missing = [
            each
            for each in dict.fromkeys(scalers)
            if (each.class_id, each.instance) not in book and each not in self._untold
        ]
        if not missing:
            return
        found = {}
        for each, result in zip(missing, await get(missing), strict=True):
            try:
                found[each.class_id, each.instance] = scaler_unit(
                    result.value if isinstance(result, Data) else None
                )
            except DataError:
                self._untold.add(each)
        await self._book.learn(self._model, found)

    async def known(self, scaler: AttributeDescriptor) -> ScalerUnit:
        """What is known without asking: of the model, else of the table, else none."""
        book = await self._book.of(self._model)
        known = book.get((scaler.class_id, scaler.instance))
        asked = self._table.find(scaler.instance)
        if known is not None or asked is None:
            return known or NO_SCALER
        return of_table(asked)


def of_table(asked: Asked) -> ScalerUnit:
    """What the driver's table says of scaler and unit."""
    return ScalerUnit(asked.object.scaler, asked.object.unit, int(asked.object.unit))
