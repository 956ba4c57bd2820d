"""A keyring whose answer is always the same, for meters that exist nowhere."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.defer import Deferred, succeed

from hesd.model.secrets import Secrets


class FixedKeys:
    """See `hesd.collect.dlms_spec.Keyring`. Counters begin anew each time: never so where keys are real."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def secrets(self, serial: str) -> Deferred[Secrets]:  # noqa: ARG002
        return succeed(self._secrets)

    def reserve(self, serial: str, count: int, at_least: int = 0) -> Deferred[tuple[int, int]]:  # noqa: ARG002
        first = max(1, at_least)
        return succeed((first, first + count))

    def received(self, serial: str) -> Deferred[int]:  # noqa: ARG002
        return succeed(-1)

    def set_received(self, serial: str, counter: int) -> Deferred[None]:  # noqa: ARG002
        return succeed(None)

    def set_peer_title(self, serial: str, title: bytes) -> Deferred[None]:  # noqa: ARG002
        return succeed(None)

    def titled(self, title: bytes) -> Deferred[Sequence[str]]:  # noqa: ARG002
        return succeed(())

    def replace_keys(self, serial: str, **keys: bytes) -> Deferred[None]:
        raise NotImplementedError

    def keep_pending(self, serial: str, **keys: bytes) -> Deferred[None]:
        raise NotImplementedError

    def pending(self, serial: str) -> Deferred[dict[str, bytes]]:  # noqa: ARG002
        return succeed({})

    def settle_pending(self, serial: str, *, taken: bool) -> Deferred[None]:
        raise NotImplementedError
