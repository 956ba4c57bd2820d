from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable

from twisted.logger import ILogObserver, Logger
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from hesd.logs import JSONLines, json_lines, text_lines


class LevelTests(SynchronousTestCase):
    def written(self, factory: Callable[[], ILogObserver]) -> str:
        out = io.StringIO()
        self.patch(sys, "__stdout__", out)
        log = Logger(namespace="hesd.test", observer=factory())
        log.debug("a frame")
        log.info("a meter")
        return out.getvalue()

    def test_what_is_for_debugging_is_left_out_unless_it_is_wanted(self) -> None:
        for factory in (text_lines, json_lines):
            self.patch(os, "environ", {})
            self.assertIn("a meter", self.written(factory))
            self.assertNotIn("a frame", self.written(factory))
            self.patch(os, "environ", {"HESD_LOG_LEVEL": "debug"})
            self.assertIn("a frame", self.written(factory))

    def test_a_level_there_is_none_of_is_info(self) -> None:
        self.patch(os, "environ", {"HESD_LOG_LEVEL": "loud"})
        self.assertNotIn("a frame", self.written(text_lines))


class JSONLinesTests(SynchronousTestCase):
    def logged(self, level: str, *args: object, **fields: object) -> dict[str, str]:
        out = io.StringIO()
        log = Logger(namespace="hesd.test", observer=JSONLines(out))
        getattr(log, level)(*args, **fields)
        (line,) = out.getvalue().splitlines()
        loaded: dict[str, str] = json.loads(line)
        return loaded

    def test_an_event_is_one_line_with_its_text_formatted(self) -> None:
        line = self.logged("warn", "line {name} is\ndown", name="bus-1")
        self.assertEqual((line["level"], line["source"]), ("warn", "hesd.test"))
        self.assertEqual(line["text"], "line bus-1 is\ndown")
        self.assertTrue(line["at"].endswith("+00:00"))

    def test_a_failure_brings_its_traceback(self) -> None:
        line = self.logged("failure", "could not", failure=Failure(ValueError("reason")))
        self.assertIn("ValueError: reason", line["failure"])

    def test_fields_that_are_not_in_the_text_stay_out(self) -> None:
        self.assertNotIn("s3cret", json.dumps(self.logged("info", "signed in", password="s3cret")))
