"""ACSE: asking for an association and giving it back (IEC 62056-5-3, 9.4.2 to 9.4.4).

The APDUs are BER. What is inside `user_information` is xDLMS again: an `InitiateRequest`
or its ciphered form; it stays octets here, for only whoever has the keys can tell more.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar, Final

from msgspec import Struct

from hesd.dlms import ber
from hesd.dlms.access_result import OpenEnum
from hesd.dlms.axdr_length import encode_tagged
from hesd.dlms.ber import Fields
from hesd.dlms.errors import ACSEError

AARQ_TAG: Final = 0x60
AARE_TAG: Final = 0x61
RLRQ_TAG: Final = 0x62
RLRE_TAG: Final = 0x63

# Both names are an OBJECT IDENTIFIER of seven octets, of which the last one differs.
_OID_CONTEXT: Final = bytes.fromhex("608574050801")
_OID_MECHANISM: Final = bytes.fromhex("608574050802")
_CONTEXT_NAME: Final = b"\xa1\x09\x06\x07" + _OID_CONTEXT
_OCTET_STRING: Final = 0x04
# Of the forms of an authentication value DLMS uses only this; it is any octets all the same.
_CHARSTRING: Final = 0x80
# In front of a mechanism stand the ACSE requirements, a bit string: bit 0, authentication.
_ASKED_MECHANISM: Final = b"\x8a\x02\x07\x80\x8b\x07" + _OID_MECHANISM
_NAMED_MECHANISM: Final = b"\x88\x02\x07\x80\x89\x07" + _OID_MECHANISM


class Context(OpenEnum):
    """Application context name: how objects are named, and whether APDUs are ciphered."""

    LOGICAL_NAMES = 1
    SHORT_NAMES = 2
    LOGICAL_NAMES_CIPHERED = 3
    SHORT_NAMES_CIPHERED = 4

    @property
    def is_ciphered(self) -> bool:
        return self in _CIPHERED


_CIPHERED: Final = (Context.LOGICAL_NAMES_CIPHERED, Context.SHORT_NAMES_CIPHERED)


class Mechanism(OpenEnum):
    """How the two sides prove who they are."""

    NONE = 0
    LLS = 1
    HLS = 2  # the manufacturer's own
    HLS_MD5 = 3
    HLS_SHA1 = 4
    HLS_GMAC = 5
    HLS_SHA256 = 6
    HLS_ECDSA = 7

    @property
    def is_high(self) -> bool:
        """Whether passes 3 and 4 follow the AARE."""
        return self >= Mechanism.HLS


class AssociationResult(OpenEnum):
    ACCEPTED = 0
    REJECTED_PERMANENT = 1
    REJECTED_TRANSIENT = 2


_CONTEXTS: Final = Context.codes()
_MECHANISMS: Final = Mechanism.codes()
_RESULTS: Final = AssociationResult.codes()


class DiagnosticSource(IntEnum):
    SERVICE_USER = 1
    SERVICE_PROVIDER = 2


class Diagnostic(OpenEnum):
    """The reasons of `DiagnosticSource.SERVICE_USER`."""

    NULL = 0
    NO_REASON_GIVEN = 1
    APPLICATION_CONTEXT_NAME_NOT_SUPPORTED = 2
    CALLING_AP_TITLE_NOT_RECOGNIZED = 3
    CALLING_AP_INVOCATION_IDENTIFIER_NOT_RECOGNIZED = 4
    CALLING_AE_QUALIFIER_NOT_RECOGNIZED = 5
    CALLING_AE_INVOCATION_IDENTIFIER_NOT_RECOGNIZED = 6
    CALLED_AP_TITLE_NOT_RECOGNIZED = 7
    CALLED_AP_INVOCATION_IDENTIFIER_NOT_RECOGNIZED = 8
    CALLED_AE_QUALIFIER_NOT_RECOGNIZED = 9
    CALLED_AE_INVOCATION_IDENTIFIER_NOT_RECOGNIZED = 10
    AUTHENTICATION_MECHANISM_NAME_NOT_RECOGNISED = 11
    AUTHENTICATION_MECHANISM_NAME_REQUIRED = 12
    AUTHENTICATION_FAILURE = 13
    AUTHENTICATION_REQUIRED = 14


class ReleaseReason(OpenEnum):
    NORMAL = 0
    URGENT = 1
    NOT_FINISHED = 1
    USER_DEFINED = 30


_DIAGNOSTICS: Final = Diagnostic.codes()
_REASONS: Final = ReleaseReason.codes()
# By the tag that the diagnostic is in.
_SOURCES: Final = {0xA0 | source: source for source in DiagnosticSource}


class AARQ(Struct, frozen=True):
    """A request for an association.

    `authentication` is the password or the challenge, with a mechanism other than none.
    `calling_ap_title` is the client's system title, `calling_ae_qualifier` its certificate.
    """

    tag: ClassVar[int] = AARQ_TAG
    context: Context
    user_information: bytes
    mechanism: Mechanism = Mechanism.NONE
    authentication: bytes | None = None
    calling_ap_title: bytes | None = None
    called_ap_title: bytes | None = None
    calling_ae_qualifier: bytes | None = None
    calling_ae_invocation_id: int | None = None

    def encode(self) -> bytes:
        fields = _CONTEXT_NAME + bytes((self.context,))
        fields += _optional(0xA2, self.called_ap_title)
        fields += _optional(0xA6, self.calling_ap_title)
        fields += _optional(0xA7, self.calling_ae_qualifier)
        if self.calling_ae_invocation_id is not None:
            fields += encode_tagged(0xA9, encode_tagged(0x02, bytes((self.calling_ae_invocation_id,))))
        if self.mechanism is not Mechanism.NONE:
            fields += _ASKED_MECHANISM + bytes((self.mechanism,))
        fields += _optional(0xAC, self.authentication, _CHARSTRING)
        return encode_tagged(self.tag, fields + _optional(0xBE, self.user_information))


class AARE(Struct, frozen=True):
    """The answer. `authentication` is the server's challenge in HLS."""

    tag: ClassVar[int] = AARE_TAG
    context: Context
    result: AssociationResult
    diagnostic: Diagnostic
    user_information: bytes | None = None
    mechanism: Mechanism = Mechanism.NONE
    authentication: bytes | None = None
    responding_ap_title: bytes | None = None
    responding_ae_qualifier: bytes | None = None
    diagnostic_source: DiagnosticSource = DiagnosticSource.SERVICE_USER

    def encode(self) -> bytes:
        fields = _CONTEXT_NAME + bytes((self.context,))
        fields += encode_tagged(0xA2, encode_tagged(0x02, bytes((self.result,))))
        diagnostic = encode_tagged(0x02, bytes((self.diagnostic,)))
        fields += encode_tagged(0xA3, encode_tagged(0xA0 | self.diagnostic_source, diagnostic))
        fields += _optional(0xA4, self.responding_ap_title)
        fields += _optional(0xA5, self.responding_ae_qualifier)
        if self.mechanism is not Mechanism.NONE:
            fields += _NAMED_MECHANISM + bytes((self.mechanism,))
        fields += _optional(0xAA, self.authentication, _CHARSTRING)
        return encode_tagged(self.tag, fields + _optional(0xBE, self.user_information))


