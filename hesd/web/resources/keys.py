"""The secrets of a meter: they go in here and never come out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection
from twisted.logger import Logger

from hesd.model.secrets import KeyName
from hesd.store import keys, meters
from hesd.store.keys import KeyEntry
from hesd.store.vault import Vault
from hesd.web.app import App
from hesd.web.endpoint import Call, Page, endpoint
from hesd.web.permissions import Permission
from hesd.web.wire import At, at, given


class KeyShown(Struct):
    """That there is a secret. Two with one `fingerprint` are the same; nothing else can be told
    from it. A `pending` one was sent to the meter, and it is not known yet whether it was taken."""

    name: KeyName
    fingerprint: str
    pending: bool
    created_at: At

    @classmethod
    def of(cls, entry: KeyEntry) -> Self:
        return cls(entry.name, entry.fingerprint, entry.pending, at(entry.created_ms))


class NewKeys(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is not given stays as it is. Keys are 32 hex digits (64 for suite 2), the password is
    text, or hex digits after 0x. For HLS-ECDSA there are the private key that the head end signs
    with (PEM without a password, or its 64 or 96 hex digits) and the public key of the meter (PEM,
    a certificate in PEM, or 128 or 192 hex digits, x then y), on P-256 with suite 1 and on P-384
    with suite 2."""

    password: str | UnsetType = UNSET
    encryption_key: str | UnsetType = UNSET
    authentication_key: str | UnsetType = UNSET
    broadcast_key: str | UnsetType = UNSET
    master_key: str | UnsetType = UNSET
    signing_key: str | UnsetType = UNSET
    meter_public_key: str | UnsetType = UNSET

    def __repr__(self) -> str:
        return f"NewKeys({', '.join(given(self))})"  # secrets have no business in a log


class Keys:
    _log = Logger()

    def __init__(self, app: App) -> None:
        self._app = app

    @endpoint("GET", "/meters/<serial>/keys", Permission.EDIT_METERS)
    async def list(self, serial: str) -> Page[KeyShown]:
        """Which secrets a meter has."""
        return _shown(await self._app.db.read(_listed, serial))

    @endpoint("PUT", "/meters/<serial>/keys", Permission.WRITE_METERS)
    async def put(self, call: Call, serial: str, body: NewKeys) -> Page[KeyShown]:
        """Give a meter secrets in place of those of the same names. Its next session begins with them."""
        secrets = keys.read(given(body))
        found = await self._app.db.write(_put, self._app.vault, serial, secrets, self._app.now_ms)
        self._log.info(
            "meter {serial}: {user} has set {names}",
            serial=serial,
            user=call.user.username,
            names=", ".join(secrets) or "nothing",
        )
        # Not waited for: a meter that does not answer must not hold up who has found its key.
        self._app.head_end.release(serial)
        return _shown(found)

    @endpoint("DELETE", "/meters/<serial>/keys/<name>", Permission.WRITE_METERS)
    async def remove(self, call: Call, serial: str, name: str) -> None:
        """Forget a secret of a meter."""
        await self._app.db.write(_remove, serial, name)
        self._log.info(
            "meter {serial}: {user} has removed {name}", serial=serial, user=call.user.username, name=name
        )


def _shown(entries: list[KeyEntry]) -> Page[KeyShown]:
    return Page([KeyShown.of(entry) for entry in entries])


def _listed(connection: Connection, serial: str) -> list[KeyEntry]:
    return keys.listed(connection, meters.get(connection, serial).serial)


def _put(
    connection: Connection, vault: Vault, serial: str, secrets: Mapping[KeyName, bytes], now_ms: int
) -> list[KeyEntry]:
    meter = meters.get(connection, serial)
    keys.put(connection, vault, meter.serial, secrets, now_ms)
    return keys.listed(connection, meter.serial)


def _remove(connection: Connection, serial: str, name: str) -> None:
    keys.remove(connection, meters.get(connection, serial).serial, name)
