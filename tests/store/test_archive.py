"""Profiles and events that were read are kept before anybody is told."""

from __future__ import annotations

from hesd.model.event import MeterEvent
from hesd.model.obis import OBIS
from hesd.model.profile import Profile, ProfileColumn, ProfileRow
from hesd.store.archive import StoredArchive
from tests.store.store_case import ENERGY, NOON, StoreCase
from tests.store.test_events import STANDARD, event

LOAD = OBIS("1.0.99.1.0.255")


def profile(*numbers: int) -> Profile:
    column = ProfileColumn(class_id=3, obis=ENERGY, attribute=2)
    rows = tuple(ProfileRow(NOON + number, (number,), (number,)) for number in numbers)
    return Profile(meter="M1", obis=LOAD, columns=(column,), rows=rows)


class ArchiveTests(StoreCase):
    async def test_rows(self) -> None:
        archive = StoredArchive(self.database)
        self.assertIsNone(await archive.newest_row("M1", LOAD))
        self.assertEqual(await archive.keep_profile(profile(1, 2)), 2)
        self.assertEqual(await archive.keep_profile(profile(2, 3)), 1)
        self.assertEqual(await archive.newest_row("M1", LOAD), NOON + 3)

    async def test_only_events_that_are_new_are_told(self) -> None:
        told: list[MeterEvent] = []
        archive = StoredArchive(self.database, told.extend)
        self.assertIsNone(await archive.newest_event("M1", STANDARD))
        self.assertEqual(await archive.keep_events([event(0), event(1)]), 2)
        self.assertEqual(await archive.keep_events([event(1), event(2)]), 1)
        self.assertEqual(await archive.keep_events([event(1)]), 0)
        self.assertEqual(told, [event(0), event(1), event(2)])
        self.assertEqual(await archive.newest_event("M1", STANDARD), NOON + 2000)
