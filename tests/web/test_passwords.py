"""Guessing passwords: what it costs and how often it is allowed."""

from __future__ import annotations

from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from hesd.web.passwords import MAX_LENGTH, MIN_LENGTH, Passwords
from hesd.web.problems import Problem, ProblemType
from hesd.web.throttle import MAX_KEYS, Throttle


class PasswordTests(TestCase):
    def setUp(self) -> None:
        self.passwords = Passwords(reactor)

    async def test_a_password_matches_what_was_made_from_it_and_nothing_else_does(self) -> None:
        stored = await self.passwords.hash("correct horse")
        self.assertTrue(stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$"), stored)
        self.assertTrue(await self.passwords.matches(stored, "correct horse"))
        self.assertFalse(await self.passwords.matches(stored, "correct horsf"))
        self.assertFalse(await self.passwords.matches(stored, ""))

    async def test_nobody_has_no_password(self) -> None:
        self.assertFalse(await self.passwords.matches(None, "nobody has this password"))

    async def test_a_hash_that_is_none_matches_nothing(self) -> None:
        self.assertFalse(await self.passwords.matches("!", "correct horse"))

    async def test_lengths_nobody_should_have_are_refused(self) -> None:
        for length in (0, MIN_LENGTH - 1, MAX_LENGTH + 1):
            with self.assertRaises(Problem) as refused:
                await self.passwords.hash("x" * length)
            self.assertEqual(refused.exception.field, "password")
        self.assertFalse(await self.passwords.matches(None, "x" * 1_000_000))

    async def test_a_flood_is_turned_away_instead_of_queued(self) -> None:
        asked = [Deferred.fromCoroutine(self.passwords.hash("correct horse")) for _ in range(80)]
        answers = await DeferredList(asked, consumeErrors=True)
        refused = [answer.value for done, answer in answers if not done]
        self.assertEqual(len(refused), 80 - 64 - 2, "two work, sixty-four wait")
        self.assertIs(refused[0].type, ProblemType.BUSY)


class ThrottleTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.throttle = Throttle(self.clock, allowed=3, forgive=10)

    def test_so_many_at_once_and_then_one_each_time_one_is_forgiven(self) -> None:
        for _ in range(3):
            self.assertEqual(self.throttle.wait("a"), 0)
            self.throttle.charge("a")
        self.assertEqual(self.throttle.wait("a"), 10)
        self.clock.advance(10)
        self.assertEqual(self.throttle.wait("a"), 0)
        self.throttle.charge("a")
        self.assertEqual(self.throttle.wait("a"), 10)

    def test_keys_do_not_know_each_other(self) -> None:
        for _ in range(3):
            self.throttle.charge("a")
        self.assertEqual(self.throttle.wait("b"), 0)

    def test_what_was_no_guess_is_given_back(self) -> None:
        for _ in range(30):
            self.assertEqual(self.throttle.wait("a"), 0)
            self.throttle.charge("a")
            self.throttle.refund("a")

    def test_strangers_cannot_fill_the_memory(self) -> None:
        for number in range(MAX_KEYS + 100):
            self.throttle.charge(str(number))
        self.assertLessEqual(len(self.throttle._clear_at), MAX_KEYS)