class RLRQ(Struct, frozen=True):
    """A request to end the association."""

    tag: ClassVar[int] = RLRQ_TAG
    reason: ReleaseReason | None = ReleaseReason.NORMAL
    user_information: bytes | None = None

    def encode(self) -> bytes:
        return encode_tagged(self.tag, _release_fields(self.reason, self.user_information))


class RLRE(Struct, frozen=True):
    """The answer to `RLRQ`."""

    tag: ClassVar[int] = RLRE_TAG
    reason: ReleaseReason | None = ReleaseReason.NORMAL
    user_information: bytes | None = None

    def encode(self) -> bytes:
        return encode_tagged(self.tag, _release_fields(self.reason, self.user_information))


def _optional(tag: int, octets: bytes | None, inside: int = _OCTET_STRING) -> bytes:
    return b"" if octets is None else encode_tagged(tag, encode_tagged(inside, octets))


def _release_fields(reason: ReleaseReason | None, user_information: bytes | None) -> bytes:
    fields = b"" if reason is None else encode_tagged(0x80, bytes((reason,)))
    return fields + _optional(0xBE, user_information)


def _read_context(fields: Fields) -> Context:
    oid = ber.only(0x06, fields[0xA1])
    if len(oid) != 7 or oid[:6] != _OID_CONTEXT:
        raise ACSEError(f"no DLMS application context: {oid[:16].hex()}")
    return _CONTEXTS[oid[6]]


