"""A meter that dialled in and is not registered."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """What is known of one when it is seen at `at_ms` (UTC, ms since 1970).

    `family` is what it speaks like, `serial` what it says it is, in clear and unproved, and ""
    where it says nothing. `address` is its IP address without a port, `listener` the name of
    the listener it dialled, `framing` "hdlc", "wrapper" or "" where that is not known yet.
    """

    family: str
    serial: str
    address: str
    listener: str
    framing: str
    at_ms: int
