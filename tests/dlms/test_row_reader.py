"""Rows of a profile's buffer, whole and cut off anywhere."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms.cosem_time import DateTime
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.errors import DataError
from hesd.dlms.profile_buffer import complete_rows
from hesd.dlms.row_reader import RowReader
from tests.dlms.strategies import simple, simples

CLOCK = bytes.fromhex("07e90b130311000000ffc400")
NUMBERS = (DataType.LONG_UNSIGNED, DataType.DOUBLE_LONG, DataType.UNSIGNED, DataType.OCTET_STRING)


def number(value: int) -> Data:
    return Data.of(DataType.DOUBLE_LONG_UNSIGNED, value)


def taken(octets: bytes, most: int = 7) -> tuple[list[Any], DataError | None]:
    reader = RowReader(octets)
    rows: list[Any] = []
    while not reader.ended:
        rows += reader.take(most)
    return rows, reader.problem


# Rows that look alike, as those of a load profile do, and rows of anything.
alike = st.sampled_from(NUMBERS).flatmap(
    lambda type_: st.lists(st.tuples(simple(DataType.UNSIGNED), simple(type_)), max_size=30)
)
any_rows = st.lists(st.lists(simples, max_size=4), max_size=8)
buffers = st.one_of(alike, any_rows).map(lambda rows: Data.array(*(Data.structure(*row) for row in rows)))


class RowReaderTests(SynchronousTestCase):
    @given(buffers, st.integers(1, 40))
    def test_whole_buffers(self, buffer: Data, most: int) -> None:
        rows, problem = taken(buffer.octets, most)
        self.assertEqual((rows, problem), (buffer.value, None))

    @given(buffers, st.data())
    def test_octets_cut_off_give_the_rows_before(self, buffer: Data, data: st.DataObject) -> None:
        assert isinstance(buffer.value, list)
        cut = data.draw(st.integers(0, len(buffer.octets) - 1))
        rows, problem = taken(buffer.octets[:cut])
        self.assertEqual(rows, buffer.value[: len(rows)])
        self.assertIsInstance(problem, DataError)

    def test_every_cut_of_a_load_profile_gives_all_rows_that_are_whole(self) -> None:
        row = Data.structure(Data.of(DataType.OCTET_STRING, CLOCK), number(230), number(7))
        octets = Data.array(*[row] * 40).octets
        for cut in range(2, len(octets)):
            rows, _ = taken(octets[:cut], 16)
            self.assertEqual(len(rows), (cut - 2) // len(row.octets))

    @given(st.binary(max_size=200), st.integers(1, 50))
    def test_any_octets(self, octets: bytes, most: int) -> None:
        rows, _ = taken(octets, most)
        self.assertTrue(all(type(row) is tuple for row in rows))

    @given(st.binary(max_size=200))
    def test_any_rows(self, octets: bytes) -> None:
        rows, _ = taken(b"\x01\x84\xff\xff\xff\xff" + octets)
        self.assertLessEqual(len(rows), len(octets))

    def test_what_is_no_buffer(self) -> None:
        for octets, problem in (
            ("", "before the first row"),
            ("01", "before the first row"),
            ("0202", "not of type 2"),
            ("010106", "end inside a value"),
            ("01011105", "a row is a structure"),
            ("0101020111050000", "2 octets behind"),
            ("000000", "2 octets behind"),
        ):
            self.assertIn(problem, str(taken(bytes.fromhex(octets))[1]), octets)

    def test_no_rows(self) -> None:
        for octets in ("0100", "00"):
            self.assertEqual(taken(bytes.fromhex(octets)), ([], None))

    def test_a_compact_array(self) -> None:
        buffer = Data.compact_array(*(Data.structure(number(n), number(n * n)) for n in range(20)))
        self.assertEqual(taken(buffer.octets), (buffer.value, None))
        self.assertEqual(taken(buffer.octets[:-1])[0], [])


class CompletionTests(SynchronousTestCase):
    def completed(self, period: int) -> list[str]:
        rows = complete_rows([(CLOCK,), (None,), (None,)], frozenset({0}), period)
        return [str(DateTime.from_octets(clock).time) for (clock,) in rows if clock is not None]

    def test_a_null_clock_is_a_period_later_or_where_the_newest_is_first_earlier(self) -> None:
        self.assertEqual(self.completed(900), ["17:00:00", "17:15:00", "17:30:00"])
        self.assertEqual(self.completed(-900), ["17:00:00", "16:45:00", "16:30:00"])

    def test_a_period_that_leads_out_of_the_calendar(self) -> None:
        last = bytes.fromhex("270f0c1fff173b3b00800000")
        self.assertEqual(complete_rows([(last,), (None,)], frozenset({0}), 1 << 31)[1], (None,))
