"""The keyring sessions ask: `hesd.store.keys` and `hesd.store.counters` behind awaitables."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection
from twisted.internet.interfaces import IReactorTime

from hesd.model.secrets import KeyName, Secrets
from hesd.store import counters, keys, meters, settings
from hesd.store.database import Database
from hesd.store.titles import Titles
from hesd.store.vault import Vault


class StoredKeyring:
    """What a call has returned from is on disk. `titles` is to be told of every edit of the registry."""

    def __init__(self, database: Database, vault: Vault, clock: IReactorTime) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._own_title = b""
        self.titles = Titles(database)

    async def secrets(self, serial: str) -> Secrets:
        """What is known of a meter; a meter without keys has empty ones.

        Raises `WrongMasterKey` where they cannot be opened.
        """
        if not self._own_title:
            self._own_title = await self._database.write(settings.system_title)
        return await self._database.read(keys.secrets, self._vault, serial, self._own_title)

    async def reserve(self, serial: str, count: int, at_least: int = 0) -> tuple[int, int]:
        """Reserve `count` of our invocation counters under the meter's present encryption key.

        Gives the first and the limit (not included). None of them was given before, and the
        first is not below `at_least`. Raises `CountersSpent`.
        """
        return await self._database.write(_reserve, serial, count, at_least)

    async def received(self, serial: str) -> int:
        """The highest counter received from the meter under its present key, -1 for none."""
        return await self._database.read(_received, serial)

    async def set_received(self, serial: str, counter: int) -> None:
        """Keep the highest counter received; a lower one than is kept changes nothing."""
        await self._database.write(_set_received, serial, counter)

    async def set_peer_title(self, serial: str, title: bytes) -> None:
        """Keep a system title that a tag has verified with."""
        await self._database.write(meters.find_out, serial, system_title=title)
        self.titles.forget()

    async def titled(self, title: bytes) -> Sequence[str]:
        """The meters whose system title this is; more than one where the registry is wrong."""
        return await self.titles.of(title)

    async def replace_keys(self, serial: str, **secrets: bytes) -> None:
        """Keep new secrets (fields of `Secrets`); counters of a new encryption key start anew."""
        await self._put(serial, secrets, pending=False)

    async def keep_pending(self, serial: str, **secrets: bytes) -> None:
        """Keep secrets that are about to be sent to the meter, beside those it has now."""
        await self._put(serial, secrets, pending=True)

    async def pending(self, serial: str) -> dict[str, bytes]:
        """The secrets the meter may have taken, by name; empty where that is known of all."""
        found = await self._database.read(keys.pending, self._vault, serial)
        return {name.value: secret for name, secret in found.items()}

    async def settle_pending(self, serial: str, *, taken: bool) -> None:
        """The meter has taken its pending secrets, so they are its secrets now; or it has not."""
        await self._database.write(keys.settle, serial, taken=taken)

    async def _put(self, serial: str, secrets: dict[str, bytes], *, pending: bool) -> None:
        named = {KeyName(name): secret for name, secret in secrets.items()}
        now_ms = int(self._clock.seconds() * 1000)
        await self._database.write(keys.put, self._vault, serial, named, now_ms, pending=pending)


def _reserve(connection: Connection, serial: str, count: int, at_least: int) -> tuple[int, int]:
    return counters.reserve(connection, serial, _key(connection, serial), count, at_least)


def _received(connection: Connection, serial: str) -> int:
    return counters.received(connection, serial, _key(connection, serial))


def _set_received(connection: Connection, serial: str, counter: int) -> None:
    counters.set_received(connection, serial, _key(connection, serial), counter)


def _key(connection: Connection, serial: str) -> bytes:
    return keys.fingerprint(connection, serial, KeyName.ENCRYPTION_KEY)
