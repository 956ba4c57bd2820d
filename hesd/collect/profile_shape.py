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
from hesd.dlms.errors import DataError, DLMSError
from hesd.dlms.selective_access import CaptureObject
from hesd.driver.cosem import EventLog, ProfileTable
from hesd.model.job import JSON
from hesd.model.obis import OBIS, InvalidOBIS

PROFILE: Final = 7
_CAPTURE_OBJECTS, _PERIOD, _SORT, _SORT_OBJECT = 3, 4, 5, 6
_CLOCK: Final = 8
_TIME: Final = 2
_MOST_COLUMNS: Final = 255
_AS_CAPTURED: Final = (SortMethod.FIFO, SortMethod.LIFO)
_BY_VALUE: Final = (SortMethod.LARGEST, SortMethod.SMALLEST)


@dataclass(frozen=True, slots=True)
class ProfileShape:
    """Attributes 3, 4, 5 and 6 of a profile generic (IEC 62056-6-2, 4.3.6).

    `period` is in seconds, 0 where something else than time captures. `sort_object` is None where
    rows stand as they were captured, or nobody says what they are sorted by.
    """

    columns: tuple[CaptureObject, ...]
    period: int = 0
    sort: int = SortMethod.FIFO
    sort_object: CaptureObject | None = None

    @property
    def clocks(self) -> tuple[int, ...]:
        """The columns that hold the meter's clock: the first says when, a second until when."""
        return tuple(at for at, each in enumerate(self.columns) if _is_clock(each))

    @property
    def newest_first(self) -> bool:
        return self.sort == SortMethod.LIFO or (self.sort == SortMethod.LARGEST and self._by_clock)

    @property
    def in_order_of_time(self) -> bool:
        """Whether the rows are, from one end or the other."""
        return self.sort in _AS_CAPTURED or (self.sort in _BY_VALUE and self._by_clock)

    @property
    def _by_clock(self) -> bool:
        return self.sort_object is not None and _is_clock(self.sort_object)


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
        columns, method = _columns(meter, obis, captured), _number(sort, SortMethod.FIFO)
        sorted_by = None if method in _AS_CAPTURED else await _sort_object(meter, obis)
        shape = ProfileShape(columns, _number(period, 0), method, sorted_by)
        self._shapes[meter.model, obis] = shape
        await self._models.save(_key(meter.model, obis), _to_json(shape))
        return shape


def table_of(meter: DLMSMeter, obis: OBIS) -> ProfileTable | EventLog | None:
    """What the driver's table says of a profile or log."""
    return next((each for each in meter.spec.driver.buffers if each.obis == obis), None)


def printed_columns(table: ProfileTable | EventLog) -> tuple[CaptureObject, ...]:
    """The columns that a driver's table says, as a meter would."""
    return tuple(
        CaptureObject(each.class_id, each.obis, each.attribute, each.data_index) for each in table.columns
    )


def _columns(meter: DLMSMeter, obis: OBIS, captured: DataResult) -> tuple[CaptureObject, ...]:
    """What the meter says, else what the driver's table does."""
    if isinstance(captured, Data):
        columns = capture_objects(captured.value)
    else:
        table = table_of(meter, obis)
        if table is None or not table.columns:
            raise AccessRefused(captured)
        columns = printed_columns(table)
    if not 0 < len(columns) <= _MOST_COLUMNS:
        raise DataError(f"a profile of {len(columns)} columns")
    return columns


async def _sort_object(meter: DLMSMeter, obis: OBIS) -> CaptureObject | None:
    (result,) = await meter.session.get([(AttributeDescriptor(PROFILE, obis, _SORT_OBJECT), None)])
    try:
        return CaptureObject.of(result.value) if isinstance(result, Data) else None
    except DLMSError:
        return None


def _is_clock(captured: CaptureObject) -> bool:
    return (captured.class_id, captured.attribute) == (_CLOCK, _TIME)


def _number(result: DataResult, otherwise: int) -> int:
    value = result.value if isinstance(result, Data) else None
    return value if isinstance(value, int) and value >= 0 else otherwise


def _key(model: str, obis: OBIS) -> str:
    return f"{model}/profile {obis}"


def _to_json(shape: ProfileShape) -> JSON:
    columns = list(map(_object_to_json, shape.columns))
    sorted_by = None if shape.sort_object is None else _object_to_json(shape.sort_object)
    return {"columns": columns, "period": shape.period, "sort": shape.sort, "sort_object": sorted_by}


def _object_to_json(captured: CaptureObject) -> JSON:
    return [captured.class_id, str(captured.instance), captured.attribute, captured.data_index]


def _from_json(kept: Any) -> ProfileShape | None:
    """What was kept; anything else is asked of the meter again."""
    try:
        columns = tuple(map(_object_from_json, kept["columns"]))
        sorted_by = None if kept["sort_object"] is None else _object_from_json(kept["sort_object"])
        return ProfileShape(columns, int(kept["period"]), int(kept["sort"]), sorted_by)
    except (KeyError, TypeError, ValueError, InvalidOBIS):
        return None


def _object_from_json(kept: Any) -> CaptureObject:
    number, obis, *rest = kept
    return CaptureObject(number, OBIS(obis), *rest)
