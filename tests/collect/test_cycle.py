"""How long rounds take, and how much of its time a line is taken."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.cycle import CycleWatch
from hesd.collect.utilisation import Utilisation


class CycleTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.watch = CycleWatch()

    def turn(self, serial: str, begin: float, end: float, living: str = "abc") -> None:
        self.watch.began(set(living), begin)
        self.watch.ended(serial, end)

    def test_a_round_lasts_until_everyone_had_a_turn(self) -> None:
        self.turn("a", 0, 1)
        self.turn("b", 1, 2)
        self.assertIsNone(self.watch.last)
        self.turn("c", 2, 3.5)
        self.assertEqual(self.watch.last, 3.5)

    def test_rest_does_not_count(self) -> None:
        self.turn("a", 0, 1)
        self.watch.idle(1)
        self.watch.idle(5)
        self.turn("b", 11, 12)
        self.turn("c", 12, 13)
        self.watch.idle(13)
        self.assertEqual(self.watch.last, 3)
        for serial, begin in (("a", 20), ("b", 21), ("c", 22)):
            self.turn(serial, begin, begin + 0.5)
        self.assertEqual(self.watch.last, 2.5)

    def test_more_turns_of_the_eager_belong_to_the_round(self) -> None:
        for serial, begin in (("a", 0), ("a", 1), ("b", 2), ("a", 3), ("c", 4)):
            self.turn(serial, begin, begin + 1)
        self.assertEqual(self.watch.last, 5)

    def test_a_meter_that_dies_is_not_waited_for(self) -> None:
        self.turn("a", 0, 1)
        self.turn("b", 1, 2)
        self.watch.ended("c", 2)
        self.assertEqual(self.watch.last, 2)


class UtilisationTests(SynchronousTestCase):
    def test_it_is_the_share_of_the_last_minute(self) -> None:
        used = Utilisation(0.0)
        self.assertEqual(used.share(0.0, 0.0), 0.0)
        for second in range(1, 301):
            used.sample(0.25 * min(second, 200), float(second))
        self.assertEqual(used.share(50.0, 230.0 + 70), 0.0)
        for second in range(301, 331):
            used.sample(50.0 + (second - 300), float(second))
        self.assertAlmostEqual(used.share(80.0, 330.0), 0.5, places=1)

    def test_it_is_shared_among_what_goes_on_at_once(self) -> None:
        used = Utilisation(0.0)
        self.assertEqual(used.share(20.0, 10.0, slots=4), 0.5)

    def test_it_is_never_more_than_all(self) -> None:
        self.assertEqual(Utilisation(0.0).share(11.0, 10.0), 1.0)

    def test_few_samples_are_kept_however_often_it_is_told(self) -> None:
        used = Utilisation(0.0)
        for step in range(100_000):
            used.sample(0.0, step / 100)
        self.assertLess(len(used._samples), 64)
