from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms.errors import TokenError
from hesd.dlms.sts_token import TokenClass, holds_token, mask, mask_value, parse_token
from tests.dlms.vectors import of_layer


class TokenTests(SynchronousTestCase):
    def test_vectors(self) -> None:
        for name, _, expect in of_layer("sts"):
            digits = expect["digits"].split()[0]
            if "must" in expect:
                with self.assertRaises(TokenError, msg=name):
                    parse_token(digits)
                continue
            token = parse_token(digits)
            self.assertEqual(token.token_class, expect["class"], name)
            self.assertEqual(token.subclass, expect.get("subclass"), name)
            self.assertEqual(token.needs_permission, expect["class"] == 2, name)
            self.assertEqual(token.bcd.hex(), digits)

    def test_as_people_type_it(self) -> None:
        token = parse_token(" 2371-6100 5011-8319 4197\n")
        self.assertEqual((token.digits, token.token_class), ("23716100501183194197", TokenClass.CREDIT))

    def test_a_test_token_has_a_checksum(self) -> None:
        with self.assertRaises(TokenError):
            parse_token("56493153725450313472")

    def test_no_digit_leaks(self) -> None:
        token = parse_token("23716100501183194197")
        for shown in (str(token), repr(token), f"{token}"):
            self.assertIn("****************4197", shown)
            self.assertNotIn("2371", shown)
        self.assertEqual(mask("23716100501183194197"), "*" * 16 + "4197")
        with self.assertRaises(TokenError) as caught:
            parse_token("2371610050118319419")
        self.assertNotIn("2371", str(caught.exception))

    @given(st.integers(0, 10**20 - 1).map(lambda number: f"{number:020}"))
    def test_as_meters_keep_them_four_digits_are_shown(self, digits: str) -> None:
        for kept in (bytes.fromhex(digits), digits.encode(), digits, f"{digits[:10]} {digits[10:]}"):
            self.assertTrue(holds_token(kept))
            self.assertEqual(mask_value(kept), "*" * 16 + digits[-4:])

    def test_of_anything_else_that_is_secret_nothing_is_shown(self) -> None:
        for kept in (b"", b"123", "123", bytes(9), b"\xff" * 10, "x" * 20):
            self.assertFalse(holds_token(kept))
            self.assertLessEqual(set(mask_value(kept)), {"*"})

    @given(st.integers(0, 10**20 - 1).map(lambda number: f"{number:020}"))
    def test_any_digits(self, digits: str) -> None:
        try:
            token = parse_token(digits)
        except TokenError:
            return
        self.assertLess(int(digits), 1 << 66)
        self.assertEqual(int(digits) >> 27 & 3, token.token_class)

    @given(st.text(max_size=30))
    def test_any_text(self, text: str) -> None:
        with contextlib.suppress(TokenError):
            self.assertEqual(len(parse_token(text).digits), 20)
