"""Ciphered APDUs, opened and closed: the security suites (IEC 62056-5-3, 9.2).

::

    content = security control 1 | invocation counter 4 | information | tag 12

AES in Galois/counter mode; the nonce is the sender's system title and the invocation
counter, the additional data is the security control, the authentication key and, where
nothing is encrypted, the information itself. Suites 0 and 1 have keys of 128 bits,
suite 2 of 256; they differ otherwise only in what they sign with.

A nonce that comes twice gives the key away. So a counter is only ever taken from a
`CounterReserve`, a range its owner has put on record before the first of it is used,
and what is received must count upwards. `Protection` holds one association's rules; it
opens nothing that is less protected than was agreed, whatever the sender prefers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from hmac import compare_digest
from struct import Struct
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from hesd.dlms.errors import CounterError, SecurityError

TAG_LENGTH: Final = 12
TITLE_LENGTH: Final = 8
_GCM_TAG_LENGTH: Final = 16
_HEADER: Final = Struct(">BI")
_HEADER_LENGTH: Final = _HEADER.size
MAX_COUNTER: Final = 0xFFFFFFFF
_SUITE: Final = 0x0F
# GCM counts its blocks from 1; block 1 makes the tag, so the information begins at 2.
_FIRST_BLOCK: Final = b"\x00\x00\x00\x02"


class Suite(IntEnum):
    """Security suite id."""

    AES_128 = 0
    AES_128_P256 = 1
    AES_256_P384 = 2

    @property
    def key_length(self) -> int:
        return 32 if self is Suite.AES_256_P384 else 16


class SecurityControl(IntFlag):
    """What is done to an APDU; the suite is in the low four bits of the octet beside it."""

    NONE = 0
    AUTHENTICATED = 0x10
    ENCRYPTED = 0x20
    AUTHENTICATED_ENCRYPTED = 0x30
    BROADCAST_KEY = 0x40
    COMPRESSED = 0x80


# As plain numbers: the operators of flags take longer than to decipher.
_AUTHENTICATED: Final = int(SecurityControl.AUTHENTICATED)
_ENCRYPTED: Final = int(SecurityControl.ENCRYPTED)
_BOTH: Final = _AUTHENTICATED | _ENCRYPTED
_COMPRESSED: Final = int(SecurityControl.COMPRESSED)
_CONTROLS: Final = {octet: SecurityControl(octet) for octet in range(0, 0x100, 0x10)}
_CUT: Final = TAG_LENGTH - _GCM_TAG_LENGTH


@dataclass(frozen=True, slots=True)
class Key:
    """An encryption key with the authentication key that goes with it. Neither is ever printed."""

    encryption: bytes = field(repr=False)
    authentication: bytes = field(repr=False)
    suite: Suite = Suite.AES_128
    _gcm: AESGCM = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        length = self.suite.key_length
        if not len(self.encryption) == len(self.authentication) == length:
            raise SecurityError(f"a key of suite {self.suite} has {length} octets")
        object.__setattr__(self, "_gcm", AESGCM(self.encryption))

    def seal(self, control: SecurityControl, title: bytes, counter: int, information: bytes) -> bytes:
        """The content of a ciphered APDU. Raises `SecurityError`."""
        octet = int(control)
        if not 0 <= counter <= MAX_COUNTER:
            raise _used_up()
        if len(title) != TITLE_LENGTH:
            raise _no_title(title)
        header = _HEADER.pack(octet | self.suite, counter)
        nonce, protection = title + header[1:], octet & _BOTH
        if protection == _BOTH:
            return header + self._gcm.encrypt(nonce, information, header[:1] + self.authentication)[:_CUT]
        if protection == _AUTHENTICATED:
            return header + information + self._tag(header[:1], nonce, information)
        if protection == _ENCRYPTED:
            return header + self._keystream(nonce, information)
        raise SecurityError("an APDU that is neither authenticated nor encrypted has nothing to seal")

    def open(
        self,
        title: bytes,
        content: bytes,
        required: SecurityControl = SecurityControl.AUTHENTICATED_ENCRYPTED,
    ) -> Opened:
        """The information in a content protected by at least `required`, its tag verified.

        Raises `SecurityError`.
        """
        information, counter = self.information(title, content, int(required))
        return Opened(_CONTROLS[content[0] & ~_SUITE], counter, information)

    def information(self, title: bytes, content: bytes, least: int) -> tuple[bytes, int]:
        """The same for who needs no more: the information and its counter."""
        if len(content) < _HEADER_LENGTH:
            raise SecurityError("a ciphered APDU without a security header")
        octet, counter = _HEADER.unpack_from(content)
        if octet & _SUITE != self.suite:
            raise SecurityError(f"security suite {octet & _SUITE} where {self.suite} was agreed")
        if octet & _COMPRESSED:
            raise SecurityError("compressed APDUs are not understood")
        protection = octet & _BOTH
        if not protection or octet & least != least:
            raise SecurityError("an APDU less protected than agreed")
        if len(title) != TITLE_LENGTH:
            raise _no_title(title)
        nonce = title + content[1:_HEADER_LENGTH]
        if protection == _ENCRYPTED:
            return self._keystream(nonce, content[_HEADER_LENGTH:]), counter
        if len(content) < _HEADER_LENGTH + TAG_LENGTH:
            raise SecurityError("a ciphered APDU without its tag")
        # The tag is made anew: `AESGCM` itself opens no shortened ones.
        information = content[_HEADER_LENGTH:-TAG_LENGTH]
        if protection == _AUTHENTICATED:
            expected = self._tag(content[:1], nonce, information)
        else:
            # Encrypted once more it is in clear: the keystream is the same both ways.
            information = self._gcm.encrypt(nonce, information, None)[:-_GCM_TAG_LENGTH]
            sealed = self._gcm.encrypt(nonce, information, content[:1] + self.authentication)
            expected = sealed[-_GCM_TAG_LENGTH:_CUT]
        if not compare_digest(content[-TAG_LENGTH:], expected):
            raise SecurityError("the authentication tag is wrong: forged, or another key")
        return information, counter

    def _tag(self, head: bytes, nonce: bytes, information: bytes) -> bytes:
        additional = head + self.authentication + information
        return self._gcm.encrypt(nonce, b"", additional)[:TAG_LENGTH]

    def _keystream(self, nonce: bytes, information: bytes) -> bytes:
        """Encryption without authentication; the same both ways."""
        counter = Cipher(algorithms.AES(self.encryption), modes.CTR(nonce + _FIRST_BLOCK)).encryptor()
        return counter.update(information) + counter.finalize()


class Opened(NamedTuple):
    """What was in a content, and how it was protected."""

    control: SecurityControl
    counter: int
    information: bytes


def _no_title(title: bytes) -> SecurityError:
    return SecurityError(f"a system title has {TITLE_LENGTH} octets, not {len(title)}")


def _used_up() -> CounterError:
    return CounterError("the invocation counter is used up: the key must be changed")


class CounterReserve:
    """Our own invocation counters: those from `next` up to, not including, `limit`.

    The owner writes a limit to its store *before* it gives it here; after a restart it
    goes on from the limit it wrote, so no counter is ever used twice.
    """

    __slots__ = ("limit", "next")

    def __init__(self, first: int, limit: int) -> None:
        self.next = first
        self.limit = limit

    @property
    def left(self) -> int:
        return self.limit - self.next

    def extend(self, limit: int) -> None:
        """Raises `CounterError` when that would take counters back."""
        if limit < self.limit:
            raise CounterError("a reserve of invocation counters never shrinks")
        self.limit = limit

    def skip_to(self, counter: int, limit: int) -> None:
        """Go on from a higher counter, because the meter says that it has seen ours.

        Raises `CounterError` for a lower one: that a meter forgot is no reason to repeat.
        """
        if counter < self.next or limit < counter:
            raise CounterError("an invocation counter never goes back")
        self.next, self.limit = counter, max(limit, self.limit)

    def take(self) -> int:
        """Raises `CounterError` when the reserve is empty."""
        counter = self.next
        if counter >= self.limit:
            raise CounterError("no invocation counter is reserved")
        if counter > MAX_COUNTER:
            raise _used_up()
        self.next = counter + 1
        return counter


class ReceivedCounter:
    """The highest counter received under a key; every further one must be above it."""

    __slots__ = ("last",)

    def __init__(self, last: int = -1) -> None:
        self.last = last

    def accept(self, counter: int) -> None:
        """Raises `CounterError` for a replay."""
        if counter <= self.last:
            raise CounterError(f"invocation counter {counter} after {self.last}: a replay")
        self.last = counter


def wrap_key(kek: bytes, key: bytes) -> bytes:
    """A key for global_key_transfer, wrapped under the master key (RFC 3394). Raises `SecurityError`."""
    if len(kek) not in (16, 32) or len(key) not in (16, 32):
        raise SecurityError("keys have 16 or 32 octets")
    return aes_key_wrap(kek, key)


def unwrap_key(kek: bytes, wrapped: bytes) -> bytes:
    """The key inside. Raises `SecurityError` when it was wrapped under another."""
    try:
        return aes_key_unwrap(kek, wrapped)
    except (InvalidUnwrap, ValueError):
        raise SecurityError("the key was not wrapped under this master key") from None
