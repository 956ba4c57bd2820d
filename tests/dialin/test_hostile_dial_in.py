from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.dialin.fuzz import TARGETS
from tests.hostile import run

INPUTS = 20_000


class HostileByteTests(SynchronousTestCase):
    def refused(self, name: str) -> int:
        return run(TARGETS[name], INPUTS).refused

    def test_sniffer(self) -> None:
        self.assertEqual(self.refused("sniffer"), 0)  # a stream is refused by an event

    def test_separator(self) -> None:
        self.assertEqual(self.refused("separator"), 0)

    def test_login(self) -> None:
        self.assertGreater(self.refused("login"), INPUTS // 2)

    def test_inverted(self) -> None:
        self.assertEqual(self.refused("inverted"), 0)
