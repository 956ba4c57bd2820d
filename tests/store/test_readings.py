from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, func, select, text
from twisted.trial.unittest import SynchronousTestCase

from hesd.model.obis import OBIS
from hesd.model.reading import Quality, Reading, Source
from hesd.model.units import Unit
from hesd.store import readings, series, stage
from hesd.store.latest import LatestValues
from hesd.store.reading_insert import ReadingInsert
from hesd.store.tables import readings as settled
from tests.store.store_case import ENERGY, NOON, VOLTAGE, StoreCase, energy, reading

_EVER = (-(2**62), 2**62)


def move_all(connection: Connection) -> int:
    """Move everything that is staged; how many slices it took."""
    steps = stage.slices(connection)
    for step in steps:
        stage.move(connection, step)
    while steps and stage.forget(connection, steps[-1].last_id):
        pass
    return len(steps)


class _Readings(StoreCase):
    def setUp(self) -> None:
        super().setUp()
        self.insert = ReadingInsert()

    def record(self, *batch: Reading) -> None:
        self.write(self.insert.stage, batch)

    def history(self, from_ms: int = _EVER[0], to_ms: int = _EVER[1], obis: OBIS = VOLTAGE) -> list[Reading]:
        return list(self.read(readings.history, "M1", obis, from_ms, to_ms, 1000).items)


class HistoryTests(_Readings):
    def test_a_reading_is_history_whether_staged_or_settled(self) -> None:
        early, late = (
            reading(NOON, 230.5, quality=Quality.SUSPECT, source=Source.PUSH),
            reading(NOON + 1000, 231),
        )
        self.record(early)
        self.assertEqual(self.history(), [early])
        self.write(move_all)
        self.assertEqual(self.history(), [early])
        self.record(late)
        self.assertEqual(self.history(), [early, late])

    def test_counters_and_strange_values_are_exact(self) -> None:
        batch = [
            energy(NOON, 2**64 - 1, (2**64 - 1) * 1000, scaler=3),
            energy(NOON + 1, 9_007_199_254_740_993),
            energy(NOON + 2, b"\x00\xff\x80", "text"),
            replace(energy(NOON + 3, None), value=None, quality=Quality.BAD),
            energy(NOON + 4, "12345678901234567890", "Wh"),
        ]
        self.record(*batch)
        for _ in range(2):
            found = self.history(obis=ENERGY)
            self.assertEqual(found, batch)
            self.assertEqual([type(one.raw) for one in found], [type(one.raw) for one in batch])
            self.write(move_all)

    def test_the_range_includes_its_beginning_and_not_its_end(self) -> None:
        batch = [reading(NOON + second * 1000, second) for second in range(5)]
        self.record(*batch)
        self.assertEqual(self.history(NOON + 1000, NOON + 3000), batch[1:3])
        self.assertEqual(self.history(NOON + 1001, NOON + 3001), batch[2:4])

    def test_the_same_meter_quantity_and_time_is_one_reading_and_the_last_word_counts(self) -> None:
        self.record(reading(NOON, 1), reading(NOON, 2))
        self.assertEqual(self.history(), [reading(NOON, 2)])
        self.write(move_all)
        self.assertEqual(self.history(), [reading(NOON, 2)])
        self.record(reading(NOON, 3))
        self.assertEqual(self.history(), [reading(NOON, 3)])
        self.write(move_all)
        self.assertEqual(self.history(), [reading(NOON, 3)])
        self.assertEqual(self.read(lambda c: c.scalar(select(func.count()).select_from(settled))), 1)

    def test_what_was_never_read_is_empty(self) -> None:
        self.record(reading())
        self.assertEqual(self.history(obis=ENERGY), [])

    def test_pages_join_without_gap_or_overlap(self) -> None:
        batch = [reading(NOON + second * 1000, second) for second in range(10)]
        self.record(*batch[::2])
        self.write(move_all)
        self.record(*batch[1::2], batch[4])
        for size in (1, 3, 5, 10):
            found: list[Reading] = []
            start: int | None = NOON
            while start is not None:
                page = self.read(readings.history, "M1", VOLTAGE, start, _EVER[1], size)
                self.assertLessEqual(len(page.items), size)
                found += page.items
                start = page.next
            self.assertEqual(found, batch)

    def test_a_series_is_walked_and_not_searched(self) -> None:
        """The plan of the query: the clustered key for what is settled."""
        self.record(*(reading(NOON + number, number) for number in range(10)))

        def plan(connection: Connection) -> str:
            old, _ = readings.of_series(1, NOON, NOON + 5)
            compiled = old.compile(connection, compile_kwargs={"literal_binds": True})
            return str(connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}")).all())

        self.assertIn(
            "SEARCH readings USING PRIMARY KEY (series_id=? AND at_ms>? AND at_ms<?)", self.read(plan)
        )


