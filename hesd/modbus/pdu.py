"""Requests and their replies, as the bytes between address and checksum.

umodbus builds and parses functions 1, 2, 5, 6, 15 and 16. Reading registers is done by
hand, because that is what a head end does all day; the tests hold it against umodbus.
A request knows both directions: a meter's side decodes it and encodes the reply.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from struct import Struct, error, unpack
from typing import Any, ClassVar, Protocol, TypeVar

from umodbus.exceptions import ModbusError as UmodbusError
from umodbus.functions import (
    ReadCoils,
    ReadDiscreteInputs,
    WriteMultipleCoils,
    WriteMultipleRegisters,
    WriteSingleCoil,
    WriteSingleRegister,
)

from hesd.modbus import identification
from hesd.modbus.errors import ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, BadReply, BadRequest, MeterException
from hesd.modbus.identification import IdentificationReply, ReadIdentification
from hesd.modbus.lengths import (
    BITS_LIMIT,
    REGISTERS_LIMIT,
    WRITE_REPLY,
    expected_length,
    request_length,
)

__all__ = [
    "BITS_LIMIT",
    "REGISTERS_LIMIT",
    "AnyRequest",
    "IdentificationReply",
    "ReadBits",
    "ReadIdentification",
    "ReadRegisters",
    "Request",
    "WriteCoil",
    "WriteCoils",
    "WriteRegister",
    "WriteRegisters",
    "decode_request",
    "expected_length",
    "request_length",
]

WRITE_REGISTERS_LIMIT = 123
WRITE_COILS_LIMIT = 1968

_HEAD = Struct(">BHH")
_BITS = {1: ReadCoils, 2: ReadDiscreteInputs}

Reply = TypeVar("Reply", covariant=True)


class Request(Protocol[Reply]):
    """What can be asked of a meter."""

    @property
    def function(self) -> int:
        """The function code."""

    @property
    def reply_length(self) -> int | None:
        """Bytes of the PDU of a reply that is no exception; None where the meter decides."""

    def encode(self) -> bytes:
        """The request's PDU."""

    def decode_reply(self, pdu: bytes) -> Reply:
        """What the meter said. Raises `MeterException` where it refused, else `BadReply`."""


@dataclass(frozen=True, slots=True)
class ReadRegisters:
    """Functions 3 (holding) and 4 (input): the bytes of `count` registers from a wire address."""

    function: int
    address: int
    count: int

    def __post_init__(self) -> None:
        if self.function not in (3, 4):
            raise BadRequest(f"registers are read with function 3 or 4, not {self.function}")
        _check_span(self.address, self.count, REGISTERS_LIMIT)

    @property
    def reply_length(self) -> int:
        return 2 + 2 * self.count

    def encode(self) -> bytes:
        return _HEAD.pack(self.function, self.address, self.count)

    def decode_reply(self, pdu: bytes) -> bytes:
        size = 2 * self.count
        if len(pdu) != size + 2 or pdu[0] != self.function or pdu[1] != size:
            raise _objection(self, pdu)
        return pdu[2:]

    def encode_reply(self, data: bytes) -> bytes:
        return bytes((self.function, len(data))) + data


@dataclass(frozen=True, slots=True)
class ReadBits:
    """Functions 1 (coils) and 2 (discrete inputs)."""

    function: int
    address: int
    count: int

    def __post_init__(self) -> None:
        if self.function not in _BITS:
            raise BadRequest(f"bits are read with function 1 or 2, not {self.function}")
        _check_span(self.address, self.count, BITS_LIMIT)

    @property
    def reply_length(self) -> int:
        return 2 + (self.count + 7) // 8

    def encode(self) -> bytes:
        pdu: bytes = self._built().request_pdu
        return pdu

    def decode_reply(self, pdu: bytes) -> tuple[bool, ...]:
        if len(pdu) != self.reply_length or pdu[0] != self.function or pdu[1] != len(pdu) - 2:
            raise _objection(self, pdu)
        bits = _BITS[self.function].create_from_response_pdu(pdu, self.encode()).data
        # umodbus gives the padding of the last byte too where a meter left bits in it
        return tuple(map(bool, bits[: self.count]))

    def encode_reply(self, bits: tuple[bool, ...]) -> bytes:
        pdu: bytes = self._built().create_response_pdu(list(map(int, bits)))
        return pdu

    def _built(self) -> Any:
        built = _BITS[self.function]()
        built.starting_address, built.quantity = self.address, self.count
        return built


class _Write(ABC):
    """What the four writes share: the reply repeats the start of the request."""

    __slots__ = ()
    function: ClassVar[int]
    reply_length: ClassVar[int] = WRITE_REPLY

    @abstractmethod
    def encode(self) -> bytes: ...

    def encode_reply(self) -> bytes:
        return self.encode()[:WRITE_REPLY]

    def decode_reply(self, pdu: bytes) -> None:
        if pdu != self.encode_reply():
            raise _objection(self, pdu)


@dataclass(frozen=True, slots=True)
class WriteCoil(_Write):
    """Function 5."""

    function: ClassVar[int] = 5
    address: int
    value: bool

    def __post_init__(self) -> None:
        _check_span(self.address, 1, 1)

    def encode(self) -> bytes:
        built = WriteSingleCoil()
        built.address, built.value = self.address, int(self.value)
        pdu: bytes = built.request_pdu
        return pdu


