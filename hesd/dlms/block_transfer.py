"""APDUs in pieces: datablocks of one service, and general block transfer (IEC 62056-5-3, 9.4).

Both number their blocks from 1. A datablock belongs to GET, SET or ACTION and carries a
part of that service's data. General block transfer (tag E0) carries parts of any APDU;
in a push all blocks stream without acknowledgement. What is put together is bounded,
for the last block may never come.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from msgspec import Struct

from hesd.dlms.axdr_length import encode_length
from hesd.dlms.errors import APDUError, BlockError
from hesd.dlms.octet_reader import OctetReader

# A year of quarter hours with eight columns is below 2 MiB.
MAX_OCTETS: Final = 4 << 20
GENERAL_BLOCK_TRANSFER: Final = 0xE0
_LAST: Final = 0x80
_STREAMING: Final = 0x40
_WINDOW: Final = 0x3F


class DataBlock(Struct, frozen=True):
    """A block of the parameters or the result of SET and ACTION (DataBlock-SA)."""

    last_block: bool
    block_number: int
    raw: bytes

    @property
    def octets(self) -> bytes:
        head = bytes((self.last_block,)) + self.block_number.to_bytes(4, "big")
        return head + encode_length(len(self.raw)) + self.raw


def read_datablock(reader: OctetReader) -> DataBlock:
    return DataBlock(reader.flag(), reader.number(4), reader.octet_string())


class GeneralBlockTransfer(Struct, frozen=True):
    """One block of any APDU, and how far the other direction has got."""

    tag: ClassVar[int] = GENERAL_BLOCK_TRANSFER
    last_block: bool
    streaming: bool
    window: int
    block_number: int
    acknowledged: int
    block: bytes

    def encode(self) -> bytes:
        """Raises `APDUError` for numbers that do not fit."""
        if not 0 <= self.window <= _WINDOW or max(self.block_number, self.acknowledged) > 0xFFFF:
            raise APDUError(f"no general block transfer: {self}")
        control = (self.last_block and _LAST) | (self.streaming and _STREAMING) | self.window
        numbers = self.block_number.to_bytes(2, "big") + self.acknowledged.to_bytes(2, "big")
        return bytes((self.tag, control)) + numbers + encode_length(len(self.block)) + self.block


def decode_general_block_transfer(octets: bytes) -> GeneralBlockTransfer:
    """Raises `APDUError`."""
    reader = OctetReader(octets, 1)
    control, number, acknowledged = reader.octet(), reader.number(2), reader.number(2)
    block = reader.octet_string()
    reader.end()
    last, streaming = control & _LAST != 0, control & _STREAMING != 0
    return GeneralBlockTransfer(last, streaming, control & _WINDOW, number, acknowledged, block)


class BlockAssembler:
    """Puts the octets of numbered blocks together.

    A block that comes twice in a row, because an answer was late and the request was
    repeated, is taken once. Any other number than the next one is a fault that cannot be
    mended from here, and `received` keeps what had come in order until then.
    """

    __slots__ = ("_last", "_max_octets", "_octets", "expected")

    def __init__(self, max_octets: int = MAX_OCTETS, first: int = 1) -> None:
        self._max_octets = max_octets
        self._octets = bytearray()
        self._last = b""
        self.expected = first

    def add(self, last_block: bool, number: int, octets: bytes) -> bytes | None:
        """All octets once the last block is in, else None. Raises `BlockError`."""
        if number == self.expected - 1 and octets == self._last and not last_block:
            return None
        if number != self.expected:
            raise BlockError(f"block {number} where {self.expected} is due")
        if len(self._octets) + len(octets) > self._max_octets:
            raise BlockError(f"blocks of more than {self._max_octets} octets together")
        self.expected += 1
        self._last = octets
        self._octets += octets
        return bytes(self._octets) if last_block else None

    @property
    def received(self) -> bytes:
        """What has come in order so far."""
        return bytes(self._octets)


def datablocks(octets: bytes, size: int, first: int = 1) -> Iterator[DataBlock]:
    """The blocks of at most `size` octets (1 or more) that carry `octets`."""
    starts = range(0, max(len(octets), 1), size)
    for number, start in enumerate(starts, first):
        end = start + size
        yield DataBlock(end >= len(octets), number, octets[start:end])


class GeneralBlockReceiver:
    """Puts APDUs together from general block transfer, for pushes and for answers alike."""

    __slots__ = ("_assembler", "_max_octets")

    def __init__(self, max_octets: int = MAX_OCTETS) -> None:
        self._max_octets = max_octets
        self._assembler = BlockAssembler(max_octets)

    def add(self, block: GeneralBlockTransfer) -> bytes | None:
        """The APDU once its last block is in. Block 1 begins anew. Raises `BlockError`."""
        if block.block_number == 1 and self._assembler.expected != 2:
            self._assembler = BlockAssembler(self._max_octets)
        try:
            apdu = self._assembler.add(block.last_block, block.block_number, block.block)
        except BlockError:
            self._assembler = BlockAssembler(self._max_octets)
            raise
        if apdu is not None:
            self._assembler = BlockAssembler(self._max_octets)
        return apdu

    def acknowledge(self, window: int = 1) -> GeneralBlockTransfer:
        """The request for the blocks that follow, when they do not stream."""
        return GeneralBlockTransfer(True, False, window, 1, self._assembler.expected - 1, b"")


def general_blocks(
    apdu: bytes, size: int, window: int = 1, streaming: bool = False
) -> list[GeneralBlockTransfer]:
    """The blocks of at most `size` octets that carry an APDU. Raises `BlockError` beyond 65535."""
    blocks = list(datablocks(apdu, size))
    if len(blocks) > 0xFFFF:
        raise BlockError(f"{len(blocks)} general blocks")
    return [
        GeneralBlockTransfer(
            block.last_block, streaming and not block.last_block, window, block.block_number, 0, block.raw
        )
        for block in blocks
    ]
