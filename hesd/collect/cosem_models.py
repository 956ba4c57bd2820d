"""What is alike in all meters of one model and firmware: asked of one, kept for the others.

A model is named by its driver and the firmware its meters say they have. What is learned of
it (scalers, object lists, the columns of profiles) is JSON under a key that begins with that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, Final, Protocol

from twisted.internet.defer import Deferred, succeed

from hesd.dlms.cosem_meaning import ScalerUnit
from hesd.model.job import JSON
from hesd.model.obis import OBIS, InvalidOBIS
from hesd.model.units import Unit

_MAX_TEXT: Final = 64

Scaled = tuple[int, OBIS]  # class and logical name of what has a scaler and a unit


class Models(Protocol):
    """Where models are kept; `load` gives None for a key there is nothing under."""

    def load(self, key: str) -> Awaitable[JSON]: ...

    def save(self, key: str, value: JSON) -> Awaitable[None]: ...


class ModelsInMemory:
    """Models that are learned anew in every process."""

    def __init__(self) -> None:
        self._kept: dict[str, JSON] = {}

    def load(self, key: str) -> Deferred[JSON]:
        return succeed(self._kept.get(key))

    def save(self, key: str, value: JSON) -> Deferred[None]:
        self._kept[key] = value
        return succeed(None)


def model_name(driver_name: str, firmware: str) -> str:
    """What meters of one driver and firmware have in common is kept under."""
    return f"{driver_name}/{firmware[:_MAX_TEXT]}"


class ScalerBook:
    """Scalers and units by model: read from the first meter of it, known of all others."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._books: dict[str, dict[Scaled, ScalerUnit]] = {}

    async def of(self, model: str) -> Mapping[Scaled, ScalerUnit]:
        """What is known of a model."""
        book = self._books.get(model)
        if book is None:
            loaded = _from_json(await self._models.load(_key(model)))
            book = self._books.setdefault(model, loaded)
        return book

    async def learn(self, model: str, found: Mapping[Scaled, ScalerUnit]) -> None:
        """Keep what a meter of the model said; returns when it is kept."""
        await self.of(model)
        book = self._books[model]
        if any(book.get(which) != scaled for which, scaled in found.items()):
            book.update(found)
            await self._models.save(_key(model), _to_json(book.items()))


def _key(model: str) -> str:
    return f"{model}/scalers"


def _to_json(book: Iterable[tuple[Scaled, ScalerUnit]]) -> JSON:
    return {f"{class_id} {obis}": [each.scaler, each.unit_code] for (class_id, obis), each in book}


def _from_json(kept: Any) -> dict[Scaled, ScalerUnit]:
    """What was kept; anything else is taken for nothing, and asked of the meter again."""
    try:
        return {
            _scaled(name): ScalerUnit(scaler, Unit.of(code), code) for name, (scaler, code) in kept.items()
        }
    except (AttributeError, TypeError, ValueError, InvalidOBIS):
        return {}


def _scaled(name: str) -> Scaled:
    class_id, _, obis = name.partition(" ")
    return int(class_id), OBIS(obis)
