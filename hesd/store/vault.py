"""Seals the secrets of meters before they are written: AES-256-GCM under the master key.

The meter and the name of the secret are authenticated with it, so that no row can be
exchanged for another. What is compared without being read is fingerprinted: a keyed hash,
from which nobody without the master key can find out a key by trying.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from sqlalchemy import Connection

from hesd.store import settings
from hesd.store.errors import StoreDown, StoreUnusable

MASTER_KEY_LENGTH: Final = 32
_NONCE_LENGTH: Final = 12
_FINGERPRINT_LENGTH: Final = 16
_CHECK: Final = "master_key_check"


class WrongMasterKey(StoreUnusable):
    """The secrets in this store were sealed under another master key."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret as it may lie on a disk."""

    nonce: bytes
    ciphertext: bytes = field(repr=False)
    master_key_version: int


class Vault:
    """Locked until it is given the master key; every use of a locked one raises `StoreDown`."""

    _VERSION = 1

    def __init__(self) -> None:
        self._cipher: AESGCM | None = None
        self._fingerprint_key = b""

    def unlock(self, master_key: bytes) -> None:
        """Take the master key, 32 octets."""
        if len(master_key) != MASTER_KEY_LENGTH:
            raise ValueError(f"a master key has {MASTER_KEY_LENGTH} octets")
        self._cipher = AESGCM(_derive(master_key, b"hesd seal"))
        self._fingerprint_key = _derive(master_key, b"hesd fingerprint")

    def seal(self, meter: str, name: str, secret: bytes) -> Sealed:
        """Seal one secret of one meter."""
        nonce = secrets.token_bytes(_NONCE_LENGTH)
        return Sealed(nonce, self._open_cipher.encrypt(nonce, secret, _context(meter, name)), self._VERSION)

    def open(self, meter: str, name: str, sealed: Sealed) -> bytes:
        """The secret that was sealed for this meter under this name.

        Raises `WrongMasterKey` where it was not, or not by us.
        """
        try:
            return self._open_cipher.decrypt(sealed.nonce, sealed.ciphertext, _context(meter, name))
        except InvalidTag:
            raise WrongMasterKey(f"the {name} of meter {meter} cannot be opened") from None

    def fingerprint(self, secret: bytes) -> bytes:
        """16 octets that are the same for the same secret, and say nothing else of it."""
        if self._cipher is None:
            raise _locked()
        return hmac.digest(self._fingerprint_key, secret, "sha256")[:_FINGERPRINT_LENGTH]

    @property
    def _open_cipher(self) -> AESGCM:
        if self._cipher is None:
            raise _locked()
        return self._cipher


def is_sealed(connection: Connection) -> bool:
    """Whether this store belongs to some master key already."""
    return settings.find(connection, _CHECK) is not None


def claim(connection: Connection, vault: Vault) -> None:
    """Make the store belong to the vault's master key. Raises `WrongMasterKey` where it is another's."""
    check = vault.fingerprint(_CHECK.encode())
    if not hmac.compare_digest(settings.once(connection, _CHECK, lambda: check), check):
        raise WrongMasterKey("the master key is not the one that this store's secrets are sealed under")


def _derive(master_key: bytes, purpose: bytes) -> bytes:
    return HKDFExpand(SHA256(), MASTER_KEY_LENGTH, purpose).derive(master_key)


def _context(meter: str, name: str) -> bytes:
    return f"{meter}\0{name}".encode()


def _locked() -> StoreDown:
    return StoreDown("the vault is locked: the master key has not been read yet")
