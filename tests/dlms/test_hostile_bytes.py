from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.dlms.fuzz import TARGETS
from tests.hostile import run

INPUTS = 20_000


class HostileByteTests(SynchronousTestCase):
    def refused(self, name: str) -> int:
        return run(TARGETS[name], INPUTS).refused

    def test_hdlc(self) -> None:
        self.assertEqual(self.refused("hdlc"), 0)  # a stream is never refused, its octets are discarded

    def test_wrapper(self) -> None:
        self.assertEqual(self.refused("wrapper"), 0)

    def test_axdr(self) -> None:
        self.assertGreater(self.refused("axdr"), INPUTS // 10)

    def test_apdu(self) -> None:
        self.assertGreater(self.refused("apdu"), INPUTS // 10)

    def test_acse(self) -> None:
        self.assertGreater(self.refused("acse"), INPUTS // 10)

    def test_ciphered(self) -> None:
        self.assertGreater(self.refused("ciphered"), INPUTS * 8 // 10)
