"""Registration packets of transparent modems: a line of text in front of everything else.

A DTU (USR-IOT and relatives) sends a text its installer typed in, when it connects, as a
heartbeat, or in front of every packet; with or without a line end. What in that text is
the meter's number only the installer knows, so every listener has a pattern.
"""

from __future__ import annotations

import re
from typing import Final

from hesd.dialin.errors import LoginError, PatternError

MAX_LENGTH: Final = 40
_MAX_PATTERN: Final = 200
# Printable but for the tilde, which is the flag that opens an HDLC frame.
_RUN: Final = re.compile(rb"[\x20-\x7d]{0,%d}" % (MAX_LENGTH + 1))
# A number, perhaps with a few letters in front; words of other protocols do not fit.
DEFAULT_PATTERN: Final = re.compile(r"[A-Za-z]{0,8}[0-9]{6,32}")


def compile_pattern(text: str) -> re.Pattern[str]:
    """A listener's pattern; it must match the whole line. Raises `PatternError`.

    The meter's number is the group called `id`, else the first group, else everything.
    It is tried on lines of up to 40 octets from strangers: a pattern that backtracks
    without end, like ``(a+)+b``, is the operator's to avoid.
    """
    try:
        if len(text) <= _MAX_PATTERN:
            return re.compile(text, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(f"no registration pattern: {error}") from None
    raise PatternError(f"a registration pattern of {len(text)} characters")


def registered_id(line: bytes, pattern: re.Pattern[str]) -> str | None:
    """The meter's number in a line, None when it is no registration."""
    if len(line) > MAX_LENGTH:
        return None
    match = pattern.fullmatch(line.decode("latin-1"))
    if match is None:
        return None
    group: str | int = "id" if "id" in pattern.groupindex else min(pattern.groups, 1)
    return (match[group] or "").strip() or None


def line_size(octets: bytes, start: int = 0, settled: bool = False) -> int:
    """How many octets of text begin at `start`; 0 while more must come.

    Text ends at a line end or at the first octet that is none; when `settled`, nothing
    more comes for now, it ends where the octets do. Raises `LoginError` beyond 40 octets.
    """
    run = _RUN.match(octets, start)
    size = run.end() - start if run else 0
    if size > MAX_LENGTH:
        raise LoginError(f"more text than a registration: {octets[start : start + MAX_LENGTH]!r}")
    return size if settled or start + size < len(octets) else 0
