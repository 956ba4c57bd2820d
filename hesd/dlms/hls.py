"""High level security: proving to each other that both know a secret (IEC 62056-5-3, 9.2.7.4).

Each side sends a challenge, in AARQ (CtoS) and AARE (StoC). Then the client calls method 1
of the association object with f(StoC), pass 3, and the server returns f(CtoS), pass 4.

======  ===================================================================
MD5     MD5(challenge || secret)
SHA-1   SHA-1(challenge || secret)
GMAC    10 || counter || tag over 10 || authentication key || challenge
SHA-256 SHA-256(secret || own title || other title || challenge || own challenge)
ECDSA   signature of own title || other title || challenge || own challenge
======  ===================================================================

MD5 and SHA-1 stand here because meters in the field know nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from hesd.dlms.acse import Mechanism
from hesd.dlms.errors import SecurityError
from hesd.dlms.security import TITLE_LENGTH, Key, SecurityControl
from hesd.dlms.signing import PrivateKey, PublicKey, number_size

MIN_CHALLENGE: Final = 8
MAX_CHALLENGE: Final = 64
_GMAC_LENGTH: Final = 17  # security control, counter, tag
_USUAL_CHALLENGE: Final = 16
_SIGNED_CHALLENGE: Final = 32  # the least that may be signed
_AUTHENTICATED: Final = int(SecurityControl.AUTHENTICATED)


@dataclass(frozen=True, slots=True)
class Proof:
    """What one side answers with and what it expects, from that side's view.

    `received` is the other side's challenge, `sent` its own. `secret` is used by MD5, SHA-1
    and SHA-256, `key` by GMAC, the curve keys by ECDSA.
    """

    mechanism: Mechanism
    received: bytes
    sent: bytes
    own_title: bytes = b""
    peer_title: bytes = b""
    secret: bytes = field(default=b"", repr=False)
    key: Key | None = None
    signing_key: PrivateKey | None = field(default=None, repr=False)
    peer_public_key: PublicKey | None = None

    def __post_init__(self) -> None:
        for challenge in (self.received, self.sent):
            if not MIN_CHALLENGE <= len(challenge) <= MAX_CHALLENGE:
                raise SecurityError(f"a challenge has 8 to 64 octets, not {len(challenge)}")
        # Sent back as our own, a challenge would let the other side answer with our answer.
        if self.received == self.sent:
            raise SecurityError("the other side sent our own challenge back")
        # What is signed has no separators: only with whole titles is it clear who signed for whom.
        if self.mechanism is Mechanism.HLS_ECDSA:
            for whose, title in (("our", self.own_title), ("the other side's", self.peer_title)):
                if len(title) != TITLE_LENGTH:
                    raise SecurityError(f"HLS-ECDSA takes {whose} system title, {TITLE_LENGTH} octets")

    def answer(self, counter: int = 0) -> bytes:
        """f(challenge). GMAC takes an invocation counter of ours. Raises `SecurityError`."""
        if self.mechanism is Mechanism.HLS_GMAC:
            sealed = self._gmac_key.seal(
                SecurityControl.AUTHENTICATED, self.own_title, counter, self.received
            )
            return sealed[:5] + sealed[-12:]
        if self.mechanism is Mechanism.HLS_ECDSA:
            return self._signature()
        return self._digest(self.own_title, self.peer_title, self.received, self.sent)

    def check(self, answer: bytes) -> int | None:
        """Verify the other side's f; for GMAC its invocation counter. Raises `SecurityError`."""
        if self.mechanism is Mechanism.HLS_GMAC:
            if len(answer) != _GMAC_LENGTH or answer[0] & 0xF0 != _AUTHENTICATED:
                raise SecurityError("no answer to an HLS-GMAC challenge")
            content = answer[:5] + self.sent + answer[5:]
            return self._gmac_key.information(self.peer_title, content, _AUTHENTICATED)[1]
        if self.mechanism is Mechanism.HLS_ECDSA:
            self._verify(answer)
        elif not hmac.compare_digest(
            answer, self._digest(self.peer_title, self.own_title, self.sent, self.received)
        ):
            raise SecurityError("the other side does not know the secret")
        return None

    @property
    def _gmac_key(self) -> Key:
        if self.key is None:
            raise SecurityError("HLS-GMAC without keys")
        return self.key

    def _digest(self, title: bytes, other: bytes, challenge: bytes, own: bytes) -> bytes:
        match self.mechanism:
            case Mechanism.HLS_MD5:
                return hashlib.md5(challenge + self.secret, usedforsecurity=False).digest()
            case Mechanism.HLS_SHA1:
                return hashlib.sha1(challenge + self.secret, usedforsecurity=False).digest()
            case Mechanism.HLS_SHA256:
                return hashlib.sha256(self.secret + title + other + challenge + own).digest()
        raise SecurityError(f"{self.mechanism.name} has no standard answer")

    def _signature(self) -> bytes:
        if self.signing_key is None:
            raise SecurityError("HLS-ECDSA without a signing key")
        signed = self.own_title + self.peer_title + self.received + self.sent
        der = self.signing_key.sign(signed, ec.ECDSA(_hash_of(self.signing_key.curve)))
        size = number_size(self.signing_key.curve)
        return b"".join(number.to_bytes(size, "big") for number in decode_dss_signature(der))

    def _verify(self, answer: bytes) -> None:
        if self.peer_public_key is None:
            raise SecurityError("HLS-ECDSA without the other side's public key")
        curve = self.peer_public_key.curve
        size = number_size(curve)
        r, s = int.from_bytes(answer[:size], "big"), int.from_bytes(answer[size:], "big")
        signed = self.peer_title + self.own_title + self.sent + self.received
        try:
            if len(answer) != 2 * size:
                raise InvalidSignature
            self.peer_public_key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(_hash_of(curve)))
        except InvalidSignature:
            raise SecurityError("the signature is not the other side's") from None


def challenge_length(mechanism: Mechanism) -> int:
    """How many octets of chance a challenge of ours has."""
    if not mechanism.is_high:
        return 0
    return _SIGNED_CHALLENGE if mechanism is Mechanism.HLS_ECDSA else _USUAL_CHALLENGE


def _hash_of(curve: ec.EllipticCurve) -> hashes.HashAlgorithm:
    return hashes.SHA384() if curve.key_size > 256 else hashes.SHA256()
