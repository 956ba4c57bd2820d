"""Faults are switched by words, end by themselves, and refuse what makes no sense."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from hesd.sim.faults import FaultBoard, FaultError, FaultKind


class FaultTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.board = FaultBoard(self.clock, buses=["bus-1"], tcp=["house"], serials=["0412"])
        self.told: list[tuple[str, FaultKind, float | None]] = []
        self.board.switched = lambda *change: self.told.append(change)

    def test_on_takes_the_usual_value(self) -> None:
        self.board.obey("0412 corrupt on")
        self.assertEqual(self.board.of_meter("0412"), {FaultKind.CORRUPT: 0.3})

    def test_no_word_is_on(self) -> None:
        self.board.obey("0412 dead")
        self.assertEqual(self.board.on(), {"0412": {FaultKind.DEAD: 1}})

    def test_value(self) -> None:
        self.board.obey("  0412 exception 2 ")
        self.assertEqual(self.board.of_meter("0412"), {FaultKind.EXCEPTION: 2})

    def test_duration_is_a_value(self) -> None:
        self.board.obey("0412 slow 250ms")
        self.assertEqual(self.board.of_meter("0412"), {FaultKind.SLOW: 0.25})

    def test_off(self) -> None:
        self.board.obey("0412 dead on")
        self.board.obey("0412 dead off")
        self.assertEqual(self.board.on(), {})
        self.assertEqual(self.told, [("0412", FaultKind.DEAD, 1), ("0412", FaultKind.DEAD, None)])

    def test_off_twice_tells_once(self) -> None:
        self.board.obey("0412 dead off")
        self.assertEqual(self.told, [])

    def test_for_a_while(self) -> None:
        self.board.obey("bus-1 noise 0.5 for 10s")
        self.clock.advance(9.9)
        self.assertEqual(self.board.of_line("bus-1"), {FaultKind.NOISE: 0.5})
        self.clock.advance(0.2)
        self.assertEqual(self.board.of_line("bus-1"), {})

    def test_a_switch_takes_a_duration_as_how_long(self) -> None:
        self.board.obey("bus-1 unplug 5s")
        self.clock.advance(5.1)
        self.assertEqual(self.told, [("bus-1", FaultKind.UNPLUG, 1), ("bus-1", FaultKind.UNPLUG, None)])

    def test_switching_on_again_forgets_the_end(self) -> None:
        self.board.obey("0412 dead for 5s")
        self.board.obey("0412 dead on")
        self.clock.advance(60)
        self.assertEqual(self.board.of_meter("0412"), {FaultKind.DEAD: 1})
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_what_is_refused(self) -> None:
        for words, reason in {
            "": "expected TARGET KIND",
            "0412": "expected TARGET KIND",
            "0412 asleep": "expected TARGET KIND",
            "0413 dead": "expected a meter's serial for dead",
            "bus-1 dead": "expected a meter's serial for dead",
            "0412 unplug": "expected a line for unplug",
            "house echo": "expected a bus for echo",
            "0412 corrupt 1.5": "expected 0 to 1 for corrupt",
            "0412 slow soon": "expected a duration",
            "0412 dead on for ever": "expected a duration",
            "0412 dead on and off": "expected TARGET KIND",
        }.items():
            error = self.assertRaises(FaultError, self.board.obey, words)
            self.assertIn(reason, str(error), words)
        self.assertEqual(self.board.on(), {})
