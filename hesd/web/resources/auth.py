"""Signing in and out."""

from __future__ import annotations

from msgspec import Struct

from hesd.web.authentication import Authentication
from hesd.web.endpoint import Call, endpoint
from hesd.web.permissions import Permission
from hesd.web.session import Myself
from hesd.web.wire import At, at


class Credentials(Struct, forbid_unknown_fields=True):
    username: str
    password: str


class SignedIn(Struct):
    """Send `token` as `Authorization: Bearer` until `expires_at`."""

    token: str
    expires_at: At
    user: Myself


class Me(Myself):
    expires_at: At


class Ticket(Struct):
    """Opens one feed, once, until `expires_at`."""

    ticket: str
    expires_at: At


class NewPassword(Struct, forbid_unknown_fields=True):
    current: str
    new: str


class Auth:
    def __init__(self, authentication: Authentication) -> None:
        self._authentication = authentication

    @endpoint("POST", "/auth/login", None)
    async def login(self, call: Call, body: Credentials) -> SignedIn:
        """Sign in."""
        token, session = await self._authentication.sign_in(body.username, body.password, call.address)
        return SignedIn(token, at(session.expires_ms), session.user)

    @endpoint("POST", "/auth/logout", Permission.SELF)
    async def logout(self, call: Call) -> None:
        """Sign out: the token is worth nothing any more, and its feeds are closed."""
        await self._authentication.sign_out(call.user, call.token)

    @endpoint("GET", "/auth/me", Permission.SELF)
    async def me(self, call: Call) -> Me:
        """Who is signed in."""
        session = call.user
        return Me(session.username, session.role, at(session.expires_ms))

    @endpoint("POST", "/auth/ticket", Permission.SELF)
    async def ticket(self, call: Call) -> Ticket:
        """A ticket for the feed, so that the token itself need not be sent there."""
        ticket, expires_ms = self._authentication.ticket(call.user)
        return Ticket(ticket, at(expires_ms))

    @endpoint("POST", "/auth/password", Permission.SELF)
    async def password(self, call: Call, body: NewPassword) -> SignedIn:
        """Change one's own password; every session ends and a new one begins."""
        token, session = await self._authentication.change_password(
            call.user.username, body.current, body.new, call.address
        )
        return SignedIn(token, at(session.expires_ms), session.user)
