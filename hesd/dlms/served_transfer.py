"""The meter's side of long services: handing a result out, and taking parameters in, block by block.

A meter keeps one long transfer per association; a new request ends the old one.
"""

from __future__ import annotations

from hesd.dlms.access_result import DataAccessResult, DataResult, encode_data_result
from hesd.dlms.axdr_length import encode_length
from hesd.dlms.block_transfer import BlockAssembler, DataBlock
from hesd.dlms.data import Data
from hesd.dlms.errors import BlockError, DLMSError
from hesd.dlms.get import (
    GetRequestNext,
    GetResponse,
    GetResponseNormal,
    GetResponseWithDatablock,
    GetResponseWithList,
)
from hesd.dlms.set import (
    SetRequestWithDatablock,
    SetRequestWithFirstDatablock,
    SetResponse,
    SetResponseDatablock,
    SetResponseLastDatablock,
)

# Tag, kind, invoke id, last flag, block number, choice, and the longest length.
_OVERHEAD = 12


class ServedGet:
    """Answers to one GET and to the requests for its further blocks."""

    def __init__(self, max_pdu: int) -> None:
        self._size = max(1, max_pdu - _OVERHEAD)
        self._max_pdu = max_pdu
        self._octets = b""
        self._number = 0

    def answer(self, invoke: int, results: tuple[DataResult, ...], *, as_list: bool = False) -> GetResponse:
        """The response, or its first block when it does not fit one APDU."""
        response: GetResponse = (
            GetResponseWithList(invoke, results) if as_list else GetResponseNormal(invoke, results[0])
        )
        self._octets, self._number = b"", 0
        if len(response.encode()) <= self._max_pdu:
            return response
        if as_list:
            self._octets = encode_length(len(results)) + b"".join(map(encode_data_result, results))
        elif isinstance(results[0], Data):
            self._octets = results[0].octets
        return self._block(invoke, 1)

    def next(self, request: GetRequestNext) -> GetResponseWithDatablock:
        """The block after the one named; naming the one before once more gets the same again."""
        if not self._octets:
            reason = DataAccessResult.NO_LONG_GET_IN_PROGRESS
        elif request.block_number in (self._number, self._number - 1):
            return self._block(request.invoke, request.block_number + 1)
        else:
            reason = DataAccessResult.DATA_BLOCK_NUMBER_INVALID
        self._octets = b""
        return GetResponseWithDatablock(request.invoke, True, request.block_number, reason)

    def _block(self, invoke: int, number: int) -> GetResponseWithDatablock:
        start = (number - 1) * self._size
        if start >= len(self._octets):
            self._octets = b""
            unavailable = DataAccessResult.DATA_BLOCK_UNAVAILABLE
            return GetResponseWithDatablock(invoke, True, number, unavailable)
        self._number = number
        end = start + self._size
        return GetResponseWithDatablock(invoke, end >= len(self._octets), number, self._octets[start:end])


class ServedSet:
    """Takes the blocks of one SET; `value` is there once the last one is in."""

    def __init__(self, max_octets: int = 1 << 16) -> None:
        self._max_octets = max_octets
        self._blocks: BlockAssembler | None = None
        self.first: SetRequestWithFirstDatablock | None = None
        self.value: Data | None = None

    def take(self, request: SetRequestWithFirstDatablock | SetRequestWithDatablock) -> SetResponse | None:
        """The acknowledgement of a block or a refusal; None once `value` is to be written."""
        if isinstance(request, SetRequestWithFirstDatablock):
            self.first, self.value = request, None
            self._blocks = BlockAssembler(self._max_octets)
        if self._blocks is None:
            return self._refused(request.invoke, request.block, DataAccessResult.NO_LONG_SET_IN_PROGRESS)
        try:
            block = request.block
            octets = self._blocks.add(block.last_block, block.block_number, block.raw)
            if octets is None:
                return SetResponseDatablock(request.invoke, block.block_number)
            self.value = Data.decode(octets)
        except BlockError:
            return self._refused(request.invoke, request.block, DataAccessResult.DATA_BLOCK_NUMBER_INVALID)
        except DLMSError:
            return self._refused(request.invoke, request.block, DataAccessResult.TYPE_UNMATCHED)
        self._blocks = None
        return None

    def _refused(self, invoke: int, block: DataBlock, reason: DataAccessResult) -> SetResponse:
        self._blocks = None
        return SetResponseLastDatablock(invoke, reason, block.block_number)
