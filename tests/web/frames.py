"""Reads a server's WebSocket frames, written apart from what builds them (RFC 6455, 5.2)."""

from __future__ import annotations

import json
import struct
from typing import Any


def messages_in(data: bytes) -> list[Any]:
    """The JSON of every text frame in `data`, which holds whole frames only."""
    found = []
    while data:
        first, second = data[0], data[1]
        assert first == 0x81, f"final text frame expected, got {first:#x}"
        assert not second & 0x80, "a server does not mask"
        length, start = second, 2
        if length == 126:
            (length,), start = struct.unpack_from("!H", data, 2), 4
        elif length == 127:
            (length,), start = struct.unpack_from("!Q", data, 2), 10
        found.append(json.loads(data[start : start + length]))
        data = data[start + length :]
    return found
