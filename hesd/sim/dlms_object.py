"""The objects of a type of meters: what their attributes read, take and do.

A model is made once for each type and holds nothing of any single meter, which is handed
to every function; so a plant of thousands has one model and thousands of small meters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from hesd.dlms.access_result import ActionResult, DataAccessResult, DataResult
from hesd.dlms.action import ActionResponse
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.selective_access import SelectiveAccess
from hesd.model.obis import OBIS

if TYPE_CHECKING:
    from hesd.sim.dlms_meter import SimulatedDLMSMeter

Read = Callable[["SimulatedDLMSMeter"], DataResult]
Select = Callable[["SimulatedDLMSMeter", SelectiveAccess], DataResult]
Write = Callable[["SimulatedDLMSMeter", Data], DataAccessResult]
Call = Callable[["SimulatedDLMSMeter", Data | None], ActionResponse]

ASSOCIATION: Final = (15, OBIS("0.0.40.0.0.255"))
_OBJECT_LIST: Final = 2
_READ, _WRITE = 1, 2


class Rights(IntEnum):
    """What an association may see: the public client next to nothing, and that read-only."""

    PUBLIC = 0
    MANAGEMENT = 1


@dataclass(frozen=True, slots=True)
class Attribute:
    """What one attribute answers; without `write` it is read-only, without `read` write-only."""

    read: Read | None = None
    write: Write | None = None
    select: Select | None = None

    def mode(self, rights: Rights) -> int:
        """The access mode an object list gives for it (IEC 62056-6-2, 4.4.4)."""
        writable = self.write is not None and rights is Rights.MANAGEMENT
        return (_READ if self.read is not None else 0) | (_WRITE if writable else 0)


@dataclass(frozen=True, slots=True)
class ServedObject:
    """One COSEM object; attribute 1, its logical name, goes without saying."""

    class_id: int
    obis: OBIS
    attributes: Mapping[int, Attribute]
    methods: Mapping[int, Call] = field(default_factory=dict)
    version: int = 0
    is_public: bool = False

    def element(self, rights: Rights) -> Data:
        """How it stands in an object list."""
        modes = {1: _READ, **{number: each.mode(rights) for number, each in self.attributes.items()}}
        attributes = (
            Data.structure(_integer(number), Data.of(DataType.ENUM, mode), Data.of(DataType.NULL_DATA))
            for number, mode in sorted(modes.items())
        )
        callable_ = int(rights is Rights.MANAGEMENT)
        methods = (
            Data.structure(_integer(number), Data.of(DataType.ENUM, callable_))
            for number in sorted(self.methods)
        )
        return Data.structure(
            Data.of(DataType.LONG_UNSIGNED, self.class_id),
            Data.of(DataType.UNSIGNED, self.version),
            Data.of(DataType.OCTET_STRING, self.obis.octets),
            Data.structure(Data.array(*attributes), Data.array(*methods)),
        )


class CosemModel:
    """All objects of a type of meters."""

    def __init__(self, objects: Iterable[ServedObject]) -> None:
        self._objects = {each.obis: each for each in objects}
        self._lists: dict[Rights, Data] = {}

    @property
    def objects(self) -> tuple[ServedObject, ...]:
        return tuple(self._objects.values())

    def get(
        self,
        meter: SimulatedDLMSMeter,
        rights: Rights,
        wanted: AttributeDescriptor,
        access: SelectiveAccess | None = None,
    ) -> DataResult:
        """The value of an attribute, or part of it, or why there is none."""
        served = self._found(wanted, rights)
        if isinstance(served, DataAccessResult):
            return served
        if wanted.attribute == 1:
            return Data.of(DataType.OCTET_STRING, served.obis.octets)
        if (served.class_id, served.obis) == ASSOCIATION and wanted.attribute == _OBJECT_LIST:
            return self.object_list(rights)
        attribute = served.attributes.get(wanted.attribute)
        if attribute is None:
            return DataAccessResult.OBJECT_UNDEFINED
        if attribute.read is None:
            return DataAccessResult.READ_WRITE_DENIED
        if access is None:
            return attribute.read(meter)
        return attribute.select(meter, access) if attribute.select else DataAccessResult.TYPE_UNMATCHED

    def set(
        self, meter: SimulatedDLMSMeter, rights: Rights, wanted: AttributeDescriptor, value: Data
    ) -> DataAccessResult:
        """Write an attribute."""
        served = self._found(wanted, rights)
        if isinstance(served, DataAccessResult):
            return served
        attribute = served.attributes.get(wanted.attribute)
        if attribute is None and wanted.attribute != 1:
            return DataAccessResult.OBJECT_UNDEFINED
        if attribute is None or attribute.write is None or rights is Rights.PUBLIC:
            return DataAccessResult.READ_WRITE_DENIED
        return attribute.write(meter, value)

    def call(
        self, meter: SimulatedDLMSMeter, rights: Rights, wanted: MethodDescriptor, parameters: Data | None
    ) -> ActionResponse:
        """Call a method."""
        served = self._found(wanted, rights)
        if isinstance(served, DataAccessResult):
            return ActionResponse(ActionResult(int(served)))
        method = served.methods.get(wanted.method)
        if method is None:
            return ActionResponse(ActionResult.OBJECT_UNDEFINED)
        if rights is Rights.PUBLIC:
            return ActionResponse(ActionResult.READ_WRITE_DENIED)
        return method(meter, parameters)

    def object_list(self, rights: Rights) -> Data:
        """Attribute 2 of the association: what can be seen with these rights."""
        found = self._lists.get(rights)
        if found is None:
            seen = (each for each in self.objects if each.is_public or rights is Rights.MANAGEMENT)
            found = self._lists[rights] = Data.array(*(each.element(rights) for each in seen))
        return found

    def _found(
        self, wanted: AttributeDescriptor | MethodDescriptor, rights: Rights
    ) -> ServedObject | DataAccessResult:
        served = self._objects.get(wanted.instance)
        if served is None or (rights is Rights.PUBLIC and not served.is_public):
            return DataAccessResult.OBJECT_UNDEFINED
        return served if served.class_id == wanted.class_id else DataAccessResult.OBJECT_CLASS_INCONSISTENT


def constant(type_: DataType, value: object) -> Attribute:
    """An attribute that always reads the same."""
    return fixed(Data.of(type_, value))


def fixed(data: Data) -> Attribute:
    """The same for data that is no single value."""
    return Attribute(lambda _: data)


def setting(class_id: int, obis: OBIS, number: int, initial: Read) -> Attribute:
    """An attribute that keeps what is written to it, as long as that has the type it had."""
    key = (class_id, obis, number)

    def read(meter: SimulatedDLMSMeter) -> DataResult:
        return meter.settings.get(key) or initial(meter)

    def write(meter: SimulatedDLMSMeter, value: Data) -> DataAccessResult:
        before = read(meter)
        if isinstance(before, Data) and before.type is not value.type:
            return DataAccessResult.TYPE_UNMATCHED
        meter.settings[key] = value
        return DataAccessResult.SUCCESS

    return Attribute(read, write)


def done(result: ActionResult = ActionResult.SUCCESS) -> ActionResponse:
    """The answer of a method that returns nothing."""
    return ActionResponse(result)


def _integer(number: int) -> Data:
    return Data.of(DataType.INTEGER, number)
