from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.dlms.fuzz import run

INPUTS = 20_000


class HostileByteTests(SynchronousTestCase):
    def test_hdlc(self) -> None:
        self.assertEqual(run("hdlc", INPUTS), 0)  # a stream is never refused, its octets are discarded

    def test_wrapper(self) -> None:
        self.assertEqual(run("wrapper", INPUTS), 0)

    def test_axdr(self) -> None:
        self.assertGreater(run("axdr", INPUTS), INPUTS // 10)

    def test_apdu(self) -> None:
        self.assertGreater(run("apdu", INPUTS), INPUTS // 10)

    def test_acse(self) -> None:
        self.assertGreater(run("acse", INPUTS), INPUTS // 10)

    def test_ciphered(self) -> None:
        self.assertGreater(run("ciphered", INPUTS), INPUTS * 8 // 10)
