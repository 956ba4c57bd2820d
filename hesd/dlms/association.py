"""What both ends of an association have in common: terms, events, kinds of APDU."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, get_args

from msgspec import Struct

from hesd.dlms import acse, action, notification, short_name
from hesd.dlms.apdu import APDU
from hesd.dlms.association_states import Kind
from hesd.dlms.conformance import WITH_LOGICAL_NAMES, Conformance
from hesd.dlms.descriptor import MethodDescriptor
from hesd.dlms.errors import DLMSError
from hesd.dlms.exception import ExceptionResponse
from hesd.dlms.initiate import InitiateResponse
from hesd.dlms.protection import Protection
from hesd.dlms.signing import PrivateKey, PublicKey
from hesd.model.obis import OBIS

# reply_to_HLS_authentication of the association a client is in (IEC 62056-6-2, 4.4.4).
HLS_REPLY: Final = MethodDescriptor(15, OBIS("0.0.40.0.0.255"), 1)


@dataclass(frozen=True, slots=True)
class Terms:
    """How one end wants to associate.

    `secret` is the LLS password or the HLS secret, `challenge` this end's own challenge (8 to
    64 octets, chosen by the caller at random each time). With a ciphered context there
    must be a `protection`; with `dedicated_key` the client proposes that key. HLS-ECDSA takes
    this end's `signing_key` and the other's public key, both on the curve of the suite.
    """

    context: acse.Context = acse.Context.LOGICAL_NAMES
    mechanism: acse.Mechanism = acse.Mechanism.NONE
    secret: bytes = field(default=b"", repr=False)
    challenge: bytes = field(default=b"", repr=False)
    conformance: Conformance = WITH_LOGICAL_NAMES
    max_pdu: int = 0xFFFF
    system_title: bytes = b""
    protection: Protection | None = None
    dedicated_key: bytes | None = field(default=None, repr=False)
    signing_key: PrivateKey | None = field(default=None, repr=False)
    peer_public_key: PublicKey | None = field(default=None, repr=False)


class Associated(Struct, frozen=True):
    """Requests may be sent, within what was agreed."""

    conformance: Conformance
    max_pdu: int


class AssociationRefused(Struct, frozen=True):
    """AARE said no; or it said yes in a way we cannot take, which `reason` tells."""

    reason: str
    aare: acse.AARE | None = None


class AssociationLost(Struct, frozen=True):
    """There is no association any more; what was asked last has no answer.

    `exception` is what the meter said; with an invocation-counter-error it holds the counter
    from which a ciphered client goes on.
    """

    reason: str
    exception: ExceptionResponse | None = None


class Released(Struct, frozen=True):
    """The association was given back in good order."""


class APDUReceived(Struct, frozen=True):
    """A response (client) or request (server), deciphered."""

    apdu: APDU


class NotificationReceived(Struct, frozen=True):
    """What the other end said unasked."""

    apdu: APDU


class APDUDiscarded(Struct, frozen=True):
    """Something that was not due, not for us, or not to be trusted.

    `error` is there where it broke a rule, None where it was only not due.
    """

    reason: str
    pdu: bytes
    error: DLMSError | None = None


AssociationEvent = (
    Associated
    | AssociationRefused
    | AssociationLost
    | Released
    | APDUReceived
    | NotificationReceived
    | APDUDiscarded
)

_KINDS: Final[dict[type, Kind]] = {
    **dict.fromkeys(get_args(APDU), Kind.SERVICE),
    acse.AARQ: Kind.AARQ,
    acse.AARE: Kind.AARE,
    acse.RLRQ: Kind.RLRQ,
    acse.RLRE: Kind.RLRE,
    action.ActionResponseNormal: Kind.PROOF,
    notification.DataNotification: Kind.NOTIFICATION,
    notification.EventNotification: Kind.NOTIFICATION,
    short_name.InformationReport: Kind.NOTIFICATION,
    ExceptionResponse: Kind.EXCEPTION,
}


def kind_of(apdu: APDU) -> Kind:
    """What an APDU is to the state tables."""
    if isinstance(apdu, action.ActionRequestNormal) and apdu.method == HLS_REPLY:
        return Kind.PROOF
    return _KINDS[type(apdu)]


def agreed_terms(terms: Terms, response: InitiateResponse) -> Associated:
    """What holds after both have spoken: the services both have, the other end's size."""
    return Associated(terms.conformance & response.conformance, response.max_pdu or 0xFFFF)
