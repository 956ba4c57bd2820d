"""Passwords: argon2id, checked in a thread because one check takes tens of milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from twisted.internet.defer import DeferredSemaphore
from twisted.internet.interfaces import IReactorThreads
from twisted.internet.threads import deferToThreadPool

from hesd.web.problems import Problem, ProblemType

T = TypeVar("T")

MIN_LENGTH = 8
MAX_LENGTH = 256
"""Characters. The upper bound keeps a request from buying more hashing than a password."""

_AT_ONCE = 2
_MAX_WAITING = 64


class Passwords:
    """Hashes and checks, a few at once. `reactor` gives the threads."""

    def __init__(self, reactor: Any) -> None:
        self._reactor: IReactorThreads = reactor
        # 19 MiB, two passes, one lane: the OWASP minimum, ten times faster than the default.
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._nobody = self._hasher.hash("nobody has this password")
        self._turns = DeferredSemaphore(_AT_ONCE)

    async def hash(self, password: str) -> str:
        """The text to store. Raises `Problem` for a password nobody should have."""
        if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
            raise Problem(
                ProblemType.INVALID,
                f"a password has {MIN_LENGTH} to {MAX_LENGTH} characters",
                field="password",
            )
        return await self._in_thread(self._hasher.hash, password)

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether `password` is the one `stored` was made from.

        None, for a user nobody knows, costs the same time as a wrong password.
        """
        if len(password) > MAX_LENGTH:
            return False
        right = await self._in_thread(self._verify, stored or self._nobody, password)
        return right and stored is not None

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        if len(self._turns.waiting) >= _MAX_WAITING:
            raise Problem(ProblemType.BUSY, "too many sign-ins at once", headers={"Retry-After": "5"})
        pool = self._reactor.getThreadPool()
        result: T = await self._turns.run(deferToThreadPool, self._reactor, pool, work, *arguments)
        return result
