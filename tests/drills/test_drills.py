"""Short runs of what the drills do at length, and what they make of failures."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from unittest.mock import patch

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from hesd.config import Listener
from hesd.links.dial_in_connection import DialInConnection
from hesd.links.dial_in_listener import DialInListener
from hesd.model.errors import ProtocolError
from tests.drills import __main__ as drills
from tests.drills import crowd, gurux_agrees, hostile_bytes, strangers
from tests.drills.result import Result, write
from tests.hostile import Outcome, Target, give
from tests.links.dial_in_case import Told


class HostileByteTests(SynchronousTestCase):
    def spoilt(self, target: Target) -> Result:
        with patch.dict(hostile_bytes.TARGETS, {"this": target}):
            (found,) = hostile_bytes.spoilt("this", 50)
        return found

    def test_refusals_are_what_should_come(self) -> None:
        def refuse(data: bytes) -> None:
            raise ProtocolError

        found = self.spoilt(Target((b"good",), refuse))
        self.assertEqual((found.count, found.figures["refused"], found.met), (50, 50, True))

    def test_anything_else_misses_the_goal_and_its_input_is_told(self) -> None:
        def fail(data: bytes) -> None:
            raise KeyError(1)

        found = self.spoilt(Target((b"good",), fail))
        self.assertIs(found.met, False)
        self.assertIn("KeyError(1) on ", found.notes[0])

    def test_the_longest_input_is_remembered(self) -> None:
        outcome, target = Outcome(), Target((b"good",), lambda _: None)
        took = [1, 1, 5, 4, 2, 9, 1]  # twice where it was the longest so far
        times = [time for each in took for time in (0, each)]
        with patch("tests.hostile.time.thread_time", side_effect=times):
            for data in (b"quick", b"slow", b"so so", b"held up"):
                give(target, data, outcome)
        self.assertEqual((outcome.worst, outcome.worst_input), (4, b"slow"))


class AgreementTests(SynchronousTestCase):
    def test_the_two_agree(self) -> None:
        (found,) = gurux_agrees.agreement(300)
        self.assertGreaterEqual(found.count, 300)
        self.assertEqual((found.figures["disagreements"], found.met), (0, True))

    def test_a_disagreement_is_listed(self) -> None:
        def differ(_: object) -> None:
            raise gurux_agrees.Disagreement("00")

        tally = gurux_agrees.Tally()
        tally.compare("this", differ, 1)
        tally.compare("that", lambda _: None, 1)
        self.assertEqual((tally.disagreed, tally.cases), (1, ["this: Disagreement: 00"]))
        self.assertEqual(tally.compared, {"this": 1, "that": 1})


class StrangerTests(SynchronousTestCase):
    def test_gaps_are_from_reading_to_reading_and_to_the_end(self) -> None:
        self.assertEqual(list(strangers.gaps([1, 9, 19, 31], 10, 30)), [10, 11])
        self.assertEqual(list(strangers.gaps([], 10, 30)), [20])

    def test_every_way_of_being_strange_is_told_apart_from_a_meter(self) -> None:
        for says in crowd.SAYS:
            told = Told()
            listener = DialInListener(Listener(name="gprs", endpoint=""), told, Clock())
            connection = DialInConnection(listener, "127.0.0.1", 1)
            connection.makeConnection(StringTransport())
            for part in says(Random(1)):
                connection.dataReceived(part)
            self.assertLessEqual(told.kinds.count("identified"), 1, says)


class CommandTests(SynchronousTestCase):
    def test_what_was_found_is_written_and_a_missed_goal_tells(self) -> None:
        def drill(count: int) -> list[Result]:
            return [Result("one-a", "this", count, 0.5, {"figure": 1.0}, "all", count > 1)]

        path = Path(self.mktemp()) / "drills.json"
        with patch.dict(drills.DRILLS, {"one-a": (drill, 7)}), patch.object(drills, "_RESULT", path):
            self.assertEqual(drills.main(["one"]), 0)
            self.assertEqual(json.loads(path.read_text())[0]["count"], 7)
            self.assertEqual(drills.main(["one", "--count", "1"]), 1)

    def test_every_goal_can_be_read_back(self) -> None:
        path = Path(self.mktemp())
        write([Result("a", "b", 1, 2.0, {"c": 3.0}, "d", True, ["e"])], path)
        self.assertEqual(
            json.loads(path.read_text()),
            [
                {
                    "name": "a", "what": "b", "count": 1, "seconds": 2.0, "figures": {"c": 3.0},
                    "goal": "d", "met": True, "notes": ["e"],
                }
            ],
        )  # fmt: skip
