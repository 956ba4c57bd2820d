"""Refusals that belong to no service: exception-response and confirmed-service-error.

An exception-response (IEC 62056-5-3, 9.5) comes instead of an answer, most often because
the association is lost. With service error 6 it carries the invocation counter the meter
has seen last, which tells a client that fell behind where to go on.
"""

from __future__ import annotations

from typing import ClassVar, Final

from msgspec import Struct

from hesd.dlms.access_result import OpenEnum
from hesd.dlms.octet_reader import OctetReader

EXCEPTION_RESPONSE: Final = 0xD8
CONFIRMED_SERVICE_ERROR: Final = 0x0E


class StateError(OpenEnum):
    SERVICE_NOT_ALLOWED = 1
    SERVICE_UNKNOWN = 2


class ServiceError(OpenEnum):
    OPERATION_NOT_POSSIBLE = 1
    SERVICE_NOT_SUPPORTED = 2
    OTHER_REASON = 3
    PDU_TOO_LONG = 4
    DECIPHERING_ERROR = 5
    INVOCATION_COUNTER_ERROR = 6


class ExceptionResponse(Struct, frozen=True):
    tag: ClassVar[int] = EXCEPTION_RESPONSE
    state_error: StateError
    service_error: ServiceError
    invocation_counter: int | None = None

    def encode(self) -> bytes:
        counter = self.invocation_counter
        octets = b"" if counter is None else counter.to_bytes(4, "big")
        return bytes((self.tag, self.state_error, self.service_error)) + octets


def decode_exception_response(octets: bytes) -> ExceptionResponse:
    """Raises `APDUError`."""
    reader = OctetReader(octets, 1)
    state, service = StateError(reader.octet()), ServiceError(reader.octet())
    # Some meters name error 6 without saying which counter.
    counter = reader.number(4) if service == ServiceError.INVOCATION_COUNTER_ERROR and reader.left else None
    reader.end()
    return ExceptionResponse(state, service, counter)


class ErroneousService(OpenEnum):
    """Which service a confirmed-service-error is about."""

    INITIATE = 1
    READ = 5
    WRITE = 6


class ErrorClass(OpenEnum):
    """What kind of error; the code beside it counts within its class (IEC 62056-5-3, 9.5)."""

    APPLICATION_REFERENCE = 0
    HARDWARE_RESOURCE = 1
    VDE_STATE = 2
    SERVICE = 3
    DEFINITION = 4
    ACCESS = 5
    INITIATE = 6
    LOAD_DATA_SET = 7
    TASK = 9


class ConfirmedServiceError(Struct, frozen=True):
    tag: ClassVar[int] = CONFIRMED_SERVICE_ERROR
    service: ErroneousService
    error_class: ErrorClass
    code: int

    def encode(self) -> bytes:
        return bytes((self.tag, self.service, self.error_class, self.code))


def decode_confirmed_service_error(octets: bytes) -> ConfirmedServiceError:
    """Raises `APDUError`."""
    reader = OctetReader(octets, 1)
    service, error_class = ErroneousService(reader.octet()), ErrorClass(reader.octet())
    error = ConfirmedServiceError(service, error_class, reader.octet())
    reader.end()
    return error
