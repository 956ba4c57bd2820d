"""Meter numbers: how meters write them, how they are compared, what can be checked.

A prepayment meter's number is the DRN of IEC 62055-41, 6.1.2.3: 11 or 13 digits of
which the last is a check digit. The PAN in front of a customer's receipt is the issuer's
number, the DRN and a check digit of its own. Both check by Luhn's rule (ISO/IEC 7812-1).
Other meters have numbers without any such rule, so a check is always somebody's choice.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from hesd.model.errors import ProtocolError

STS_LENGTHS: Final = (11, 13)
PAN_LENGTH: Final = 18
# The issuer's number fills the PAN up: six digits before an 11-digit DRN, four before 13.
_ISSUERS: Final = {11: "600727", 13: "0000"}
_LUHN_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_MAX_OCTETS: Final = 32


class MeterNumberError(ProtocolError):
    """Octets or a text that are no meter number."""


class NumberEncoding(StrEnum):
    """How octets carry a meter number."""

    BCD = "bcd"  # two digits an octet, the highest first; F where there is none
    ASCII = "ascii"
    BINARY = "binary"  # one unsigned number, highest octet first


def decode_number(octets: bytes, encoding: NumberEncoding) -> str:
    """The number in these octets, leading zeros kept. Raises `MeterNumberError`."""
    if not 1 <= len(octets) <= _MAX_OCTETS:
        raise MeterNumberError(f"a meter number in {len(octets)} octets")
    if encoding is NumberEncoding.BINARY:
        return str(int.from_bytes(octets, "big"))
    number = octets.hex().strip("f") if encoding is NumberEncoding.BCD else _text(octets)
    if not number.isascii() or not (number.isdigit() if encoding is NumberEncoding.BCD else number.isalnum()):
        raise MeterNumberError(f"no meter number in {encoding.value}: {octets.hex()}")
    return number


def _text(octets: bytes) -> str:
    return octets.decode("latin-1").strip("\0 ")


def encode_number(number: str, encoding: NumberEncoding, size: int) -> bytes:
    """The number in `size` octets, filled up with zeros in front. Raises `MeterNumberError`."""
    try:
        if encoding is not NumberEncoding.ASCII and not (number.isascii() and number.isdigit()):
            raise ValueError
        if encoding is NumberEncoding.BCD:
            octets = bytes.fromhex(f"{int(number):0{2 * size}d}")
        elif encoding is NumberEncoding.BINARY:
            octets = int(number).to_bytes(size, "big")
        else:
            octets = number.encode("ascii").rjust(size, b"0")
    except (ValueError, OverflowError):
        raise MeterNumberError(f"no {size} octets in {encoding.value} hold {number[:40]!r}") from None
    if len(octets) != size:
        raise MeterNumberError(f"no {size} octets in {encoding.value} hold {number[:40]!r}")
    return octets


def guess_encoding(octets: bytes) -> NumberEncoding:
    """The likeliest encoding, for meters of which no driver says it."""
    if octets.strip(b"\0 ").isalnum():
        return NumberEncoding.ASCII
    digits = octets.hex().strip("f")
    return NumberEncoding.BCD if digits.isdigit() else NumberEncoding.BINARY


def canonical_number(number: str) -> str:
    """The form in which two spellings of one number are equal; empty for no number at all.

    Trimmed, upper case, and without the zeros that only fill a fixed width.
    """
    return number.strip("\0 \t\r\n").upper().lstrip("0")


def luhn_holds(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it."""
    if not (digits.isascii() and digits.isdigit()):
        return False
    numbers = [int(digit) for digit in reversed(digits)]
    return (sum(numbers[::2]) + sum(_LUHN_DOUBLED[number] for number in numbers[1::2])) % 10 == 0


def luhn_digit(digits: str) -> str:
    """The check digit to put behind these. Raises `MeterNumberError`."""
    for check in "0123456789":
        if luhn_holds(digits + check):
            return check
    raise MeterNumberError(f"not digits: {digits[:40]!r}")


def is_sts_number(number: str) -> bool:
    """Whether this is a prepayment meter's number: 11 or 13 digits, the last one fits.

    Zeros in front that fill a wider field do not count.
    """
    significant = number.lstrip("0")
    widths = (width for width in STS_LENGTHS if len(significant) <= width <= len(number))
    return bool(significant) and next(widths, 0) != 0 and luhn_holds(number)


def meter_pan(number: str) -> str:
    """The 18-digit PAN of a prepayment meter's number. Raises `MeterNumberError`."""
    if len(number) not in STS_LENGTHS or not is_sts_number(number):
        raise MeterNumberError(f"no STS meter number: {number[:40]!r}")
    account = _ISSUERS[len(number)] + number
    return account + luhn_digit(account)


def number_of_pan(pan: str) -> str:
    """The meter number inside a PAN. Raises `MeterNumberError`."""
    for length, issuer in _ISSUERS.items():
        number = pan[len(issuer) : len(issuer) + length]
        if len(pan) == PAN_LENGTH and pan.startswith(issuer) and luhn_holds(pan) and is_sts_number(number):
            return number
    raise MeterNumberError(f"no PAN of a meter: {pan[:40]!r}")
