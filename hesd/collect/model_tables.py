"""Tables of objects by model: the driver's own, what a model's meters list beside it, and doubts of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from hesd.collect.cosem_models import Models
from hesd.collect.dlms_table import DLMSTable, measured_objects
from hesd.dlms.cosem_meaning import object_list
from hesd.dlms.data import Data
from hesd.dlms.errors import DLMSError
from hesd.driver.cosem import CosemObject, DLMSDriver
from hesd.driver.register import Tier
from hesd.model.job import JSON
from hesd.model.obis import OBIS, InvalidOBIS


class ModelTables:
    """One table for all meters of a driver, or of a model where the driver has them asked."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._tables: dict[str, DLMSTable] = {}
        self._doubts: dict[str, dict[OBIS, str]] = {}

    def doubts(self, model: str) -> list[str]:
        """Where what the driver's table says is not true of a model's meters."""
        return list(self._doubts.get(model, {}).values())

    def doubt(self, model: str, obis: OBIS, doubt: str) -> None:
        """Keep what is not true of an object, "" where it is."""
        doubts = self._doubts.setdefault(model, {})
        doubts.pop(obis, None)
        if doubt:
            doubts[obis] = doubt

    def of_driver(self, name: str, driver: DLMSDriver) -> DLMSTable:
        """The objects of the driver alone."""
        table = self._tables.get(name)
        if table is None or table.driver is not driver:
            table = self._tables[name] = DLMSTable(driver)
        return table

    async def of_model(
        self, model: str, driver: DLMSDriver, read_list: Callable[[], Awaitable[bytes]]
    ) -> DLMSTable:
        """The driver's objects and those in the object list of the model's meters.

        `read_list` reads that list from a meter, as A-XDR octets, and is called where no meter
        of the model was asked before. A list that cannot be understood is taken for empty, and
        asked for again by the next process.
        """
        table = self._tables.get(model)
        if table is not None and table.driver is driver:
            return table
        listed = _from_json(await self._models.load(_key(model)))
        if not listed:
            listed = _listed(await read_list())
            if listed:
                await self._models.save(_key(model), _to_json(listed))
        return self._tables.setdefault(model, DLMSTable(driver, listed))


def _key(model: str) -> str:
    return f"{model}/measured"


def _listed(octets: bytes) -> tuple[CosemObject, ...]:
    try:
        return measured_objects(object_list(Data.decode(octets).value))
    except DLMSError:
        return ()


def _to_json(listed: tuple[CosemObject, ...]) -> JSON:
    return [[each.class_id, str(each.obis), each.tier] for each in listed]


def _from_json(kept: Any) -> tuple[CosemObject, ...]:
    try:
        return tuple(CosemObject(obis, class_id, tier=Tier(tier)) for class_id, obis, tier in kept)
    except (TypeError, ValueError, InvalidOBIS):
        return ()