def _read_mechanism(fields: Fields, tag: int) -> Mechanism:
    oid = fields.get(tag)
    if oid is None:
        return Mechanism.NONE
    if len(oid) != 7 or oid[:6] != _OID_MECHANISM:
        raise ACSEError(f"no DLMS authentication mechanism: {oid[:16].hex()}")
    return _MECHANISMS[oid[6]]


def _read_octets(fields: Fields, tag: int, inside: int = _OCTET_STRING) -> bytes | None:
    return ber.only(inside, fields[tag]) if tag in fields else None


def decode_aarq(octets: bytes) -> AARQ:
    """Raises `ACSEError`."""
    fields = ber.fields(ber.only(AARQ_TAG, octets))
    return AARQ(
        _read_context(fields),
        ber.only(_OCTET_STRING, fields[0xBE]),
        _read_mechanism(fields, 0x8B),
        _read_octets(fields, 0xAC, _CHARSTRING),
        _read_octets(fields, 0xA6),
        _read_octets(fields, 0xA2),
        _read_octets(fields, 0xA7),
        ber.number(fields[0xA9]) & 0xFF if 0xA9 in fields else None,
    )


def decode_aare(octets: bytes) -> AARE:
    """Raises `ACSEError`."""
    fields = ber.fields(ber.only(AARE_TAG, octets))
    source, diagnostic = _read_diagnostic(fields[0xA3])
    return AARE(
        _read_context(fields),
        _RESULTS[_code(fields[0xA2])],
        diagnostic,
        _read_octets(fields, 0xBE),
        _read_mechanism(fields, 0x89),
        _read_octets(fields, 0xAA, _CHARSTRING),
        _read_octets(fields, 0xA4),
        _read_octets(fields, 0xA5),
        source,
    )


def _read_diagnostic(octets: bytes) -> tuple[DiagnosticSource, Diagnostic]:
    source = _SOURCES.get(octets[0]) if octets else None
    if source is None:
        raise ACSEError(f"no diagnostic: {octets[:16].hex()}")
    return source, _DIAGNOSTICS[_code(ber.only(octets[0], octets))]


def _code(octets: bytes) -> int:
    number = ber.number(octets)
    if not 0 <= number <= 255:
        raise ACSEError(f"{number} is no code")
    return number


def decode_rlrq(octets: bytes) -> RLRQ:
    """Raises `ACSEError`."""
    return RLRQ(*_read_release(ber.fields(ber.only(RLRQ_TAG, octets))))


def decode_rlre(octets: bytes) -> RLRE:
    """Raises `ACSEError`."""
    return RLRE(*_read_release(ber.fields(ber.only(RLRE_TAG, octets))))


def _read_release(fields: Fields) -> tuple[ReleaseReason | None, bytes | None]:
    reason = fields.get(0x80)
    if reason is not None and len(reason) != 1:
        raise ACSEError(f"a release reason of {len(reason)} octets")
    return None if reason is None else _REASONS[reason[0]], _read_octets(fields, 0xBE)
