"""HDLC addresses (IEC 62056-46, 6.4.2): who is meant on a line, as octets on the wire.

Each octet carries seven bits; its lowest bit is 1 in the last octet of a field. A
client has one octet. A server has an upper part, the logical device, and a lower part,
the physical device on a multi-drop line; one octet when there is no lower part, two
when both fit seven bits, else four.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hesd.dlms.errors import FrameError

# Addresses with a meaning of their own (6.4.2.3).
MANAGEMENT_LOGICAL_DEVICE: Final = 1
PUBLIC_CLIENT: Final = 16
ALL_STATIONS: Final = 0x7F


def client_address(sap: int) -> bytes:
    """The one octet of a client SAP (0..127). Raises `FrameError`."""
    if not 0 <= sap <= 0x7F:
        raise FrameError(f"a client SAP is 0..127, not {sap}")
    return bytes((sap << 1 | 1,))


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A logical device (upper), and where the line has several meters a physical one (lower).

    `size` fixes the number of octets (1, 2 or 4), for meters that insist on one form;
    0 takes the shortest.
    """

    logical: int
    physical: int | None = None
    size: int = 0

    @property
    def octets(self) -> bytes:
        """The address field. Raises `FrameError` when the parts do not fit."""
        if self.physical is None:
            return self._one_part(self.logical)
        size = self.size or (2 if max(self.logical, self.physical) <= 0x7F else 4)
        if size not in (2, 4):
            raise FrameError(f"an HDLC address with two parts has 2 or 4 octets, not {size}")
        bits = 7 * size // 2
        if not (0 <= self.logical < 1 << bits and 0 <= self.physical < 1 << bits):
            raise FrameError(f"{self} does not fit {size} octets")
        return _septets(self.logical << bits | self.physical, size)

    def _one_part(self, logical: int) -> bytes:
        size = self.size or next((size for size in (1, 2, 4) if logical < 1 << 7 * size), 4)
        if size not in (1, 2, 4) or not 0 <= logical < 1 << 7 * size:
            raise FrameError(f"{self} does not fit {size} octets")
        return _septets(logical, size)

    @classmethod
    def from_octets(cls, octets: bytes) -> ServerAddress:
        """The parts of an address field. Raises `FrameError`."""
        size = len(octets)
        if size not in (1, 2, 4) or [octet & 1 for octet in octets] != [0] * (size - 1) + [1]:
            raise FrameError(f"no HDLC address: {octets.hex()}")
        number = address_number(octets)
        if size == 1:
            return cls(number, None, 1)
        bits = 7 * size // 2
        return cls(number >> bits, number & (1 << bits) - 1, size)


def server_address_of_serial(serial: int, logical: int = MANAGEMENT_LOGICAL_DEVICE) -> ServerAddress:
    """The address many meters answer to by default: the physical part from the serial number.

    The rule `serial mod 10000 + 1000` is the one documented for Gurux's
    `getServerAddressFromSerialNumber`; such addresses have four octets.
    """
    if serial < 0:
        raise FrameError("a serial number is not negative")
    return ServerAddress(logical, serial % 10_000 + 1_000, 4)


def address_number(octets: bytes) -> int:
    """An address field as one number, the way people write it (33 = 0x21 is client 16)."""
    number = 0
    for octet in octets:
        number = number << 7 | octet >> 1
    return number


def _septets(number: int, size: int) -> bytes:
    octets = bytearray((number >> 7 * shift & 0x7F) << 1 for shift in reversed(range(size)))
    octets[-1] |= 1
    return bytes(octets)
