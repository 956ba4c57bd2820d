"""The plain values COSEM data becomes where Python has no type of its own."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final


class BitString(str):
    """The bits of a bit-string, first bit first, each a 0 or 1."""

    __slots__ = ()

    @classmethod
    def from_octets(cls, octets: bytes, length: int) -> BitString:
        """The first `length` bits; bit 0 is the highest of the first octet."""
        if not length:
            return cls()
        bits = int.from_bytes(octets, "big") >> (-length % 8)
        return cls(f"{bits:0{length}b}")

    @property
    def octets(self) -> bytes:
        """The bits, filled up with zeros to whole octets."""
        size = (len(self) + 7) // 8
        return (int(self or "0", 2) << -len(self) % 8).to_bytes(size, "big")


class Delta(int):
    """A number that counts from the value of the same column one row earlier."""

    __slots__ = ()


class DontCare(Enum):
    """The type of `DONT_CARE`."""

    DONT_CARE = "don't care"


DONT_CARE: Final = DontCare.DONT_CARE

Value = bool | int | float | str | bytes | list[Any] | tuple[Any, ...] | DontCare | None
