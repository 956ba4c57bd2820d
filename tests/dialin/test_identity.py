from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dialin.event import Event, HeartbeatReceived, Layer, LinkOctets
from hesd.dialin.identity import (
    Claim,
    ClaimSource,
    SerialForm,
    claim_of,
    manufacturer_of_device_name,
    serial_of_device_name,
)
from hesd.dialin.sniff import Sniffer
from hesd.model.meter_number import MeterNumberError, NumberEncoding, encode_number
from tests.dialin.streams import EVERY_FAMILY
from tests.dlms.vectors import octets


def first(name: str) -> Event:
    sniffer = Sniffer(EVERY_FAMILY)
    return (sniffer.feed(octets(name)) + sniffer.settle())[0]


class ClaimTests(SynchronousTestCase):
    def test_what_events_claim(self) -> None:
        for name, serial, source in (
            ("familyW-login-11d", "12345678903", ClaimSource.LOGIN),
            ("familyW-heartbeat-12d", "000000000123", ClaimSource.HEARTBEAT),
            ("familyH-hexcell-heartbeat", "012345678903", ClaimSource.HEARTBEAT),
            ("ascii-serial-registration", "000000000123", ClaimSource.REGISTRATION),
            ("gxf-dsmr4-alarm", "TEST1024000000001", ClaimSource.ALARM),
        ):
            claim = claim_of(first(name))
            self.assertEqual(claim, Claim(serial, source, proven=False), name)
        self.assertIsNone(claim_of(LinkOctets(Layer.HDLC, b"")))
        self.assertIsNone(claim_of(first("push-aidon-list1")))
        unconfigured = first("familyW-heartbeat-12d")
        assert isinstance(unconfigured, HeartbeatReceived)
        self.assertIsNone(claim_of(HeartbeatReceived(unconfigured.family, None, None, None, b"")))

    def test_proof(self) -> None:
        claim = Claim("046000755036", ClaimSource.HEARTBEAT)
        self.assertEqual(
            claim.prove("46000755036"), Claim("046000755036", ClaimSource.HEARTBEAT, proven=True)
        )
        other = claim.prove("46000777832")
        self.assertEqual(other, Claim("46000777832", ClaimSource.READ, proven=True))
        self.assertFalse(claim.names(other.serial))
        self.assertFalse(claim.prove("000").proven, "no number proves nothing")
        self.assertFalse(claim.proven)

    def test_no_number_names_nobody(self) -> None:
        self.assertFalse(Claim("0000", ClaimSource.LOGIN).names("000"))
        self.assertEqual(Claim(" hxc1 ", ClaimSource.LOGIN).key, "HXC1")


class SerialFormTests(SynchronousTestCase):
    def test_what_two_vendors_answer(self) -> None:
        momas, hexcell = SerialForm(NumberEncoding.ASCII), SerialForm(NumberEncoding.BCD, digits=11)
        self.assertEqual(hexcell.serial(bytes.fromhex("046000755036")), "46000755036")
        self.assertEqual(momas.serial(b"046000755036"), "046000755036")
        claim = Claim("46000755036", ClaimSource.LOGIN)
        self.assertTrue(claim.names(momas.serial(b"046000755036")))
        self.assertTrue(claim.names(hexcell.serial(bytes.fromhex("046000755036"))))

    def test_a_meter_of_which_nothing_is_known(self) -> None:
        form = SerialForm()
        for value in (b"46000755036\0", bytes.fromhex("046000755036"), "46000755036 ", 46000755036):
            self.assertTrue(Claim("46000755036", ClaimSource.LOGIN).names(form.serial(value)), value)
        self.assertEqual(SerialForm(digits=11).serial(755036), "00000755036")

    def test_no_serial(self) -> None:
        for value in (b"", b"\0\0\0\0\0\0", b"000000", 0, "", "46-07", "٤", -5):
            with self.assertRaises(MeterNumberError):
                SerialForm().serial(value)

    def test_device_name(self) -> None:
        self.assertEqual(serial_of_device_name(b"HXC0046000755036"), "0046000755036")
        for name in (b"", b"HXC", b"123456", b"HXC" + bytes(13), b"HXC" + b"1" * 14):
            with self.assertRaises(MeterNumberError):
                serial_of_device_name(name)

    def test_manufacturer(self) -> None:
        for name, letters in ((b"HXC0046000755036", "HXC"), (b"HXC", "HXC"), (b"HX", ""), (b"H2C1", "")):
            self.assertEqual(manufacturer_of_device_name(name), letters)
        self.assertEqual(manufacturer_of_device_name("ÄÖÜ1".encode("latin-1")), "")

    @given(st.integers(1, 10**11 - 1), st.sampled_from(NumberEncoding), st.booleans())
    def test_whatever_the_encoding(self, number: int, encoding: NumberEncoding, padded: bool) -> None:
        serial = f"{number:011d}"
        value = encode_number(serial, encoding, 12 if encoding is NumberEncoding.ASCII else 6)
        read = SerialForm(encoding, 11 if padded else 0).serial(value)
        self.assertTrue(Claim(serial, ClaimSource.LOGIN).names(read))
        self.assertTrue(not padded or read == serial)

    @given(st.binary(max_size=40))
    def test_any_octets(self, value: bytes) -> None:
        for take in (SerialForm().serial, serial_of_device_name):
            try:
                serial = take(value)
            except MeterNumberError:
                continue
            self.assertTrue(serial.isalnum() and serial.isascii())
