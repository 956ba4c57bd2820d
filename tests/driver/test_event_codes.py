"""Lists of event codes: a code is one event, and an event is one code."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from hesd.driver.event_codes import CODES


class EventCodeTests(SynchronousTestCase):
    def test_nothing_stands_twice(self) -> None:
        for codes in CODES.values():
            self.assertEqual(len({code for code, _ in codes}), len(codes))
            self.assertEqual(len({name for _, name in codes}), len(codes))

    def test_the_same_number_means_different_things(self) -> None:
        names = [dict(codes) for codes in (CODES["idis"], CODES["is-15959"])]
        self.assertEqual([each[1] for each in names], ["power down", "L1 voltage missing"])
        self.assertEqual(
            [each[51] for each in names], ["firmware verification failed", "L1 current reversal"]
        )
        self.assertEqual(names[1][70], "earth loading end")
        self.assertEqual(names[1][102], "power failure end")
        self.assertEqual(names[1][208], "missing neutral end")
