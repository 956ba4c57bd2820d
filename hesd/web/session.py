"""Who is calling."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct

from hesd.store.users import Role
from hesd.web.permissions import GRANTED, Permission


class Myself(Struct):
    """The user behind a session, as he is shown himself."""

    username: str
    role: Role


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in, until `expires_ms` (UTC since 1970) or until they sign out.

    `key` is the hash of the token; the token itself is known to its owner alone.
    """

    key: bytes
    username: str
    role: Role
    expires_ms: int

    @property
    def user(self) -> Myself:
        return Myself(self.username, self.role)

    def may(self, permission: Permission) -> bool:
        return permission in GRANTED[self.role]
