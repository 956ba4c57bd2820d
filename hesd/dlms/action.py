"""ACTION: calling methods (IEC 62056-5-3, 6.11 and 9.5).

Parameters and results may both be too long for one APDU; each goes in blocks of its own.
"""

from __future__ import annotations

from typing import ClassVar, Final

from msgspec import Struct

from hesd.dlms.access_result import ActionResult, DataResult, encode_data_result, read_data_result
from hesd.dlms.axdr_length import encode_length
from hesd.dlms.block_transfer import DataBlock, read_datablock
from hesd.dlms.data import Data
from hesd.dlms.descriptor import SIZE, MethodDescriptor, method_descriptor
from hesd.dlms.errors import APDUError
from hesd.dlms.octet_reader import OctetReader
from hesd.dlms.set import encode_values, read_values

REQUEST: Final = 0xC3
RESPONSE: Final = 0xC7
_RESULTS: Final = ActionResult.codes()


class ActionRequestNormal(Struct, frozen=True):
    tag: ClassVar[int] = REQUEST
    invoke: int
    method: MethodDescriptor
    parameters: Data | None = None

    def encode(self) -> bytes:
        optional = b"\x00" if self.parameters is None else b"\x01" + self.parameters.octets
        return b"\xc3\x01%c" % self.invoke + self.method.octets + optional


class ActionRequestNextPblock(Struct, frozen=True):
    """The next block of the result; `block_number` is that of the block just received."""

    tag: ClassVar[int] = REQUEST
    invoke: int
    block_number: int

    def encode(self) -> bytes:
        return b"\xc3\x02%c" % self.invoke + self.block_number.to_bytes(4, "big")


class ActionRequestWithList(Struct, frozen=True):
    """Several methods and as many parameters; null-data where a method takes none."""

    tag: ClassVar[int] = REQUEST
    invoke: int
    methods: tuple[MethodDescriptor, ...]
    parameters: tuple[Data, ...]

    def encode(self) -> bytes:
        return b"\xc3\x03%c" % self.invoke + _encode_methods(self.methods) + encode_values(self.parameters)


class ActionRequestWithFirstPblock(Struct, frozen=True):
    """The beginning of parameters that are too long for one APDU."""

    tag: ClassVar[int] = REQUEST
    invoke: int
    method: MethodDescriptor
    block: DataBlock

    def encode(self) -> bytes:
        return b"\xc3\x04%c" % self.invoke + self.method.octets + self.block.octets


class ActionRequestWithListAndFirstPblock(Struct, frozen=True):
    tag: ClassVar[int] = REQUEST
    invoke: int
    methods: tuple[MethodDescriptor, ...]
    block: DataBlock

    def encode(self) -> bytes:
        return b"\xc3\x05%c" % self.invoke + _encode_methods(self.methods) + self.block.octets


class ActionRequestWithPblock(Struct, frozen=True):
    """A further block of the parameters."""

    tag: ClassVar[int] = REQUEST
    invoke: int
    block: DataBlock

    def encode(self) -> bytes:
        return b"\xc3\x06%c" % self.invoke + self.block.octets


class ActionResponse(Struct, frozen=True):
    """What one method answered: its result, and what it returned, if anything."""

    result: ActionResult
    returned: DataResult | None = None

    @property
    def octets(self) -> bytes:
        optional = b"\x00" if self.returned is None else b"\x01" + encode_data_result(self.returned)
        return bytes((self.result,)) + optional


class ActionResponseNormal(Struct, frozen=True):
    tag: ClassVar[int] = RESPONSE
    invoke: int
    response: ActionResponse

    def encode(self) -> bytes:
        return b"\xc7\x01%c" % self.invoke + self.response.octets


class ActionResponseWithPblock(Struct, frozen=True):
    """A block of a result; joined, the blocks are an `ActionResponse` or a list of them."""

    tag: ClassVar[int] = RESPONSE
    invoke: int
    block: DataBlock

    def encode(self) -> bytes:
        return b"\xc7\x02%c" % self.invoke + self.block.octets


class ActionResponseWithList(Struct, frozen=True):
    tag: ClassVar[int] = RESPONSE
    invoke: int
    responses: tuple[ActionResponse, ...]

    def encode(self) -> bytes:
        responses = b"".join(response.octets for response in self.responses)
        return b"\xc7\x03%c" % self.invoke + encode_length(len(self.responses)) + responses


class ActionResponseNextPblock(Struct, frozen=True):
    """The block of this number of the parameters has arrived; the next one please."""

    tag: ClassVar[int] = RESPONSE
    invoke: int
    block_number: int

    def encode(self) -> bytes:
        return b"\xc7\x04%c" % self.invoke + self.block_number.to_bytes(4, "big")


ActionRequestAPDU = (
    ActionRequestNormal
    | ActionRequestNextPblock
    | ActionRequestWithList
    | ActionRequestWithFirstPblock
    | ActionRequestWithListAndFirstPblock
    | ActionRequestWithPblock
)
ActionResponseAPDU = (
    ActionResponseNormal | ActionResponseWithPblock | ActionResponseWithList | ActionResponseNextPblock
)


def _encode_methods(methods: tuple[MethodDescriptor, ...]) -> bytes:
    return encode_length(len(methods)) + b"".join(method.octets for method in methods)


def _read_methods(reader: OctetReader) -> tuple[MethodDescriptor, ...]:
    return tuple(method_descriptor(reader.take(SIZE)) for _ in range(reader.count()))


def decode_action_request(octets: bytes) -> ActionRequestAPDU:
    """Raises `APDUError`, `DataError`."""
    reader = OctetReader(octets, 1)
    choice, invoke = reader.octet(), reader.octet()
    request: ActionRequestAPDU
    match choice:
        case 1:
            method = method_descriptor(reader.take(SIZE))
            request = ActionRequestNormal(invoke, method, reader.data() if reader.flag() else None)
        case 2:
            request = ActionRequestNextPblock(invoke, reader.number(4))
        case 3:
            request = ActionRequestWithList(invoke, _read_methods(reader), read_values(reader))
        case 4:
            method = method_descriptor(reader.take(SIZE))
            request = ActionRequestWithFirstPblock(invoke, method, read_datablock(reader))
        case 5:
            methods = _read_methods(reader)
            request = ActionRequestWithListAndFirstPblock(invoke, methods, read_datablock(reader))
        case 6:
            request = ActionRequestWithPblock(invoke, read_datablock(reader))
        case _:
            raise APDUError(f"no ACTION request of kind {choice}")
    reader.end()
    return request


def decode_action_response(octets: bytes) -> ActionResponseAPDU:
    """Raises `APDUError`, `DataError`."""
    reader = OctetReader(octets, 1)
    choice, invoke = reader.octet(), reader.octet()
    response: ActionResponseAPDU
    match choice:
        case 1:
            response = ActionResponseNormal(invoke, read_action_response(reader))
        case 2:
            response = ActionResponseWithPblock(invoke, read_datablock(reader))
        case 3:
            responses = tuple(read_action_response(reader) for _ in range(reader.count()))
            response = ActionResponseWithList(invoke, responses)
        case 4:
            response = ActionResponseNextPblock(invoke, reader.number(4))
        case _:
            raise APDUError(f"no ACTION response of kind {choice}")
    reader.end()
    return response


def read_action_response(reader: OctetReader) -> ActionResponse:
    result = _RESULTS[reader.octet()]
    # Some meters leave the flag of what is not there away too.
    if not reader.left or not reader.flag():
        return ActionResponse(result)
    return ActionResponse(result, read_data_result(reader))
