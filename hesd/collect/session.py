"""A meter's association as it is used: opened when needed, kept while useful, opened anew when lost.

Reading changes nothing, so a read that brought no answer is tried again in a fresh
association. What changes a meter is sent once, and whatever comes instead of its answer
leaves it unknown. One request is on its way at a time; whoever asks next waits for it.
"""

from __future__ import annotations

import secrets as entropy
from collections.abc import Awaitable, Callable, Sequence, Sized
from typing import Final, TypeVar

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from hesd.collect.association_tally import AssociationTally
from hesd.collect.dlms_spec import DLMSMeterSpec, Keyring
from hesd.collect.one_at_a_time import OneAtATime
from hesd.collect.session_counters import Counters
from hesd.collect.session_dialogue import Dialogue
from hesd.collect.session_errors import AccessRefused as AccessRefused
from hesd.collect.session_errors import AssociationFailed as AssociationFailed
from hesd.collect.session_errors import is_about_counters
from hesd.collect.session_logical_names import LogicalNames
from hesd.collect.session_opening import Opening
from hesd.collect.session_services import LongResult as LongResult
from hesd.collect.session_services import Services
from hesd.collect.session_short_names import ShortNames
from hesd.dlms.access_result import DataAccessResult, DataResult
from hesd.dlms.action import ActionResponse
from hesd.dlms.association import Associated
from hesd.dlms.data import Data
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.get import AttributeAccess
from hesd.dlms.selective_access import SelectiveAccess
from hesd.driver.cosem import Referencing
from hesd.links.apdu_line import Conversation
from hesd.links.modbus_link import Priority
from hesd.model.errors import HesdError, LinkDown, NoReply, ProtocolError

T = TypeVar("T")

_SERVICES: Final[dict[Referencing, Callable[[], Services]]] = {
    Referencing.LOGICAL: LogicalNames,
    Referencing.SHORT: ShortNames,
}


