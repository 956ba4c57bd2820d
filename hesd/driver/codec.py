"""Register bytes to raw numbers and back, compiled once for each block that is read.

Every byte order is a struct of one endianness after an optional swap of the bytes in each
word, so one `struct.Struct` decodes a whole block:

=====  ==============  ==========
order  swap the bytes  endianness
=====  ==============  ==========
ABCD   no              big
CDAB   yes             little
BADC   yes             big
DCBA   no              little
=====  ==============  ==========

Characters always come word by word: of a string the order turns only the bytes in a word.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Any, Final

from hesd.driver.raw_value import FromItem, ToItem, from_item, is_plain_float, layout, swap_bytes, to_item
from hesd.driver.register import DataType, Order, Register
from hesd.model.errors import ProtocolError
from hesd.model.reading import Raw

_SWAPPED: Final = frozenset({Order.CDAB, Order.BADC})
_LITTLE: Final = frozenset({Order.CDAB, Order.DCBA})


class RegisterCodec:
    """Decodes and encodes a contiguous block of one function code.

    `base` is the data-sheet address the block starts at, `order` the driver's byte order.
    `size` is how many bytes the registers need; the block itself may be longer. Registers
    may come in any order and may overlap.
    """

    def __init__(self, registers: Sequence[Register], base: int, order: Order) -> None:
        self._count = len(registers)
        self._bits = [r.address - base for r in registers if r.type is DataType.BIT]
        self._lanes = () if self._bits else _lanes(registers, base, order)
        self.size = 2 * max((r.address - base + r.length for r in registers), default=0)
        # Floats of one order, sorted by address, are the case that is worth its own path.
        self._floats: _Lane | None = None
        if len(self._lanes) == 1 and self._lanes[0].places == tuple(range(self._count)):
            self._floats = self._lanes[0] if all(map(is_plain_float, registers)) else None

    def decode(self, data: bytes | Sequence[bool]) -> list[Raw]:
        """One raw value for each register, None where the meter says "not available".

        `data` are the register bytes of the block, or its bits for coils and discrete
        inputs. Raises `ProtocolError` where they end before the last register does.
        """
        if not isinstance(data, bytes):
            return self._decode_bits(data)
        if len(data) < self.size:
            raise ProtocolError(f"the block has {len(data)} bytes, its registers need {self.size}")
        if self._floats is not None:
            numbers = self._floats.unpack(data)
            if math.isfinite(sum(numbers)):
                return list(numbers)
        raws: list[Raw] = [None] * self._count
        for lane in self._lanes:
            for place, finish, item in zip(lane.places, lane.from_items, lane.unpack(data), strict=True):
                raws[place] = finish(item)
        return raws

    def encode(self, raws: Sequence[Raw]) -> bytes:
        """The register bytes that decode to `raws`; words of no register are zero.

        Bits are packed as Modbus packs them, eight a byte, the lowest address lowest. None
        is written as the register's or the type's own "not available", and as all ones
        where there is none. Raises `ValueError` for a value that does not fit.
        """
        if self._bits:
            return self._encode_bits(raws)
        if len(self._lanes) == 1:
            return self._lanes[0].pack(raws)
        block = 0
        for lane in self._lanes:
            # Bit fields that share a word bring their own bits each: a union joins them.
            block |= int.from_bytes(lane.pack(raws).ljust(self.size, b"\0"))
        return block.to_bytes(self.size)

    def _decode_bits(self, data: Sequence[bool]) -> list[Raw]:
        needed = max(self._bits) + 1
        if len(data) < needed:
            raise ProtocolError(f"the block has {len(data)} bits, its registers need {needed}")
        return [int(data[offset]) for offset in self._bits]

    def _encode_bits(self, raws: Sequence[Raw]) -> bytes:
        packed = sum(1 << offset for offset, raw in zip(self._bits, raws, strict=True) if raw)
        return packed.to_bytes(max(self._bits) // 8 + 1, "little")


@dataclass(frozen=True, slots=True)
class _Lane:
    """Registers of one byte order that do not overlap: one struct decodes them all."""

    struct: Struct
    swap: bool
    registers: tuple[Register, ...]
    places: tuple[int, ...]  # where each register stands in the caller's sequence
    from_items: tuple[FromItem, ...]
    to_items: tuple[ToItem, ...]

    def unpack(self, data: bytes) -> tuple[Any, ...]:
        return self.struct.unpack_from(swap_bytes(data) if self.swap else data)

    def pack(self, raws: Sequence[Raw]) -> bytes:
        items = []
        for register, place, begin in zip(self.registers, self.places, self.to_items, strict=True):
            try:
                items.append(begin(raws[place]))
            except (ValueError, TypeError) as error:
                raise _misfit(register, raws[place], error) from error
        try:
            data = self.struct.pack(*items)
        except (struct.error, OverflowError) as error:
            raise self._blame(raws, items) from error
        return swap_bytes(data) if self.swap else data

    def _blame(self, raws: Sequence[Raw], items: Sequence[Any]) -> ValueError:
        """A struct does not say which of its items was refused."""
        for register, place, item in zip(self.registers, self.places, items, strict=True):
            try:
                Struct(">" + layout(register)).pack(item)
            except (struct.error, OverflowError) as error:
                return _misfit(register, raws[place], error)
        raise AssertionError("each item fits by itself")


def _misfit(register: Register, raw: Raw, reason: Exception) -> ValueError:
    return ValueError(f"register {register.address}: {raw!r} is no {register.type.name}: {reason}")


def _lanes(registers: Sequence[Register], base: int, order: Order) -> tuple[_Lane, ...]:
    """Deal the registers out so that each lane has one order and no overlap."""
    lanes: list[tuple[Order, list[int]]] = []
    for place in sorted(range(len(registers)), key=lambda index: registers[index].address):
        register = registers[place]
        wanted = register.order or order
        for lane_order, places in lanes:
            last = registers[places[-1]]
            if lane_order is wanted and last.address + last.length <= register.address:
                places.append(place)
                break
        else:
            lanes.append((wanted, [place]))
    return tuple(_lane(lane_order, places, registers, base) for lane_order, places in lanes)


def _lane(order: Order, places: Sequence[int], registers: Sequence[Register], base: int) -> _Lane:
    little = order in _LITTLE
    chosen = tuple(registers[place] for place in places)
    formats, at = ["<" if little else ">"], base
    for register in chosen:
        formats += [f"{2 * (register.address - at)}x", layout(register)]
        at = register.address + register.length
    return _Lane(
        struct=Struct("".join(formats)),
        swap=order in _SWAPPED,
        registers=chosen,
        places=tuple(places),
        from_items=tuple(from_item(register, little) for register in chosen),
        to_items=tuple(to_item(register, little) for register in chosen),
    )
