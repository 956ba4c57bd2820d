"""Prepayment tokens of IEC 62055-41: what can be told about one without any key.

A token is 20 decimal digits, a number of 66 bits. Its class, two bits, was put in at
bits 28 and 27; the bits that stood there went to the top (6.4.2). Class 0 carries
credit and class 2 commands to the meter itself (key change, clear credit, power limit),
both encrypted under the meter's key, so nothing more can be said of them here. Class 1
asks the meter to test or show something; it is in clear and has a checksum.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from hesd.dlms.errors import TokenError

DIGITS: Final = 20
_LIMIT: Final = 1 << 66
_CLASS_SHIFT: Final = 27
_TOP_SHIFT: Final = 64
_SUBCLASS_SHIFT: Final = 60
_CRC_BITS: Final = 16
_CRC_POLYNOMIAL: Final = 0xA001
_SHOWN_DIGITS: Final = 4


class TokenClass(IntEnum):
    CREDIT = 0
    TEST = 1
    MANAGEMENT = 2


@dataclass(frozen=True, slots=True)
class STSToken:
    """A token that is in form; its text is never shown whole: `str` masks it."""

    digits: str
    token_class: TokenClass

    @property
    def needs_permission(self) -> bool:
        """Management tokens can change keys and clear credit."""
        return self.token_class is TokenClass.MANAGEMENT

    @property
    def subclass(self) -> int | None:
        """What a test token asks for; None where it is encrypted."""
        return _data(self.digits) >> _SUBCLASS_SHIFT if self.token_class is TokenClass.TEST else None

    @property
    def bcd(self) -> bytes:
        """The digits as 10 octets, two in each, as meters take them."""
        return bytes.fromhex(self.digits)

    def __str__(self) -> str:
        return mask(self.digits)

    def __repr__(self) -> str:
        return f"STSToken({mask(self.digits)}, {self.token_class.name})"


def mask(digits: str) -> str:
    """All but the last four digits hidden: what a log or a page may show."""
    return "*" * (len(digits) - _SHOWN_DIGITS) + digits[-_SHOWN_DIGITS:]


def holds_token(value: bytes | str) -> bool:
    """Whether this has the form in which meters keep tokens: 20 digits, as text or BCD."""
    return re.fullmatch(r"[0-9]{20}", _digits(value)) is not None


def mask_value(value: bytes | str) -> str:
    """`mask` of a token as meters keep it; of anything else nothing is shown."""
    digits = _digits(value)
    return mask(digits) if holds_token(value) else "*" * len(digits)


def _digits(value: bytes | str) -> str:
    """Octets that are no text of digits hold two digits each."""
    if isinstance(value, str):
        return re.sub(r"[\s-]", "", value)
    is_text = len(value) == DIGITS and value.isdigit()
    return value.decode("ascii") if is_text else value.hex()


def parse_token(text: str) -> STSToken:
    """The token in what somebody typed; blanks and dashes do not count.

    Raises `TokenError` when it cannot be a token: the message holds no digit of it.
    """
    digits = re.sub(r"[\s-]", "", text)
    if not re.fullmatch(r"[0-9]{20}", digits):
        raise TokenError(f"a token has {DIGITS} digits")
    number = int(digits)
    if number >= _LIMIT:
        raise TokenError("a token is below 2 to the power of 66")
    token_class = number >> _CLASS_SHIFT & 3
    if token_class == 3:
        raise TokenError("tokens of class 3 do not exist")
    token = STSToken(digits, TokenClass(token_class))
    if token.token_class is TokenClass.TEST and not _crc_holds(_data(digits)):
        raise TokenError("the checksum of a test token is wrong")
    return token


def _data(digits: str) -> int:
    """The 64 bits of a token without its class: four of subclass, 44 of data, 16 of checksum."""
    number = int(digits)
    displaced = number >> _TOP_SHIFT
    cleared = number & (1 << _TOP_SHIFT) - 1 & ~(3 << _CLASS_SHIFT)
    return cleared | displaced << _CLASS_SHIFT


def _crc_holds(data: int) -> bool:
    """CRC-16 over class 1 and the 48 bits in front of it, as 7 octets; kept high octet last."""
    covered = TokenClass.TEST << 48 | data >> _CRC_BITS
    crc = 0xFFFF
    for octet in covered.to_bytes(7, "big"):
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (_CRC_POLYNOMIAL if crc & 1 else 0)
    return crc.to_bytes(2, "little") == (data & 0xFFFF).to_bytes(2, "big")
