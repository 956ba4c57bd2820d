"""A place in the octets of an APDU, moving forward."""

from __future__ import annotations

from hesd.dlms import data
from hesd.dlms.axdr_length import decode_length
from hesd.dlms.data import Data
from hesd.dlms.errors import APDUError, DataError


class OctetReader:
    """Takes fields off the front; every method raises `APDUError` where the octets end."""

    __slots__ = ("at", "octets")

    def __init__(self, octets: bytes, at: int = 0) -> None:
        self.octets = octets
        self.at = at

    def take(self, size: int) -> bytes:
        start, self.at = self.at, self.at + size
        if self.at > len(self.octets):
            raise APDUError("the APDU ends too early")
        return self.octets[start : self.at]

    def number(self, size: int) -> int:
        """An unsigned number of that many octets, highest first."""
        return int.from_bytes(self.take(size), "big")

    def octet(self) -> int:
        at = self.at
        if at >= len(self.octets):
            raise APDUError("the APDU ends too early")
        self.at = at + 1
        return self.octets[at]

    def flag(self) -> bool:
        """A BOOLEAN, or whether an OPTIONAL field is there."""
        return self.octet() != 0

    def length(self) -> int:
        try:
            length, self.at = decode_length(self.octets, self.at)
        except IndexError:
            raise APDUError("the APDU ends too early") from None
        except DataError as error:
            raise APDUError(str(error)) from None
        return length

    def count(self) -> int:
        """How many elements follow, each of at least one octet."""
        count = self.length()
        if count > len(self.octets) - self.at:
            raise APDUError(f"a list of {count} in {len(self.octets) - self.at} octets")
        return count

    def octet_string(self) -> bytes:
        return self.take(self.length())

    def data(self) -> Data:
        """Raises `DataError` too."""
        found, self.at = data.take_data(self.octets, self.at)
        return found

    @property
    def left(self) -> int:
        return len(self.octets) - self.at

    def end(self) -> None:
        """Raises `APDUError` when something is left."""
        if len(self.octets) != self.at:
            raise APDUError(f"{self.left} octets behind the APDU")
