"""Octet-strings as people read them: meters put text, numbers and times into the same type."""

from __future__ import annotations


def octet_text(octets: bytes) -> str:
    """The text where the octets are one (printable ASCII, padding left away), else hex."""
    text = octets.rstrip(b"\0 ")
    if text and text.isascii() and (shown := text.decode("ascii")).isprintable():
        return shown
    return octets.hex()
