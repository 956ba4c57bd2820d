"""What the profiles of a model of meters capture, how often and in which order: asked once for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from hesd.collect.cosem_models import Models
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.session_errors import AccessRefused
from hesd.dlms.access_result import DataResult
from hesd.dlms.cosem_meaning import SortMethod, capture_objects
from hesd.dlms.data import Data
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.errors import DataError
from hesd.dlms.selective_access import CaptureObject
from hesd.driver.cosem import EventLog, ProfileTable
from hesd.model.job import JSON
from hesd.model.obis import OBIS, InvalidOBIS

PROFILE: Final = 7
_CAPTURE_OBJECTS, _PERIOD, _SORT = 3, 4, 5
_CLOCK: Final = 8
_TIME: Final = 2
_MOST_COLUMNS: Final = 255


@dataclass(frozen=True, slots=True)
class ProfileShape:
    """Attributes 3, 4 and 5 of a profile generic (IEC 62056-6-2, 4.3.6).

    `period` is in seconds, 0 where something else than time captures.
    """

    columns: tuple[CaptureObject, ...]
    period: int = 0
    sort: int = SortMethod.FIFO

    @property
    def clocks(self) -> tuple[int, ...]:
        """The columns that hold the meter's clock: the first says when, a second until when."""
        found = enumerate(self.columns)
        return tuple(at for at, each in found if (each.class_id, each.attribute) == (_CLOCK, _TIME))

    @property
    def newest_first(self) -> bool:
        return self.sort == SortMethod.LIFO


class ProfileShapes:
    """The shapes by model and profile: read from the first meter of it, known of all others."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._shapes: dict[tuple[str, OBIS], ProfileShape] = {}

    async def of(self, meter: DLMSMeter, obis: OBIS) -> ProfileShape:
        """The shape of a meter's profile.

        Raises what `DLMSMeter.meet` raises, `AccessRefused` where there is no such profile, and
        `DataError`.
        """
        await meter.meet()
        shape = self._shapes.get((meter.model, obis))
        if shape is None:
            shape = _from_json(await self._models.load(_key(meter.model, obis)))
        if shape is None:
            return await self.renew(meter, obis)
        return self._shapes.setdefault((meter.model, obis), shape)

    async def renew(self, meter: DLMSMeter, obis: OBIS) -> ProfileShape:
        """Ask the meter again, for what was known of its model is not true of it."""
        await meter.meet()
        wanted = [AttributeDescriptor(PROFILE, obis, number) for number in (_CAPTURE_OBJECTS, _PERIOD, _SORT)]
        captured, period, sort = await meter.session.get([(each, None) for each in wanted])
        shape = ProfileShape(
            _columns(meter, obis, captured), _number(period, 0), _number(sort, SortMethod.FIFO)
        )
        self._shapes[meter.model, obis] = shape
        await self._models.save(_key(meter.model, obis), _to_json(shape))
        return shape


def table_of(meter: DLMSMeter, obis: OBIS) -> ProfileTable | EventLog | None:
    """What the driver's table says of a profile or log."""
    return next((each for each in meter.spec.driver.buffers if each.obis == obis), None)


def _columns(meter: DLMSMeter, obis: OBIS, captured: DataResult) -> tuple[CaptureObject, ...]:
    """What the meter says, else what the driver's table does."""
    if isinstance(captured, Data):
        columns = capture_objects(captured.value)
    else:
        table = table_of(meter, obis)
        if table is None or not table.columns:
            raise AccessRefused(captured)
        columns = tuple(
            CaptureObject(each.class_id, each.obis, each.attribute, each.data_index) for each in table.columns
        )
    if not 0 < len(columns) <= _MOST_COLUMNS:
        raise DataError(f"a profile of {len(columns)} columns")
    return columns


def _number(result: DataResult, otherwise: int) -> int:
    value = result.value if isinstance(result, Data) else None
    return value if isinstance(value, int) and value >= 0 else otherwise


def _key(model: str, obis: OBIS) -> str:
    return f"{model}/profile {obis}"


def _to_json(shape: ProfileShape) -> JSON:
    columns = [[each.class_id, str(each.instance), each.attribute, each.data_index] for each in shape.columns]
    return {"columns": columns, "period": shape.period, "sort": shape.sort}


def _from_json(kept: Any) -> ProfileShape | None:
    """What was kept; anything else is asked of the meter again."""
    try:
        columns = tuple(CaptureObject(number, OBIS(obis), *rest) for number, obis, *rest in kept["columns"])
        return ProfileShape(columns, int(kept["period"]), int(kept["sort"]))
    except (KeyError, TypeError, ValueError, InvalidOBIS):
        return None
