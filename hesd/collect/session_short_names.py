"""Read and Write, for meters that know their attributes by number only.

The numbers follow from the base names in the object list of the association, which is read
once. Read and Write have no invoke id, so an answer counts by its kind alone, and after one
that did not come the association has to be a new one: the session sees to that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from hesd.collect.session_dialogue import Dialogue
from hesd.collect.session_errors import AccessRefused
from hesd.collect.session_services import LongResult
from hesd.dlms.access_result import ActionResult, DataAccessResult, DataResult
from hesd.dlms.action import ActionResponse
from hesd.dlms.apdu import APDU
from hesd.dlms.base_name import ASSOCIATION, ShortNamedObject, short_named_objects
from hesd.dlms.block_transfer import BlockAssembler
from hesd.dlms.conformance import Conformance
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.errors import APDUError, BlockError
from hesd.dlms.get import AttributeAccess
from hesd.dlms.selective_access import SelectiveAccess
from hesd.dlms.short_name import (
    BlockNumberAccess,
    DataBlockResult,
    ParameterisedAccess,
    ReadRequest,
    ReadResponse,
    ReadResult,
    VariableAccess,
    VariableName,
    WriteRequest,
    WriteResponse,
    decode_read_results,
)
from hesd.links.modbus_link import Priority
from hesd.model.errors import HesdError
from hesd.model.obis import OBIS

_LIST_HEADER: Final = 4
_MOST: Final = 64
# What blocks carry is the list of results: one, and it is data.
_ONE_DATA: Final = b"\x01\x00"


class ShortNames:
    """Keeps the meter's base names."""

    def __init__(self) -> None:
        self._objects: dict[tuple[int, OBIS], ShortNamedObject] = {}

    async def prepare(self, dialogue: Dialogue, priority: Priority) -> None:
        """Read the object list, once. Raises `APDUError` where it is none."""
        if self._objects:
            return
        (listed,) = await self._read(dialogue, (VariableName(ASSOCIATION.attribute(2)),), priority)
        objects = short_named_objects(listed.value if isinstance(listed, Data) else None)
        self._objects = {(each.class_id, each.instance): each for each in (*objects, ASSOCIATION)}

    async def get(
        self,
        dialogue: Dialogue,
        wanted: Sequence[AttributeAccess],
        results: list[DataResult],
        priority: Priority,
    ) -> None:
        rest = wanted[len(results) :]
        names = [self._variable(*each) for each in rest[: self._fitting(dialogue, rest)]]
        there = tuple(name for name in names if name is not None)
        read = iter(await self._read(dialogue, there, priority) if there else ())
        results += [DataAccessResult.OBJECT_UNDEFINED if name is None else next(read) for name in names]

    async def get_long(
        self,
        dialogue: Dialogue,
        wanted: AttributeAccess,
        again: int,  # noqa: ARG002  # there is nothing by which a late block could be told apart
        priority: Priority,
    ) -> LongResult:
        name = self._variable(*wanted)
        if name is None:
            return LongResult(b"", False, AccessRefused(DataAccessResult.OBJECT_UNDEFINED))
        blocks = BlockAssembler()
        try:
            (result,) = await self._read(dialogue, (name,), priority, blocks)
        except HesdError as problem:
            if not blocks.received:
                raise
            return LongResult(blocks.received.removeprefix(_ONE_DATA), False, problem)
        if isinstance(result, DataAccessResult):
            return LongResult(b"", False, AccessRefused(result))
        return LongResult(result.octets)

    async def set(
        self,
        dialogue: Dialogue,
        attribute: AttributeDescriptor,
        value: Data,
        access: SelectiveAccess | None,
        priority: Priority,
    ) -> DataAccessResult:
        name = self._variable(attribute, access)
        if name is None:
            return DataAccessResult.OBJECT_UNDEFINED
        return await self._write(dialogue, name, value, priority)

    async def action(
        self, dialogue: Dialogue, method: MethodDescriptor, parameters: Data | None, priority: Priority
    ) -> ActionResponse:
        """Writing to a method's name calls it (IEC 62056-5-3, 6.14.4)."""
        found = self._objects.get((method.class_id, method.instance))
        name = None if found is None else _named(found.method, method.method)
        if name is None:
            return ActionResponse(ActionResult.OBJECT_UNDEFINED)
        given = Data.of(DataType.NULL_DATA) if parameters is None else parameters
        return ActionResponse(ActionResult(await self._write(dialogue, VariableName(name), given, priority)))

    def _variable(
        self, attribute: AttributeDescriptor, access: SelectiveAccess | None
    ) -> VariableName | ParameterisedAccess | None:
        """The name of an attribute, None where the meter has no such object, or the object no such name."""
        found = self._objects.get((attribute.class_id, attribute.instance))
        name = None if found is None else _named(found.attribute, attribute.attribute)
        if name is None:
            return None
        return VariableName(name) if access is None else ParameterisedAccess(name, access)

    def _fitting(self, dialogue: Dialogue, wanted: Sequence[AttributeAccess]) -> int:
        agreed = dialogue.agreed
        if agreed is None or not agreed.conformance & Conformance.MULTIPLE_REFERENCES:
            return 1
        room, count = dialogue.room - _LIST_HEADER, 0
        for each in wanted[:_MOST]:
            name = self._variable(*each)
            room -= 0 if name is None else len(name.octets)
            if room < 0:
                break
            count += 1
        return max(count, 1)

    async def _read(
        self,
        dialogue: Dialogue,
        names: tuple[VariableAccess, ...],
        priority: Priority,
        blocks: BlockAssembler | None = None,
    ) -> list[DataResult]:
        results = await _results(dialogue, ReadRequest(names), priority)
        if isinstance(results[0], DataBlockResult):
            joined = await _joined(dialogue, results[0], blocks or BlockAssembler(), priority)
            results = decode_read_results(joined)
        found = [each for each in results if isinstance(each, Data | DataAccessResult)]
        if len(found) != len(names):
            raise APDUError(f"{len(found)} results for {len(names)} names")
        return found

    async def _write(
        self, dialogue: Dialogue, name: VariableAccess, value: Data, priority: Priority
    ) -> DataAccessResult:
        answer = await dialogue.ask(WriteRequest((name,), (value,)), _is_write_response, priority)
        assert isinstance(answer, WriteResponse)
        match answer.results:
            case (DataAccessResult() as result,):
                return result
        raise APDUError("one value was written, and the answer is about something else")


