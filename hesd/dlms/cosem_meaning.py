"""What the values of COSEM attributes mean (IEC 62056-6-2): plain values in, named things out.

Every function takes a value as `axdr` decodes it and raises `DataError` when it has not the
form the standard gives it; `cosem_class` then leaves it as it came, for meters differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from hesd.dlms.cosem_time import DateTime
from hesd.dlms.errors import APDUError, DataError
from hesd.dlms.selective_access import CaptureObject
from hesd.dlms.value import BitString
from hesd.model.obis import OBIS
from hesd.model.units import Unit


@dataclass(frozen=True, slots=True)
class ScalerUnit:
    """The value is the number on the wire times 10 to `scaler`, in `unit`.

    A unit code nobody has defined is kept beside `Unit.OTHER` in `unit_code`.
    """

    scaler: int
    unit: Unit
    unit_code: int


@dataclass(frozen=True, slots=True)
class ObjectListElement:
    """One object of an association, with the access mode of each attribute and method by number."""

    class_id: int
    version: int
    instance: OBIS
    attribute_access: Mapping[int, int]
    method_access: Mapping[int, int]

    def is_readable(self, attribute: int) -> bool:
        """Whether to try. Before version 3 of the class modes 1, 3, 4 and 6 say so, since then bit 0.

        That leaves 5 in doubt, once authenticated writing only; trying costs an error.
        """
        mode = self.attribute_access.get(attribute, 0)
        return mode & 1 != 0 or mode in (4, 6)


@dataclass(frozen=True, slots=True)
class TokenResult:
    """Attribute 6 of a token gateway."""

    status: TokenStatus
    data: BitString


class TokenStatus(IntEnum):
    """How far a token got (class 115). 0 to 2 are on the way, 3 is the end, 4 to 7 are refusals."""

    FORMAT_OK = 0
    AUTHENTICATION_OK = 1
    VALIDATION_OK = 2
    EXECUTION_OK = 3
    FORMAT_FAILURE = 4
    AUTHENTICATION_FAILURE = 5
    VALIDATION_FAILURE = 6
    EXECUTION_FAILURE = 7
    RECEIVED_NOT_PROCESSED = 8


class ControlState(IntEnum):
    """The relay as the meter sees it (class 70)."""

    DISCONNECTED = 0
    CONNECTED = 1
    READY_FOR_RECONNECTION = 2


class SortMethod(IntEnum):
    """Order of the rows of a profile, and which are overwritten when it is full (class 7)."""

    FIFO = 1
    LIFO = 2
    LARGEST = 3
    SMALLEST = 4
    NEAREST_TO_ZERO = 5
    FARTHEST_FROM_ZERO = 6


class DeliveryMethod(IntEnum):
    """How a token came (class 115)."""

    REMOTE = 0
    LOCAL = 1
    MANUAL = 2


class AssociationStatus(IntEnum):
    NON_ASSOCIATED = 0
    ASSOCIATION_PENDING = 1
    ASSOCIATED = 2


class ImageTransferStatus(IntEnum):
    NOT_INITIATED = 0
    INITIATED = 1
    VERIFICATION_INITIATED = 2
    VERIFICATION_SUCCESSFUL = 3
    VERIFICATION_FAILED = 4
    ACTIVATION_INITIATED = 5
    ACTIVATION_SUCCESSFUL = 6
    ACTIVATION_FAILED = 7


class CreditType(IntEnum):
    TOKEN = 0
    RESERVED = 1
    EMERGENCY = 2
    TIME_BASED = 3
    CONSUMPTION_BASED = 4


class CreditStatus(IntEnum):
    ENABLED = 0
    SELECTABLE = 1
    SELECTED = 2
    IN_USE = 3
    EXHAUSTED = 4


class ChargeType(IntEnum):
    CONSUMPTION_BASED = 0
    TIME_BASED = 1
    PAYMENT_EVENT_BASED = 2


def instance(value: Any) -> OBIS:
    """A logical name."""
    if not isinstance(value, bytes) or len(value) != 6:
        raise DataError("no logical name")
    return OBIS.from_octets(value)


def date_time(value: Any) -> DateTime:
    """A date-time, whether it came as octet-string or under its own tag."""
    if not isinstance(value, bytes):
        raise DataError("no date-time")
    return DateTime.from_octets(value)


def scaler_unit(value: Any) -> ScalerUnit:
    match value:
        case (int(scaler), int(code)):
            return ScalerUnit(scaler, Unit.of(code), code)
    raise DataError("no scaler and unit")


def capture_objects(value: Any) -> tuple[CaptureObject, ...]:
    if not isinstance(value, list):
        raise DataError("no list of capture objects")
    try:
        return tuple(map(CaptureObject.of, value))
    except APDUError as error:
        raise DataError(str(error)) from None


def object_list(value: Any) -> tuple[ObjectListElement, ...]:
    if not isinstance(value, list):
        raise DataError("no object list")
    return tuple(map(_element, value))


def _element(value: Any) -> ObjectListElement:
    match value:
        case (int(class_id), int(version), bytes(name), (list(attributes), list(methods))):
            rights = _modes(attributes), _modes(methods)
            return ObjectListElement(class_id, version, instance(name), *rights)
    raise DataError("no element of an object list")


def _modes(rights: list[Any]) -> dict[int, int]:
    """Access mode by number. A method's mode is a boolean in old versions of the class."""
    modes: dict[int, int] = {}
    for right in rights:
        match right:
            case (int(number), int(mode), *_):
                modes[number] = int(mode)
            case _:
                raise DataError("no access right")
    return modes


def token_result(value: Any) -> TokenResult:
    match value:
        case (int(status), BitString() as data):
            return TokenResult(TokenStatus(enumerated(TokenStatus, status)), data)
    raise DataError("no token status")


def enumerated(names: type[IntEnum], value: Any) -> IntEnum:
    try:
        return names(value)
    except ValueError:
        raise DataError(f"{value!r:.40} is no {names.__name__}") from None
