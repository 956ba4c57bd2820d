"""The meter's side of a long Read: handing the list of results out, block by block.

As with GET, a meter keeps one long transfer per association, and a new request ends the old one.
"""

from __future__ import annotations

from hesd.dlms.access_result import DataAccessResult, DataResult
from hesd.dlms.short_name import BlockNumberAccess, DataBlockResult, ReadResponse, encode_read_results

# Tag, count, choice, last flag, block number, and the longest length.
_OVERHEAD = 9


class ServedRead:
    """Answers to one Read and to the requests for its further blocks; `max_pdu` is in octets."""

    def __init__(self, max_pdu: int) -> None:
        self._size = max(1, max_pdu - _OVERHEAD)
        self._max_pdu = max_pdu
        self._octets = b""

    def answer(self, results: tuple[DataResult, ...]) -> ReadResponse:
        """The response, or its first block when it does not fit one APDU."""
        octets = encode_read_results(results)
        fits = 1 + len(octets) <= self._max_pdu
        self._octets = b"" if fits else octets
        return ReadResponse(results) if fits else self._block(1)

    def next(self, request: BlockNumberAccess) -> ReadResponse:
        """The block after the one named."""
        if self._octets and request.block_number * self._size < len(self._octets):
            return self._block(request.block_number + 1)
        ended = not self._octets
        self._octets = b""
        return ReadResponse(
            (
                DataAccessResult.NO_LONG_GET_IN_PROGRESS
                if ended
                else DataAccessResult.DATA_BLOCK_NUMBER_INVALID,
            )
        )

    def _block(self, number: int) -> ReadResponse:
        end = number * self._size
        block = self._octets[end - self._size : end]
        return ReadResponse((DataBlockResult(end >= len(self._octets), number, block),))
