"""What the DLMS benchmarks compare is comparable: same octets, same values, every check on."""

from __future__ import annotations

import contextlib
import io

from twisted.trial.unittest import SynchronousTestCase

from benchmarks import dlms
from benchmarks.dlms_clients import Gurux, Hesd, HesdCodec
from benchmarks.dlms_meter import READ, ROWS
from hesd.dlms.errors import SecurityError

SETUPS = {setup.name: setup for setup in dlms.SETUPS}


class ClientTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.enterContext(contextlib.redirect_stdout(io.StringIO()))

    def test_all_clients_read_the_same_of_a_register(self) -> None:
        for name in ("dlms-get-wrapper", "dlms-get-hdlc", "dlms-get-ciphered"):
            for kind in (Hesd, HesdCodec, Gurux):
                reading = dlms.reading(SETUPS[name], kind, 10)
                self.assertEqual([reading.read() for _ in range(10)], [READ] * 10, name)

    def test_both_read_the_same_profile(self) -> None:
        for name in ("dlms-profile-wrapper", "dlms-profile-hdlc"):
            own, peer = (dlms.reading(SETUPS[name], kind, 1) for kind in (Hesd, Gurux))
            ours, theirs = own.read(), peer.read()
            self.assertEqual(len(ours), ROWS)
            self.assertEqual(dlms.plain(ours), dlms.plain(theirs))
        self.assertEqual(own.client.rows(ours), peer.client.rows(theirs))

    def test_what_they_send_is_the_same(self) -> None:
        for name in ("dlms-get-wrapper", "dlms-get-hdlc"):
            setup = SETUPS[name]
            sent = []
            for kind in (Hesd, HesdCodec, Gurux):
                client, meter = setup.client(kind), setup.meter()
                client.open(meter.answer)
                first = client.request()
                client.receive(meter.answer(first))
                sent.append((first, client.request()))
            self.assertEqual(sent[0], sent[1])
            self.assertEqual(sent[0], sent[2])

    def test_a_forged_tag_is_refused(self) -> None:
        setup = SETUPS["dlms-get-ciphered"]
        client, meter = setup.client(HesdCodec), setup.meter()
        client.open(meter.answer)
        answer = meter.answer(client.request())
        with self.assertRaises(SecurityError):
            client.receive(answer[:-1] + bytes((answer[-1] ^ 1,)))
