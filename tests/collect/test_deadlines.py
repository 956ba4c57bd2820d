"""Many things to be looked at, on one timer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.deadlines import Deadlines


class DeadlinesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.seen: list[tuple[str, float]] = []
        self.again: dict[str, list[float]] = {}
        self.deadlines: Deadlines[str] = Deadlines(self.clock, self.look)

    def look(self, what: str) -> float | None:
        self.seen.append((what, self.clock.seconds()))
        return self.again[what].pop(0) if self.again.get(what) else None

    def test_each_is_looked_at_once_and_not_before_its_time(self) -> None:
        for at, what in ((30, "c"), (10, "a"), (20, "b")):
            self.deadlines.watch(what, at)
        self.clock.pump([0.5] * 100)
        self.assertEqual([what for what, _ in self.seen], ["a", "b", "c"])
        for (_, at), due in zip(self.seen, (10, 20, 30), strict=True):
            self.assertTrue(due <= at <= due + 1)

    def test_and_again_when_it_says_so(self) -> None:
        self.again["a"] = [20.0, 5.0]  # one of them has passed already
        self.deadlines.watch("a", 10)
        self.clock.pump([0.5] * 100)
        self.assertEqual(len(self.seen), 3)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_one_that_is_due_earlier_is_not_late_for_the_others(self) -> None:
        self.deadlines.watch("late", 1000)
        self.deadlines.watch("soon", 1)
        self.clock.pump([0.5] * 5)
        self.assertEqual([what for what, _ in self.seen], ["soon"])

    def test_there_is_one_timer_and_none_after_the_end(self) -> None:
        for at in range(50):
            self.deadlines.watch(str(at), at)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.deadlines.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.clock.advance(100)
        self.assertEqual(self.seen, [])

    @given(st.lists(st.floats(0, 100), min_size=1, max_size=20))
    def test_whatever_is_watched_is_seen(self, times: list[float]) -> None:
        clock, seen = Clock(), []
        deadlines: Deadlines[int] = Deadlines(clock, lambda what: seen.append(what))  # type: ignore[func-returns-value]
        for index, at in enumerate(times):
            deadlines.watch(index, at)
        clock.pump([1.0] * 103)
        self.assertEqual(sorted(seen), list(range(len(times))))
