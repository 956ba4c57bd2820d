"""SET: writing attributes (IEC 62056-5-3, 6.10 and 9.5)."""

from __future__ import annotations

from typing import ClassVar, Final

from msgspec import Struct

from hesd.dlms.access_result import DataAccessResult
from hesd.dlms.axdr_length import encode_length
from hesd.dlms.block_transfer import DataBlock, read_datablock
from hesd.dlms.data import Data
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.errors import APDUError
from hesd.dlms.get import AttributeAccess, encode_attributes, read_attribute, read_attributes
from hesd.dlms.octet_reader import OctetReader
from hesd.dlms.selective_access import SelectiveAccess, encode_access

REQUEST: Final = 0xC1
RESPONSE: Final = 0xC5


class SetRequestNormal(Struct, frozen=True):
    tag: ClassVar[int] = REQUEST
    invoke: int
    attribute: AttributeDescriptor
    value: Data
    access: SelectiveAccess | None = None

    def encode(self) -> bytes:
        head = b"\xc1\x01%c" % self.invoke + self.attribute.octets
        return head + encode_access(self.access) + self.value.octets


class SetRequestWithFirstDatablock(Struct, frozen=True):
    """The beginning of a value that is too long for one APDU."""

    tag: ClassVar[int] = REQUEST
    invoke: int
    attribute: AttributeDescriptor
    block: DataBlock
    access: SelectiveAccess | None = None

    def encode(self) -> bytes:
        head = b"\xc1\x02%c" % self.invoke + self.attribute.octets
        return head + encode_access(self.access) + self.block.octets


class SetRequestWithDatablock(Struct, frozen=True):
    """A further block."""

    tag: ClassVar[int] = REQUEST
    invoke: int
    block: DataBlock

    def encode(self) -> bytes:
        return b"\xc1\x03%c" % self.invoke + self.block.octets


class SetRequestWithList(Struct, frozen=True):
    """Several attributes and as many values."""

    tag: ClassVar[int] = REQUEST
    invoke: int
    attributes: tuple[AttributeAccess, ...]
    values: tuple[Data, ...]

    def encode(self) -> bytes:
        head = b"\xc1\x04%c" % self.invoke + encode_attributes(self.attributes)
        return head + encode_values(self.values)


class SetRequestWithListAndFirstDatablock(Struct, frozen=True):
    """Several attributes; the blocks together are the list of values."""

    tag: ClassVar[int] = REQUEST
    invoke: int
    attributes: tuple[AttributeAccess, ...]
    block: DataBlock

    def encode(self) -> bytes:
        return b"\xc1\x05%c" % self.invoke + encode_attributes(self.attributes) + self.block.octets


class SetResponseNormal(Struct, frozen=True):
    tag: ClassVar[int] = RESPONSE
    invoke: int
    result: DataAccessResult

    def encode(self) -> bytes:
        return b"\xc5\x01%c%c" % (self.invoke, self.result)


class SetResponseDatablock(Struct, frozen=True):
    """The block of this number has arrived; the next one please."""

    tag: ClassVar[int] = RESPONSE
    invoke: int
    block_number: int

    def encode(self) -> bytes:
        return b"\xc5\x02%c" % self.invoke + self.block_number.to_bytes(4, "big")


class SetResponseLastDatablock(Struct, frozen=True):
    tag: ClassVar[int] = RESPONSE
    invoke: int
    result: DataAccessResult
    block_number: int

    def encode(self) -> bytes:
        return b"\xc5\x03%c%c" % (self.invoke, self.result) + self.block_number.to_bytes(4, "big")


class SetResponseLastDatablockWithList(Struct, frozen=True):
    tag: ClassVar[int] = RESPONSE
    invoke: int
    results: tuple[DataAccessResult, ...]
    block_number: int

    def encode(self) -> bytes:
        results = encode_length(len(self.results)) + bytes(self.results)
        return b"\xc5\x04%c" % self.invoke + results + self.block_number.to_bytes(4, "big")


class SetResponseWithList(Struct, frozen=True):
    tag: ClassVar[int] = RESPONSE
    invoke: int
    results: tuple[DataAccessResult, ...]

    def encode(self) -> bytes:
        return b"\xc5\x05%c" % self.invoke + encode_length(len(self.results)) + bytes(self.results)


SetRequest = (
    SetRequestNormal
    | SetRequestWithFirstDatablock
    | SetRequestWithDatablock
    | SetRequestWithList
    | SetRequestWithListAndFirstDatablock
)
SetResponse = (
    SetResponseNormal
    | SetResponseDatablock
    | SetResponseLastDatablock
    | SetResponseLastDatablockWithList
    | SetResponseWithList
)


def encode_values(values: tuple[Data, ...]) -> bytes:
    """A list of data: what SET and ACTION with a list carry, in one APDU or in blocks."""
    return encode_length(len(values)) + b"".join(value.octets for value in values)


def read_values(reader: OctetReader) -> tuple[Data, ...]:
    return tuple(reader.data() for _ in range(reader.count()))


def decode_set_request(octets: bytes) -> SetRequest:
    """Raises `APDUError`, `DataError`."""
    reader = OctetReader(octets, 1)
    choice, invoke = reader.octet(), reader.octet()
    request: SetRequest
    match choice:
        case 1:
            attribute, access = read_attribute(reader)
            request = SetRequestNormal(invoke, attribute, reader.data(), access)
        case 2:
            attribute, access = read_attribute(reader)
            request = SetRequestWithFirstDatablock(invoke, attribute, read_datablock(reader), access)
        case 3:
            request = SetRequestWithDatablock(invoke, read_datablock(reader))
        case 4:
            request = SetRequestWithList(invoke, read_attributes(reader), read_values(reader))
        case 5:
            attributes = read_attributes(reader)
            request = SetRequestWithListAndFirstDatablock(invoke, attributes, read_datablock(reader))
        case _:
            raise APDUError(f"no SET request of kind {choice}")
    reader.end()
    return request


def decode_set_response(octets: bytes) -> SetResponse:
    """Raises `APDUError`."""
    reader = OctetReader(octets, 1)
    choice, invoke = reader.octet(), reader.octet()
    response: SetResponse
    match choice:
        case 1:
            response = SetResponseNormal(invoke, DataAccessResult(reader.octet()))
        case 2:
            response = SetResponseDatablock(invoke, reader.number(4))
        case 3:
            result = DataAccessResult(reader.octet())
            response = SetResponseLastDatablock(invoke, result, reader.number(4))
        case 4:
            results = _read_results(reader)
            response = SetResponseLastDatablockWithList(invoke, results, reader.number(4))
        case 5:
            response = SetResponseWithList(invoke, _read_results(reader))
        case _:
            raise APDUError(f"no SET response of kind {choice}")
    reader.end()
    return response


def _read_results(reader: OctetReader) -> tuple[DataAccessResult, ...]:
    return tuple(map(DataAccessResult, reader.octet_string()))
