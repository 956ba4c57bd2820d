from __future__ import annotations

import io
import json

from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from hesd.logs import JSONLines


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
