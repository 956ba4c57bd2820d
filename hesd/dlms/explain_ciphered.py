"""Ciphered APDUs in words: the security header for everybody, the inside for who has the keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hesd.dlms import ciphered, notification
from hesd.dlms.apdu import APDU
from hesd.dlms.errors import SecurityError
from hesd.dlms.security import Key, SecurityControl, Suite

_HEADER_LENGTH: Final = 5
_SUITE: Final = 0x0F
# The plain APDUs that a server sends; every other one is a client's.
_BY_SERVER: Final = frozenset((0x08, 0x0C, 0x0D, 0x0E, 0x18, 0xC2, 0xC4, 0xC5, 0xC7))
_SERVICES: Final = {
    0x01: "initiate-request", 0x05: "read-request", 0x06: "write-request", 0x08: "initiate-response",
    0x0C: "read-response", 0x0D: "write-response", 0x0E: "confirmed-service-error",
    0x16: "unconfirmed-write-request", 0x18: "information-report", 0xC0: "get-request",
    0xC1: "set-request", 0xC2: "event-notification-request", 0xC3: "action-request",
    0xC4: "get-response", 0xC5: "set-response", 0xC7: "action-response",
}  # fmt: skip
_GENERAL: Final = {
    ciphered.GENERAL_GLO_CIPHERING: "general-glo-ciphering",
    ciphered.GENERAL_DED_CIPHERING: "general-ded-ciphering",
    ciphered.GENERAL_CIPHERING: "general-ciphering",
    ciphered.GENERAL_SIGNING: "general-signing",
}

Closed = ciphered.ServiceCiphered | ciphered.GeneralCiphered | ciphered.GeneralCiphering
Opaque = Closed | ciphered.GeneralSigning


@dataclass(frozen=True, slots=True)
class GivenKeys:
    """Keys somebody wants a conversation read with. `title` is the sender's where no APDU says it.

    Without `authentication` only what has no tag can be opened.
    """

    encryption: bytes = field(repr=False)
    authentication: bytes | None = field(default=None, repr=False)
    title: bytes | None = None

    def key(self, suite: int, *, has_tag: bool, encryption: bytes | None = None) -> Key:
        """The pair for a suite, with another encryption key if one was agreed.

        Raises `SecurityError`.
        """
        if suite not in Suite.__members__.values():
            raise SecurityError(f"there is no security suite {suite}")
        authentication = self.authentication
        if authentication is None:
            if has_tag:
                raise SecurityError("the tag cannot be verified without the authentication key")
            authentication = bytes(Suite(suite).key_length)
        return Key(encryption or self.encryption, authentication, Suite(suite))


def variant_name(apdu: APDU) -> str:
    """The name as the Green Book has it; that of a ciphered APDU is its name in the CHOICE."""
    if isinstance(apdu, ciphered.ServiceCiphered):
        return f"{'ded' if apdu.is_dedicated else 'glo'}-{_SERVICES[apdu.plain_tag]}"
    if isinstance(apdu, Opaque):
        return _GENERAL[apdu.tag]
    if isinstance(apdu, notification.EventNotification):
        return "EventNotificationRequest"
    return type(apdu).__name__


def service_name(tag: int) -> str | None:
    """The service an APDU's tag names, as ``GetRequest``; None for other tags."""
    name = _SERVICES.get(tag)
    return None if name is None else name.title().replace("-", "")


def explain_header(apdu: Opaque) -> dict[str, Any]:
    """What stands outside of the ciphering. Raises `SecurityError` where it is cut short."""
    fields: dict[str, Any] = {"tag": f"{apdu.tag:02x}"}
    if isinstance(apdu, ciphered.GeneralCiphered):
        fields["system_title"] = apdu.system_title.hex()
    elif not isinstance(apdu, ciphered.ServiceCiphered):
        fields |= {
            "transaction_id": apdu.transaction_id.hex(),
            "originator_system_title": apdu.originator.hex(),
            "recipient_system_title": apdu.recipient.hex(),
        }
    if isinstance(apdu, ciphered.GeneralSigning):
        return {**fields, "signature_length": len(apdu.signature)}
    return fields | _security_header(apdu.content)


def _security_header(content: bytes) -> dict[str, Any]:
    if len(content) < _HEADER_LENGTH:
        raise SecurityError("a ciphered APDU without a security header")
    control = content[0]
    return {
        "content_length": len(content),
        "security_control": f"{control:02x}",
        "security_suite": control & _SUITE,
        "authenticated": bool(control & SecurityControl.AUTHENTICATED),
        "encrypted": bool(control & SecurityControl.ENCRYPTED),
        "broadcast_key": bool(control & SecurityControl.BROADCAST_KEY),
        "compressed": bool(control & SecurityControl.COMPRESSED),
        "invocation_counter": int.from_bytes(content[1:_HEADER_LENGTH], "big"),
    }


def opened_by(
    keys: GivenKeys,
    apdu: ciphered.ServiceCiphered | ciphered.GeneralCiphered,
    titles: Mapping[bool, bytes],
    dedicated: bytes | None,
) -> bytes:
    """The APDU inside, its tag verified.

    `titles` are those the association named, the client's under True; `dedicated` is the key it
    agreed. Raises `SecurityError`.
    """
    control = apdu.content[0]
    has_tag = bool(control & SecurityControl.AUTHENTICATED)
    key = keys.key(control & _SUITE, has_tag=has_tag, encryption=dedicated if apdu.is_dedicated else None)
    title = _title(keys, apdu, titles)
    information = key.open(title, apdu.content, SecurityControl.NONE).information
    if isinstance(apdu, ciphered.ServiceCiphered) and information[:1] != bytes((apdu.plain_tag,)):
        raise SecurityError("a ciphered APDU that holds another service than it says")
    return information


def _title(
    keys: GivenKeys,
    apdu: ciphered.ServiceCiphered | ciphered.GeneralCiphered,
    titles: Mapping[bool, bytes],
) -> bytes:
    if isinstance(apdu, ciphered.GeneralCiphered):
        if apdu.system_title:
            return apdu.system_title
        found = keys.title
    else:
        found = titles.get(apdu.plain_tag not in _BY_SERVER) or keys.title
    if found is None:
        raise SecurityError("the sender's system title is not known")
    return found
