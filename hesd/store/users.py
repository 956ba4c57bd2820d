"""The people and programs that sign in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from hesd.store.errors import Changed, Refused, Unknown
from hesd.store.fields import choice, name
from hesd.store.tables import sessions
from hesd.store.tables import users as table


class Role(StrEnum):
    """What a user may do; each may what the one below may."""

    ADMIN = "admin"
    OPERATOR = "operator"
    VIEWER = "viewer"


class UserRefused(Refused):
    """A user was not added or changed: `field` and `reason` say why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who may sign in unless `disabled`; `password_hash` is argon2's own text."""

    id: int
    username: str
    password_hash: str
    role: Role
    disabled: bool
    version: int
    created_ms: int
    updated_ms: int

    def __repr__(self) -> str:
        return f"User({self.username!r}, {self.role})"  # a hash has no business in a log


_USERNAME = name(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}", "1 to 64 letters, digits and . _ @ + -")


def create(connection: Connection, username: str, password_hash: str, role: str, now_ms: int) -> User:
    """Add a user; names are kept in lower case. Raises `UserRefused`."""
    record: dict[str, Any] = {
        "username": _read("username", username),
        "password_hash": password_hash,
        "role": _read("role", role),
        "disabled": False,
        "version": 1,
        "created_ms": now_ms,
        "updated_ms": now_ms,
    }
    if find(connection, record["username"]) is not None:
        raise UserRefused("username", f"{record['username']} is taken", conflict=True)
    connection.execute(insert(table).values(record))
    return get(connection, record["username"])


def change(
    connection: Connection,
    username: str,
    now_ms: int,
    *,
    role: str | None = None,
    disabled: bool | None = None,
    password_hash: str | None = None,
    version: int | None = None,
) -> User:
    """Change what is given. Whoever is disabled or has a new password is signed out everywhere.

    Raises `UserRefused` (the last admin stays one), `Unknown`, and `Changed` where the user
    is not at `version`.
    """
    old = get(connection, username)
    if version is not None and version != old.version:
        raise Changed("user", old.username, old.version)
    record: dict[str, Any] = {"version": old.version + 1, "updated_ms": now_ms}
    if role is not None:
        record["role"] = _read("role", role)
    if disabled is not None:
        record["disabled"] = disabled
    if password_hash is not None:
        record["password_hash"] = password_hash
    connection.execute(update(table).where(table.c.id == old.id).values(record))
    if old.role is Role.ADMIN and not _admins(connection):
        raise UserRefused("disabled" if disabled else "role", "somebody has to be an admin", conflict=True)
    if disabled or password_hash is not None:
        connection.execute(delete(sessions).where(sessions.c.user_id == old.id))
    return get(connection, old.username)


def get(connection: Connection, username: str) -> User:
    """The user of this name. Raises `Unknown`."""
    user = find(connection, username)
    if user is None:
        raise Unknown("user", username)
    return user


def find(connection: Connection, username: str) -> User | None:
    """The user of this name, however it is capitalised."""
    found = _select(connection, table.c.username == username.strip().lower())
    return found[0] if found else None


def listed(connection: Connection) -> list[User]:
    """All users by name."""
    return _select(connection)


def _select(connection: Connection, *conditions: Any) -> list[User]:
    query = select(table).where(*conditions).order_by(table.c.username)
    return [User(**{**row._mapping, "role": Role(row.role)}) for row in connection.execute(query)]


def _admins(connection: Connection) -> int:
    able = (table.c.role == Role.ADMIN, table.c.disabled.is_(False))
    return connection.scalar(select(func.count()).select_from(table).where(*able)) or 0


def _read(field: str, content: str) -> str:
    try:
        return str(choice(Role)(content) if field == "role" else _USERNAME(content).lower())
    except ValueError as error:
        raise UserRefused(field, str(error)) from error
