"""Who is signed in: passwords, tokens, tickets, and their end.

Sessions live in the store. What has been looked up stays known here, because every request
asks; so whatever ends a session has to go through this object, which forgets it at once and
tells those (the feed) who hold a connection for it.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256

from sqlalchemy import Connection
from twisted.internet.interfaces import IReactorTime

from hesd.store import sessions, users
from hesd.store.database import Database
from hesd.store.users import Role, User
from hesd.web.passwords import Passwords
from hesd.web.problems import Problem, ProblemType
from hesd.web.session import Session
from hesd.web.throttle import Throttle

SESSION_SECONDS = 7 * 86_400
TICKET_SECONDS = 30
_MAX_KNOWN = 10_000
_MAX_TICKETS = 1_000
_MAX_TOKEN = 200
_FOREVER_MS = 253_402_300_799_000  # the end of the year 9999, the last that RFC 3339 can write

Concerned = Callable[[Session], bool]
"""Whether a session is one of those that end."""


class Authentication:
    """Signs users in and out and knows who a token belongs to."""

    def __init__(self, db: Database, passwords: Passwords, clock: IReactorTime) -> None:
        self.passwords = passwords
        self._db = db
        self._clock = clock
        self._known: OrderedDict[bytes, Session] = OrderedDict()
        self._services: dict[bytes, Session] = {}
        self._tickets: OrderedDict[str, tuple[Session, float]] = OrderedDict()
        self._listeners: list[Callable[[Concerned, str], None]] = []
        self._endings = 0
        self._guesses = (
            Throttle(clock, allowed=5, forgive=30),  # one address at one user
            Throttle(clock, allowed=30, forgive=10),  # one address at everybody
            Throttle(clock, allowed=50, forgive=60),  # everybody at one user
        )

    @property
    def now_ms(self) -> int:
        return round(self._clock.seconds() * 1000)

    def on_end(self, listener: Callable[[Concerned, str], None]) -> None:
        """Have `listener(concerned, reason)` called whenever sessions end before their time."""
        self._listeners.append(listener)

    async def sign_in(self, username: str, password: str, address: str) -> tuple[str, Session]:
        """A new token and its session. Raises `Problem`: the same one for a wrong name, a wrong
        password and a disabled user, and another for too many attempts."""
        return await self._open(await self.check_password(username, password, address))

    async def check_password(self, username: str, password: str, address: str) -> User:
        """The user whose password this is, who may sign in. Raises `Problem`."""
        name = username.strip().lower()[:64]
        keys = (f"{name} {address}", address, name)
        self._charge(keys)
        user = await self._db.read(users.find, username)
        right = await self.passwords.matches(user.password_hash if user else None, password)
        if user is None or user.disabled or not right:
            raise _bad_credentials()
        for throttle, key in zip(self._guesses, keys, strict=True):
            throttle.refund(key)
        return user

    async def change_password(
        self, username: str, current: str, new: str, address: str
    ) -> tuple[str, Session]:
        """Give a user another password, which ends all his sessions, and sign him in with it."""
        await self.check_password(username, current, address)
        stored = await self.passwords.hash(new)
        user = await self._db.write(users.change, username, self.now_ms, password_hash=stored)
        self.end_user(username, "the password was changed")
        return await self._open(user)

    async def session(self, token: str | None) -> Session:
        """Whose token this is. Raises `Problem` where it is nobody's, or no longer."""
        if not token or len(token) > _MAX_TOKEN:
            raise _not_signed_in()
        key = _key(token)
        found = self._services.get(key) or self._known.get(key) or await self._look_up(key, token)
        if found.expires_ms <= self.now_ms:
            self._known.pop(key, None)
            raise _not_signed_in()
        return found

    async def sign_out(self, session: Session, token: str | None) -> None:
        """End the session of `token`."""
        if token is not None:
            await self._db.write(sessions.revoke, token)
        self._end(lambda other: other.key == session.key, "signed out")

    def end_user(self, username: str, reason: str) -> None:
        """Forget what is known of a user's sessions: he was disabled, or given another role."""
        self._end(lambda session: session.username == username, reason)

    def ticket(self, session: Session) -> tuple[str, int]:
        """A word that stands for the session once, soon, and when it ends (UTC milliseconds)."""
        now = self._clock.seconds()
        while self._tickets and next(iter(self._tickets.values()))[1] <= now:
            self._tickets.popitem(last=False)
        if len(self._tickets) >= _MAX_TICKETS:
            raise Problem(ProblemType.BUSY, "too many tickets are open", headers={"Retry-After": "30"})
        ticket = secrets.token_urlsafe(24)
        self._tickets[ticket] = (session, now + TICKET_SECONDS)
        return ticket, round((now + TICKET_SECONDS) * 1000)

    def redeem(self, ticket: str) -> Session:
        """The session of a ticket, which is worth nothing from now on."""
        session, until = self._tickets.pop(ticket, (None, 0.0))
        if session is None or until <= self._clock.seconds() or session.expires_ms <= self.now_ms:
            raise _not_signed_in()
        return session

    def open_service(self, name: str) -> str:
        """A token for a program on this machine: an admin until this process ends."""
        token = secrets.token_urlsafe(32)
        self._services[_key(token)] = Session(_key(token), name, Role.ADMIN, _FOREVER_MS)
        return token

    def _charge(self, keys: tuple[str, ...]) -> None:
        waits = [throttle.wait(key) for throttle, key in zip(self._guesses, keys, strict=True)]
        if any(waits):
            seconds = str(int(max(waits)) + 1)
            raise Problem(ProblemType.TOO_MANY, f"try again in {seconds} s", headers={"Retry-After": seconds})
        for throttle, key in zip(self._guesses, keys, strict=True):
            throttle.charge(key)

    async def _open(self, user: User) -> tuple[str, Session]:
        token = secrets.token_urlsafe(32)
        now_ms = self.now_ms
        expires_ms = now_ms + SESSION_SECONDS * 1000
        await self._db.write(_record, token, user, now_ms, expires_ms)
        return token, self._know(Session(_key(token), user.username, user.role, expires_ms))

    async def _look_up(self, key: bytes, token: str) -> Session:
        while True:
            endings = self._endings
            found = await self._db.read(sessions.find, token, self.now_ms)
            if endings == self._endings:  # else it may have been ended since it was read
                break
        if found is None:
            raise _not_signed_in()
        return self._know(Session(key, found.user.username, found.user.role, found.expires_ms))

    def _know(self, session: Session) -> Session:
        self._known[session.key] = session
        if len(self._known) > _MAX_KNOWN:
            self._known.popitem(last=False)
        return session

    def _end(self, concerned: Concerned, reason: str) -> None:
        self._endings += 1
        for key in [key for key, session in self._known.items() if concerned(session)]:
            del self._known[key]
        for ticket in [ticket for ticket, held in self._tickets.items() if concerned(held[0])]:
            del self._tickets[ticket]
        for listener in self._listeners:
            listener(concerned, reason)


def _record(connection: Connection, token: str, checked: User, now_ms: int, expires_ms: int) -> None:
    user = sessions.create(connection, token, checked.username, now_ms, expires_ms).user
    if user.disabled or user.password_hash != checked.password_hash:  # since it was checked
        raise _bad_credentials()


def _key(token: str) -> bytes:
    return sha256(token.encode(errors="surrogatepass")).digest()


def _not_signed_in() -> Problem:
    return Problem(
        ProblemType.NOT_SIGNED_IN, "send a token of auth/login", headers={"WWW-Authenticate": "Bearer"}
    )


def _bad_credentials() -> Problem:
    return Problem(ProblemType.BAD_CREDENTIALS, "no user has this name and this password")
