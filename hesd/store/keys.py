"""The secrets of meters, sealed. Nothing here gives one back but `secrets`, which sessions ask."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from hesd.dlms.errors import SecurityError
from hesd.dlms.signing_text import read_private_key, read_public_key
from hesd.model.secrets import KeyName, Secrets
from hesd.store.errors import Refused, Unknown
from hesd.store.tables import meter_keys as table
from hesd.store.tables import meters
from hesd.store.vault import Sealed, Vault

_LONGEST_PASSWORD: Final = 64
_KEY_LENGTHS: Final = (16, 32)
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2})+")
_SIGNING: Final[dict[str, Callable[[str], bytes]]] = {
    KeyName.SIGNING_KEY: read_private_key,
    KeyName.METER_PUBLIC_KEY: read_public_key,
}


class KeyRefused(Refused):
    """A secret was not taken. The reason never says what was given."""


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """That there is a secret, and which one: two of one `fingerprint` (hex) are the same.

    A `pending` one was sent to the meter, and it is not known yet whether the meter took it.
    """

    name: KeyName
    pending: bool
    fingerprint: str
    created_ms: int


def read(given: Mapping[str, str]) -> dict[KeyName, bytes]:
    """Secrets as people write them: keys in hex, those that sign also in PEM, a password as text
    or in hex after 0x.

    Raises `KeyRefused`.
    """
    return {_name(name): _read(name, text) for name, text in given.items()}


def put(
    connection: Connection,
    vault: Vault,
    meter: str,
    secrets: Mapping[KeyName, bytes],
    now_ms: int,
    *,
    pending: bool = False,
) -> None:
    """Keep secrets of a meter in place of those of the same names; `pending` ones beside them."""
    for name, secret in secrets.items():
        sealed = vault.seal(meter, name, secret)
        record = {
            "meter": meter,
            "name": name,
            "pending": pending,
            "nonce": sealed.nonce,
            "ciphertext": sealed.ciphertext,
            "fingerprint": vault.fingerprint(secret),
            "master_key_version": sealed.master_key_version,
            "created_ms": now_ms,
        }
        connection.execute(insert(table).prefix_with("OR REPLACE").values(record))


def remove(connection: Connection, meter: str, name: str) -> None:
    """Forget a secret, and the pending one of this name. Raises `Unknown`."""
    here = (table.c.meter == meter, table.c.name == name)
    if not connection.execute(delete(table).where(*here)).rowcount:
        raise Unknown("key", f"{name} of meter {meter}")


def listed(connection: Connection, meter: str) -> list[KeyEntry]:
    """Which secrets a meter has."""
    query = select(table).where(table.c.meter == meter).order_by(table.c.name, table.c.pending)
    return [
        KeyEntry(KeyName(row.name), row.pending, fingerprint_shown(row.fingerprint), row.created_ms)
        for row in connection.execute(query)
    ]


def secrets(connection: Connection, vault: Vault, meter: str, own_title: bytes) -> Secrets:
    """What the head end, titled `own_title`, needs to speak with a meter.

    A meter without keys has empty ones. Raises `WrongMasterKey` where a row was tampered with.
    """
    found: dict[str, Any] = {name.value: secret for name, secret in _opened(connection, vault, meter, False)}
    title = connection.scalar(select(meters.c.system_title).where(meters.c.serial == meter))
    return Secrets(**found, own_title=own_title, peer_title=bytes.fromhex(title or ""))


def pending(connection: Connection, vault: Vault, meter: str) -> dict[KeyName, bytes]:
    """The secrets that a meter may have taken. Raises `WrongMasterKey` as `secrets` does."""
    return dict(_opened(connection, vault, meter, True))


def settle(connection: Connection, meter: str, *, taken: bool) -> None:
    """Put the pending secrets of a meter in place of the others, or forget them where none was taken."""
    waiting = (table.c.meter == meter, table.c.pending.is_(True))
    if taken:
        names = list(connection.scalars(select(table.c.name).where(*waiting)))
        old = (table.c.meter == meter, table.c.pending.is_(False), table.c.name.in_(names))
        connection.execute(delete(table).where(*old))
        connection.execute(update(table).where(*waiting).values(pending=False))
    else:
        connection.execute(delete(table).where(*waiting))


def fingerprint(connection: Connection, meter: str, name: KeyName) -> bytes:
    """The fingerprint of one secret of a meter, empty where it has none."""
    here = (table.c.meter == meter, table.c.name == name, table.c.pending.is_(False))
    return connection.scalar(select(table.c.fingerprint).where(*here)) or b""


def fingerprint_shown(fingerprint: bytes) -> str:
    """A fingerprint as `KeyEntry` has it."""
    return fingerprint.hex()[:8]


def _opened(
    connection: Connection, vault: Vault, meter: str, pending: bool
) -> Iterator[tuple[KeyName, bytes]]:
    query = select(table).where(table.c.meter == meter, table.c.pending.is_(pending))
    for row in connection.execute(query):
        sealed = Sealed(row.nonce, row.ciphertext, row.master_key_version)
        yield KeyName(row.name), vault.open(meter, row.name, sealed)


def _name(name: str) -> KeyName:
    try:
        return KeyName(name)
    except ValueError:
        raise KeyRefused(name, f"expected one of {', '.join(KeyName)}") from None


def _read(name: str, text: str) -> bytes:
    if name in _SIGNING:
        return _signing(name, text)
    return _password(text) if name == KeyName.PASSWORD else _key(name, text)


def _signing(name: str, text: str) -> bytes:
    try:
        return _SIGNING[name](text)
    except SecurityError as error:
        raise KeyRefused(name, str(error)) from None


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
