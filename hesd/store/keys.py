"""The secrets of meters, sealed. Nothing here gives one back but `secrets`, which sessions ask."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select

from hesd.model.secrets import KeyName, Secrets
from hesd.store.errors import Refused, Unknown
from hesd.store.tables import meter_keys as table
from hesd.store.tables import meters
from hesd.store.vault import Sealed, Vault

_LONGEST_PASSWORD: Final = 64
_KEY_LENGTHS: Final = (16, 32)
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2})+")


class KeyRefused(Refused):
    """A secret was not taken. The reason never says what was given."""


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """That there is a secret, and which one: two of one `fingerprint` (hex) are the same."""

    name: KeyName
    fingerprint: str
    created_ms: int


def read(given: Mapping[str, str]) -> dict[KeyName, bytes]:
    """Secrets as people write them: keys in hex, a password as text or in hex after 0x.

    Raises `KeyRefused`.
    """
    return {_name(name): _read(name, text) for name, text in given.items()}


def put(
    connection: Connection, vault: Vault, meter: str, secrets: Mapping[KeyName, bytes], now_ms: int
) -> None:
    """Keep secrets of a meter in place of those of the same names."""
    for name, secret in secrets.items():
        sealed = vault.seal(meter, name, secret)
        record = {
            "meter": meter,
            "name": name,
            "nonce": sealed.nonce,
            "ciphertext": sealed.ciphertext,
            "fingerprint": vault.fingerprint(secret),
            "master_key_version": sealed.master_key_version,
            "created_ms": now_ms,
        }
        connection.execute(insert(table).prefix_with("OR REPLACE").values(record))


def remove(connection: Connection, meter: str, name: str) -> None:
    """Forget a secret. Raises `Unknown`."""
    here = (table.c.meter == meter, table.c.name == name)
    if not connection.execute(delete(table).where(*here)).rowcount:
        raise Unknown("key", f"{name} of meter {meter}")


def listed(connection: Connection, meter: str) -> list[KeyEntry]:
    """Which secrets a meter has."""
    query = select(table.c.name, table.c.fingerprint, table.c.created_ms).where(table.c.meter == meter)
    return [
        KeyEntry(KeyName(row.name), row.fingerprint.hex()[:8], row.created_ms)
        for row in connection.execute(query.order_by(table.c.name))
    ]


def secrets(connection: Connection, vault: Vault, meter: str, own_title: bytes) -> Secrets:
    """What the head end, titled `own_title`, needs to speak with a meter.

    A meter without keys has empty ones. Raises `WrongMasterKey` where a row was tampered with.
    """
    found: dict[str, Any] = {}
    for row in connection.execute(select(table).where(table.c.meter == meter)):
        sealed = Sealed(row.nonce, row.ciphertext, row.master_key_version)
        found[KeyName(row.name).value] = vault.open(meter, row.name, sealed)
    title = connection.scalar(select(meters.c.system_title).where(meters.c.serial == meter))
    return Secrets(**found, own_title=own_title, peer_title=bytes.fromhex(title or ""))


def fingerprint(connection: Connection, meter: str, name: KeyName) -> bytes:
    """The fingerprint of one secret of a meter, empty where it has none."""
    here = (table.c.meter == meter, table.c.name == name)
    return connection.scalar(select(table.c.fingerprint).where(*here)) or b""


def _name(name: str) -> KeyName:
    try:
        return KeyName(name)
    except ValueError:
        raise KeyRefused(name, f"expected one of {', '.join(KeyName)}") from None


def _read(name: str, text: str) -> bytes:
    return _password(text) if name == KeyName.PASSWORD else _key(name, text)


def _key(name: str, text: str) -> bytes:
    digits = "".join(text.split()).removeprefix("0x").removeprefix("0X")
    if not _HEX.fullmatch(digits) or len(digits) // 2 not in _KEY_LENGTHS:
        raise KeyRefused(name, "expected 32 hex digits, or 64 for suite 2")
    return bytes.fromhex(digits)


def _password(text: str) -> bytes:
    if text[:2] in ("0x", "0X"):
        if not _HEX.fullmatch(text[2:]):
            raise KeyRefused(KeyName.PASSWORD, "expected hex digits in pairs after 0x")
        password = bytes.fromhex(text[2:])
    else:
        password = text.encode(errors="surrogatepass")
    if not 1 <= len(password) <= _LONGEST_PASSWORD:
        raise KeyRefused(KeyName.PASSWORD, f"expected 1 to {_LONGEST_PASSWORD} octets")
    return password