class StageTests(_Readings):
    def _counts(self, connection: Connection) -> tuple[int, int]:
        return stage.waiting(connection), connection.scalar(select(func.count()).select_from(settled)) or 0

    def test_a_move_goes_in_slices_and_empties_the_stage(self) -> None:
        self.patch(stage, "_SLICE", 10)
        batch = [reading(NOON + at, at, meter=f"M{meter}") for at in range(8) for meter in range(9)]
        self.record(*batch)
        steps = self.read(stage.slices)
        self.assertEqual([step.last_id for step in steps], [72] * len(steps))
        self.assertEqual(
            [(step.first, step.last) for step in steps], [(1, 2), (3, 4), (5, 6), (7, 8), (9, 9)]
        )
        self.assertEqual(sum(self.write(stage.move, step) for step in steps), 72)
        while self.write(stage.forget, 72):
            pass
        self.assertEqual(self.read(self._counts), (0, 72))

    def test_there_are_never_many_slices(self) -> None:
        self.patch(stage, "_SLICE", 1)
        self.record(*(reading(NOON, meter=f"M{meter}") for meter in range(1000)))
        self.assertLessEqual(len(self.read(stage.slices)), 33)

    def test_what_arrives_during_a_move_stays_and_wins(self) -> None:
        self.record(reading(NOON, 1), reading(NOON + 1, 1))
        steps = self.read(stage.slices)
        self.record(reading(NOON, 2), reading(NOON + 2, 2))
        for step in steps:
            self.write(stage.move, step)
        expected = [reading(NOON, 2), reading(NOON + 1, 1), reading(NOON + 2, 2)]
        self.assertEqual(self.history(), expected)
        while self.write(stage.forget, steps[-1].last_id):
            pass
        self.assertEqual(self.read(self._counts), (2, 2))
        self.assertEqual(self.history(), expected)

    def test_a_move_that_was_cut_short_is_made_again(self) -> None:
        self.patch(stage, "_SLICE", 2)
        batch = [reading(NOON + at, at, meter=f"M{meter}") for at in range(3) for meter in range(3)]
        self.record(*batch)
        self.write(stage.move, self.read(stage.slices)[0])
        self.assertEqual(self.write(move_all), 3)
        self.assertEqual(self.read(self._counts), (0, 9))

    def test_nothing_staged_is_nothing_to_move(self) -> None:
        self.assertEqual(self.write(move_all), 0)

    def test_a_stage_holds_more_the_more_series_there_are(self) -> None:
        self.assertEqual(stage.limit(0), 16_384)
        self.assertEqual(stage.limit(1_000), 32_000)
        self.assertEqual(stage.limit(60_000), 1_048_576)

    def test_a_full_stage_asks_to_be_moved(self) -> None:
        self.patch(stage, "_LEAST", 2)
        self.patch(stage, "_A_SERIES", 2)
        self.assertFalse(self.write(self.insert.stage, [reading(NOON), reading(NOON + 1)]))
        self.assertTrue(self.write(self.insert.stage, [reading(NOON + 2)]))