class Session:
    """Everything raises `LinkDown` where nothing was sent, `NoReply` where no answer came,
    `AssociationFailed`, and `SecurityError` or another `ProtocolError` where what came breaks
    a rule.

    `public` is the conversation of the public client, where the meter has one: it tells the
    counter to go on from. `timeout` is in seconds, for each answer; `retries` is how often
    more a read is tried. `idle_since` is when something last came or was given up. Attempts to
    associate count in `tally`, which its owner may put in place of its own.
    """

    log = Logger()

    def __init__(
        self,
        spec: DLMSMeterSpec,
        conversation: Conversation,
        keyring: Keyring,
        clock: IReactorTime,
        *,
        timeout: float = 5.0,
        retries: int = 2,
        random: Callable[[int], bytes] = entropy.token_bytes,
        public: Conversation | None = None,
    ) -> None:
        self.spec = spec
        self.idle_since = clock.seconds()
        self.tally = AssociationTally()
        self._conversation = conversation
        self._public = public
        self._clock = clock
        self._timeout = timeout
        self._retries = retries
        self._counters = Counters(spec.serial, keyring)
        self._services = _SERVICES[spec.referencing]()
        self._opening = Opening(
            spec, conversation, public, keyring, self._counters, self._services, clock, timeout, random
        )
        self._dialogue: Dialogue | None = None
        self._turn = OneAtATime()

    def under(self, keyring: Keyring) -> Session:
        """Another session over the same conversations, with other keys; close this one before."""
        return Session(
            self.spec,
            self._conversation,
            keyring,
            self._clock,
            timeout=self._timeout,
            retries=self._retries,
            public=self._public,
        )

    @property
    def agreed(self) -> Associated | None:
        """What was agreed in the association that stands; each has a value of its own."""
        return None if self._dialogue is None else self._dialogue.agreed

    async def associate(self, *, priority: Priority = Priority.POLL) -> Associated:
        """Make sure that there is an association."""
        if self.agreed is not None:
            return self.agreed

        async def agreed(dialogue: Dialogue) -> Associated:
            assert dialogue.agreed is not None
            return dialogue.agreed

        return await self._tried(agreed, priority)

    async def get(
        self, attributes: Sequence[AttributeAccess], *, priority: Priority = Priority.POLL
    ) -> list[DataResult]:
        """The attributes in this order, each with its value or why there is none."""
        results: list[DataResult] = []
        while len(results) < len(attributes):
            await self._tried(
                lambda each: self._services.get(each, attributes, results, priority), priority, results
            )
        return results

    async def get_long(
        self,
        attribute: AttributeDescriptor,
        access: SelectiveAccess | None = None,
        *,
        priority: Priority = Priority.POLL,
    ) -> LongResult:
        """A long value, undecoded. Raises only where nothing of it came and the meter did not refuse it."""

        async def read(dialogue: Dialogue) -> LongResult:
            found = await self._services.get_long(dialogue, (attribute, access), self._retries, priority)
            if found.problem is not None and not isinstance(found.problem, AccessRefused):
                self._drop()
            return found

        return await self._tried(read, priority)

    async def set(
        self,
        attribute: AttributeDescriptor,
        value: Data,
        access: SelectiveAccess | None = None,
        *,
        priority: Priority = Priority.COMMAND,
        within: Associated | None = None,
    ) -> DataAccessResult:
        """Write an attribute, once; with `within` only in the association that agreed on that.

        Raises `LinkDown` where nothing was sent, `NoReply` where anything but an answer came.
        """
        return await self._once(
            lambda each: self._services.set(each, attribute, value, access, priority), within, priority
        )

    async def action(
        self,
        method: MethodDescriptor,
        parameters: Data | None = None,
        *,
        priority: Priority = Priority.COMMAND,
        within: Associated | None = None,
    ) -> ActionResponse:
        """Call a method, once; otherwise like `set`."""
        return await self._once(
            lambda each: self._services.action(each, method, parameters, priority), within, priority
        )

    async def close(self) -> None:
        """Give the association back and close the link; never raises. It can be opened again."""
        async with self._turn:
            dialogue, self._dialogue = self._dialogue, None
            if dialogue is not None:
                try:
                    await dialogue.release()
                except HesdError:
                    self._opening.doubt_link()
            try:
                await self._conversation.close()
                await self._counters.keep_received()
            except Exception:
                self.log.failure("the end of a session with {serial} is not kept", serial=self.spec.serial)

    # -- how often ----------------------------------------------------------------------

    async def _tried(
        self, work: Callable[[Dialogue], Awaitable[T]], priority: Priority, came: Sized = ()
    ) -> T:
        """Do what may be done again, until an answer comes; as often again for each that `came`."""
        async with self._turn:
            left, had = self._retries, len(came)
            while True:
                try:
                    result = await work(self._dialogue or await self._associated(priority))
                except NoReply as failure:
                    self._drop()
                    if len(came) > had:
                        left, had = self._retries, len(came)
                    if not left:
                        raise
                    left -= 1
                    if is_about_counters(failure):
                        await self._opening.catch_up(failure, priority)
                except BaseException:
                    self._drop()
                    raise
                else:
                    self.idle_since = self._clock.seconds()
                    if self._counters.many_unkept:
                        await self._counters.keep_received()
                    return result

    async def _once(
        self,
        work: Callable[[Dialogue], Awaitable[T]],
        within: Associated | None,
        priority: Priority,
    ) -> T:
        """Do what must not be done twice."""
        if within is None:
            try:
                within = await self.associate(priority=priority)
            except NoReply as failure:
                raise LinkDown(f"no association, so nothing was sent: {failure}") from failure
        async with self._turn:
            if self._dialogue is None or self.agreed is not within:
                raise LinkDown("the association has gone, so nothing was sent")
            try:
                result = await work(self._dialogue)
            except ProtocolError as error:
                self._drop()
                raise NoReply(f"no answer that can be taken for one: {error}") from error
            except BaseException:
                self._drop()
                raise
            self.idle_since = self._clock.seconds()
            await self._counters.keep_received()
            return result

    async def _associated(self, priority: Priority) -> Dialogue:
        self._dialogue = dialogue = await self.tally.counted(self._opening.open(priority))
        return dialogue

    def _drop(self) -> None:
        """What stands cannot be relied on; the next association begins on a fresh link."""
        self._dialogue = None
        self._opening.doubt_link()
        self.idle_since = self._clock.seconds()
