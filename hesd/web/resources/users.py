"""The people and programs that sign in."""

from __future__ import annotations

from typing import Self

from msgspec import UNSET, Struct, UnsetType

from hesd.store import users
from hesd.store.users import Role, User
from hesd.web.app import App
from hesd.web.endpoint import Call, Page, endpoint
from hesd.web.permissions import Permission
from hesd.web.versions import etag, expected_version
from hesd.web.wire import At, at


class UserShown(Struct):
    username: str
    role: Role
    disabled: bool
    created_at: At
    updated_at: At

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(user.username, user.role, user.disabled, at(user.created_ms), at(user.updated_ms))


class NewUser(Struct, forbid_unknown_fields=True):
    username: str
    password: str
    role: Role


class UserChange(Struct, forbid_unknown_fields=True):
    """What is not given stays. Another password or role, or `disabled`, signs the user out."""

    password: str | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class Users:
    def __init__(self, app: App) -> None:
        self._app = app

    @endpoint("GET", "/users", Permission.MANAGE_USERS)
    async def list(self) -> Page[UserShown]:
        """All users by name."""
        return Page([UserShown.of(user) for user in await self._app.db.read(users.listed)])

    @endpoint("POST", "/users", Permission.MANAGE_USERS, status=201)
    async def add(self, call: Call, body: NewUser) -> UserShown:
        """Add a user."""
        stored = await self._app.authentication.passwords.hash(body.password)
        user = await self._app.db.write(users.create, body.username, stored, body.role, self._app.now_ms)
        return self._shown(call, user)

    @endpoint("GET", "/users/<username>", Permission.MANAGE_USERS)
    async def get(self, call: Call, username: str) -> UserShown:
        """One user."""
        return self._shown(call, await self._app.db.read(users.get, username))

    @endpoint("PATCH", "/users/<username>", Permission.MANAGE_USERS)
    async def change(self, call: Call, username: str, body: UserChange) -> UserShown:
        """Give a user another password or role, or let him in no more."""
        stored = None
        if body.password is not UNSET:
            stored = await self._app.authentication.passwords.hash(body.password)
        user = await self._app.db.write(
            users.change,
            username,
            self._app.now_ms,
            role=None if body.role is UNSET else body.role,
            disabled=None if body.disabled is UNSET else body.disabled,
            password_hash=stored,
            version=expected_version(call),
        )
        self._app.authentication.end_user(user.username, "your user was changed")
        return self._shown(call, user)

    @endpoint("DELETE", "/users/<username>", Permission.MANAGE_USERS)
    async def disable(self, call: Call, username: str) -> None:
        """Let a user in no more; what he did keeps his name."""
        user = await self._app.db.write(
            users.change, username, self._app.now_ms, disabled=True, version=expected_version(call)
        )
        self._app.authentication.end_user(user.username, "your user was disabled")

    def _shown(self, call: Call, user: User) -> UserShown:
        call.answer_headers["ETag"] = etag(user.version)
        return UserShown.of(user)
