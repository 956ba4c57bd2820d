"""GET: reading attributes (IEC 62056-5-3, 6.9 and 9.5).

A response that does not fit one APDU comes as numbered blocks, each asked for with
`GetRequestNext`; the octets of all blocks together are what a normal response or one
with a list has behind its invoke id: see `block_transfer`.
"""

from __future__ import annotations

from typing import ClassVar, Final

from msgspec import Struct

from hesd.dlms import axdr
from hesd.dlms.access_result import (
    DataAccessResult,
    DataResult,
    encode_data_result,
    read_data_result,
)
from hesd.dlms.axdr_length import encode_length
from hesd.dlms.data import Data
from hesd.dlms.descriptor import SIZE, AttributeDescriptor, attribute_descriptor
from hesd.dlms.errors import APDUError
from hesd.dlms.octet_reader import OctetReader
from hesd.dlms.selective_access import SelectiveAccess, encode_access, read_access

REQUEST: Final = 0xC0
RESPONSE: Final = 0xC4
_NORMAL, _NEXT, _WITH_DATABLOCK, _WITH_LIST = 1, 2, 2, 3

AttributeAccess = tuple[AttributeDescriptor, SelectiveAccess | None]


class GetRequestNormal(Struct, frozen=True):
    """One attribute. `invoke` is Invoke-Id-And-Priority, here and in every APDU."""

    tag: ClassVar[int] = REQUEST
    invoke: int
    attribute: AttributeDescriptor
    access: SelectiveAccess | None = None

    def encode(self) -> bytes:
        access = self.access
        optional = b"\x00" if access is None else b"\x01" + access.octets
        return b"\xc0\x01%c%b%b" % (self.invoke, self.attribute.octets, optional)


class GetRequestNext(Struct, frozen=True):
    """The next block; `block_number` is that of the block just received."""

    tag: ClassVar[int] = REQUEST
    invoke: int
    block_number: int

    def encode(self) -> bytes:
        return b"\xc0\x02%c" % self.invoke + self.block_number.to_bytes(4, "big")


class GetRequestWithList(Struct, frozen=True):
    """Several attributes, answered in the same order."""

    tag: ClassVar[int] = REQUEST
    invoke: int
    attributes: tuple[AttributeAccess, ...]

    def encode(self) -> bytes:
        return b"\xc0\x03%c" % self.invoke + encode_attributes(self.attributes)


class GetResponseNormal(Struct, frozen=True):
    tag: ClassVar[int] = RESPONSE
    invoke: int
    result: DataResult

    def encode(self) -> bytes:
        return b"\xc4\x01%c" % self.invoke + encode_data_result(self.result)


class GetResponseWithDatablock(Struct, frozen=True):
    """A piece of a longer response, or why there is none."""

    tag: ClassVar[int] = RESPONSE
    invoke: int
    last_block: bool
    block_number: int
    result: bytes | DataAccessResult

    def encode(self) -> bytes:
        head = b"\xc4\x02%c%c" % (self.invoke, self.last_block) + self.block_number.to_bytes(4, "big")
        if isinstance(self.result, DataAccessResult):
            return head + bytes((1, self.result))
        return head + b"\x00" + encode_length(len(self.result)) + self.result


class GetResponseWithList(Struct, frozen=True):
    tag: ClassVar[int] = RESPONSE
    invoke: int
    results: tuple[DataResult, ...]

    def encode(self) -> bytes:
        results = b"".join(map(encode_data_result, self.results))
        return b"\xc4\x03%c" % self.invoke + encode_length(len(self.results)) + results


GetRequest = GetRequestNormal | GetRequestNext | GetRequestWithList
GetResponse = GetResponseNormal | GetResponseWithDatablock | GetResponseWithList


def encode_attributes(attributes: tuple[AttributeAccess, ...]) -> bytes:
    """A list of attributes with their selective access."""
    items = (attribute.octets + encode_access(access) for attribute, access in attributes)
    return encode_length(len(attributes)) + b"".join(items)


def read_attribute(reader: OctetReader) -> AttributeAccess:
    return attribute_descriptor(reader.take(SIZE)), read_access(reader)


def read_attributes(reader: OctetReader) -> tuple[AttributeAccess, ...]:
    return tuple(read_attribute(reader) for _ in range(reader.count()))


def decode_get_request(octets: bytes) -> GetRequest:
    """Raises `APDUError`, `DataError`."""
    reader = OctetReader(octets, 1)
    choice, invoke = reader.octet(), reader.octet()
    request: GetRequest
    if choice == _NORMAL:
        request = GetRequestNormal(invoke, *read_attribute(reader))
    elif choice == _NEXT:
        request = GetRequestNext(invoke, reader.number(4))
    elif choice == _WITH_LIST:
        request = GetRequestWithList(invoke, read_attributes(reader))
    else:
        raise APDUError(f"no GET request of kind {choice}")
    reader.end()
    return request


def decode_get_response(octets: bytes) -> GetResponse:
    """Raises `APDUError`, `DataError`."""
    # The answer to most of what is ever asked takes the short way.
    if len(octets) > 4 and octets[1] == _NORMAL and octets[3] == 0:
        value, end = axdr.decode(octets, 4)
        if end == len(octets):
            return GetResponseNormal(octets[2], Data(octets[4:], value))
    reader = OctetReader(octets, 1)
    choice, invoke = reader.octet(), reader.octet()
    response: GetResponse
    if choice == _NORMAL:
        response = GetResponseNormal(invoke, read_data_result(reader))
    elif choice == _WITH_DATABLOCK:
        response = _read_datablock(invoke, reader)
    elif choice == _WITH_LIST:
        response = GetResponseWithList(invoke, read_results(reader))
    else:
        raise APDUError(f"no GET response of kind {choice}")
    reader.end()
    return response


def read_results(reader: OctetReader) -> tuple[DataResult, ...]:
    """The list of results of a response with a list, also where blocks brought it."""
    return tuple(read_data_result(reader) for _ in range(reader.count()))


def _read_datablock(invoke: int, reader: OctetReader) -> GetResponseWithDatablock:
    last, number, choice = reader.flag(), reader.number(4), reader.octet()
    if choice > 1:
        raise APDUError(f"a block is octets (0) or an error (1), not {choice}")
    result = DataAccessResult(reader.octet()) if choice else reader.octet_string()
    return GetResponseWithDatablock(invoke, last, number, result)


def list_results(octets: bytes) -> tuple[DataResult, ...]:
    """The results in the joined blocks of a response with a list. Raises `APDUError`, `DataError`."""
    reader = OctetReader(octets)
    results = read_results(reader)
    reader.end()
    return results
