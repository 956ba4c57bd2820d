"""Short delays end the reactor's sleep in time, and leave nothing behind."""

from __future__ import annotations

import gc
import os
import select
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from hesd.links.fine_clock import fine_clock


class AlarmTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.clock = fine_clock(self.reactor)

    def alarm(self) -> IReadDescriptor:
        (alarm,) = self.reactor.getReaders()
        return alarm

    def test_rings_for_a_short_delay(self) -> None:
        self.clock.callLater(0.00175, lambda: None)
        readable, _, _ = select.select([self.alarm()], [], [], 10)
        self.assertEqual(readable, [self.alarm()])

    def test_rings_once(self) -> None:
        self.clock.callLater(0.001, lambda: None)
        alarm = self.alarm()
        select.select([alarm], [], [], 10)
        alarm.doRead()
        self.assertEqual(self.reactor.getReaders(), [])
        self.clock.callLater(0.001, lambda: None)
        self.assertEqual(select.select([self.alarm()], [], [], 10)[0], [alarm])

    def test_is_silent_when_its_call_is_cancelled(self) -> None:
        call = self.clock.callLater(0.001, lambda: None)
        call.cancel()
        self.assertEqual((self.reactor.getReaders(), call.active()), ([], False))

    def test_long_delays_are_the_reactors_alone(self) -> None:
        self.clock.callLater(0.5, lambda: None)
        self.clock.callLater(0, lambda: None)
        self.assertEqual(self.reactor.getReaders(), [])
        self.assertEqual(len(self.clock.getDelayedCalls()), 2)

    def test_delayed_calls_are_the_reactors(self) -> None:
        called: list[str] = []
        self.clock.callLater(0.002, called.append, "short")
        self.clock.callLater(0.003, called.append, "cancelled").cancel()
        self.reactor.advance(0.01)
        self.assertEqual(called, ["short"])
        self.assertEqual(self.clock.seconds(), self.reactor.seconds())

    def test_nothing_stays_open(self) -> None:
        def opened() -> int:
            return len(os.listdir("/proc/self/fd"))

        gc.collect()
        before = opened()
        clocks: list[Any] = [fine_clock(self.reactor) for _ in range(5)]
        self.assertEqual(opened(), before + 5)
        clocks.clear()
        gc.collect()
        self.assertEqual(opened(), before)

    def test_a_clock_without_descriptors_stays_as_it_is(self) -> None:
        clock = Clock()
        self.assertIs(fine_clock(clock), clock)


class ReactorTests(TestCase):
    async def test_a_call_comes_and_the_reactor_is_left_clean(self) -> None:
        done: Deferred[str] = Deferred()
        fine_clock(reactor).callLater(0.003, done.callback, "rung")
        self.assertEqual(await done, "rung")
