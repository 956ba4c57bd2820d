"""Modbus TCP framing (MODBUS Messaging on TCP/IP Implementation Guide V1.0b, section 3.1.3)."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from hesd.modbus.errors import BadReply

OVERHEAD = 7
_HEADER = Struct(">HHHB")
_LENGTH_FIELD_ENDS = 6  # what the length counts starts after it
_SHORTEST, _LONGEST = 2, 254  # unit and PDU


class MBAPFrame(NamedTuple):
    """One request or reply."""

    transaction: int
    unit: int
    pdu: bytes


def encode_frame(transaction: int, unit: int, pdu: bytes) -> bytes:
    return _HEADER.pack(transaction, 0, len(pdu) + 1, unit) + pdu


class MBAPReader:
    """Cuts a stream into frames.

    There is nothing in it to find the next frame by, so a header that cannot be one is
    the end: the connection has to be given up.
    """

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[MBAPFrame]:
        """The frames that are complete.

        Raises `BadReply` where the next bytes are no header, after all frames before them
        have been returned: then at the next call.
        """
        if self._buffer:
            data = self._buffer + data
        frames: list[MBAPFrame] = []
        start, end = 0, len(data)
        while end - start >= _HEADER.size:
            transaction, protocol, length, unit = _HEADER.unpack_from(data, start)
            if protocol or not _SHORTEST <= length <= _LONGEST:
                if frames:
                    break
                self._buffer = data[start : start + OVERHEAD]
                raise BadReply(f"not Modbus TCP: {data[start : start + 16].hex()}")
            stop = start + _LENGTH_FIELD_ENDS + length
            if stop > end:
                break
            frames.append(MBAPFrame(transaction, unit, data[start + OVERHEAD : stop]))
            start = stop
        self._buffer = data[start:]
        return frames
