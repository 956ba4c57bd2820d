"""Profiles by time, each row once, every cell as it was."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from twisted.trial.unittest import SynchronousTestCase

from hesd.model.obis import OBIS
from hesd.model.profile import Profile, ProfileColumn, ProfileRow
from hesd.model.reading import shift
from hesd.model.units import Unit
from hesd.store import profiles
from hesd.store.profile_cells import pack_row, unpack_row
from hesd.store.tables import profile_columns, profile_rows
from tests.store.store_case import ENERGY, NOON, VOLTAGE, StoreCase

LOAD = OBIS("1.0.99.1.0.255")
CLOCK = ProfileColumn(class_id=8, obis=OBIS("0.0.1.0.0.255"), attribute=2)
IMPORT = ProfileColumn(class_id=3, obis=ENERGY, attribute=2, scaler=1, unit=Unit.WH)
VOLTS = ProfileColumn(class_id=3, obis=VOLTAGE, attribute=2, scaler=-1, unit=Unit.V)
QUARTER = 900_000

_NUMBERS = st.one_of(st.integers(), st.floats(), st.integers(-(2**70), 2**70))
_RAWS = st.one_of(_NUMBERS, st.text(), st.binary(max_size=20), st.none())


def row(number: int, *, meter_start: int = 1000) -> ProfileRow:
    at_ms = NOON + number * QUARTER
    raws = (f"clock {number}", meter_start + number, 2300 + number % 10)
    values = (raws[0], shift(meter_start + number, 1), shift(2300 + number % 10, -1))
    return ProfileRow(at_ms, values, raws)


def profile(*numbers: int, **others: Any) -> Profile:
    fields = {"meter": "M1", "obis": LOAD, "columns": (CLOCK, IMPORT, VOLTS), **others}
    rows = tuple(row(number) for number in numbers)
    return Profile(**{"rows": rows, **fields})


class CellTests(SynchronousTestCase):
    @given(st.lists(st.tuples(_RAWS, st.integers(-12, 12), _RAWS), max_size=6))
    def test_every_cell_comes_back_as_it_was(self, cells: list[tuple[Any, int, Any]]) -> None:
        columns = tuple(
            ProfileColumn(class_id=3, obis=ENERGY, attribute=2, scaler=scaler) for _, scaler, _ in cells
        )
        raws = tuple(raw for raw, _, _ in cells)
        values = tuple(None if isinstance(value, bytes) else value for _, _, value in cells)
        for one in (ProfileRow(NOON, values, raws), ProfileRow(NOON, raws, raws)):
            back = unpack_row(columns, NOON, pack_row(columns, one))
            self.assertEqual(repr(back), repr(one))

    @given(st.lists(st.tuples(st.one_of(_NUMBERS, st.text()), st.integers(-12, 12)), max_size=6))
    def test_values_that_follow_from_the_raws_take_no_room(self, cells: list[tuple[Any, int]]) -> None:
        cells = [(raw, scaler) for raw, scaler in cells if raw == raw]
        columns = tuple(
            ProfileColumn(class_id=3, obis=ENERGY, attribute=2, scaler=scaler) for _, scaler in cells
        )
        values = tuple(raw if isinstance(raw, str) else shift(raw, scaler) for raw, scaler in cells)
        one = ProfileRow(NOON, values, tuple(raw for raw, _ in cells))
        packed = pack_row(columns, one)
        self.assertIsNone(packed[1])
        self.assertEqual(repr(unpack_row(columns, NOON, packed)), repr(one))


class ProfileTests(StoreCase):
    def _history(self, from_ms: int = 0, to_ms: int = 2**62, limit: int = 100) -> profiles.ProfilePage:
        page: profiles.ProfilePage = self.read(profiles.history, "M1", LOAD, from_ms, to_ms, limit)
        return page

    def test_rows_come_back_in_the_order_of_time(self) -> None:
        self.assertEqual(self.write(profiles.put, profile(2, 0, 1)), 3)
        page = self._history()
        self.assertEqual(page.columns, (CLOCK, IMPORT, VOLTS))
        self.assertEqual(page.rows, (row(0), row(1), row(2)))
        self.assertEqual(page.rows[1].values, ("clock 1", 10010, 230.1))
        self.assertEqual(self._history(NOON + QUARTER, NOON + 2 * QUARTER).rows, (row(1),))

    def test_what_is_read_twice_is_kept_once(self) -> None:
        self.assertEqual(self.write(profiles.put, profile(0, 1, 2)), 3)
        self.assertEqual(self.write(profiles.put, profile(1, 2, 3)), 1)
        self.assertEqual(len(self._history().rows), 4)
        self.assertEqual(self.write(profiles.put, profile()), 0)

    def test_the_later_word_stays(self) -> None:
        self.write(profiles.put, profile(0, 1))
        corrected = profile(rows=(row(1, meter_start=5000),))
        self.assertEqual(self.write(profiles.put, corrected), 0)
        self.assertEqual(self._history().rows, (row(0), row(1, meter_start=5000)))

    def test_pages_join_without_gap_or_overlap(self) -> None:
        self.write(profiles.put, profile(*range(10)))
        for size in (1, 3, 10, 11):
            found: list[ProfileRow] = []
            start: int | None = 0
            while start is not None:
                page = self._history(start, limit=size)
                self.assertLessEqual(len(page.rows), size)
                found += page.rows
                start = page.next
            self.assertEqual(found, [row(number) for number in range(10)])

    def test_a_meter_that_captures_other_things_from_today_on(self) -> None:
        self.write(profiles.put, profile(0))
        other = ProfileRow(NOON + QUARTER, ("clock", 231.5), ("clock", 2315))
        self.write(profiles.put, profile(columns=(CLOCK, VOLTS), rows=(other,)))
        page = self._history()
        self.assertEqual(page.columns, (CLOCK, VOLTS, IMPORT))
        self.assertEqual(page.rows[0].values, ("clock 0", 230, 10000))
        self.assertEqual(page.rows[1].values, ("clock", 231.5, None))
        self.assertEqual(self._history(to_ms=NOON + 1).columns, (CLOCK, IMPORT, VOLTS))

    def test_meters_of_one_model_share_their_columns(self) -> None:
        for meter in ("M1", "M2", "M3"):
            self.write(profiles.put, profile(0, 1, meter=meter))

        def counted(connection: Any) -> Any:
            return tuple(
                connection.scalar(select(func.count()).select_from(t))
                for t in (profile_columns, profile_rows)
            )

        self.assertEqual(self.read(counted), (1, 6))

    def test_what_is_known(self) -> None:
        self.assertEqual(self.read(profiles.known, "M1"), [])
        self.assertIsNone(self.read(profiles.newest, "M1", LOAD))
        self.assertEqual(self._history(), profiles.ProfilePage((), ()))
        daily = OBIS("0.0.98.2.0.255")
        self.write(profiles.put, profile(0, 4, 2))
        self.write(profiles.put, profile(1, obis=daily))
        self.write(profiles.put, profile(9, meter="M2"))
        self.assertEqual(
            self.read(profiles.known, "M1"),
            [
                profiles.KnownProfile(daily, 1, NOON + QUARTER, NOON + QUARTER),
                profiles.KnownProfile(LOAD, 3, NOON, NOON + 4 * QUARTER),
            ],
        )
        self.assertEqual(self.read(profiles.newest, "M1", LOAD), NOON + 4 * QUARTER)
