"""Due times that do not drift, turns that starve nobody."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.schedule import Schedule
from hesd.driver import Tier

START = 1_790_000_000.0
BOTH = frozenset({Tier.FAST, Tier.SLOW})


def run(
    schedule: Schedule, begin: float, end: float, cost: float
) -> list[tuple[float, str, frozenset[Tier]]]:
    """Every turn taken from `begin` to `end` where each keeps the line for `cost` seconds."""
    now, taken = begin, []
    while now < end:
        turn = schedule.take(now)
        if turn is None:
            now = max(schedule.next_due(), now)
            continue
        taken.append((now, turn.serial, turn.tiers))
        now += cost
        schedule.done(turn.serial)
    return taken


class ScheduleTests(SynchronousTestCase):
    def placed(self, meters: int, fast: float = 10, slow: float = 60) -> Schedule:
        schedule = Schedule()
        for index in range(meters):
            schedule.place(f"m{index}", {Tier.FAST: fast, Tier.SLOW: slow}, START)
        return schedule

    def test_a_new_meter_is_due_at_once_with_everything(self) -> None:
        turn = self.placed(1).take(START)
        assert turn is not None
        self.assertEqual(turn.tiers, BOTH)

    def test_nothing_is_due_before_its_time(self) -> None:
        schedule = self.placed(1)
        run(schedule, START, START + 1, 0.1)
        self.assertIsNone(schedule.take(START + 9.9))
        self.assertEqual(schedule.next_due(), START + 10)

    def test_due_times_stay_on_the_grid_whatever_turns_cost(self) -> None:
        taken = run(self.placed(3), START, START + 1000, 0.37)
        firsts = [at for at, serial, _ in taken if serial == "m0"]
        self.assertEqual(firsts, [START + 10 * n for n in range(100)])

    def test_missed_due_times_are_skipped_not_made_up_for(self) -> None:
        schedule = self.placed(1)
        run(schedule, START, START + 1, 0.1)
        late = [at - START for at, _, _ in run(schedule, START + 47, START + 71, 0.1)]
        self.assertEqual(late, [47, 50, 60, 70])

    def test_the_slow_tier_rides_along_and_is_spread_over_the_fast_cycles(self) -> None:
        taken = run(self.placed(12), START + 0, START + 610, 0.1)
        steady = [(round((at - START) // 10), tiers) for at, _, tiers in taken if at >= START + 70]
        slow = Counter(cycle for cycle, tiers in steady if Tier.SLOW in tiers)
        self.assertLessEqual(max(slow.values()), 12 / 6 + 1)
        self.assertEqual(len(steady), 12 * 54)

    def test_tiers_of_one_interval_always_share_their_turn(self) -> None:
        taken = run(self.placed(5, 10, 10), START, START + 100, 3)
        self.assertEqual({tiers for _, _, tiers in taken}, {BOTH})

    def test_a_slow_tier_asked_more_often_than_the_fast_one_leads(self) -> None:
        taken = run(self.placed(1, fast=60, slow=10), START, START + 300, 0.1)
        self.assertEqual(len(taken), 30)
        self.assertEqual(sum(Tier.FAST in tiers for _, _, tiers in taken[1:]), 4)

    def test_a_suspended_meter_has_no_turn_until_it_is_resumed(self) -> None:
        schedule = self.placed(2)
        turn = schedule.take(START)
        assert turn is not None
        schedule.suspend(turn.serial)
        self.assertEqual({serial for _, serial, _ in run(schedule, START, START + 95, 0.1)}, {"m1"})
        schedule.resume(turn.serial, START + 95)
        self.assertEqual(schedule.take(START + 95), turn)

    def test_the_same_intervals_again_change_nothing_and_others_count_at_once(self) -> None:
        schedule = self.placed(1)
        run(schedule, START, START + 1, 0.1)
        schedule.place("m0", {Tier.FAST: 10, Tier.SLOW: 60}, START + 2)
        self.assertEqual(schedule.next_due(), START + 10)
        schedule.place("m0", {Tier.FAST: 5}, START + 2)
        self.assertEqual(schedule.next_due(), START + 2)

    def test_a_dropped_meter_does_not_come_back_when_its_turn_ends(self) -> None:
        schedule = self.placed(1)
        self.assertIsNotNone(schedule.take(START))
        schedule.drop("m0")
        schedule.done("m0")
        self.assertEqual(schedule.next_due(), math.inf)

    @given(
        st.lists(st.sampled_from([1.0, 2.5, 7.0, 10.0, 60.0]), min_size=1, max_size=20),
        st.floats(0.01, 3),
    )
    def test_no_meter_starves(self, intervals: list[float], cost: float) -> None:
        """However late a line is, a meter waits for one turn of each other, and no longer."""
        schedule = Schedule()
        for index, interval in enumerate(intervals):
            schedule.place(f"m{index}", {Tier.FAST: interval}, START)
        turns: dict[str, list[float]] = defaultdict(list)
        for at, serial, _ in run(schedule, START, START + 400, cost):
            turns[serial].append(at)
        for index, interval in enumerate(intervals):
            times = turns[f"m{index}"]
            longest = max(after - before for before, after in pairwise(times))
            self.assertLessEqual(longest, interval + (len(intervals) + 1) * cost + 1e-3)
