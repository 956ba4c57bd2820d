"""Which attribute or method of which object (IEC 62056-5-3: Cosem-Attribute-Descriptor)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from functools import lru_cache
from struct import Struct
from typing import Final

from hesd.dlms.errors import APDUError
from hesd.model.obis import OBIS

SIZE: Final = 9
_LAYOUT: Final = Struct(">H6sb")


@dataclass(frozen=True, slots=True)
class AttributeDescriptor:
    """Attribute numbers from 1; 0 is all of them, negative ones are the manufacturer's.

    Raises `APDUError` for numbers that do not fit.
    """

    class_id: int
    instance: OBIS
    attribute: int
    # A driver's descriptors are made once and sent for years.
    octets: bytes = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "octets", _pack(self.class_id, self.instance, self.attribute))


@dataclass(frozen=True, slots=True)
class MethodDescriptor:
    """Method numbers from 1; negative ones are the manufacturer's.

    Raises `APDUError` for numbers that do not fit.
    """

    class_id: int
    instance: OBIS
    method: int
    octets: bytes = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "octets", _pack(self.class_id, self.instance, self.method))


def _pack(class_id: int, instance: OBIS, number: int) -> bytes:
    try:
        return _LAYOUT.pack(class_id, instance.octets, number)
    except struct.error:
        raise APDUError(f"no attribute or method: class {class_id}, {instance}, {number}") from None


@lru_cache(maxsize=4096)
def attribute_descriptor(octets: bytes) -> AttributeDescriptor:
    """The descriptor of 9 octets. Raises `APDUError`."""
    return AttributeDescriptor(*_unpack(octets))


@lru_cache(maxsize=1024)
def method_descriptor(octets: bytes) -> MethodDescriptor:
    """The descriptor of 9 octets. Raises `APDUError`."""
    return MethodDescriptor(*_unpack(octets))


def _unpack(octets: bytes) -> tuple[int, OBIS, int]:
    if len(octets) != SIZE:
        raise APDUError(f"a descriptor has {SIZE} octets, not {len(octets)}")
    class_id, instance, number = _LAYOUT.unpack(octets)
    return class_id, OBIS.from_octets(instance), number