@dataclass(frozen=True, slots=True)
class WriteRegister(_Write):
    """Function 6: one register, `value` 0 to 65535."""

    function: ClassVar[int] = 6
    address: int
    value: int

    def __post_init__(self) -> None:
        _check_span(self.address, 1, 1)
        if not 0 <= self.value <= 0xFFFF:
            raise BadRequest(f"a register holds 0 to 65535, not {self.value}")

    def encode(self) -> bytes:
        built = WriteSingleRegister()
        built.address, built.value = self.address, self.value
        pdu: bytes = built.request_pdu
        return pdu


@dataclass(frozen=True, slots=True)
class WriteCoils(_Write):
    """Function 15."""

    function: ClassVar[int] = 15
    address: int
    values: tuple[bool, ...]

    def __post_init__(self) -> None:
        _check_span(self.address, len(self.values), WRITE_COILS_LIMIT)

    def encode(self) -> bytes:
        built = WriteMultipleCoils()
        built.starting_address, built.values = self.address, list(map(int, self.values))
        pdu: bytes = built.request_pdu
        return pdu


@dataclass(frozen=True, slots=True)
class WriteRegisters(_Write):
    """Function 16: `data` are the bytes of the registers, two each."""

    function: ClassVar[int] = 16
    address: int
    data: bytes

    def __post_init__(self) -> None:
        if len(self.data) % 2:
            raise BadRequest(f"registers have two bytes each, {len(self.data)} is odd")
        _check_span(self.address, len(self.data) // 2, WRITE_REGISTERS_LIMIT)

    def encode(self) -> bytes:
        built = WriteMultipleRegisters()
        built.starting_address = self.address
        built.values = list(unpack(f">{len(self.data) // 2}H", self.data))
        pdu: bytes = built.request_pdu
        return pdu


AnyRequest = (
    ReadRegisters | ReadBits | WriteCoil | WriteRegister | WriteCoils | WriteRegisters | ReadIdentification
)


def decode_request(pdu: bytes) -> AnyRequest:
    """What is asked: the meter's side. Raises `BadRequest` with the exception code to answer."""
    try:
        return _decode_request(pdu)
    except (error, IndexError, UmodbusError) as problem:
        raise BadRequest(f"not a request of function {pdu[0] if pdu else '?'}: {pdu.hex()}") from problem


def _decode_request(pdu: bytes) -> AnyRequest:
    match pdu[0]:
        case 3 | 4:
            return ReadRegisters(*_HEAD.unpack(pdu))
        case 1 | 2:
            return ReadBits(*_HEAD.unpack(pdu))
        case 5:
            # umodbus takes a value of 1 for "on" as well, which the specification forbids
            if pdu[3:] not in (b"\xff\x00", b"\x00\x00"):
                raise BadRequest(f"a coil is written FF00 or 0000, not {pdu[3:].hex()}")
            coil = WriteSingleCoil.create_from_request_pdu(pdu)
            return WriteCoil(coil.address, bool(coil.value))
        case 6:
            register = WriteSingleRegister.create_from_request_pdu(pdu)
            return WriteRegister(register.address, register.value)
        case 15:
            _check_counted(pdu, (_HEAD.unpack_from(pdu)[2] + 7) // 8)
            coils = WriteMultipleCoils.create_from_request_pdu(pdu)
            return WriteCoils(coils.starting_address, tuple(map(bool, coils.values[: coils.quantity])))
        case 16:
            _check_counted(pdu, 2 * _HEAD.unpack_from(pdu)[2])
            written = WriteMultipleRegisters.create_from_request_pdu(pdu)
            return WriteRegisters(written.starting_address, pdu[6:])
        case identification.FUNCTION:
            return identification.decode_request(pdu)
    raise BadRequest(f"function {pdu[0]} is not served", ILLEGAL_FUNCTION)


def _check_span(address: int, count: int, limit: int) -> None:
    if not 1 <= count <= limit:
        raise BadRequest(f"a request names 1 to {limit} of them, not {count}")
    if not 0 <= address <= 0x10000 - count:
        raise BadRequest(f"addresses end at 65535: {count} from {address}", ILLEGAL_ADDRESS)


def _check_counted(pdu: bytes, size: int) -> None:
    if len(pdu) != 6 + size or pdu[5] != size:
        raise BadRequest(f"the byte count does not fit: {pdu.hex()}")


def _objection(request: Request[Any], pdu: bytes) -> MeterException | BadReply:
    """Why `pdu` is not the reply to `request`."""
    function = request.function
    if len(pdu) == 2 and pdu[0] == function | 0x80:
        return MeterException(pdu[1], function)
    if not pdu or pdu[0] != function:
        return BadReply(f"function {function} was asked, the reply is {pdu[:8].hex() or 'empty'}")
    if len(pdu) != request.reply_length:
        return BadReply(f"{request.reply_length} bytes were asked of function {function}, {len(pdu)} came")
    return BadReply(f"the reply speaks of something else: {pdu[:8].hex()}")
