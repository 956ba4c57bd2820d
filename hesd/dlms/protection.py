"""One association's ciphering: which APDUs go out how, and which are let in.

What is let in is decided by what was agreed, never by what the sender chose to do:

* an APDU in clear is refused, but for an exception-response, which is never ciphered;
* so is one that is less protected than agreed, under another suite, key or title;
* the tag must verify and the counter be above every one received under that key;
* a service-specific APDU must hold the service its tag names.

The order matters: a counter is believed only after the tag has verified.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from hesd.dlms.apdu import APDU, decode
from hesd.dlms.axdr_length import encode_tagged
from hesd.dlms.ciphered import (
    DEDICATED_TAGS,
    GENERAL_DED_CIPHERING,
    GENERAL_GLO_CIPHERING,
    PLAIN_TAGS,
    SERVICE_TAGS,
    GeneralCiphered,
    service_content,
)
from hesd.dlms.errors import SecurityError
from hesd.dlms.exception import ExceptionResponse
from hesd.dlms.security import CounterReserve, Key, ReceivedCounter, SecurityControl

_BROADCAST_KEY: Final = int(SecurityControl.BROADCAST_KEY)


@dataclass(slots=True)
class Protection:
    """The keys and counters of an association, from one end.

    `required` is the least that is accepted and what is sent. `general` sends the
    general forms instead of the service-specific ones. With `dedicated` set, what is
    sent goes under that key, with counters of the same reserve: some meters count each
    key by itself and some all together, and these grow by both rules.
    """

    own_title: bytes
    peer_title: bytes
    key: Key
    counters: CounterReserve
    received: ReceivedCounter = field(default_factory=ReceivedCounter)
    required: SecurityControl = SecurityControl.AUTHENTICATED_ENCRYPTED
    general: bool = False
    dedicated: Key | None = None
    dedicated_received: ReceivedCounter = field(default_factory=ReceivedCounter)
    broadcast: Key | None = None
    broadcast_received: ReceivedCounter = field(default_factory=ReceivedCounter)

    def protect(self, apdu: bytes, *, use_dedicated: bool = True) -> bytes:
        """The ciphered form of an APDU. Raises `CounterError` when no counter is reserved."""
        dedicated = self.dedicated if use_dedicated else None
        key = dedicated or self.key
        content = key.seal(self.required, self.own_title, self.counters.take(), apdu)
        tags = SERVICE_TAGS.get(apdu[0])
        if self.general or tags is None:
            tag = GENERAL_GLO_CIPHERING if dedicated is None else GENERAL_DED_CIPHERING
            return GeneralCiphered(tag, self.own_title, content).encode()
        return encode_tagged(tags[dedicated is not None], content)

    def open(self, apdu: bytes) -> bytes:
        """The APDU inside. Raises `SecurityError`, and `APDUError` for what is no APDU at all."""
        plain_tag = PLAIN_TAGS.get(apdu[0]) if apdu else None
        if plain_tag is None:
            return self._open_other(decode(apdu), apdu)
        information = self._opened(service_content(apdu), apdu[0] in DEDICATED_TAGS)
        if not information or information[0] != plain_tag:
            raise SecurityError("a ciphered APDU that holds another service than it says")
        return information

    def _open_other(self, closed: APDU, apdu: bytes) -> bytes:
        """What is in an APDU that no service-specific ciphering is around."""
        if isinstance(closed, GeneralCiphered):
            if closed.system_title != self.peer_title:
                raise SecurityError(f"system title {closed.system_title.hex()} is not the agreed one")
            return self._opened(closed.content, closed.is_dedicated)
        if isinstance(closed, ExceptionResponse):
            return apdu
        raise SecurityError("an APDU in clear on a ciphered association")

    def _opened(self, content: bytes, is_dedicated: bool) -> bytes:
        key: Key | None
        if is_dedicated:
            key, received = self.dedicated, self.dedicated_received
        elif content and content[0] & _BROADCAST_KEY:
            key, received = self.broadcast, self.broadcast_received
        else:
            key, received = self.key, self.received
        if key is None:
            raise SecurityError(f"there is no {'dedicated' if is_dedicated else 'broadcast'} key")
        information, counter = key.information(self.peer_title, content, int(self.required))
        received.accept(counter)
        return information
