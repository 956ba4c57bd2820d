"""Signing keys as people have them: PEM, a certificate, or hex digits, to the octets of `signing`.

What is no key is refused with a reason that never repeats what was given.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from hesd.dlms import signing
from hesd.dlms.errors import SecurityError
from hesd.dlms.security import Suite

_PEM: Final = "-----BEGIN "
_CERTIFICATE: Final = "-----BEGIN CERTIFICATE-----"
_LONGEST: Final = 1 << 14  # a certificate with all that may be in one is shorter
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2})+")
_NO_PRIVATE_KEY: Final = "expected a private key in PEM without a password, or its 64 or 96 hex digits"
_NO_PUBLIC_KEY: Final = "expected a public key or a certificate in PEM, or 128 or 192 hex digits, x then y"
# By the octets of one number.
_SUITES: Final = {32: Suite.AES_128_P256, 48: Suite.AES_256_P384}


def read_private_key(text: str) -> bytes:
    """The number of a private key: PKCS #8 or SEC 1 in PEM, or the number itself in hex.

    Raises `SecurityError`.
    """
    if _is_pem(text):
        key = _loaded(lambda octets: load_pem_private_key(octets, None), text, _NO_PRIVATE_KEY)
        if not isinstance(key, signing.PrivateKey):
            raise SecurityError(_NO_PRIVATE_KEY)
        signing.suite_of(key.curve)
        return signing.private_octets(key)
    octets, suite = _from_hex(text, 1, _NO_PRIVATE_KEY)
    return signing.private_octets(signing.private_key(octets, suite))


def read_public_key(text: str) -> bytes:
    """x || y of a public key: SubjectPublicKeyInfo or a certificate in PEM, or x and y in hex.

    Of a certificate nothing but the key is looked at. Raises `SecurityError`.
    """
    if _is_pem(text):
        key = _loaded(_certified if _CERTIFICATE in text else load_pem_public_key, text, _NO_PUBLIC_KEY)
        if not isinstance(key, signing.PublicKey):
            raise SecurityError(_NO_PUBLIC_KEY)
        signing.suite_of(key.curve)
        return signing.public_octets(key)
    octets, suite = _from_hex(text, 2, _NO_PUBLIC_KEY)
    return signing.public_octets(signing.public_key(octets, suite))


def _is_pem(text: str) -> bool:
    return text.lstrip().startswith(_PEM)


def _loaded(load: Callable[[bytes], Any], text: str, refusal: str) -> Any:
    # Asked first, for an error of the encoding would hold the whole text.
    if len(text) > _LONGEST or not text.isascii():
        raise SecurityError(refusal)
    try:
        return load(text.encode())
    # TypeError is for a password that would be needed.
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SecurityError(refusal) from None


def _certified(octets: bytes) -> Any:
    return x509.load_pem_x509_certificate(octets).public_key()


def _from_hex(text: str, numbers: int, refusal: str) -> tuple[bytes, Suite]:
    digits = "".join(text[:_LONGEST].split()).removeprefix("0x").removeprefix("0X")
    size, rest = divmod(len(digits), 2 * numbers)
    if rest or size not in _SUITES or not _HEX.fullmatch(digits):
        raise SecurityError(refusal)
    return bytes.fromhex(digits), _SUITES[size]
