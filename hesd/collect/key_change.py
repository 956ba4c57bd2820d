"""Giving a meter another key: wrapped under its master key, and never without either of the two.

The new key is on record as pending before it is sent. A meter that says it took it has it.
One that does not answer may have taken it; only an association tells: under the new key, then
under the old one. Until that is known both stay, and so they do when neither lets us in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from hesd.collect.command import CommandedMeter, CommandRefused, Sent, announce
from hesd.collect.dlms_spec import DLMSMeterSpec, Keyring, Secrets
from hesd.collect.session import AssociationFailed
from hesd.collect.session_terms import needs_keys
from hesd.dlms.access_result import ActionResult
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import MethodDescriptor
from hesd.dlms.errors import SecurityError
from hesd.dlms.security import Suite, wrap_key
from hesd.model.errors import HesdError, LinkDown, NoReply
from hesd.model.job import JSON, JobState
from hesd.model.obis import OBIS
from hesd.model.secrets import TRANSFERABLE, KeyName

_TRANSFER: Final = MethodDescriptor(64, OBIS("0.0.43.0.0.255"), 2)
CHANGEABLE: Final = tuple(name.value for name in TRANSFERABLE)
# Those an association does not stand without, so that one tells which of two it is.
_TELLING: Final = frozenset({KeyName.ENCRYPTION_KEY, KeyName.AUTHENTICATION_KEY})


@dataclass(frozen=True, slots=True)
class KeyOutcome:
    """`state` is confirmed, rejected or unknown."""

    state: JobState
    detail: str

    @property
    def shown(self) -> JSON:
        """Whether the meter has the new key: `{taken}`, null while that is not known."""
        return {"taken": {JobState.CONFIRMED: True, JobState.REJECTED: False}.get(self.state)}


async def change_key(
    meter: CommandedMeter, keyring: Keyring, name: KeyName, new: bytes, sent: Sent
) -> KeyOutcome:
    """Give a meter a new key.

    Raises `CommandRefused` where that cannot be, and what `Session` and `prove` raise as long
    as nothing was sent.
    """
    serial = meter.spec.serial
    if await keyring.pending(serial):
        raise CommandRefused("it is not known yet whether the meter has taken the key sent before")
    parameters = _parameters(meter.spec, await keyring.secrets(serial), name, new)
    within = await announce(meter, sent, f"a new {_said(name)}")
    await keyring.keep_pending(serial, **{name.value: new})
    try:
        answer = await meter.session.action(_TRANSFER, parameters, within=within)
    except LinkDown:
        await keyring.settle_pending(serial, taken=False)
        raise
    except NoReply as failure:
        found = await find_out(meter, keyring)
        return replace(found, detail=f"{failure}; {found.detail}")
    taken = answer.result == ActionResult.SUCCESS
    await keyring.settle_pending(serial, taken=taken)
    if not taken:
        return KeyOutcome(JobState.REJECTED, f"the meter refuses the key: {answer.result.text}")
    # What stands was agreed on under the old one.
    await meter.session.close()
    return KeyOutcome(JobState.CONFIRMED, f"the meter has taken the {_said(name)}")


async def find_out(meter: CommandedMeter, keyring: Keyring, sent: Sent | None = None) -> KeyOutcome:
    """Which key a meter has that did not answer when it was given another.

    `sent` is told before the meter is asked. Raises `CommandRefused` where no key is in doubt.
    """
    serial, pending = meter.spec.serial, await keyring.pending(meter.spec.serial)
    if not pending:
        raise CommandRefused("no key is in doubt")
    if not needs_keys(meter.spec) or not any(KeyName(name) in _TELLING for name in pending):
        return KeyOutcome(JobState.UNKNOWN, "no association would tell, so both keys are kept")
    if sent is not None:
        await sent("asked the meter under both keys")
    trial = _Trial(keyring, pending)
    try:
        if await _associates(meter, trial):
            await keyring.settle_pending(serial, taken=True)
            # What the trial counted under the new key came from the numbers of the old one.
            await keyring.reserve(serial, 1, trial.limit)
            return KeyOutcome(JobState.CONFIRMED, "the meter is spoken to under the new key")
        if await _associates(meter, keyring):
            await keyring.settle_pending(serial, taken=False)
            return KeyOutcome(JobState.REJECTED, "the meter still has the old key")
    except HesdError as problem:
        return KeyOutcome(JobState.UNKNOWN, f"both keys are kept, for the meter cannot be asked: {problem}")
    return KeyOutcome(JobState.UNKNOWN, "the meter takes neither the new key nor the old, and both are kept")


async def _associates(meter: CommandedMeter, keyring: Keyring) -> bool:
    await meter.session.close()
    session = meter.session.under(keyring)
    try:
        await session.associate()
    except AssociationFailed:
        return False
    finally:
        await session.close()
    return True


class _Trial:
    """The keyring as it would be if the meter had taken what is pending; nothing of it is kept."""

    def __init__(self, keyring: Keyring, pending: dict[str, bytes]) -> None:
        self.limit = 0
        self._keyring = keyring
        self._pending: dict[str, Any] = dict(pending)

    async def secrets(self, serial: str) -> Secrets:
        return replace(await self._keyring.secrets(serial), **self._pending)

    async def reserve(self, serial: str, count: int, at_least: int = 0) -> tuple[int, int]:
        first, self.limit = await self._keyring.reserve(serial, count, at_least)
        return first, self.limit

    async def received(self, serial: str) -> int:  # noqa: ARG002  # a new key, and nothing came under it
        return -1

    async def set_received(self, serial: str, counter: int) -> None:
        """Belongs to a key that may never be the meter's."""

    def set_peer_title(self, serial: str, title: bytes) -> Awaitable[None]:
        return self._keyring.set_peer_title(serial, title)

    def titled(self, title: bytes) -> Awaitable[Sequence[str]]:
        return self._keyring.titled(title)

    def replace_keys(self, serial: str, **keys: bytes) -> Awaitable[None]:
        return self._keyring.replace_keys(serial, **keys)

    def keep_pending(self, serial: str, **keys: bytes) -> Awaitable[None]:
        return self._keyring.keep_pending(serial, **keys)

    def pending(self, serial: str) -> Awaitable[dict[str, bytes]]:
        return self._keyring.pending(serial)

    def settle_pending(self, serial: str, *, taken: bool) -> Awaitable[None]:
        return self._keyring.settle_pending(serial, taken=taken)


def _parameters(spec: DLMSMeterSpec, secrets: Secrets, name: KeyName, new: bytes) -> Data:
    """An array of one key_id and the key wrapped under the master key."""
    if name not in TRANSFERABLE:
        raise CommandRefused(f"a {_said(name)} is not transferred as a key")
    if secrets.master_key is None:
        raise CommandRefused("keys are changed under the meter's master key, and none is kept")
    if len(new) != Suite(spec.suite).key_length:
        raise CommandRefused(f"a key of suite {spec.suite} has {Suite(spec.suite).key_length} octets")
    if new == getattr(secrets, name.value):
        raise CommandRefused(f"that is the {_said(name)} the meter has")
    try:
        wrapped = wrap_key(secrets.master_key, new)
    except SecurityError as error:
        raise CommandRefused(f"the master key does not fit: {error}") from None
    return Data.array(
        Data.structure(
            Data.of(DataType.ENUM, TRANSFERABLE[name]),
            Data.of(DataType.OCTET_STRING, wrapped),
        )
    )


def _said(name: KeyName) -> str:
    return name.value.replace("_", " ")
