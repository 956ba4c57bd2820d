"""Things that are taken down and kept behind everybody's back."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, exc

from hesd.model.event import MeterEvent
from hesd.model.stranger import Stranger
from hesd.store import events, quarantine
from hesd.store.book import Book
from hesd.store.errors import StoreDown
from tests.store.store_case import StoreCase
from tests.store.test_events import event
from tests.store.test_quarantine import stranger


class BookTests(StoreCase):
    async def test_a_storm_of_strangers_is_few_writes(self) -> None:
        writes: list[None] = []
        book: Book[Stranger, None] = Book(self.database, quarantine.seen, writes.append, most=1000)
        for number in range(3000):
            book.add(stranger(f"1{number:06}"))
        await book.close()
        self.assertLess(len(writes), 5)
        self.assertGreater(len(self.read(quarantine.listed, 2000).items), 900)
        book.add(stranger())
        await book.close()
        self.assertIn("46000755036", [each.serial for each in self.read(quarantine.listed, 2000).items])

    async def test_what_was_new_is_told(self) -> None:
        told: list[MeterEvent] = []
        book: Book[MeterEvent, list[MeterEvent]] = Book(self.database, events.put, told.extend, most=1000)
        for batch in ([event(0), event(1)], [event(1), event(2)]):
            book.extend(batch)
            await book.close()
        self.assertEqual(told, [event(0), event(1), event(2)])

    async def test_what_the_store_cannot_take_now_waits_for_the_next(self) -> None:
        kept: list[int] = []
        answers = [StoreDown("disk full"), None]

        def write(_: Connection, batch: Sequence[int]) -> None:
            answer = answers.pop(0)
            if answer is not None:
                raise answer
            kept.extend(batch)

        book: Book[int, None] = Book(self.database, write, most=10)
        book.extend((1, 2))
        await book.close()
        self.assertEqual(kept, [])
        book.add(3)
        await book.close()
        self.assertEqual(kept, [1, 2, 3])

    async def test_what_can_never_be_stored_is_dropped_and_logged(self) -> None:
        kept: list[int] = []

        def write(_: Connection, batch: Sequence[int]) -> None:
            if 1 in batch:
                raise exc.IntegrityError("INSERT", {}, ValueError("NOT NULL"))
            kept.extend(batch)

        book: Book[int, None] = Book(self.database, write, most=10)
        for number in (1, 2):
            book.add(number)
            await book.close()
        self.assertEqual(kept, [2])
        self.assertEqual(len(self.flushLoggedErrors(exc.IntegrityError)), 1)

    async def test_a_closed_store_leaves_nobody_hanging(self) -> None:
        book: Book[Stranger, None] = Book(self.database, quarantine.seen, most=1000)
        await self.database.close()
        for _ in range(2):
            book.add(stranger())
            await book.close()
