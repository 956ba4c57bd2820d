"""Who is signed in. A token is random and opaque; only its SHA-256 is kept, so that the
database gives nobody a way in, and a session ends the moment its row goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, delete, insert, select

from hesd.store import users
from hesd.store.tables import sessions as table
from hesd.store.tables import users as user_table


@dataclass(frozen=True, slots=True)
class Session:
    """A user who is signed in until `expires_ms`."""

    user: users.User
    expires_ms: int


def create(connection: Connection, token: str, username: str, now_ms: int, expires_ms: int) -> Session:
    """Sign a user in under a token of at least 128 random bits, made by the caller.

    Sessions that are over are swept out on the way. Raises `Unknown`.
    """
    user = users.get(connection, username)
    connection.execute(delete(table).where(table.c.expires_ms <= now_ms))
    record = {
        "token_sha256": _digest(token),
        "user_id": user.id,
        "created_ms": now_ms,
        "expires_ms": expires_ms,
    }
    connection.execute(insert(table).values(record))
    return Session(user, expires_ms)


def find(connection: Connection, token: str, now_ms: int) -> Session | None:
    """The session of a token; None where there is none, it is over, or its user is disabled."""
    query = (
        select(user_table.c.username, table.c.expires_ms)
        .join(user_table, user_table.c.id == table.c.user_id)
        .where(table.c.token_sha256 == _digest(token), table.c.expires_ms > now_ms)
        .where(user_table.c.disabled.is_(False))
    )
    row = connection.execute(query).first()
    return None if row is None else Session(users.get(connection, row.username), row.expires_ms)


def revoke(connection: Connection, token: str) -> bool:
    """End a session at once; whether there was one."""
    return connection.execute(delete(table).where(table.c.token_sha256 == _digest(token))).rowcount > 0


def revoke_all(connection: Connection, username: str) -> int:
    """End every session of a user; how many there were. Raises `Unknown`."""
    user = users.get(connection, username)
    return connection.execute(delete(table).where(table.c.user_id == user.id)).rowcount


def _digest(token: str) -> bytes:
    return sha256(token.encode(errors="surrogatepass")).digest()
