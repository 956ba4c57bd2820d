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

from hesd.dlms import ciphered
from hesd.dlms.apdu import decode
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
        tags = ciphered.SERVICE_TAGS.get(apdu[0])
        if self.general or tags is None:
            tag = ciphered.GENERAL_GLO_CIPHERING if dedicated is None else ciphered.GENERAL_DED_CIPHERING
            return ciphered.GeneralCiphered(tag, self.own_title, content).encode()
        return ciphered.ServiceCiphered(tags[dedicated is not None], content).encode()

    def open(self, apdu: bytes) -> bytes:
        """The APDU inside. Raises `SecurityError`, and `APDUError` for what is no APDU at all."""
        plain_tag = ciphered.PLAIN_TAGS.get(apdu[0]) if apdu else None
        if plain_tag is not None:
            content = ciphered.service_content(apdu)
            information = self._opened(content, apdu[0] in ciphered.DEDICATED_TAGS)
            if not information or information[0] != plain_tag:
                raise SecurityError("a ciphered APDU that holds another service than it says")
            return information
        other = decode(apdu)
        if isinstance(other, ciphered.GeneralCiphered):
            if other.system_title != self.peer_title:
                raise SecurityError(f"system title {other.system_title.hex()} is not the agreed one")
            return self._opened(other.content, other.is_dedicated)
        if isinstance(other, ExceptionResponse):
            return apdu
        raise SecurityError("an APDU in clear on a ciphered association")

    def _opened(self, content: bytes, is_dedicated: bool) -> bytes:
        key, received = self._key_of(content, is_dedicated)
        information, counter = key.information(self.peer_title, content, int(self.required))
        received.accept(counter)
        return information

    def _key_of(self, content: bytes, is_dedicated: bool) -> tuple[Key, ReceivedCounter]:
        if is_dedicated:
            if self.dedicated is None:
                raise SecurityError("a dedicated key was not agreed")
            return self.dedicated, self.dedicated_received
        if content[:1] and content[0] & _BROADCAST_KEY:
            if self.broadcast is None:
                raise SecurityError("there is no broadcast key")
            return self.broadcast, self.broadcast_received
        return self.key, self.received
