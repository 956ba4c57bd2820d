"""Keys that sign: ECDSA on the curve of the security suite (IEC 62056-5-3, 9.2.3.4).

A private key is kept as its number, a public key as x || y, the way the security setup has it
(class 64, IEC 62056-6-2, 4.4.7). Each of these numbers has 32 octets on P-256 (suite 1) and
48 on P-384 (suite 2).
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hesd.dlms.errors import SecurityError
from hesd.dlms.security import Suite

PrivateKey = ec.EllipticCurvePrivateKey
PublicKey = ec.EllipticCurvePublicKey

_CURVES: Final[dict[Suite, ec.EllipticCurve]] = {
    Suite.AES_128_P256: ec.SECP256R1(),
    Suite.AES_256_P384: ec.SECP384R1(),
}
_UNCOMPRESSED: Final = b"\x04"  # what a point of both coordinates begins with (SEC 1, 2.3.3)


def curve_of(suite: Suite) -> ec.EllipticCurve:
    """What a suite signs on. Raises `SecurityError`."""
    if suite not in _CURVES:
        raise SecurityError(f"security suite {suite} signs nothing: expected 1 (P-256) or 2 (P-384)")
    return _CURVES[suite]


def suite_of(curve: ec.EllipticCurve) -> Suite:
    """Which suite signs on a curve. Raises `SecurityError`."""
    for suite, known in _CURVES.items():
        if curve.name == known.name:
            return suite
    raise SecurityError(f"expected a key on P-256 or P-384, not on {curve.name}")


def number_size(curve: ec.EllipticCurve) -> int:
    """How many octets a number of a curve has."""
    return (curve.key_size + 7) // 8


def private_key(octets: bytes, suite: Suite) -> PrivateKey:
    """The private key of a number. Raises `SecurityError`, which does not repeat it."""
    curve = curve_of(suite)
    if len(octets) != number_size(curve):
        raise SecurityError(f"a private key of suite {suite} has {number_size(curve)} octets")
    try:
        return ec.derive_private_key(int.from_bytes(octets, "big"), curve)
    except ValueError:
        raise SecurityError(f"no private key of suite {suite}: its number is out of range") from None


def public_key(octets: bytes, suite: Suite) -> PublicKey:
    """The public key at x || y. Raises `SecurityError`."""
    curve = curve_of(suite)
    if len(octets) != 2 * number_size(curve):
        raise SecurityError(f"a public key of suite {suite} has {2 * number_size(curve)} octets")
    try:
        return PublicKey.from_encoded_point(curve, _UNCOMPRESSED + octets)
    except ValueError:
        raise SecurityError(f"no public key of suite {suite}: it is not on the curve") from None


def private_octets(key: PrivateKey) -> bytes:
    """What `private_key` takes."""
    return key.private_numbers().private_value.to_bytes(number_size(key.curve), "big")


def public_octets(key: PublicKey) -> bytes:
    """What `public_key` takes."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).removeprefix(_UNCOMPRESSED)


def check_pair(own: PrivateKey | None, peer: PublicKey | None, suite: Suite | None) -> None:
    """Whether two ends can prove themselves with these; `suite` None is either that signs.

    Raises `SecurityError`.
    """
    if own is None:
        raise SecurityError("HLS-ECDSA without a signing key")
    if peer is None:
        raise SecurityError("HLS-ECDSA without the other side's public key")
    expected = curve_of(suite_of(own.curve) if suite is None else suite)
    for whose, curve in (("signing key", own.curve), ("other side's public key", peer.curve)):
        if curve.name != expected.name:
            raise SecurityError(f"the {whose} is on {curve.name}, expected {expected.name}")
