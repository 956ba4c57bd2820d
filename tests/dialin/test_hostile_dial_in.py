from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.dialin.fuzz import run

INPUTS = 20_000


class HostileByteTests(SynchronousTestCase):
    def test_sniffer(self) -> None:
        self.assertEqual(run("sniffer", INPUTS), 0)  # a stream is refused by an event

    def test_separator(self) -> None:
        self.assertEqual(run("separator", INPUTS), 0)

    def test_login(self) -> None:
        self.assertGreater(run("login", INPUTS), INPUTS // 2)

    def test_inverted(self) -> None:
        self.assertEqual(run("inverted", INPUTS), 0)
