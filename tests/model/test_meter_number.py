from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.model.meter_number import (
    MeterNumberError,
    NumberEncoding,
    canonical_number,
    decode_number,
    encode_number,
    guess_encoding,
    is_sts_number,
    luhn_digit,
    luhn_holds,
    meter_pan,
    number_of_pan,
)

FIELD = ("46000755036", "46000777832", "12345678903")


class CheckTests(SynchronousTestCase):
    def test_numbers_of_the_field(self) -> None:
        for number in FIELD:
            self.assertTrue(is_sts_number(number), number)
            self.assertTrue(is_sts_number("0" + number), "filled up to twelve digits")
            self.assertEqual(number_of_pan(meter_pan(number)), number)
            self.assertTrue(meter_pan(number).startswith("600727"))
            self.assertEqual(len(meter_pan(number)), 18)

    def test_no_numbers(self) -> None:
        for number in ("", "0" * 11, "000000000123", "4600075503", "46000755037", "4600075503x", "٤" * 11):
            self.assertFalse(is_sts_number(number), number)
            with self.assertRaises(MeterNumberError):
                meter_pan(number or "1")
        for pan in ("", "6" * 18, meter_pan(FIELD[0])[:-1] + "x", "1" + meter_pan(FIELD[0])[1:]):
            with self.assertRaises(MeterNumberError):
                number_of_pan(pan)

    @given(st.from_regex(r"[1-9][0-9]{9}([0-9]{2})?", fullmatch=True), st.integers(0, 12), st.integers(1, 9))
    def test_one_wrong_digit_is_found(self, digits: str, at: int, off: int) -> None:
        number = digits + luhn_digit(digits)
        self.assertTrue(is_sts_number(number))
        self.assertEqual(number_of_pan(meter_pan(number)), number)
        at %= len(number)
        wrong = number[:at] + str((int(number[at]) + off) % 10) + number[at + 1 :]
        self.assertFalse(luhn_holds(wrong))

    def test_luhn_of_nothing_but_digits(self) -> None:
        with self.assertRaises(MeterNumberError):
            luhn_digit("12a")
        self.assertFalse(luhn_holds(""))


class EncodingTests(SynchronousTestCase):
    def test_what_meters_send(self) -> None:
        self.assertEqual(decode_number(bytes.fromhex("046000755036"), NumberEncoding.BCD), "046000755036")
        self.assertEqual(decode_number(bytes.fromhex("46000755036f"), NumberEncoding.BCD), "46000755036")
        self.assertEqual(decode_number(b"046000755036", NumberEncoding.ASCII), "046000755036")
        self.assertEqual(decode_number(b"HXC0755036\0\0", NumberEncoding.ASCII), "HXC0755036")
        self.assertEqual(decode_number(bytes.fromhex("000ab5d1065c"), NumberEncoding.BINARY), "46000047708")

    def test_what_is_no_number(self) -> None:
        for octets, encoding in (
            (b"", NumberEncoding.BCD),
            (b"\xff\xff", NumberEncoding.BCD),
            (b"\x12\xa4", NumberEncoding.BCD),
            (b"\0\0\0", NumberEncoding.ASCII),
            (b"12 34", NumberEncoding.ASCII),
            (b"\xb2\xb3", NumberEncoding.ASCII),
            (bytes(33), NumberEncoding.BINARY),
        ):
            with self.assertRaises(MeterNumberError):
                decode_number(octets, encoding)

    @given(st.integers(0, 10**12 - 1), st.sampled_from(NumberEncoding))
    def test_back_and_forth(self, number: int, encoding: NumberEncoding) -> None:
        size = 12 if encoding is NumberEncoding.ASCII else 6
        octets = encode_number(str(number), encoding, size)
        self.assertEqual(len(octets), size)
        self.assertEqual(int(decode_number(octets, encoding)), number)

    @given(st.binary(max_size=40), st.sampled_from(NumberEncoding))
    def test_any_octets(self, octets: bytes, encoding: NumberEncoding) -> None:
        try:
            number = decode_number(octets, encoding)
        except MeterNumberError:
            return
        self.assertTrue(number.isascii() and number.isalnum())

    @given(st.text(max_size=15), st.sampled_from(NumberEncoding), st.integers(1, 8))
    def test_any_text(self, number: str, encoding: NumberEncoding, size: int) -> None:
        with contextlib.suppress(MeterNumberError):
            octets = encode_number(number, encoding, size)
            self.assertEqual(len(octets), size)
            if number.isalnum():
                self.assertEqual(canonical_number(decode_number(octets, encoding)), canonical_number(number))

    def test_guesses(self) -> None:
        self.assertIs(guess_encoding(b"046000755036"), NumberEncoding.ASCII)
        self.assertIs(guess_encoding(bytes.fromhex("046000755036")), NumberEncoding.BCD)
        self.assertIs(guess_encoding(bytes.fromhex("000ab5d1065c")), NumberEncoding.BINARY)

    def test_two_spellings(self) -> None:
        self.assertEqual(canonical_number(" 046000755036\r\n"), canonical_number("46000755036"))
        self.assertEqual(canonical_number("hxc12"), "HXC12")
        self.assertEqual(canonical_number("00000000000"), "")