class SeriesTests(_Readings):
    def test_a_series_keeps_its_number(self) -> None:
        first = self.write(series.number, [("M1", VOLTAGE), ("M1", ENERGY)])
        again = self.write(series.number, [("M2", VOLTAGE), ("M1", ENERGY)])
        self.assertEqual(again["M1", ENERGY], first["M1", ENERGY])
        self.assertEqual(len({*first.values(), *again.values()}), 3)
        self.assertEqual(self.read(series.all_numbers), {**first, **again})
        self.assertEqual(self.read(series.find, "M2", VOLTAGE), again["M2", VOLTAGE])
        self.assertIsNone(self.read(series.find, "M2", ENERGY))


class LatestTests(_Readings):
    async def test_filled_from_what_is_settled_and_staged(self) -> None:
        self.patch(LatestValues, "_AT_ONCE", 2)
        old = [reading(NOON + at, at, meter=f"M{meter}") for at in range(3) for meter in range(5)]
        self.record(*old, energy(NOON, 5))
        self.write(move_all)
        newer, older = reading(NOON + 9, 9, meter="M2"), reading(NOON - 9, 9, meter="M3")
        corrected, only_staged = reading(NOON + 2, 99, meter="M4"), energy(NOON, 7, meter="M5")
        self.record(newer, older, reading(NOON + 2, 98, meter="M4"), corrected, only_staged)
        latest = LatestValues()
        await latest.fill(self.database)
        self.assertEqual(dict(latest.of("M1")), {VOLTAGE: old[11], ENERGY: energy(NOON, 5)})
        self.assertEqual(latest.of("M2")[VOLTAGE], newer)
        self.assertEqual(latest.of("M3")[VOLTAGE], old[13])
        self.assertEqual(latest.of("M4")[VOLTAGE], corrected)
        self.assertEqual(latest.of("M5")[ENERGY], only_staged)
        self.assertEqual(sorted(latest.meters()), [f"M{meter}" for meter in range(6)])

    def test_the_newest_is_found_by_seeking(self) -> None:
        self.record(*(reading(NOON + number, number) for number in range(10)))

        def plan(connection: Connection) -> str:
            query = readings.newest_query(0, 100).compile(connection, compile_kwargs={"literal_binds": True})
            return str(connection.execute(text(f"EXPLAIN QUERY PLAN {query}")).all())

        steps = self.read(plan)
        self.assertNotIn("SCAN readings", steps)
        self.assertIn("SEARCH readings USING PRIMARY KEY (series_id=?)", steps)


class LatestUpdateTests(SynchronousTestCase):
    def _after(self, *batches: Sequence[Reading]) -> LatestValues:
        latest = LatestValues()
        for batch in batches:
            latest.update(batch)
        return latest

    def test_newest_by_the_time_of_the_reading(self) -> None:
        first, second = reading(NOON, 1), reading(NOON + 1, 2)
        self.assertEqual(self._after([first, second]).of("M1")[VOLTAGE], second)
        self.assertEqual(self._after([second], [first]).of("M1")[VOLTAGE], second)
        same_time = replace(second, value=3)
        self.assertEqual(self._after([second], [same_time]).of("M1")[VOLTAGE], same_time)

    def test_a_view_moves_on_and_cannot_be_changed(self) -> None:
        latest = self._after([reading(NOON, 1)])
        view = latest.of("M1")
        latest.update([reading(NOON + 1, 2)])
        self.assertEqual(view[VOLTAGE].value, 2)
        with self.assertRaises(TypeError):
            view[VOLTAGE] = reading()  # type: ignore[index]
        self.assertEqual(len(latest.of("nobody")), 0)

    def test_units_are_kept(self) -> None:
        self.assertIs(self._after([energy(NOON, 1)]).of("M1")[ENERGY].unit, Unit.WH)
