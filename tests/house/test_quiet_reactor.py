from __future__ import annotations

import gc
import os
import select
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from hesd.quiet_reactor import QuietReactor


class Ring:
    """Garbage that only a collection finds; `ended` grows where it is."""

    def __init__(self, ended: list[int]) -> None:
        self._self = self
        self._ended = ended

    def __del__(self) -> None:
        self._ended.append(1)


class QuietReactorTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock: Any = Clock()
        self.before = gc.get_threshold()
        self.quiet = QuietReactor(self.clock)
        self.addCleanup(self.quiet.stop)

    def test_what_stays_is_set_aside_and_taken_back_at_the_end(self) -> None:
        self.quiet.start()
        frozen = gc.get_freeze_count()
        kept = [[each] for each in range(10_000)]
        self.clock.advance(30)
        self.assertGreater(gc.get_freeze_count(), frozen + len(kept) // 2)
        self.quiet.stop()
        self.assertEqual((gc.get_freeze_count(), gc.get_threshold()), (0, self.before))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_garbage_that_was_set_aside_goes_a_few_times_a_day(self) -> None:
        ended: list[int] = []
        self.quiet.start()
        ring: Ring | None = Ring(ended)
        self.clock.advance(30)
        ring = None
        self.clock.advance(30)
        self.assertEqual((ring, ended), (None, []))
        self.clock.advance(6 * 3600)
        self.assertEqual(ended, [1])

    def test_a_crowd_of_events_comes_a_few_at_a_time_and_none_is_lost(self) -> None:
        if not hasattr(select, "epoll"):
            self.skipTest("no epoll here")
        self.clock._poller = poller = select.epoll()
        self.addCleanup(poller.close)
        self.quiet.start()
        pipes = [os.pipe() for _ in range(20)]
        for reading, writing in pipes:
            self.addCleanup(os.close, reading)
            self.addCleanup(os.close, writing)
            self.clock._poller.register(reading, select.EPOLLIN)
            os.write(writing, b"!")
        told: list[int] = []
        while found := self.clock._poller.poll(0, 1000):
            self.assertLessEqual(len(found), 4)
            told += [os.read(descriptor, 1) == b"!" and descriptor for descriptor, _ in found]
        self.assertEqual(sorted(told), sorted(reading for reading, _ in pipes))
        self.quiet.stop()
        self.assertIs(self.clock._poller, poller)
