"""One service from its request to its result, over as many blocks as it takes (IEC 62056-5-3, 9.4).

The client's side. A transfer gives the APDU to send, is given what comes back, and says
what to send next, until it has a result. It knows no time: whoever waits decides when
to send `request` again, and what came in order until then is kept.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Final

from hesd.dlms.access_result import DataAccessResult, DataResult
from hesd.dlms.action import (
    ActionRequestNextPblock,
    ActionRequestNormal,
    ActionRequestWithFirstPblock,
    ActionRequestWithPblock,
    ActionResponse,
    ActionResponseNextPblock,
    ActionResponseNormal,
    ActionResponseWithPblock,
    read_action_response,
)
from hesd.dlms.apdu import APDU
from hesd.dlms.block_transfer import MAX_OCTETS, BlockAssembler, DataBlock, datablocks
from hesd.dlms.data import Data
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.errors import APDUError, BlockError
from hesd.dlms.get import (
    AttributeAccess,
    GetRequestNext,
    GetRequestNormal,
    GetRequestWithList,
    GetResponseNormal,
    GetResponseWithDatablock,
    GetResponseWithList,
    list_results,
)
from hesd.dlms.invoke_id import answers
from hesd.dlms.octet_reader import OctetReader
from hesd.dlms.selective_access import SelectiveAccess
from hesd.dlms.set import (
    SetRequestNormal,
    SetRequestWithDatablock,
    SetRequestWithFirstDatablock,
    SetResponseDatablock,
    SetResponseLastDatablock,
    SetResponseNormal,
)

# A further block has 3 octets of service in front of 5 of block header and up to 5 of length;
# the first has also the descriptor, and the selective access.
_BLOCK_OVERHEAD: Final = 13
_FIRST_OVERHEAD: Final = _BLOCK_OVERHEAD + 10


class Transfer(ABC):
    """`request` is what to send, or to send again; None once there is a result."""

    __slots__ = ("invoke", "request")

    def __init__(self, invoke: int, request: APDU | None) -> None:
        self.invoke = invoke
        self.request = request

    def is_answered_by(self, apdu: APDU) -> bool:
        """Whether an APDU carries our invoke id; one that does not is a late answer to another."""
        found = getattr(apdu, "invoke", None)
        return isinstance(found, int) and answers(self.invoke, found)

    @abstractmethod
    def receive(self, apdu: APDU) -> None:
        """Take an answer with our invoke id. Raises `BlockError`, `APDUError`, `DataError`."""


class GetTransfer(Transfer):
    """Reads attributes. `results` are in their order, once `request` is None."""

    __slots__ = ("_blocks", "_count", "_max_octets", "results")

    def __init__(
        self, invoke: int, attributes: tuple[AttributeAccess, ...], max_octets: int = MAX_OCTETS
    ) -> None:
        """One attribute goes as a normal request, several as a list."""
        self.invoke = invoke
        self.request: APDU | None
        if len(attributes) == 1:
            self.request = GetRequestNormal(invoke, *attributes[0])
        else:
            self.request = GetRequestWithList(invoke, attributes)
        self.results: tuple[DataResult, ...] = ()
        self._count = len(attributes)
        self._max_octets = max_octets
        self._blocks: BlockAssembler | None = None

    @property
    def received(self) -> bytes:
        """The octets of the blocks so far: a broken profile transfer still holds rows."""
        return b"" if self._blocks is None else self._blocks.received

    def receive(self, apdu: APDU) -> None:
        """Take an answer with our invoke id. Raises `BlockError`, `APDUError`, `DataError`."""
        match apdu:
            case GetResponseNormal():
                self._finish((apdu.result,))
            case GetResponseWithList():
                self._finish(apdu.results)
            case GetResponseWithDatablock(result=DataAccessResult() as error):
                self._finish((error,) * self._count)
            case GetResponseWithDatablock(result=bytes() as raw):
                self._take_block(apdu, raw)
            case _:
                raise APDUError(f"{type(apdu).__name__} is no answer to GET")

    def _take_block(self, block: GetResponseWithDatablock, raw: bytes) -> None:
        """Ask for the next one, or take all of them together."""
        blocks = self._blocks = self._blocks or BlockAssembler(self._max_octets)
        joined = blocks.add(block.last_block, block.block_number, raw)
        if joined is None:
            self.request = GetRequestNext(self.invoke, blocks.expected - 1)
        else:
            self._take(joined)

    def _take(self, joined: bytes) -> None:
        self._finish((Data.decode(joined),) if self._count == 1 else list_results(joined))

    def _finish(self, results: tuple[DataResult, ...]) -> None:
        if len(results) != self._count:
            raise APDUError(f"{len(results)} results for {self._count} attributes")
        self.results, self.request = results, None


class LongGetTransfer(GetTransfer):
    """Reads one attribute and leaves its octets to whoever knows how to take them apart.

    `octets` is its A-XDR encoding once `request` is None; where there is none, `results`
    says why.
    """

    __slots__ = ("_joined",)

    def __init__(self, invoke: int, attribute: AttributeAccess, max_octets: int = MAX_OCTETS) -> None:
        super().__init__(invoke, (attribute,), max_octets)
        self._joined = b""

    @property
    def octets(self) -> bytes:
        result = self.results[0] if self.results else None
        return result.octets if isinstance(result, Data) else self._joined

    def _take(self, joined: bytes) -> None:
        self._joined, self.request = joined, None


class SetTransfer(Transfer):
    """Writes an attribute, in blocks where one APDU of `max_pdu` octets cannot hold it."""

    __slots__ = ("_blocks", "_sent", "result")

    def __init__(
        self,
        invoke: int,
        attribute: AttributeDescriptor,
        value: Data,
        access: SelectiveAccess | None = None,
        max_pdu: int = 0xFFFF,
    ) -> None:
        request: APDU = SetRequestNormal(invoke, attribute, value, access)
        self._blocks: Iterator[DataBlock] = iter(())
        if len(request.encode()) > max_pdu:
            selector = len(access.octets) if access is not None else 0
            self._blocks = _blocks(value.octets, max_pdu, selector)
            request = SetRequestWithFirstDatablock(invoke, attribute, next(self._blocks), access)
        super().__init__(invoke, request)
        self.result: DataAccessResult | None = None
        self._sent = 1

    def receive(self, apdu: APDU) -> None:
        """Take an answer with our invoke id. Raises `BlockError`, `APDUError`."""
        match apdu:
            case SetResponseNormal() | SetResponseLastDatablock():
                self.result, self.request = apdu.result, None
            case SetResponseDatablock():
                self._send_on(apdu.block_number)
            case _:
                raise APDUError(f"{type(apdu).__name__} is no answer to SET")

    def _send_on(self, acknowledged: int) -> None:
        if acknowledged < self._sent:
            return  # the answer to a block that was sent again
        block = next(self._blocks, None)
        if acknowledged > self._sent or block is None:
            raise BlockError(f"block {acknowledged} acknowledged where {self._sent} was sent")
        self._sent = block.block_number
        self.request = SetRequestWithDatablock(self.invoke, block)


class ActionTransfer(Transfer):
    """Calls a method; parameters and result may both be long."""

    __slots__ = ("_blocks", "_received", "_sent", "response")

    def __init__(
        self, invoke: int, method: MethodDescriptor, parameters: Data | None = None, max_pdu: int = 0xFFFF
    ) -> None:
        request: APDU = ActionRequestNormal(invoke, method, parameters)
        self._blocks: Iterator[DataBlock] = iter(())
        if parameters is not None and len(request.encode()) > max_pdu:
            self._blocks = _blocks(parameters.octets, max_pdu, 0)
            request = ActionRequestWithFirstPblock(invoke, method, next(self._blocks))
        super().__init__(invoke, request)
        self.response: ActionResponse | None = None
        self._sent = 1
        self._received = BlockAssembler()

    def receive(self, apdu: APDU) -> None:
        """Take an answer with our invoke id. Raises `BlockError`, `APDUError`, `DataError`."""
        match apdu:
            case ActionResponseNormal():
                self.response, self.request = apdu.response, None
            case ActionResponseNextPblock():
                self._send_on(apdu.block_number)
            case ActionResponseWithPblock(block=block):
                self._take_block(block)
            case _:
                raise APDUError(f"{type(apdu).__name__} is no answer to ACTION")

    def _send_on(self, acknowledged: int) -> None:
        if acknowledged < self._sent:
            return
        block = next(self._blocks, None)
        if acknowledged > self._sent or block is None:
            raise BlockError(f"block {acknowledged} acknowledged where {self._sent} was sent")
        self._sent = block.block_number
        self.request = ActionRequestWithPblock(self.invoke, block)

    def _take_block(self, block: DataBlock) -> None:
        joined = self._received.add(block.last_block, block.block_number, block.raw)
        if joined is None:
            self.request = ActionRequestNextPblock(self.invoke, self._received.expected - 1)
            return
        reader = OctetReader(joined)
        self.response, self.request = read_action_response(reader), None
        reader.end()


def _blocks(octets: bytes, max_pdu: int, selector: int) -> Iterator[DataBlock]:
    """Blocks that fit `max_pdu`, all sized for the first, whose header is the longest."""
    size = max_pdu - _FIRST_OVERHEAD - selector
    if size < 1:
        raise BlockError(f"no block fits an APDU of {max_pdu} octets")
    return datablocks(octets, size)
