"""The secrets of one meter for one conversation; nothing of it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hesd.collect.command import CommandRefused
from hesd.model.secrets import Secrets


class OneTimeKeyring:
    """A `hesd.collect.dlms_spec.Keyring` in memory. Our counters begin at `first`."""

    def __init__(self, secrets: Secrets, first: int) -> None:
        self._secrets = secrets
        self._next = first
        self._received = -1

    async def secrets(self, _serial: str) -> Secrets:
        return self._secrets

    async def reserve(self, _serial: str, count: int, at_least: int = 0) -> tuple[int, int]:
        first = max(self._next, at_least)
        self._next = first + count
        return first, self._next

    async def received(self, _serial: str) -> int:
        return self._received

    async def set_received(self, _serial: str, counter: int) -> None:
        self._received = max(self._received, counter)

    async def set_peer_title(self, _serial: str, title: bytes) -> None:
        self._secrets = replace(self._secrets, peer_title=title)

    async def titled(self, _title: bytes) -> Sequence[str]:
        """Nobody dials in, so nobody is looked up."""
        return ()

    async def replace_keys(self, serial: str, **_keys: bytes) -> None:
        raise CommandRefused(f"the keys of {serial} are changed by the daemon, which keeps them")

    async def keep_pending(self, serial: str, **keys: bytes) -> None:
        await self.replace_keys(serial, **keys)

    async def pending(self, _serial: str) -> dict[str, bytes]:
        return {}

    async def settle_pending(self, _serial: str, *, taken: bool) -> None:
        """There is none."""
