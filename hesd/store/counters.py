"""Invocation counters, ours and the meters', by meter and key (IEC 62056-5-3, 9.2.3.3.7.3).

A counter of ours that was used twice under one key would give away what both messages say,
so it is on disk before it is used, and what is on disk only ever grows.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, Connection, insert, select, update

from hesd.model.errors import HesdError
from hesd.store.tables import counters as table

_FIRST: Final = 1  # meters that have heard nothing yet expect more than 0
_LIMIT: Final = 2**32
_NONE: Final = -1


class CountersSpent(HesdError):
    """All counters under this key were given out: the meter needs another key."""


def reserve(
    connection: Connection, meter: str, key_fingerprint: bytes, count: int, at_least: int = 0
) -> tuple[int, int]:
    """Take `count` counters: the first, not below `at_least`, and the limit, not included.

    Raises `CountersSpent`.
    """
    _begin(connection, meter, key_fingerprint)
    here = _here(meter, key_fingerprint)
    first = max(connection.scalars(select(table.c.next).where(*here)).one(), at_least)
    limit = first + count
    if count < 1 or limit > _LIMIT:
        raise CountersSpent(f"meter {meter}: no {count} invocation counters are left under its key")
    connection.execute(update(table).where(*here).values(next=limit))
    return first, limit


def received(connection: Connection, meter: str, key_fingerprint: bytes) -> int:
    """The highest counter that came from the meter, -1 for none."""
    found = connection.scalar(select(table.c.received).where(*_here(meter, key_fingerprint)))
    return _NONE if found is None else found


def set_received(connection: Connection, meter: str, key_fingerprint: bytes, counter: int) -> None:
    """Keep the highest counter that came; a lower one changes nothing."""
    _begin(connection, meter, key_fingerprint)
    lower = table.c.received < counter
    connection.execute(update(table).where(*_here(meter, key_fingerprint), lower).values(received=counter))


def _begin(connection: Connection, meter: str, key_fingerprint: bytes) -> None:
    record = {"meter": meter, "key_fingerprint": key_fingerprint, "next": _FIRST, "received": _NONE}
    connection.execute(insert(table).prefix_with("OR IGNORE").values(record))


def _here(meter: str, key_fingerprint: bytes) -> tuple[ColumnElement[bool], ...]:
    return table.c.meter == meter, table.c.key_fingerprint == key_fingerprint
