"""Opening an association with a meter: its secrets, our counters, and both caught up with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet.interfaces import IReactorTime

from hesd.collect.dlms_spec import DLMSMeterSpec, Keyring, Secrets
from hesd.collect.session_counters import Counters
from hesd.collect.session_dialogue import Dialogue
from hesd.collect.session_errors import AssociationFailed
from hesd.collect.session_public import counter_seen
from hesd.collect.session_services import Services
from hesd.collect.session_terms import checks_tags, needs_keys, terms_of
from hesd.dlms.exception import ExceptionResponse
from hesd.links.apdu_line import Conversation
from hesd.links.modbus_link import Priority
from hesd.model.errors import HesdError


@dataclass(slots=True)
class Opening:
    """How the associations of one session are opened; `public` as in `Session`."""

    spec: DLMSMeterSpec
    conversation: Conversation
    public: Conversation | None
    keyring: Keyring
    counters: Counters
    services: Services
    clock: IReactorTime
    timeout: float
    random: Callable[[int], bytes]
    _link_in_doubt: bool = False

    def doubt_link(self) -> None:
        """The next association begins on a fresh link."""
        self._link_in_doubt = True

    async def open(self, priority: Priority) -> Dialogue:
        """A new association. Raises `AssociationFailed` and what `Dialogue.open` raises."""
        try:
            return await self._open(priority)
        except AssociationFailed as failure:
            self.doubt_link()
            if not await self.catch_up(failure, priority):
                raise
        return await self._open(priority)

    async def catch_up(self, failure: HesdError, priority: Priority) -> bool:
        """Whether it may have failed for our counters, which lagged behind and no longer do.

        Raises `AssociationFailed` where the meter names one that leaves hardly any.
        """
        if not needs_keys(self.spec):
            return False
        exception = getattr(failure, "exception", None)
        seen = exception.invocation_counter if isinstance(exception, ExceptionResponse) else None
        if seen is None:
            seen = await self._seen(priority)
        return seen is not None and await self.counters.go_past(seen)

    async def _open(self, priority: Priority) -> Dialogue:
        if self._link_in_doubt:
            await self.conversation.close()
            self._link_in_doubt = False
        secrets = await self.keyring.secrets(self.spec.serial)
        counters = await self._begun(secrets, priority) if needs_keys(self.spec) else None
        terms = terms_of(self.spec, secrets, counters, self.random)
        dialogue = Dialogue(self.conversation, terms, self.clock, self.timeout, counters)
        await dialogue.open(priority)
        title = terms.protection.peer_title if terms.protection and checks_tags(self.spec) else b""
        if title not in (b"", secrets.peer_title):
            await self.keyring.set_peer_title(self.spec.serial, title)
        await self.services.prepare(dialogue, priority)
        return dialogue

    async def _begun(self, secrets: Secrets, priority: Priority) -> Counters:
        """Counters under the meter's key; under one it has never answered, from where it has seen."""
        key = secrets.encryption_key or b""
        await self.counters.begin(key)
        if key and self.counters.is_new:
            seen = await self._seen(priority)
            if seen is not None:
                await self.counters.go_past(seen)
        return self.counters

    async def _seen(self, priority: Priority) -> int | None:
        if self.public is None:
            return None
        return await counter_seen(self.public, self.clock, self.timeout, priority)
