from __future__ import annotations

import math
import sqlite3

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.model.obis import OBIS
from hesd.model.reading import Quality, Raw, Reading, Source
from hesd.model.units import Unit
from hesd.store.exact import pack, pack_raw, unpack, unpack_raw
from hesd.store.reading_row import from_row, to_row

_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)  # lone surrogates too
_RAWS = st.none() | st.integers(-(2**200), 2**200) | st.floats() | _TEXT | st.binary(max_size=40)
_VALUES = st.none() | st.integers(-(2**200), 2**200) | st.floats() | _TEXT


def _same(one: Raw, other: Raw) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return (math.isnan(one) and math.isnan(other)) or str(one) == str(other)
    return type(one) is type(other) and one == other


class ExactTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.connection = sqlite3.connect(":memory:")
        self.addCleanup(self.connection.close)
        self.connection.execute("CREATE TABLE kept (value BLOB, raw BLOB)")

    def _through_sqlite(self, *packed: object) -> tuple[Raw, ...]:
        self.connection.execute("DELETE FROM kept")
        self.connection.execute("INSERT INTO kept VALUES (?, ?)", packed)
        return self.connection.execute("SELECT value, raw FROM kept").fetchone()

    @given(_RAWS)
    @example(2**63 - 1)
    @example(2**63)
    @example(-(2**63))
    @example(-(2**63) - 1)
    @example(b"n")
    @example("123")
    @example("\ud800")
    @example("NUL\x00inside")
    def test_everything_comes_back_as_it_was(self, raw: Raw) -> None:
        packed, _ = self._through_sqlite(pack(raw), None)
        self.assertTrue(_same(unpack(packed), raw), (raw, packed))

    @given(_RAWS, _VALUES)
    @example(0.0, -0.0)
    @example(1, 1.0)
    @example(230.10000610351562, 230.1)
    @example(1e300, 1e300)
    @example(None, 5)
    @example(5, None)
    def test_a_raw_number_comes_back_beside_its_value(self, raw: Raw, value: Raw) -> None:
        packed, packed_raw = self._through_sqlite(pack(value), pack_raw(raw, value))
        again = unpack(packed)
        self.assertTrue(_same(again, value))
        self.assertTrue(_same(unpack_raw(packed_raw, again), raw), (raw, value, packed_raw))

    def test_a_raw_number_that_is_the_value_takes_no_room(self) -> None:
        for both in (230.5, 0.0, 12345, "text", None):
            self.assertIsNone(pack_raw(both, both))

    def test_a_float32_beside_its_decimal_takes_nearly_none(self) -> None:
        packed = pack_raw(230.10000610351562, 230.1)
        self.assertEqual((packed, unpack_raw(packed, 230.1)), (b"f", 230.10000610351562))

    @given(
        st.integers(-(2**62), 2**62),
        _RAWS,
        st.integers(-30, 30),
        _VALUES,
        st.sampled_from(Unit),
        st.sampled_from(Quality),
        st.sampled_from(Source),
    )
    def test_a_reading_comes_back_from_its_row(
        self, at_ms: int, raw: Raw, scaler: int, value: Raw, unit: Unit, quality: Quality, source: Source
    ) -> None:
        reading = Reading("M1", OBIS("1-0:1.8.0"), at_ms, raw, scaler, value, unit, quality, source)  # type: ignore[arg-type]
        again = from_row("M1", OBIS("1-0:1.8.0"), to_row(7, reading)[1:])
        self.assertTrue(_same(again.raw, raw))
        self.assertTrue(_same(again.value, value))
        self.assertEqual(
            (again.at_ms, again.scaler, again.unit, again.quality, again.source),
            (at_ms, scaler, unit, quality, source),
        )
