"""From what is known of a meter to the terms of an association with it.

There is no way down from here: a meter that is to be spoken to under keys is spoken to under
exactly those or not at all, and what is missing is said before anything is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hesd.collect.dlms_spec import DLMSMeterSpec, Secrets
from hesd.collect.session_counters import Counters
from hesd.collect.session_errors import AssociationFailed
from hesd.dlms.acse import Mechanism
from hesd.dlms.association import Terms
from hesd.dlms.conformance import WITH_LOGICAL_NAMES, WITH_SHORT_NAMES, Conformance
from hesd.dlms.errors import SecurityError
from hesd.dlms.hls import challenge_length
from hesd.dlms.protection import Protection
from hesd.dlms.security import Key, SecurityControl, Suite
from hesd.dlms.security_names import CONTEXTS, CONTROLS, MECHANISMS
from hesd.dlms.signing import PrivateKey, PublicKey, private_key, public_key
from hesd.dlms.wrapper import DEFAULT_CAP
from hesd.driver.cosem import Authentication, Ciphering, Referencing

_BY_PASSWORD: Final = frozenset({Mechanism.LLS, Mechanism.HLS_MD5, Mechanism.HLS_SHA1, Mechanism.HLS_SHA256})
# A proof of these holds the titles of both sides.
_WITH_TITLES: Final = (Authentication.HLS_GMAC, Authentication.HLS_ECDSA)
# By referencing. Blocks belong to services here, so the general ones are not proposed.
_CONFORMANCE: Final = {
    Referencing.LOGICAL: WITH_LOGICAL_NAMES & ~Conformance.GENERAL_BLOCK_TRANSFER,
    Referencing.SHORT: WITH_SHORT_NAMES,
}


def needs_keys(spec: DLMSMeterSpec) -> bool:
    """Whether associations with the meter take keys, and so counters."""
    return spec.ciphering is not Ciphering.NONE or spec.authentication is Authentication.HLS_GMAC


def checks_tags(spec: DLMSMeterSpec) -> bool:
    """Whether an association that stands has shown that the meter's system title is its own."""
    return spec.authentication in _WITH_TITLES or spec.ciphering in (Ciphering.AUTHENTICATION, Ciphering.BOTH)


def terms_of(
    spec: DLMSMeterSpec, secrets: Secrets, counters: Counters | None, random: Callable[[int], bytes]
) -> Terms:
    """The terms of one association; `counters` where `needs_keys`. Raises `AssociationFailed`."""
    mechanism = MECHANISMS[spec.authentication]
    if mechanism in _BY_PASSWORD and not secrets.password:
        raise AssociationFailed(f"{spec.authentication} needs a password, and none is kept for this meter")
    ciphered = spec.ciphering is not Ciphering.NONE
    if spec.referencing is Referencing.SHORT and mechanism.is_high:
        raise AssociationFailed("high level security with short names is not supported")
    signing_key, meter_public_key = _signing_keys(spec, secrets)
    return Terms(
        CONTEXTS[spec.referencing][ciphered],
        mechanism,
        secrets.password,
        random(challenge_length(mechanism)),
        _CONFORMANCE[spec.referencing],
        min(spec.driver.max_pdu, DEFAULT_CAP),  # what our own links take
        secrets.own_title,
        None if counters is None else _protection(spec, secrets, counters),
        signing_key=signing_key,
        peer_public_key=meter_public_key,
    )


def _signing_keys(spec: DLMSMeterSpec, secrets: Secrets) -> tuple[PrivateKey | None, PublicKey | None]:
    """Our key and the meter's, both or neither."""
    if spec.authentication is not Authentication.HLS_ECDSA:
        return None, None
    for whose, key in (
        ("our signing key", secrets.signing_key),
        ("its public key", secrets.meter_public_key),
    ):
        if not key:
            raise AssociationFailed(f"{spec.authentication} needs {whose}, and none is kept for this meter")
    assert secrets.signing_key is not None
    assert secrets.meter_public_key is not None
    try:
        suite = Suite(spec.suite)
        return private_key(secrets.signing_key, suite), public_key(secrets.meter_public_key, suite)
    except (SecurityError, ValueError) as error:
        raise AssociationFailed(f"the signing keys of this meter do not fit: {error}") from None


def _protection(spec: DLMSMeterSpec, secrets: Secrets, counters: Counters) -> Protection:
    for name in ("encryption_key", "authentication_key"):
        if not getattr(secrets, name):
            raise AssociationFailed(f"ciphering needs the {name.replace('_', ' ')}, and none is kept")
    assert secrets.encryption_key is not None
    assert secrets.authentication_key is not None
    try:
        key = Key(secrets.encryption_key, secrets.authentication_key, Suite(spec.suite))
    except (SecurityError, ValueError) as error:
        raise AssociationFailed(f"the keys of this meter do not fit: {error}") from None
    return Protection(
        secrets.own_title,
        secrets.peer_title,
        key,
        counters.own,
        counters.received,
        CONTROLS.get(spec.ciphering, SecurityControl.AUTHENTICATED_ENCRYPTED),
    )
