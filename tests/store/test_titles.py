"""Meters by their system titles: true after every edit, and read once for however many ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import Clock

from hesd.store import meters
from hesd.store.errors import StoreDown
from hesd.store.keyring import StoredKeyring
from tests.store.store_case import NOON, StoreCase
from tests.store.test_keys import opened

TITLE, NEW = b"HXE\0\0\0\0\1", b"HXE\0\0\0\0\2"


class TitleTests(StoreCase):
    def setUp(self) -> None:
        super().setUp()
        self.keyring = self.begin()
        self.edit(meters.create, {"serial": "M1", "system_title": TITLE.hex()}, NOON)
        self.edit(meters.create, {"serial": "M2"}, NOON)
        self.looks = 0
        titles = meters.titles

        def counted(connection: Connection) -> Any:
            self.looks += 1
            return titles(connection)

        self.patch(meters, "titles", counted)

    def begin(self) -> StoredKeyring:
        """As after a start."""
        clock: Any = Clock()
        return StoredKeyring(self.database, opened(), clock)

    def edit(self, function: Any, *args: Any) -> None:
        self.write(function, *args)
        self.keyring.titles.forget()

    async def titled(self, title: bytes) -> list[str]:
        return sorted(await self.keyring.titled(title))

    async def test_a_registered_title_is_its_meters_also_after_a_restart(self) -> None:
        for _ in range(2):
            self.assertEqual(await self.titled(TITLE), ["M1"])
            self.assertEqual(
                [await self.titled(each) for each in (NEW, b"", TITLE + b"\0", b"x" * 900)], [[]] * 4
            )
            self.keyring = self.begin()

    async def test_a_title_that_verified_is_known_at_once(self) -> None:
        self.assertEqual(await self.titled(NEW), [])
        await self.keyring.set_peer_title("m2", NEW)
        self.assertEqual((await self.titled(NEW), await self.titled(TITLE)), (["M2"], ["M1"]))
        await self.keyring.set_peer_title("M1", NEW)
        self.assertEqual((await self.titled(NEW), await self.titled(TITLE)), (["M1", "M2"], []))
        self.keyring = self.begin()
        self.assertEqual(await self.titled(NEW), ["M1", "M2"])

    async def test_a_title_that_is_edited_is_another_and_one_that_is_taken_away_none(self) -> None:
        self.assertEqual(await self.titled(TITLE), ["M1"])
        self.edit(meters.change, "M1", {"system_title": "48 58 45 00 00 00 00 02"}, NOON)
        self.assertEqual((await self.titled(TITLE), await self.titled(NEW)), ([], ["M1"]))
        self.edit(meters.change, "M1", {"system_title": ""}, NOON)
        self.assertEqual(await self.titled(NEW), [])

    async def test_a_retired_meter_leaves_its_title_to_its_successor(self) -> None:
        self.edit(meters.change, "M2", {"system_title": TITLE.hex()}, NOON)
        self.assertEqual(await self.titled(TITLE), ["M1", "M2"])
        self.edit(meters.retire, "M1", NOON)
        self.assertEqual(await self.titled(TITLE), ["M2"])

    async def test_however_many_ask_the_registry_is_read_once(self) -> None:
        asked = [Deferred.fromCoroutine(self.titled(NEW)) for _ in range(5000)]
        self.assertEqual(await gatherResults(asked), [[]] * 5000)
        self.assertEqual(await self.titled(TITLE), ["M1"])
        self.assertEqual(self.looks, 1)

    async def test_who_asks_after_an_edit_is_told_of_it_though_another_is_being_read(self) -> None:
        before = Deferred.fromCoroutine(self.titled(NEW))
        self.edit(meters.change, "M2", {"system_title": NEW.hex()}, NOON)
        after = [Deferred.fromCoroutine(self.titled(NEW)) for _ in range(100)]
        told: Sequence[list[str]] = await gatherResults([before, *after])
        self.assertEqual(told[1:], [["M2"]] * 100)
        self.assertEqual(self.looks, 2)

    async def test_a_store_that_is_down_is_asked_again(self) -> None:
        works = meters.titles

        def down(connection: Connection) -> Any:
            raise StoreDown("the disk is gone")

        self.patch(meters, "titles", down)
        asked = [Deferred.fromCoroutine(self.titled(TITLE)) for _ in range(3)]
        for each in asked:
            with self.assertRaises(StoreDown):
                await each
        self.patch(meters, "titles", works)
        self.assertEqual(await self.titled(TITLE), ["M1"])
