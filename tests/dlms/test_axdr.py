from __future__ import annotations

import struct
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms import axdr
from hesd.dlms.axdr_length import decode_length, encode_length, encode_tagged, only_content
from hesd.dlms.data import Data
from hesd.dlms.data_type import NUMBERS, DataType
from hesd.dlms.errors import DataError
from hesd.dlms.value import DONT_CARE, BitString, Delta
from tests.dlms.strategies import SIMPLE, datas, simple, simples


def by_the_book(octets: bytes, at: int = 0) -> tuple[Any, int]:
    """A slow decoder, written down type by type, to compare with."""
    type_ = DataType(octets[at])
    at += 1
    if type_ in (DataType.ARRAY, DataType.STRUCTURE):
        count, at = decode_length(octets, at)
        values = []
        for _ in range(count):
            value, at = by_the_book(octets, at)
            values.append(value)
        return (values if type_ is DataType.ARRAY else tuple(values)), at
    if type_ in NUMBERS:
        size = struct.calcsize(NUMBERS[type_])
        return struct.unpack(">" + NUMBERS[type_], octets[at : at + size])[0], at + size
    if type_ in (DataType.COMPACT_ARRAY, DataType.DONT_CARE):
        raise ValueError(type_)
    if type_ is DataType.NULL_DATA:
        return None, at
    size = {DataType.DATE_TIME: 12, DataType.DATE: 5, DataType.TIME: 4}.get(type_, -1)
    if size < 0:
        size, at = decode_length(octets, at)
    if type_ is DataType.BIT_STRING:
        bits = "".join(f"{octet:08b}" for octet in octets[at : at + (size + 7) // 8])
        return bits[:size], at + (size + 7) // 8
    text = octets[at : at + size]
    if type_ is DataType.VISIBLE_STRING:
        return text.decode("latin-1"), at + size
    return (text.decode() if type_ is DataType.UTF8_STRING else text), at + size


class RoundTripTests(SynchronousTestCase):
    def test_every_type_has_a_strategy(self) -> None:
        containers = {DataType.ARRAY, DataType.STRUCTURE, DataType.COMPACT_ARRAY, DataType.DONT_CARE}
        self.assertEqual(set(SIMPLE) | containers, set(DataType))

    @given(st.sampled_from(list(SIMPLE)).flatmap(lambda t: st.tuples(st.just(t), SIMPLE[t])))
    def test_value_to_octets_and_back(self, typed: tuple[DataType, Any]) -> None:
        type_, value = typed
        data = Data.of(type_, value)
        self.assertEqual(data.value, value)
        self.assertEqual(type(data.value) is Delta, type_.name.startswith("DELTA"))
        self.assertIs(data.type, type_)
        self.assertEqual(axdr.decode(b"\xff" + data.octets + b"\x00", 1), (value, 1 + len(data.octets)))

    @given(datas)
    def test_octets_to_value_and_back(self, data: Data) -> None:
        again = Data.decode(data.octets)
        self.assertEqual(again, data)
        self.assertEqual(again.value, data.value)
        self.assertEqual(by_the_book(data.octets), (data.value, len(data.octets)))
        self.assertEqual(rebuilt(again), data)

    @given(datas, st.data())
    def test_cut_anywhere_it_is_refused(self, data: Data, draw: st.DataObject) -> None:
        cut = draw.draw(st.integers(0, len(data.octets) - 1))
        with self.assertRaises(DataError):
            Data.decode(data.octets[:cut])
        with self.assertRaises(DataError):
            Data.decode(data.octets + b"\x00")

    @given(st.binary(max_size=200))
    def test_any_octets(self, octets: bytes) -> None:
        try:
            value, end = axdr.decode(octets)
        except DataError:
            return
        self.assertLessEqual(end, len(octets))
        self.assertEqual(Data.decode(octets[:end]).value, value) if value == value else None

    @given(st.integers(0, (1 << 32) - 1))
    def test_lengths(self, length: int) -> None:
        encoded = encode_length(length)
        self.assertEqual(decode_length(encoded, 0), (length, len(encoded)))

    @given(st.integers(0, 255), st.binary(max_size=300))
    def test_a_tag_and_a_length_before_all_there_is(self, tag: int, content: bytes) -> None:
        shortest = encode_tagged(tag, content)
        self.assertEqual(shortest, bytes((tag,)) + encode_length(len(content)) + content)
        longest = bytes((tag, 0x84)) + len(content).to_bytes(4, "big") + content
        for whole in (shortest, longest):
            self.assertEqual(only_content(whole), content)
            self.assertIsNone(only_content(whole + b"\x00"))
            for size in range(len(whole)):
                self.assertIsNone(only_content(whole[:size]))

    @given(datas, datas)
    def test_data_are_alike_where_their_octets_are(self, one: Data, other: Data) -> None:
        same = Data(one.octets, None)
        self.assertEqual((one == same, one != same, hash(one)), (True, False, hash(same)))
        alike = one.octets == other.octets
        self.assertEqual((one == other, one != other), (alike, not alike))
        self.assertNotEqual(one, one.octets)

    def test_dont_care(self) -> None:
        self.assertIs(Data.of(DataType.DONT_CARE).value, DONT_CARE)
        self.assertEqual(Data.of(DataType.DONT_CARE).octets, b"\xff")


def rebuilt(data: Data) -> Data:
    """The data, put together again from its parts."""
    if data.type is DataType.STRUCTURE:
        return Data.structure(*map(rebuilt, data.parts))
    if data.type is DataType.ARRAY:
        return Data.array(*map(rebuilt, data.parts))
    return Data.of(data.type, data.value)


class BoundTests(SynchronousTestCase):
    def refuse(self, octets: bytes) -> None:
        with self.assertRaises(DataError):
            axdr.decode(octets)

    def test_depth(self) -> None:
        for container in (b"\x01\x01", b"\x02\x01"):
            Data.decode(container * axdr.MAX_DEPTH + b"\x00")
            self.refuse(container * (axdr.MAX_DEPTH + 1) + b"\x00")
            self.refuse(container * 30_000 + b"\x00")
        # Through the rows of a profile as well.
        self.refuse(b"\x01\x04\x02\x01" + b"\x02\x01" * 40 + b"\x00" * 10)

    def test_lengths_that_lie(self) -> None:
        for octets in ("0184ffffffff00", "0284ffffffff", "09847fffffff00", "0980", "098500000000",
                       "0484ffffffffff", "0a05616263", "0c82", "0110020200", "13000a00", "1301",
                       "13021100"):  # fmt: skip
            self.refuse(bytes.fromhex(octets))

    def test_unknown_tags(self) -> None:
        for tag in set(range(256)) - set(DataType):
            self.refuse(bytes((tag, 1, 1, 1)))

    def test_what_a_type_cannot_hold(self) -> None:
        for type_, value in (
            (DataType.UNSIGNED, 256),
            (DataType.UNSIGNED, "1"),
            (DataType.UNSIGNED, None),
            (DataType.OCTET_STRING, "x"),
            (DataType.OCTET_STRING, 5),
            (DataType.VISIBLE_STRING, "€"),
            (DataType.UTF8_STRING, b"x"),
            (DataType.BIT_STRING, "012"),
            (DataType.DATE_TIME, bytes(11)),
            (DataType.FLOAT32, 1e300),
            (DataType.ARRAY, []),
        ):
            with self.assertRaises(DataError, msg=f"{type_!r} {value!r}"):
                Data.of(type_, value)

    def test_text_that_is_none_is_shown(self) -> None:
        self.assertEqual(Data.decode(b"\x0c\x02\xff\x41").value, "\\xffA")
        self.assertEqual(Data.decode(b"\x0a\x02\xff\x41").value, "ÿA")


@st.composite
def tables(draw: st.DrawFn) -> list[Data]:
    """Rows of a few shapes, as compressing meters send them."""
    columns = st.lists(st.sampled_from(sorted(SIMPLE)), min_size=1, max_size=5)
    shapes = [draw(columns) for _ in range(draw(st.integers(1, 3)))]
    rows: list[Data] = []
    for _ in range(draw(st.integers(1, 4))):
        types = draw(st.sampled_from(shapes))
        # One row per run is drawn, for drawing is slow; its numbers then go up.
        row = [draw(simple(type_)) for type_ in types]
        length = draw(st.sampled_from([1, 2, 7, 8, 15, 16, 17, 40, 90]))
        rows += [Data.structure(*(_stepped(part, step) for part in row)) for step in range(length)]
    return rows


def _stepped(part: Data, step: int) -> Data:
    if part.type in (DataType.DOUBLE_LONG_UNSIGNED, DataType.UNSIGNED):
        return Data.of(part.type, step)
    return part


class RowTests(SynchronousTestCase):
    @given(tables())
    @example([Data.structure(Data.of(DataType.NULL_DATA))] * 30)
    @example([Data.structure()] * 30)
    @example([Data.structure(), *[Data.of(DataType.NULL_DATA)] * 3])
    @example([Data.structure(Data.of(DataType.UNSIGNED, 1))] * 30 + [Data.of(DataType.UNSIGNED, 1)] * 30)
    def test_rows_are_what_they_are_one_by_one(self, rows: list[Data]) -> None:
        octets = Data.array(*rows).octets
        value, end = axdr.decode(octets)
        self.assertEqual(end, len(octets))
        self.assertEqual(value, [row.value for row in rows])
        self.assertEqual(by_the_book(octets)[0], value)

    @given(tables(), st.data())
    def test_one_changed_octet(self, rows: list[Data], draw: st.DataObject) -> None:
        octets = bytearray(Data.array(*rows).octets)
        octets[draw.draw(st.integers(0, len(octets) - 1))] = draw.draw(st.integers(0, 255))
        self._same_or_refused(bytes(octets))

    @given(tables(), st.data())
    def test_rows_cut_short(self, rows: list[Data], draw: st.DataObject) -> None:
        octets = Data.array(*rows).octets
        with self.assertRaises(DataError):
            axdr.decode(octets[: draw.draw(st.integers(0, len(octets) - 1))])

    def _same_or_refused(self, octets: bytes) -> None:
        try:
            value, end = axdr.decode(octets)
        except DataError:
            return
        try:
            expected = by_the_book(octets)
        except (ValueError, struct.error):  # compact arrays and broken text are beyond that book
            return
        self.assertEqual(repr((value, end)), repr(expected))


_WITH_OCTETS = sorted(set(SIMPLE) - {DataType.NULL_DATA})


class CompactArrayTests(SynchronousTestCase):
    @given(
        st.lists(st.sampled_from(sorted(set(SIMPLE) - {DataType.NULL_DATA})), min_size=1, max_size=4),
        st.data(),
    )
    def test_structures(self, types: list[DataType], draw: st.DataObject) -> None:
        rows = draw.draw(st.lists(st.tuples(*map(simple, types)), min_size=1, max_size=5))
        parts = [Data.structure(*row) for row in rows]
        compact = Data.compact_array(*parts)
        self.assertEqual(compact.value, [part.value for part in parts])
        self.assertEqual(compact.parts, tuple(parts))
        self.assertEqual(Data.decode(compact.octets).value, compact.value)

    @given(st.lists(st.lists(simple(DataType.LONG), min_size=2, max_size=2), min_size=1, max_size=5))
    def test_arrays_inside(self, rows: list[list[Data]]) -> None:
        parts = [Data.structure(Data.of(DataType.UNSIGNED, 1), Data.array(*row)) for row in rows]
        compact = Data.compact_array(*parts)
        self.assertEqual(compact.parts, tuple(parts))

    def test_by_hand(self) -> None:
        # Two numbers of two octets; and two structures of a number and a string.
        self.assertEqual(Data.decode(bytes.fromhex("1312 04 0001 0002")).value, [1, 2])
        self.assertEqual(
            Data.decode(bytes.fromhex("13 02021209 0a 0001 024142 0002 024344")).value,
            [(1, b"AB"), (2, b"CD")],
        )

    def test_what_cannot_be_one(self) -> None:
        with self.assertRaises(DataError):
            Data.compact_array()
        with self.assertRaises(DataError):
            Data.compact_array(Data.of(DataType.UNSIGNED, 1), Data.of(DataType.LONG, 1))

    def test_bombs(self) -> None:
        nulls = bytes.fromhex("13 02") + b"\x82\x10\x00" + b"\x00" * 4095 + b"\x11"
        arrays = bytes.fromhex("13 0202 01ffff01ffff00 01ffff01555511 04") + bytes(4)
        empty = bytes.fromhex("13 0200 04") + bytes(4)
        deep = b"\x13" + b"\x01\x00\x01" * 3000 + b"\x11\x01\x00"
        for bomb in (nulls + b"\x84\x00\x00\x10\x00" + bytes(4096), arrays, empty, deep, b"\x13\x00\x01\x00"):
            with self.assertRaises(DataError):
                axdr.decode(bomb)


class BitStringTests(SynchronousTestCase):
    @given(st.text("01", max_size=80))
    def test_round_trip(self, bits: str) -> None:
        self.assertEqual(BitString.from_octets(BitString(bits).octets, len(bits)), bits)

    def test_first_bit_is_the_highest(self) -> None:
        self.assertEqual(Data.decode(b"\x04\x03\xa0").value, "101")

    @given(simples)
    def test_parts_of_a_simple_value(self, data: Data) -> None:
        self.assertEqual(data.parts, ())
