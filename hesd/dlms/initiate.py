"""InitiateRequest and InitiateResponse: what xDLMS agrees on inside AARQ and AARE.

IEC 62056-5-3, 9.4.4 and 9.5. They travel in the user-information of the ACSE APDUs, in
clear or ciphered; ciphered they are just octets until `security` has opened them.
"""

from __future__ import annotations

import struct
from typing import ClassVar, Final

from msgspec import Struct

from hesd.dlms.axdr_length import encode_length
from hesd.dlms.conformance import Conformance
from hesd.dlms.errors import APDUError
from hesd.dlms.octet_reader import OctetReader

INITIATE_REQUEST: Final = 0x01
INITIATE_RESPONSE: Final = 0x08
DLMS_VERSION: Final = 6
# The response ends in the name of the VAA: a fixed one for each kind of referencing.
VAA_LOGICAL_NAMES: Final = 0x0007
VAA_SHORT_NAMES: Final = 0xFA00
# [APPLICATION 31], a bit string of 4 octets; the first says that no bit is unused, so the
# block is a number of 24 bits.
_CONFORMANCE: Final = b"\x5f\x1f\x04"
# Some meters write the tag in one octet.
_SHORT_CONFORMANCE: Final = b"\x5f\x04"
_BITS: Final = 0xFFFFFF
_REQUEST_END: Final = struct.Struct(">IH")
_RESPONSE_END: Final = struct.Struct(">IHH")
# No PDU can be smaller: the fixed part of a block transfer alone takes as much.
_MIN_PDU: Final = 12


class InitiateRequest(Struct, frozen=True):
    """What the client proposes. `max_pdu` is what it can take; 0 is no limit."""

    tag: ClassVar[int] = INITIATE_REQUEST
    conformance: Conformance
    max_pdu: int = 0xFFFF
    dedicated_key: bytes | None = None
    response_allowed: bool = True
    quality_of_service: int | None = None
    dlms_version: int = DLMS_VERSION

    def encode(self) -> bytes:
        key = b"\x00"
        if self.dedicated_key is not None:
            key = b"\x01" + encode_length(len(self.dedicated_key)) + self.dedicated_key
        # response-allowed is DEFAULT TRUE: 0 says that it has its default.
        allowed = b"\x00" if self.response_allowed else b"\x01\x00"
        quality = _optional_octet(self.quality_of_service)
        head = b"\x01%b%b%b%c%b" % (key, allowed, quality, self.dlms_version, _CONFORMANCE)
        return head + _REQUEST_END.pack(self.conformance, self.max_pdu)


class InitiateResponse(Struct, frozen=True):
    """What the server agreed to. `max_pdu` is what *it* can take; `vaa_name` as in the file."""

    tag: ClassVar[int] = INITIATE_RESPONSE
    conformance: Conformance
    max_pdu: int
    vaa_name: int = VAA_LOGICAL_NAMES
    quality_of_service: int | None = None
    dlms_version: int = DLMS_VERSION

    def encode(self) -> bytes:
        head = b"\x08%b%c%b" % (_optional_octet(self.quality_of_service), self.dlms_version, _CONFORMANCE)
        return head + _RESPONSE_END.pack(self.conformance, self.max_pdu, self.vaa_name)


def _optional_octet(value: int | None) -> bytes:
    return b"\x00" if value is None else bytes((1, value & 0xFF))


def _end(octets: bytes, start: int, layout: struct.Struct) -> tuple[int, ...]:
    """The conformance block at `start` and the numbers behind it, which are the last of an APDU."""
    if octets.startswith(_CONFORMANCE, start):
        start += len(_CONFORMANCE)
    elif octets.startswith(_SHORT_CONFORMANCE, start):
        start += len(_SHORT_CONFORMANCE)
    else:
        raise APDUError("no conformance block of 4 octets")
    if len(octets) - start != layout.size:
        raise APDUError(f"{len(octets) - start} octets from the conformance on, not {layout.size}")
    return layout.unpack_from(octets, start)


def decode_initiate_request(octets: bytes) -> InitiateRequest:
    """Raises `APDUError`."""
    reader = OctetReader(octets, 1)
    key = reader.octet_string() if reader.flag() else None
    allowed = reader.flag() if reader.flag() else True
    quality = reader.octet() if reader.flag() else None
    version = reader.octet()
    conformance, max_pdu = _end(octets, reader.at, _REQUEST_END)
    return InitiateRequest(
        Conformance(conformance & _BITS), _checked(max_pdu), key, allowed, quality, version
    )


def decode_initiate_response(octets: bytes) -> InitiateResponse:
    """Raises `APDUError`."""
    try:
        quality, at = (octets[2], 3) if octets[1] else (None, 2)
        version = octets[at]
    except IndexError:
        raise APDUError("the APDU ends too early") from None
    conformance, max_pdu, vaa_name = _end(octets, at + 1, _RESPONSE_END)
    return InitiateResponse(Conformance(conformance & _BITS), _checked(max_pdu), vaa_name, quality, version)


def _checked(max_pdu: int) -> int:
    if 0 < max_pdu < _MIN_PDU:
        raise APDUError(f"a maximum PDU size of {max_pdu}")
    return max_pdu
