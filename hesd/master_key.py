"""The master key: 32 octets that all secrets in the store are sealed under.

It comes from systemd (the credential `hesd-master-key`), else from the file that
`keys.master_key_file` names, else from a file in the state directory, which is made where the
store has no secrets yet. It never stands in the store itself: a copy of the database alone
gives no meter's key away.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hesd.config import Config
from hesd.model.errors import HesdError
from hesd.store import vault
from hesd.store.database import Database
from hesd.store.vault import MASTER_KEY_LENGTH, Vault

CREDENTIAL: Final = "hesd-master-key"
FILE: Final = "master.key"
_HEX: Final = re.compile(rb"\s*([0-9a-fA-F]{64})\s*")
_LONGEST: Final = 1024


class MasterKeyUnusable(HesdError):
    """There is no master key where one has to be, or what is there is none."""


def unlock(to_open: Vault, database: Database, config: Config, environment: Mapping[str, str]) -> None:
    """Open the vault of a migrated store. Blocks.

    Raises `MasterKeyUnusable`, and `WrongMasterKey` where the store belongs to another key.
    """
    path, is_ours = find(config, environment)
    if is_ours and not path.exists():
        if database.read_blocking(vault.is_sealed):
            raise MasterKeyUnusable(
                f"{path}: the master key is missing, and this store's keys are sealed under it: restore it "
                "from the backup, or name it by keys.master_key_file"
            )
        _make(path)
    to_open.unlock(read(path))
    try:
        database.write_blocking(vault.claim, to_open)
    except vault.WrongMasterKey as error:
        raise vault.WrongMasterKey(f"{path}: {error}") from None


def find(config: Config, environment: Mapping[str, str]) -> tuple[Path, bool]:
    """Where the key is read from, and whether the file is ours to make."""
    directory = environment.get("CREDENTIALS_DIRECTORY")
    if directory and (credential := Path(directory) / CREDENTIAL).exists():
        return credential, False
    if config.keys.master_key_file is not None:
        return Path(config.keys.master_key_file), False
    return Path(config.state) / FILE, True


def read(path: Path) -> bytes:
    """The key in a file: 32 octets, or 64 hex digits. Raises `MasterKeyUnusable`."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o007:
                raise MasterKeyUnusable(f"{path}: everybody may read it: chmod 600")
            content = file.read(_LONGEST)
    except OSError as error:
        raise MasterKeyUnusable(f"{path}: the master key cannot be read: {error.strerror}") from error
    if match := _HEX.fullmatch(content):
        return bytes.fromhex(match[1].decode())
    if len(content) != MASTER_KEY_LENGTH:
        raise MasterKeyUnusable(
            f"{path}: expected a master key: {MASTER_KEY_LENGTH} octets, or 64 hex digits"
        )
    return content


def _make(path: Path) -> None:
    """A new key, whole and on disk before anything is sealed under it."""
    unfinished = path.with_suffix(".new")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_hex(MASTER_KEY_LENGTH) + "\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as error:
        raise MasterKeyUnusable(f"{path}: no master key can be made: {error.strerror}") from error
