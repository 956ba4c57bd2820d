from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import Clock

from hesd.model.reading import Reading
from hesd.store import readings, series, stage
from hesd.store.reading_writer import ReadingWriter
from hesd.store.tables import series as series_table
from tests.store.store_case import NOON, VOLTAGE, StoreCase, numbered, reading


def _set_pages(connection: Any, most: int) -> None:
    connection.exec_driver_sql(f"PRAGMA max_page_count = {most}")


class WriterTests(StoreCase):
    def setUp(self) -> None:
        super().setUp()
        self.clock = Clock()
        self.writer = self.make()

    def make(self, **settings: Any) -> ReadingWriter:
        return ReadingWriter(self.database, self.clock, **settings)

    def history(self, meter: str = "M1") -> list[Reading]:
        return list(self.read(readings.history, meter, VOLTAGE, NOON, NOON + 1_000_000, 1000).items)

    async def settle(self) -> None:
        """Until the writer thread has done all it was given, and the reactor knows."""
        await self.database.write(lambda connection: None)

    async def flush(self) -> None:
        flushed = self.writer.flushed()
        self.clock.advance(0)
        await flushed

    async def test_readings_that_come_together_share_a_commit(self) -> None:
        for second in range(5):
            self.assertTrue(self.writer.put([reading(NOON + second, second)]))
        self.clock.advance(0.24)
        await self.settle()
        self.assertEqual(self.history(), [])
        self.assertEqual(self.writer.waiting, 5)
        self.clock.advance(0.01)
        await self.settle()
        self.assertEqual(self.history(), [reading(NOON + second, second) for second in range(5)])
        counters = self.writer.counters
        self.assertEqual((counters.written, counters.batches, self.writer.waiting), (5, 1, 0))

    async def test_a_full_batch_does_not_wait(self) -> None:
        self.writer = self.make(batch=3)
        self.writer.put([reading(NOON), reading(NOON + 1)])
        self.clock.advance(0)
        await self.settle()
        self.assertEqual(self.history(), [])
        self.writer.put([reading(NOON + 2)])
        self.clock.advance(0)
        await self.settle()
        self.assertEqual(len(self.history()), 3)

    async def test_flushed_fires_when_all_that_was_put_is_on_disk(self) -> None:
        self.writer.put([reading(NOON)])
        first = self.writer.flushed()
        self.writer.put([reading(NOON + 1)])
        second = self.writer.flushed()
        self.assertNoResult(first)
        self.clock.advance(0)
        self.assertNoResult(first)
        self.writer.put([reading(NOON + 2)])
        third = self.writer.flushed()
        await first
        await second
        self.assertGreaterEqual(len(self.history()), 2)
        await third
        self.assertEqual(len(self.history()), 3)
        self.successResultOf(self.writer.flushed())

    async def test_whoever_waits_no_longer_disturbs_nobody(self) -> None:
        self.writer.put([reading(NOON)])
        impatient, patient = self.writer.flushed(), self.writer.flushed()
        impatient.addErrback(lambda failure: None)
        impatient.cancel()
        self.clock.advance(0)
        await patient
        self.assertEqual(len(self.history()), 1)

    async def test_a_large_put_is_written_in_several_commits(self) -> None:
        self.writer.put([numbered(number) for number in range(25_000)])
        await self.flush()
        self.assertEqual((self.writer.counters.written, self.writer.counters.batches), (25_000, 3))

    async def test_the_last_word_counts(self) -> None:
        self.writer.put([reading(NOON, 1)])
        await self.flush()
        self.writer.put([reading(NOON, 2), reading(NOON, 3)])
        await self.flush()
        self.assertEqual(self.history(), [reading(NOON, 3)])

    async def test_while_the_disk_is_full_readings_wait_and_nothing_is_promised(self) -> None:
        await self.database.write(_set_pages, 1)
        self.writer.put([numbered(number) for number in range(2000)])
        flushed = self.writer.flushed()
        self.clock.advance(0)
        await self.settle()
        for failures, seconds in enumerate((0.5, 1, 2, 4, 8, 16, 30, 30), 1):
            self.clock.advance(seconds - 0.01)
            await self.settle()
            self.assertEqual(self.writer.counters.failures, failures)
            self.clock.advance(0.01)
            await self.settle()
            self.assertEqual(self.writer.counters.failures, failures + 1)
        self.assertNoResult(flushed)
        self.assertEqual((self.writer.waiting, self.writer.counters.written), (2000, 0))
        self.assertTrue(self.writer.put([reading(NOON)]))
        await self.database.write(_set_pages, 1_000_000)
        self.clock.advance(30)
        await flushed
        await self.flush()
        self.assertEqual((self.writer.waiting, self.writer.counters.written), (0, 2001))
        self.assertEqual(self.history(), [reading(NOON)])
        kept = self.read(series.all_numbers)
        self.assertEqual(len(kept), 51)
        self.assertEqual(self.read(stage.waiting), 2001)

    async def test_memory_is_bounded_and_what_is_refused_is_counted(self) -> None:
        self.writer = self.make(capacity=10)
        self.assertTrue(self.writer.put([reading(NOON + at) for at in range(8)]))
        self.assertFalse(self.writer.put([reading(NOON + at) for at in range(8, 11)]))
        self.assertTrue(self.writer.put([reading(NOON + 8), reading(NOON + 9)]))
        self.assertFalse(self.writer.put([reading(NOON + 10)]))
        self.assertEqual((self.writer.waiting, self.writer.counters.refused), (10, 4))
        await self.flush()
        self.assertTrue(self.writer.put([reading(NOON + 10)]))
        await self.flush()
        self.assertEqual([one.at_ms - NOON for one in self.history()], list(range(11)))

    async def test_one_reading_that_cannot_be_stored_takes_no_other_along(self) -> None:
        self.writer.put([reading(NOON), reading(2**70), reading(NOON + 1, meter="new"), reading(NOON + 2)])
        await self.flush()
        self.assertEqual([one.at_ms - NOON for one in self.history()], [0, 2])
        self.assertEqual(len(self.history("new")), 1)
        counters = self.writer.counters
        self.assertEqual((counters.written, counters.unstorable, counters.failures), (3, 1, 0))
        self.writer.put([reading(NOON + 3)])
        await self.flush()
        self.assertEqual(len(self.history()), 3)

    async def test_series_are_numbered_once(self) -> None:
        for put in range(3):
            self.writer.put([reading(NOON + put, meter=f"M{meter}") for meter in range(put + 1)])
            await self.flush()
        other = self.make()
        other.put([reading(NOON + 9, meter="M0")])
        flushed = other.flushed()
        self.clock.advance(0)
        await flushed
        numbers = self.read(lambda connection: len(connection.execute(series_table.select()).all()))
        self.assertEqual(numbers, 3)

    async def test_a_full_stage_is_moved_between_the_commits(self) -> None:
        self.patch(stage, "_LEAST", 100)
        self.patch(stage, "_A_SERIES", 1)
        self.patch(stage, "_SLICE", 10)
        for first in range(0, 1000, 50):
            self.writer.put([numbered(number) for number in range(first, first + 50)])
            await self.flush()
        await self.writer.close()
        self.assertGreater(self.writer.mover.moved, 0)
        found = [
            one
            for meter in range(50)
            for one in self.read(
                readings.history, f"M{meter}", numbered(0).obis, NOON, NOON + 1000, 100
            ).items
        ]
        self.assertEqual(
            sorted(found, key=lambda one: one.at_ms), [numbered(number) for number in range(1000)]
        )

    async def test_close_writes_what_waits_and_takes_nothing_more(self) -> None:
        self.writer.put([reading(NOON)])
        closing = ensureDeferred(self.writer.close())
        self.clock.advance(0)
        self.assertEqual(await closing, 0)
        self.assertFalse(self.writer.put([reading(NOON + 1)]))
        self.assertEqual(len(self.history()), 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def test_close_gives_up_in_time_and_says_what_is_lost(self) -> None:
        await self.database.write(_set_pages, 1)
        self.writer.put([numbered(number) for number in range(2000)])
        closing: Deferred[int] = ensureDeferred(self.writer.close(patience=5))
        for _ in range(5):
            self.clock.advance(0.99)
            await self.settle()
        self.assertNoResult(closing)
        self.clock.advance(0.1)
        self.assertEqual(await closing, 2000)
        await self.settle()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def test_nothing_to_close(self) -> None:
        self.assertEqual(await self.writer.close(), 0)
        self.assertEqual(self.clock.getDelayedCalls(), [])