def _named(name_of: Callable[[int], int], number: int) -> int | None:
    try:
        return name_of(number)
    except APDUError:
        return None


async def _joined(dialogue: Dialogue, block: ReadResult, blocks: BlockAssembler, priority: Priority) -> bytes:
    """The octets of all blocks from the first on."""
    while isinstance(block, DataBlockResult):
        joined = blocks.add(block.last_block, block.block_number, block.raw)
        if joined is not None:
            return joined
        if blocks.expected > 0xFFFF:
            raise BlockError("more blocks than can be counted")
        following = ReadRequest((BlockNumberAccess(blocks.expected - 1),))
        (block, *_) = await _results(dialogue, following, priority)
    if isinstance(block, DataAccessResult):
        raise AccessRefused(block)
    raise APDUError("a block is due, and something else came")


async def _results(dialogue: Dialogue, request: ReadRequest, priority: Priority) -> tuple[ReadResult, ...]:
    answer = await dialogue.ask(request, _is_read_response, priority)
    assert isinstance(answer, ReadResponse)
    if not answer.results:
        raise APDUError("a read response without results")
    return answer.results


def _is_read_response(apdu: APDU) -> bool:
    return isinstance(apdu, ReadResponse)


def _is_write_response(apdu: APDU) -> bool:
    return isinstance(apdu, WriteResponse)
