"""Read and Write of a simulated meter that knows its attributes by number only.

The numbers of a model's objects are given out once, in the order of its objects, and stand
in the object list of the association; behind each is the same attribute or method that
another meter names in full.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, Protocol

from hesd.dlms.access_result import ActionResult, DataAccessResult, DataResult
from hesd.dlms.action import ActionResponse
from hesd.dlms.apdu import APDU
from hesd.dlms.base_name import ASSOCIATION, ShortNamedObject
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.errors import APDUError
from hesd.dlms.selective_access import SelectiveAccess
from hesd.dlms.served_read import ServedRead
from hesd.dlms.short_name import (
    BlockNumberAccess,
    DataBlockResult,
    ParameterisedAccess,
    ReadRequest,
    ReadResponse,
    VariableAccess,
    VariableName,
    WriteRequest,
    WriteResponse,
)
from hesd.sim.dlms_object import ASSOCIATION as ASSOCIATION_LN
from hesd.sim.dlms_object import CosemModel, Rights, ServedObject

Place = AttributeDescriptor | MethodDescriptor

_FIRST: Final = 0x0100
_STEP: Final = 0x10
_LIST: Final = 2
_NULL: Final = Data.of(DataType.NULL_DATA)


class Services(Protocol):
    """What a client may do with attributes and methods by their full names."""

    @property
    def rights(self) -> Rights: ...

    def read(self, attribute: AttributeDescriptor, access: SelectiveAccess | None) -> DataResult: ...

    def write(self, attribute: AttributeDescriptor, value: Data) -> DataAccessResult: ...

    def call(self, method: MethodDescriptor, parameters: Data | None) -> ActionResponse: ...


class BaseNames:
    """The short names of a model; its association is that for short names (class 12)."""

    def __init__(self, objects: Iterable[ServedObject]) -> None:
        """Raises `ValueError` for more objects than there are numbers below the association's."""
        self._objects: list[tuple[ShortNamedObject, ServedObject | None]] = [(ASSOCIATION, None)]
        self._places: dict[int, Place] = dict(_attributes(ASSOCIATION, (1, _LIST)))
        free = _FIRST
        for each in objects:
            if (each.class_id, each.obis) == ASSOCIATION_LN:
                continue
            named = ShortNamedObject(free, each.class_id, each.version, each.obis)
            places = dict((*_attributes(named, {1, *each.attributes}), *_methods(named, each.methods)))
            free = max(places) // _STEP * _STEP + _STEP
            self._objects.append((named, each))
            self._places |= places
        if free > ASSOCIATION.base_name:
            raise ValueError("too many objects for short names")

    def place(self, name: int) -> Place | None:
        """The attribute or method of this number."""
        return self._places.get(name)

    def object_list(self, rights: Rights) -> Data:
        """Attribute 2 of the association: what can be seen with these rights."""
        return Data.array(
            *(
                _element(named)
                for named, served in self._objects
                if served is None or served.is_public or rights is Rights.MANAGEMENT
            )
        )


@lru_cache(maxsize=64)
def base_names(model: CosemModel) -> BaseNames:
    """The short names of a model, which all its meters share."""
    return BaseNames(model.objects)


class ShortNameServices:
    """One client's Read and Write, whose answers fit `max_pdu` octets."""

    def __init__(self, names: BaseNames, services: Services, max_pdu: int) -> None:
        self._names = names
        self._services = services
        self._long = ServedRead(max_pdu)

    def served(self, request: APDU) -> APDU | None:
        """The answer; None for another service."""
        match request:
            case ReadRequest(variables=(BlockNumberAccess() as following,)):
                return self._long.next(following)
            case ReadRequest(variables=variables):
                return self._long.answer(tuple(map(self._read, variables)))
            case WriteRequest(variables=variables, values=values):
                pairs = zip(variables, values, strict=False)
                return WriteResponse(tuple(self._write(*each) for each in pairs))
        return None

    def _read(self, variable: VariableAccess) -> DataResult:
        if not isinstance(variable, VariableName | ParameterisedAccess):
            return DataAccessResult.TYPE_UNMATCHED
        place = self._names.place(variable.name)
        access = variable.access if isinstance(variable, ParameterisedAccess) else None
        match place:
            case None:
                return DataAccessResult.OBJECT_UNDEFINED
            case AttributeDescriptor(ASSOCIATION.class_id):
                return self._association(place.attribute)
            case AttributeDescriptor():
                return self._services.read(place, access)
        # A method that returns something is called by reading it (IEC 62056-5-3, 6.14.2).
        answer = self._called(place, _NULL if access is None else access.parameters)
        return (answer.returned or _NULL) if answer.result == ActionResult.SUCCESS else _refusal(answer)

    def _write(self, variable: VariableAccess, value: Data) -> DataAccessResult:
        place = self._names.place(variable.name) if isinstance(variable, VariableName) else None
        match place:
            case None:
                return DataAccessResult.OBJECT_UNDEFINED
            case AttributeDescriptor(ASSOCIATION.class_id):
                return DataAccessResult.READ_WRITE_DENIED
            case AttributeDescriptor():
                return self._services.write(place, value)
        return _refusal(self._called(place, value))

    def _called(self, method: MethodDescriptor, value: Data) -> ActionResponse:
        return self._services.call(method, None if value.type is DataType.NULL_DATA else value)

    def _association(self, attribute: int) -> Data:
        if attribute == _LIST:
            return self._names.object_list(self._services.rights)
        return Data.of(DataType.OCTET_STRING, ASSOCIATION.instance.octets)


def is_block(answer: APDU) -> bool:
    """Whether this is a block of a long answer."""
    return isinstance(answer, ReadResponse) and isinstance(answer.results[0], DataBlockResult)


def _attributes(named: ShortNamedObject, numbers: Iterable[int]) -> Iterator[tuple[int, Place]]:
    for number in numbers:
        yield named.attribute(number), AttributeDescriptor(named.class_id, named.instance, number)


def _methods(named: ShortNamedObject, numbers: Iterable[int]) -> Iterator[tuple[int, Place]]:
    """Those of classes that have numbers for them."""
    for number in numbers:
        try:
            name = named.method(number)
        except APDUError:
            return
        yield name, MethodDescriptor(named.class_id, named.instance, number)


def _element(named: ShortNamedObject) -> Data:
    signed = (named.base_name ^ 0x8000) - 0x8000
    return Data.structure(
        Data.of(DataType.LONG, signed),
        Data.of(DataType.LONG_UNSIGNED, named.class_id),
        Data.of(DataType.UNSIGNED, named.version),
        Data.of(DataType.OCTET_STRING, named.instance.octets),
    )


def _refusal(answer: ActionResponse) -> DataAccessResult:
    """What a method's result is called among those of attributes: the numbers are the same."""
    return DataAccessResult(int(answer.result))
