from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms.errors import OpeningError
from hesd.dlms.mode_e import (
    BaudSwitched,
    IdentificationReceived,
    ModeEAnswer,
    ModeEOpening,
    SignOnReceived,
)
from tests.dlms.vectors import octets


def with_even_parity(octets: bytes) -> bytes:
    return bytes(octet | (octet.bit_count() & 1) << 7 for octet in octets)


class OpeningTests(SynchronousTestCase):
    def test_vectors(self) -> None:
        self.assertEqual(ModeEOpening().request(), octets("iec-request"))
        self.assertEqual(ModeEOpening("000000000123").request(), octets("iec-request-addressed"))
        opening = ModeEOpening()
        (found,) = opening.receive(octets("iec-ident-e"))
        self.assertEqual((found.manufacturer, found.baud, found.identification), ("LGF", 9600, "E360"))
        self.assertEqual(opening.acknowledge(found), (octets("iec-ack-mode-e-9600"), BaudSwitched(9600)))

    def test_the_two_sides_together(self) -> None:
        for parity in (bytes, with_even_parity):
            head_end, meter = ModeEOpening("0123", 4800), ModeEAnswer("HXC", "DDSY1088", 9600, "123")
            echo = parity(head_end.request())
            self.assertEqual(meter.receive(echo), [SignOnReceived("0123")])
            (found,) = head_end.receive(echo + parity(meter.data_to_send()))
            self.assertEqual(found, IdentificationReceived("HXC", 9600, "DDSY1088", True))
            acknowledgement, switched = head_end.acknowledge(found)
            self.assertEqual(switched, BaudSwitched(4800))
            self.assertEqual(meter.receive(parity(acknowledgement)), [switched])

    def test_a_meter_with_another_address_is_silent(self) -> None:
        meter = ModeEAnswer("HXC", "x", 9600, "123")
        self.assertEqual(meter.receive(b"/?456!\r\n"), [])
        self.assertEqual(meter.data_to_send(), b"")

    def test_what_does_not_open(self) -> None:
        with self.assertRaises(OpeningError):
            ModeEOpening().receive(b"/ABC9x\r\n")
        with self.assertRaises(OpeningError):
            ModeEOpening().receive(bytes(300))
        with self.assertRaises(OpeningError):
            ModeEOpening("a/b")
        with self.assertRaises(OpeningError):
            ModeEAnswer("HX", "x", 9600)

    @given(st.lists(st.binary(max_size=60), max_size=8))
    def test_any_bytes(self, received: list[bytes]) -> None:
        opening, meter = ModeEOpening(), ModeEAnswer("HXC", "x", 9600)
        for data in received:
            meter.receive(data)
            with contextlib.suppress(OpeningError):
                opening.receive(data)
