from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.model.obis import OBIS, InvalidOBIS

GROUPS = st.tuples(*[st.integers(0, 255)] * 6)


class SpellingTests(SynchronousTestCase):
    def test_every_spelling_of_the_field_is_one_code(self) -> None:
        spellings = (
            "1.0.1.8.0.255",
            "1-0:1.8.0",
            "1-0:1.8.0*255",
            "1-0:1.8.0.255",
            "0100010800FF",
            "{0100010800FF}",
            "{0100010800ff}",
            " 1-0:1.8.0 ",
        )
        self.assertEqual({OBIS(spelling) for spelling in spellings}, {"1.0.1.8.0.255"})

    def test_historical_values_keep_their_group_f(self) -> None:
        self.assertEqual(OBIS("1-0:15.8.0*1"), "1.0.15.8.0.1")
        self.assertEqual(OBIS("01000F080001"), "1.0.15.8.0.1")
        self.assertEqual(OBIS("1.0.15.8.0.99").octets, bytes.fromhex("01000F080063"))

    def test_what_is_no_code_is_refused(self) -> None:
        for text in (
            "",
            "1.8",
            "01000108FF",
            "1-0:1.8.0.256",
            "999-0:1.8.0",
            "1-0:1.8.0.255.1",
            "{0100010800FF",
            "１-0:1.8.0",
        ):
            with self.assertRaises(InvalidOBIS, msg=text):
                OBIS(text)

    def test_a_refusal_does_not_repeat_a_flood(self) -> None:
        with self.assertRaises(InvalidOBIS) as caught:
            OBIS("9" * 10_000)
        self.assertLess(len(str(caught.exception)), 100)

    def test_octets_of_another_length_are_refused(self) -> None:
        with self.assertRaises(InvalidOBIS):
            OBIS.from_octets(b"\x01\x00\x01\x08\xff")

    @given(GROUPS)
    def test_every_form_leads_back_to_the_same_code(
        self, groups: tuple[int, int, int, int, int, int]
    ) -> None:
        code = OBIS.from_octets(bytes(groups))
        a, b, c, d, e, f = groups
        self.assertEqual(code.groups, groups)
        self.assertEqual(code.octets, bytes(groups))
        for spelling in (code, f"{a}-{b}:{c}.{d}.{e}*{f}", f"{a}-{b}:{c}.{d}.{e}.{f}", bytes(groups).hex()):
            self.assertEqual(OBIS(spelling), code)

    @given(st.text(max_size=30))
    def test_any_text_is_a_code_or_a_refusal(self, text: str) -> None:
        with contextlib.suppress(InvalidOBIS):
            self.assertEqual(OBIS(OBIS(text)), OBIS(text))
