"""Read and Write with short names, for older meters that have nothing else (IEC 62056-5-3, 6.14).

Which number names which attribute is the business of `base_name`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from msgspec import Struct

from hesd.dlms.access_result import DataAccessResult
from hesd.dlms.axdr_length import encode_length
from hesd.dlms.data import Data
from hesd.dlms.errors import APDUError
from hesd.dlms.octet_reader import OctetReader
from hesd.dlms.selective_access import SelectiveAccess

READ_REQUEST: Final = 0x05
WRITE_REQUEST: Final = 0x06
READ_RESPONSE: Final = 0x0C
WRITE_RESPONSE: Final = 0x0D
UNCONFIRMED_WRITE_REQUEST: Final = 0x16
INFORMATION_REPORT: Final = 0x18


class VariableName(Struct, frozen=True):
    """A whole attribute."""

    name: int

    @property
    def octets(self) -> bytes:
        return b"\x02" + _short(self.name)


class ParameterisedAccess(Struct, frozen=True):
    """A part of an attribute, or a method with its parameters."""

    name: int
    access: SelectiveAccess

    @property
    def octets(self) -> bytes:
        return b"\x04" + _short(self.name) + self.access.octets


class BlockNumberAccess(Struct, frozen=True):
    """The next block of a long result; the number is that of the block just received."""

    block_number: int

    @property
    def octets(self) -> bytes:
        return b"\x05" + self.block_number.to_bytes(2, "big")


class ReadDataBlockAccess(Struct, frozen=True):
    """A block of a read request that is itself too long."""

    last_block: bool
    block_number: int
    raw: bytes

    @property
    def octets(self) -> bytes:
        return b"\x06" + _block(self.last_block, self.block_number, self.raw)


class WriteDataBlockAccess(Struct, frozen=True):
    """A block of a write request that is too long; the data of the request is its octets."""

    last_block: bool
    block_number: int

    @property
    def octets(self) -> bytes:
        return bytes((7, self.last_block)) + self.block_number.to_bytes(2, "big")


VariableAccess = (
    VariableName | ParameterisedAccess | BlockNumberAccess | ReadDataBlockAccess | WriteDataBlockAccess
)


class ReadRequest(Struct, frozen=True):
    tag: ClassVar[int] = READ_REQUEST
    variables: tuple[VariableAccess, ...]

    def encode(self) -> bytes:
        return bytes((self.tag,)) + _encode_list(variable.octets for variable in self.variables)


class DataBlockResult(Struct, frozen=True):
    """A block of a long result: joined, the blocks are the list of results."""

    last_block: bool
    block_number: int
    raw: bytes

    @property
    def octets(self) -> bytes:
        return b"\x02" + _block(self.last_block, self.block_number, self.raw)


class BlockNumber(Struct, frozen=True):
    """The block of this number has arrived; the next one please."""

    block_number: int


ReadResult = Data | DataAccessResult | DataBlockResult | BlockNumber


class ReadResponse(Struct, frozen=True):
    tag: ClassVar[int] = READ_RESPONSE
    results: tuple[ReadResult, ...]

    def encode(self) -> bytes:
        return bytes((self.tag,)) + encode_read_results(self.results)


class WriteRequest(Struct, frozen=True):
    """As many values as variables."""

    tag: ClassVar[int] = WRITE_REQUEST
    variables: tuple[VariableAccess, ...]
    values: tuple[Data, ...]

    def encode(self) -> bytes:
        variables = _encode_list(variable.octets for variable in self.variables)
        return bytes((self.tag,)) + variables + _encode_list(value.octets for value in self.values)


class UnconfirmedWriteRequest(Struct, frozen=True):
    tag: ClassVar[int] = UNCONFIRMED_WRITE_REQUEST
    variables: tuple[VariableAccess, ...]
    values: tuple[Data, ...]

    def encode(self) -> bytes:
        return bytes((self.tag,)) + WriteRequest(self.variables, self.values).encode()[1:]


class WriteResponse(Struct, frozen=True):
    """`DataAccessResult.SUCCESS` stands for success."""

    tag: ClassVar[int] = WRITE_RESPONSE
    results: tuple[DataAccessResult | BlockNumber, ...]

    def encode(self) -> bytes:
        return bytes((self.tag,)) + _encode_list(map(_encode_write_result, self.results))


class InformationReport(Struct, frozen=True):
    """A push of older meters. `date_time` is 12 octets or None."""

    tag: ClassVar[int] = INFORMATION_REPORT
    date_time: bytes | None
    variables: tuple[VariableAccess, ...]
    values: tuple[Data, ...]

    def encode(self) -> bytes:
        time = b"\x00" if self.date_time is None else b"\x01" + _octet_string(self.date_time)
        return bytes((self.tag,)) + time + WriteRequest(self.variables, self.values).encode()[1:]


def _short(name: int) -> bytes:
    """An Integer16; people write it unsigned."""
    return (name & 0xFFFF).to_bytes(2, "big")


def _octet_string(octets: bytes) -> bytes:
    return encode_length(len(octets)) + octets


def _block(last: bool, number: int, raw: bytes) -> bytes:
    return bytes((last,)) + number.to_bytes(2, "big") + _octet_string(raw)


def _encode_list(items: Any) -> bytes:
    encoded = list(items)
    return encode_length(len(encoded)) + b"".join(encoded)


def encode_read_results(results: tuple[ReadResult, ...]) -> bytes:
    """The list of results, whole: what blocks carry in pieces."""
    return _encode_list(map(_encode_read_result, results))


def _encode_read_result(result: ReadResult) -> bytes:
    match result:
        case Data():
            return b"\x00" + result.octets
        case DataBlockResult():
            return result.octets
        case BlockNumber():
            return b"\x03" + result.block_number.to_bytes(2, "big")
    return bytes((1, result))


def _encode_write_result(result: DataAccessResult | BlockNumber) -> bytes:
    if isinstance(result, BlockNumber):
        return b"\x02" + result.block_number.to_bytes(2, "big")
    return b"\x00" if result == DataAccessResult.SUCCESS else bytes((1, result))


def _read_variable(reader: OctetReader) -> VariableAccess:
    choice = reader.octet()
    match choice:
        case 2:
            return VariableName(reader.number(2))
        case 4:
            name = reader.number(2)
            return ParameterisedAccess(name, SelectiveAccess(reader.octet(), reader.data()))
        case 5:
            return BlockNumberAccess(reader.number(2))
        case 6:
            return ReadDataBlockAccess(reader.flag(), reader.number(2), reader.octet_string())
        case 7:
            return WriteDataBlockAccess(reader.flag(), reader.number(2))
    raise APDUError(f"no variable access of kind {choice}")


def _read_read_result(reader: OctetReader) -> ReadResult:
    choice = reader.octet()
    match choice:
        case 0:
            return reader.data()
        case 1:
            return DataAccessResult(reader.octet())
        case 2:
            return DataBlockResult(reader.flag(), reader.number(2), reader.octet_string())
        case 3:
            return BlockNumber(reader.number(2))
    raise APDUError(f"no read result of kind {choice}")


def _read_write_result(reader: OctetReader) -> DataAccessResult | BlockNumber:
    choice = reader.octet()
    match choice:
        case 0:
            return DataAccessResult.SUCCESS
        case 1:
            return DataAccessResult(reader.octet())
        case 2:
            return BlockNumber(reader.number(2))
    raise APDUError(f"no write result of kind {choice}")


def _read_list(reader: OctetReader, item: Callable[[OctetReader], Any]) -> tuple[Any, ...]:
    return tuple(item(reader) for _ in range(reader.count()))


def decode_read_request(octets: bytes) -> ReadRequest:
    """Raises `APDUError`, `DataError`."""
    reader = OctetReader(octets, 1)
    request = ReadRequest(_read_list(reader, _read_variable))
    reader.end()
    return request


def decode_read_response(octets: bytes) -> ReadResponse:
    """Raises `APDUError`, `DataError`."""
    return ReadResponse(decode_read_results(octets[1:]))


def decode_read_results(octets: bytes) -> tuple[ReadResult, ...]:
    """The list of results in an APDU or in joined blocks. Raises `APDUError`, `DataError`."""
    reader = OctetReader(octets)
    results = _read_list(reader, _read_read_result)
    reader.end()
    return results


def _read_write(reader: OctetReader) -> tuple[tuple[VariableAccess, ...], tuple[Data, ...]]:
    variables, values = _read_list(reader, _read_variable), _read_list(reader, OctetReader.data)
    reader.end()
    return variables, values


def decode_write_request(octets: bytes) -> WriteRequest:
    """Raises `APDUError`, `DataError`."""
    return WriteRequest(*_read_write(OctetReader(octets, 1)))


def decode_unconfirmed_write_request(octets: bytes) -> UnconfirmedWriteRequest:
    """Raises `APDUError`, `DataError`."""
    return UnconfirmedWriteRequest(*_read_write(OctetReader(octets, 1)))


def decode_write_response(octets: bytes) -> WriteResponse:
    """Raises `APDUError`."""
    reader = OctetReader(octets, 1)
    response = WriteResponse(_read_list(reader, _read_write_result))
    reader.end()
    return response


def decode_information_report(octets: bytes) -> InformationReport:
    """Raises `APDUError`, `DataError`."""
    reader = OctetReader(octets, 1)
    date_time = reader.octet_string() if reader.flag() else None
    return InformationReport(date_time, *_read_write(reader))
