"""What this head end decided once for itself: octets by name."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, insert, select

from hesd.store.tables import settings as table

_MANUFACTURER: Final = b"HSD"


def find(connection: Connection, name: str) -> bytes | None:
    """What was decided, None where nothing was yet."""
    return connection.scalar(select(table.c.value).where(table.c.name == name))


def once(connection: Connection, name: str, make: Callable[[], bytes]) -> bytes:
    """What was decided before, else what `make` gives, kept from now on."""
    known = find(connection, name)
    if known is not None:
        return known
    made = make()
    connection.execute(insert(table).values(name=name, value=made))
    return made


def system_title(connection: Connection) -> bytes:
    """The head end's own system title: three letters of manufacturer and what makes it unique
    (IEC 62056-5-3, 4.3.4). Invocation counters are counted under it, so it never changes.
    """
    return once(connection, "system_title", lambda: _MANUFACTURER + secrets.token_bytes(5))


def token_salt(connection: Connection) -> bytes:
    """What the digits of prepayment tokens are hashed with, so that a hash gives no digits away."""
    return once(connection, "token_salt", lambda: secrets.token_bytes(32))
