"""A server's text frame (RFC 6455, section 5.2), built once and sent to many."""

from __future__ import annotations

_FIN_TEXT = 0x81


def text_frame(payload: bytes) -> bytes:
    """`payload`, UTF-8, as one final unmasked frame."""
    length = len(payload)
    if length < 126:
        head = bytes((_FIN_TEXT, length))
    elif length < 1 << 16:
        head = bytes((_FIN_TEXT, 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((_FIN_TEXT, 127)) + length.to_bytes(8, "big")
    return head + payload
