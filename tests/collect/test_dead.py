"""Silent meters: when they are tried again, and what that costs the others."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.dead import LONGEST_PAUSE, DeadMeters, Probe

NEVER = math.inf


class DeadMetersTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.dead = DeadMeters(retries=2, timeout=0.5)

    def test_pauses_double_up_to_a_minute_after_the_retries(self) -> None:
        pauses = [self.dead.add("1", failures, 100.0) - 100 for failures in range(1, 12)]
        self.assertEqual(pauses, [1, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60])
        self.assertEqual(self.dead.add("1", 10**6, 0.0), LONGEST_PAUSE)

    def test_a_retry_waits_for_every_meter_that_was_due_before(self) -> None:
        self.dead.add("1", 1, now=10.0)
        self.assertIsNone(self.dead.take(12.0, others_due=10.9, cycle=20))
        self.assertIsNotNone(self.dead.take(12.0, others_due=20.0, cycle=20))

    def test_where_nobody_waits_a_probe_has_the_whole_time_out(self) -> None:
        self.dead.add("1", 1, now=9.0)
        self.assertEqual(self.dead.take(10.0, others_due=10.5, cycle=2), Probe("1", 0.5, free=True))

    def test_on_a_busy_line_it_has_a_fortieth_of_a_cycle(self) -> None:
        self.dead.add("1", 1, now=9.0)
        self.assertEqual(self.dead.take(10.0, others_due=10.0, cycle=8), Probe("1", 0.2, free=False))

    def test_but_never_less_than_an_answer_takes_nor_more_than_the_time_out(self) -> None:
        for cycle, timeout in ((0.1, 0.06), (1000, 0.5)):
            dead = DeadMeters(retries=2, timeout=0.5)
            dead.add("1", 1, now=9.0)
            self.assertEqual(dead.take(10.0, 10.0, cycle), Probe("1", timeout, free=False))

    def test_every_eighth_probe_is_patient(self) -> None:
        self.dead.add("1", 8, now=0.0)
        self.assertEqual(self.dead.take(60.0, 60.0, cycle=8), Probe("1", 0.5, free=False))

    def test_a_probe_that_cost_time_has_to_be_paid_for(self) -> None:
        self.dead.add("1", 1, now=0.0)
        self.dead.charge(0.2, now=0.0)
        self.assertAlmostEqual(self.dead.next_chance(1.0), 7.8)
        self.assertIsNone(self.dead.take(7.7, others_due=7.7, cycle=8))
        self.assertIsNotNone(self.dead.take(7.9, others_due=7.9, cycle=8))

    def test_one_meter_is_probed_once_at_a_time(self) -> None:
        self.dead.add("1", 1, now=0.0)
        self.assertIsNotNone(self.dead.take(1.0, NEVER, 1))
        self.assertIsNone(self.dead.take(1.0, NEVER, 1))
        self.dead.release("1")
        self.assertIsNotNone(self.dead.take(1.0, NEVER, 1))

    def test_a_meter_that_answered_is_not_probed(self) -> None:
        self.dead.add("1", 1, now=0.0)
        self.dead.drop("1")
        self.assertNotIn("1", self.dead)
        self.assertEqual(self.dead.next_chance(0.0), NEVER)
        self.assertIsNone(self.dead.take(1.0, NEVER, 1))

    @given(st.integers(1, 40), st.floats(1, 60), st.integers(0, 4))
    def test_however_many_are_dead_a_busy_line_loses_at_most_a_twentieth(
        self, meters: int, cycle: float, retries: int
    ) -> None:
        """Beyond the first silences, and save that a probe must last as long as an answer."""
        dead = DeadMeters(retries, timeout=0.5)
        failures = dict.fromkeys(map(str, range(meters)), 1)
        for serial in failures:
            dead.add(serial, 1, 0.0)
        now, lost = 0.0, 0.0
        while now < 40 * cycle:
            probe = dead.take(now, others_due=now, cycle=cycle)
            if probe is None:
                now = max(now + 0.01, dead.next_chance(now))
                continue
            now, lost = now + probe.timeout, lost + probe.timeout
            dead.release(probe.serial)
            dead.charge(probe.timeout, now)
            failures[probe.serial] += 1
            dead.add(probe.serial, failures[probe.serial], now)
        self.assertLessEqual(lost, 0.05 * now)

    @given(st.integers(1, 20))
    def test_no_dead_meter_is_forgotten(self, meters: int) -> None:
        dead = DeadMeters(0, timeout=0.5)
        failures = dict.fromkeys(map(str, range(meters)), 1)
        for serial in failures:
            dead.add(serial, 1, 0.0)
        now = 0.0
        while now < 1200:
            probe = dead.take(now, others_due=now, cycle=8)
            if probe is None:
                now = max(now + 0.1, min(dead.next_chance(now), 1200))
                continue
            now += probe.timeout
            dead.release(probe.serial)
            dead.charge(probe.timeout, now)
            failures[probe.serial] += 1
            dead.add(probe.serial, failures[probe.serial], now)
        self.assertGreater(min(failures.values()), 1 + 1200 / (8.5 * meters + LONGEST_PAUSE) / 2)
