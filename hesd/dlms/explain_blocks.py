"""Blocks of one service put together, for whoever reads along (IEC 62056-5-3, 9.4)."""

from __future__ import annotations

from collections.abc import Iterable

from hesd.dlms import action, get, set
from hesd.dlms.access_result import DataResult
from hesd.dlms.apdu import APDU
from hesd.dlms.block_transfer import BlockAssembler
from hesd.dlms.data import Data
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.errors import DataError
from hesd.dlms.explain_request import explain_written
from hesd.dlms.explain_service import explain_results, explain_returned
from hesd.dlms.octet_reader import OctetReader
from hesd.dlms.said import Descriptor, Said

_Asked = tuple[Descriptor, ...]


class BlockReader:
    """Keeps what has come of a result and of parameters, each in its own direction."""

    def __init__(self, reveal: bool) -> None:
        self._reveal = reveal
        self._blocks: dict[str, BlockAssembler] = {}

    def join(self, apdu: APDU, request: APDU | None, asked: _Asked) -> Said | None:
        """What all blocks say, with the last of them; `request` is the one before, about `asked`.

        None for any other APDU, and where the first block was not seen. Raises `DLMSError`.
        """
        match apdu:
            case get.GetResponseWithDatablock(result=bytes() as raw):
                whole = self._add("result", apdu.last_block, apdu.block_number, raw)
                return None if whole is None else self._results(whole, request, asked)
            case action.ActionResponseWithPblock(block=block):
                whole = self._add("result", block.last_block, block.block_number, block.raw)
                return None if whole is None else self._returned(whole, asked)
            case (
                set.SetRequestWithFirstDatablock(block=block)
                | set.SetRequestWithListAndFirstDatablock(block=block)
                | set.SetRequestWithDatablock(block=block)
                | action.ActionRequestWithFirstPblock(block=block)
                | action.ActionRequestWithListAndFirstPblock(block=block)
                | action.ActionRequestWithPblock(block=block)
            ):
                whole = self._add("parameters", block.last_block, block.block_number, block.raw)
                return None if whole is None else self._parameters(whole, asked)
        return None

    def _add(self, what: str, last: bool, number: int, raw: bytes) -> bytes | None:
        if number == 1:
            self._blocks[what] = BlockAssembler()
        blocks = self._blocks.get(what)
        whole = None if blocks is None else blocks.add(last, number, raw)
        if whole is not None:
            del self._blocks[what]
        return whole

    def _results(self, octets: bytes, request: APDU | None, asked: _Asked) -> Said:
        attribute = asked[0] if asked and isinstance(asked[0], AttributeDescriptor) else None
        results: Iterable[DataResult]
        if isinstance(request, get.GetRequestWithList):
            results, attribute = get.list_results(octets), None
        elif attribute is not None:
            results = [Data.decode(octets)]
        else:
            results = _data_or_list(octets)
        return explain_results(results, attribute, reveal=self._reveal)

    def _parameters(self, octets: bytes, asked: _Asked) -> Said:
        values: Iterable[Data]
        if len(asked) > 1:
            reader = OctetReader(octets)
            values = set.read_values(reader)
            reader.end()
        else:
            values = [Data.decode(octets)]
        return explain_written(Said(objects=asked), values, reveal=self._reveal)

    def _returned(self, octets: bytes, asked: _Asked) -> Said:
        reader = OctetReader(octets)
        count = reader.count() if len(asked) > 1 else 1
        responses = [action.read_action_response(reader) for _ in range(count)]
        reader.end()
        return explain_returned(responses, reveal=self._reveal)


def _data_or_list(octets: bytes) -> Iterable[DataResult]:
    """Without the request nothing says which of the two the blocks are."""
    try:
        return [Data.decode(octets)]
    except DataError:
        return get.list_results(octets)
