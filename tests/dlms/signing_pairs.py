"""Key pairs for tests, by suite: ours, the meter's, and a stranger's. They were never anybody's."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from hesd.dlms.security import Suite
from hesd.dlms.signing import PrivateKey, private_key, private_octets, public_octets


@dataclass(frozen=True)
class Pair:
    private: PrivateKey

    @property
    def number(self) -> bytes:
        return private_octets(self.private)

    @property
    def point(self) -> bytes:
        return public_octets(self.private.public_key())

    @property
    def pkcs8(self) -> str:
        form = Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        return self.private.private_bytes(*form).decode()

    @property
    def sec1(self) -> str:
        form = Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        return self.private.private_bytes(*form).decode()

    @property
    def public_pem(self) -> str:
        form = Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(*form).decode()


def _pair(suite: Suite, octet: int) -> Pair:
    return Pair(private_key(bytes((octet,)) * (48 if suite is Suite.AES_256_P384 else 32), suite))


SIGNING_SUITES = (Suite.AES_128_P256, Suite.AES_256_P384)
OUR_PAIR = {suite: _pair(suite, 0x51) for suite in SIGNING_SUITES}
METER_PAIR = {suite: _pair(suite, 0x62) for suite in SIGNING_SUITES}
OTHER_PAIR = {suite: _pair(suite, 0x73) for suite in SIGNING_SUITES}
