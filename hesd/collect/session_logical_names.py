"""GET, SET and ACTION: with lists where the meter takes them, in blocks where it must be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hesd.collect.session_dialogue import Dialogue
from hesd.collect.session_errors import (
    AccessRefused,
    AssociationGone,
    ServiceRejected,
    is_about_counters,
)
from hesd.collect.session_services import LongResult
from hesd.dlms.access_result import DataAccessResult, DataResult
from hesd.dlms.action import ActionResponse
from hesd.dlms.conformance import Conformance
from hesd.dlms.data import Data
from hesd.dlms.descriptor import SIZE, AttributeDescriptor, MethodDescriptor
from hesd.dlms.errors import APDUError, BlockError
from hesd.dlms.get import AttributeAccess
from hesd.dlms.get_sequence import GetSequence
from hesd.dlms.selective_access import SelectiveAccess
from hesd.dlms.transfer import ActionTransfer, GetTransfer, LongGetTransfer, SetTransfer
from hesd.links.modbus_link import Priority
from hesd.model.errors import HesdError, NoReply

# Tag, kind, invoke id and count in front of a list, and the flag behind each attribute.
_LIST_HEADER: Final = 6
_ITEM: Final = SIZE + 1
# A meter has to put the answer together in its memory too.
_MOST: Final = 64
# Whoever else wants something of the meter waits for so many at most that are read one by one.
_IN_A_ROW: Final = 8
# Lists in a row without any answer that it takes to believe that lists are the reason.
_SILENCE: Final = 2
# What a meter says of every attribute where it is the list that it cannot do.
_OF_THE_LIST: Final = frozenset(
    {
        DataAccessResult.DATA_BLOCK_UNAVAILABLE,
        DataAccessResult.LONG_GET_ABORTED,
        DataAccessResult.NO_LONG_GET_IN_PROGRESS,
        DataAccessResult.DATA_BLOCK_NUMBER_INVALID,
        DataAccessResult.OTHER_REASON,
    }
)


class LogicalNames:
    """Remembers of the meter whether it takes lists."""

    def __init__(self) -> None:
        self._takes_lists = True
        self._silent_lists = 0

    async def prepare(self, dialogue: Dialogue, priority: Priority) -> None:
        """Logical names say everything themselves."""

    async def get(
        self,
        dialogue: Dialogue,
        wanted: Sequence[AttributeAccess],
        results: list[DataResult],
        priority: Priority,
    ) -> None:
        rest = wanted[len(results) :]
        count = self._fitting(dialogue, rest) if len(rest) > 1 else 1
        if count > 1 and (found := await self._list(dialogue, tuple(rest[:count]), priority)):
            results += found
            return
        sequence = GetSequence(dialogue.invokes, rest[:_IN_A_ROW], results.append)
        try:
            await dialogue.run(sequence, priority)
        except ServiceRejected as refusal:
            if is_about_counters(refusal):
                raise
            results.append(DataAccessResult.OTHER_REASON)

    async def get_long(
        self, dialogue: Dialogue, wanted: AttributeAccess, again: int, priority: Priority
    ) -> LongResult:
        transfer, left = LongGetTransfer(next(dialogue.invokes), wanted), again
        while transfer.request is not None:
            asked = transfer.request
            try:
                transfer.receive(await dialogue.ask(asked, transfer.is_answered_by, priority))
            except HesdError as problem:
                if not transfer.received:
                    if isinstance(problem, ServiceRejected) and not is_about_counters(problem):
                        return LongResult(b"", False, AccessRefused(DataAccessResult.OTHER_REASON))
                    raise
                lost = isinstance(problem, NoReply) and not isinstance(
                    problem, AssociationGone | ServiceRejected
                )
                if not lost or not left:
                    return LongResult(transfer.received, False, problem)
            if transfer.request == asked:
                left -= 1  # nothing came, or the same block once more
            else:
                left = again
            if left < 0:
                stuck = BlockError("the same block over and over")
                return LongResult(transfer.received, False, stuck)
        return _long_result(transfer)

    async def set(
        self,
        dialogue: Dialogue,
        attribute: AttributeDescriptor,
        value: Data,
        access: SelectiveAccess | None,
        priority: Priority,
    ) -> DataAccessResult:
        transfer = SetTransfer(next(dialogue.invokes), attribute, value, access, dialogue.room)
        await dialogue.run(transfer, priority)
        assert transfer.result is not None
        return transfer.result

    async def action(
        self, dialogue: Dialogue, method: MethodDescriptor, parameters: Data | None, priority: Priority
    ) -> ActionResponse:
        transfer = ActionTransfer(next(dialogue.invokes), method, parameters, dialogue.room)
        await dialogue.run(transfer, priority)
        assert transfer.response is not None
        return transfer.response

    def _fitting(self, dialogue: Dialogue, wanted: Sequence[AttributeAccess]) -> int:
        """How many of these go into one request; the answer takes about as much."""
        agreed = dialogue.agreed
        if not self._takes_lists or agreed is None:
            return 1
        if not agreed.conformance & Conformance.MULTIPLE_REFERENCES:
            return 1
        room, count = dialogue.room - _LIST_HEADER, 0
        for _, access in wanted[:_MOST]:
            room -= _ITEM if access is None else _ITEM + len(access.octets)
            if room < 0:
                break
            count += 1
        return max(count, 1)

    async def _list(
        self, dialogue: Dialogue, wanted: tuple[AttributeAccess, ...], priority: Priority
    ) -> tuple[DataResult, ...]:
        """The results, or none where it is better to ask one by one."""
        transfer = GetTransfer(next(dialogue.invokes), wanted)
        try:
            await dialogue.run(transfer, priority)
        except (ServiceRejected, APDUError) as refusal:
            if is_about_counters(refusal):
                raise
            self._takes_lists = False
            return ()
        except AssociationGone:
            raise
        except NoReply:
            self._silent_lists += 1
            self._takes_lists = self._silent_lists < _SILENCE
            raise
        self._silent_lists = 0
        if all(isinstance(each, DataAccessResult) and each in _OF_THE_LIST for each in transfer.results):
            return ()
        return transfer.results


def _long_result(transfer: LongGetTransfer) -> LongResult:
    refusal = transfer.results[0] if transfer.results else None
    if isinstance(refusal, DataAccessResult):
        return LongResult(transfer.received, False, AccessRefused(refusal))
    return LongResult(transfer.octets)
