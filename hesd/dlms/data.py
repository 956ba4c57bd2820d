"""COSEM data that knows its types: octets as on the wire, and the plain value beside them.

A value alone does not say whether 5 is an integer or a double-long-unsigned, and meters
care. So `Data` keeps the encoding, checked from end to end, as the truth; `value` is for
whoever only wants the number, `type` and `parts` for whoever wants to know or show what
it was. Building works the same way round: a structure is the octets of its parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from hesd.dlms import axdr
from hesd.dlms.axdr_length import decode_length, encode_length
from hesd.dlms.compact_array import TypeDescription, decode_description
from hesd.dlms.data_type import DataType
from hesd.dlms.errors import DataError
from hesd.dlms.value import Value


class Data(Struct, frozen=True):
    """One value. `octets` is its whole encoding; `value` follows from it (see `axdr`)."""

    octets: bytes
    value: Value

    # As the octets say it all, the value has no say in this: it may be a list, or not a number.
    def __eq__(self, other: object) -> bool:
        return self.octets == other.octets if isinstance(other, Data) else NotImplemented

    def __ne__(self, other: object) -> bool:
        return self.octets != other.octets if isinstance(other, Data) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.octets)

    @classmethod
    def decode(cls, octets: bytes) -> Data:
        """The one value these octets are. Raises `DataError`."""
        value, end = axdr.decode(octets)
        if end != len(octets):
            raise DataError(f"{len(octets) - end} octets behind the data")
        return cls(octets, value)

    @classmethod
    def of(cls, type_: DataType, value: Any = None) -> Data:
        """A value that is no container. Raises `DataError` when the type cannot hold it."""
        return cls.decode(axdr.encode(type_, value))

    @classmethod
    def structure(cls, *parts: Data) -> Data:
        return cls._container(DataType.STRUCTURE, parts, tuple(part.value for part in parts))

    @classmethod
    def array(cls, *parts: Data) -> Data:
        return cls._container(DataType.ARRAY, parts, [part.value for part in parts])

    @classmethod
    def _container(cls, type_: DataType, parts: Sequence[Data], value: Value) -> Data:
        octets = bytes((type_,)) + encode_length(len(parts))
        return cls(octets + b"".join(part.octets for part in parts), value)

    @classmethod
    def compact_array(cls, *parts: Data) -> Data:
        """A compact array of parts of one type; each says what it is by its own octets.

        Raises `DataError` when the parts are not all alike, or none.
        """
        if not parts:
            raise DataError("a compact array of nothing has no type")
        description = _description(parts[0])
        if any(_description(part) != description for part in parts):
            raise DataError("the elements of a compact array are of one type")
        contents = b"".join(map(_contents, parts))
        head = bytes((DataType.COMPACT_ARRAY,)) + description.octets
        return cls.decode(head + encode_length(len(contents)) + contents)

    @property
    def type(self) -> DataType:
        return DataType(self.octets[0])

    @property
    def parts(self) -> tuple[Data, ...]:
        """The elements of an array, structure or compact array; of anything else none."""
        if self.type in (DataType.ARRAY, DataType.STRUCTURE):
            count, at = decode_length(self.octets, 1)
            return tuple(take_datas(self.octets, at, count)[0])
        if self.type is DataType.COMPACT_ARRAY:
            description, _ = decode_description(self.octets, 1)
            assert isinstance(self.value, list)
            return tuple(_typed(description, value) for value in self.value)
        return ()


def take_data(octets: bytes, at: int) -> tuple[Data, int]:
    """The data at `at` and where it ends. Raises `DataError`."""
    value, end = axdr.decode(octets, at)
    return Data(octets[at:end], value), end


def take_datas(octets: bytes, at: int, count: int) -> tuple[list[Data], int]:
    """`count` data that follow each other, and where they end. Raises `DataError`."""
    parts: list[Data] = []
    for _ in range(count):
        part, at = take_data(octets, at)
        parts.append(part)
    return parts, at


def _description(data: Data) -> TypeDescription:
    if data.type is DataType.STRUCTURE:
        return TypeDescription(data.type, tuple(map(_description, data.parts)))
    if data.type is DataType.ARRAY:
        parts = data.parts
        if not parts or len({_description(part) for part in parts}) > 1:
            raise DataError("an array inside a compact array has elements of one type")
        return TypeDescription(data.type, (_description(parts[0]),), len(parts))
    return TypeDescription(data.type)


def _contents(data: Data) -> bytes:
    """The octets of a value without any tag."""
    if data.type in (DataType.ARRAY, DataType.STRUCTURE):
        return b"".join(map(_contents, data.parts))
    return data.octets[1:]


def _typed(description: TypeDescription, value: Any) -> Data:
    """A plain value with the type its compact array gives it."""
    if description.type is DataType.STRUCTURE:
        return Data.structure(*map(_typed, description.parts, value))
    if description.type is DataType.ARRAY:
        return Data.array(*(_typed(description.parts[0], element) for element in value))
    return Data.of(description.type, value)
