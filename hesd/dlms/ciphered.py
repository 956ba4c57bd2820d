"""Ciphered APDUs, closed (IEC 62056-5-3, 9.2.7 and 9.5): who may open them is `security`'s business.

Every service has its ciphered form, once with a global key (glo-) and once with the
dedicated key of the association (ded-). The general forms cipher any APDU and say with
whose system title; a push uses them, for it belongs to no association.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from hesd.dlms.axdr_length import encode_length, encode_tagged, only_content
from hesd.dlms.errors import APDUError
from hesd.dlms.octet_reader import OctetReader

GENERAL_GLO_CIPHERING: Final = 0xDB
GENERAL_DED_CIPHERING: Final = 0xDC
GENERAL_CIPHERING: Final = 0xDD
GENERAL_SIGNING: Final = 0xDF
GLO_INITIATE_REQUEST: Final = 0x21
GLO_INITIATE_RESPONSE: Final = 0x28

# Tag of the plain APDU: (tag with the global key, tag with the dedicated key).
SERVICE_TAGS: Final = {
    0x05: (0x25, 0x45), 0x06: (0x26, 0x46), 0x0C: (0x2C, 0x4C), 0x0D: (0x2D, 0x4D),
    0x16: (0x36, 0x56), 0x18: (0x38, 0x58), 0x0E: (0x2E, 0x4E), 0x01: (0x21, 0x41), 0x08: (0x28, 0x48),
    0xC0: (0xC8, 0xD0), 0xC1: (0xC9, 0xD1), 0xC2: (0xCA, 0xD2), 0xC3: (0xCB, 0xD3),
    0xC4: (0xCC, 0xD4), 0xC5: (0xCD, 0xD5), 0xC7: (0xCF, 0xD7),
}  # fmt: skip
GLOBAL_TAGS: Final = {glo: plain for plain, (glo, _) in SERVICE_TAGS.items()}
DEDICATED_TAGS: Final = {ded: plain for plain, (_, ded) in SERVICE_TAGS.items()}
PLAIN_TAGS: Final = GLOBAL_TAGS | DEDICATED_TAGS


class ServiceCiphered(Struct, frozen=True):
    """A glo- or ded- APDU; `tag` says of which service. `content` is security header and the rest."""

    tag: int
    content: bytes

    @property
    def plain_tag(self) -> int:
        """The tag the APDU must have once it is open."""
        return PLAIN_TAGS[self.tag]

    @property
    def is_dedicated(self) -> bool:
        return self.tag in DEDICATED_TAGS

    def encode(self) -> bytes:
        return encode_tagged(self.tag, self.content)


class GeneralCiphered(Struct, frozen=True):
    """general-glo-ciphering (DB) or general-ded-ciphering (DC)."""

    tag: int
    system_title: bytes
    content: bytes

    @property
    def is_dedicated(self) -> bool:
        return self.tag == GENERAL_DED_CIPHERING

    def encode(self) -> bytes:
        return bytes((self.tag,)) + _strings(self.system_title, self.content)


class GeneralCiphering(Struct, frozen=True):
    """general-ciphering (DD): names its key. `key_info` is kept as octets."""

    tag: int
    transaction_id: bytes
    originator: bytes
    recipient: bytes
    date_time: bytes
    other_information: bytes
    key_info: bytes | None
    content: bytes

    def encode(self) -> bytes:
        head = _strings(
            self.transaction_id, self.originator, self.recipient, self.date_time, self.other_information
        )
        key = b"\x00" if self.key_info is None else b"\x01" + self.key_info
        return bytes((self.tag,)) + head + key + _strings(self.content)


class GeneralSigning(Struct, frozen=True):
    """general-signing (DF)."""

    tag: int
    transaction_id: bytes
    originator: bytes
    recipient: bytes
    date_time: bytes
    other_information: bytes
    content: bytes
    signature: bytes

    def encode(self) -> bytes:
        return bytes((self.tag,)) + _strings(
            self.transaction_id, self.originator, self.recipient, self.date_time,
            self.other_information, self.content, self.signature,
        )  # fmt: skip


def _strings(*strings: bytes) -> bytes:
    return b"".join(encode_length(len(octets)) + octets for octets in strings)


def decode_service_ciphered(octets: bytes) -> ServiceCiphered:
    """Raises `APDUError`."""
    return ServiceCiphered(octets[0], service_content(octets))


def service_content(octets: bytes) -> bytes:
    """What is behind the tag and the length of a glo- or ded- APDU. Raises `APDUError`."""
    content = only_content(octets)
    if content is None:
        raise APDUError(f"a ciphered APDU that is not as long as it says: {octets[:6].hex()}")
    return content


def decode_general_ciphered(octets: bytes) -> GeneralCiphered:
    """Raises `APDUError`."""
    reader = OctetReader(octets, 1)
    ciphered = GeneralCiphered(octets[0], reader.octet_string(), reader.octet_string())
    reader.end()
    return ciphered


def decode_general_ciphering(octets: bytes) -> GeneralCiphering:
    """Raises `APDUError`."""
    reader = OctetReader(octets, 1)
    transaction_id, originator, recipient = (reader.octet_string() for _ in range(3))
    date_time, other = reader.octet_string(), reader.octet_string()
    key_info = _read_key_info(reader) if reader.flag() else None
    content = reader.octet_string()
    ciphered = GeneralCiphering(
        octets[0], transaction_id, originator, recipient, date_time, other, key_info, content
    )
    reader.end()
    return ciphered


def _read_key_info(reader: OctetReader) -> bytes:
    """Key-Info: identified (0), wrapped (1) or agreed (2) key; its octets from the choice on."""
    start = reader.at
    match reader.octet():
        case 0:
            reader.octet()
        case 1:
            reader.octet()
            reader.octet_string()
        case _:
            reader.octet_string()
            reader.octet_string()
    return reader.octets[start : reader.at]


def decode_general_signing(octets: bytes) -> GeneralSigning:
    """Raises `APDUError`."""
    reader = OctetReader(octets, 1)
    signed = GeneralSigning(octets[0], *(reader.octet_string() for _ in range(7)))
    reader.end()
    return signed
