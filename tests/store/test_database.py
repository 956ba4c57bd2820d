from __future__ import annotations

import sqlite3
import stat
import threading
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, exc, select, text
from twisted.internet import reactor
from twisted.internet.defer import DeferredList, ensureDeferred
from twisted.trial.unittest import SynchronousTestCase

from hesd.store import areas
from hesd.store.database import Database
from hesd.store.errors import StoreDown, StoreUnusable
from hesd.store.tables import areas as table
from tests.store.store_case import NOON, StoreCase


def _pragmas(connection: Connection) -> dict[str, Any]:
    names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "query_only")
    return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}


class DatabaseTests(StoreCase):
    def test_durability_is_configured(self) -> None:
        pragmas = self.write(_pragmas)
        self.assertEqual(pragmas["journal_mode"], "wal")
        self.assertEqual(pragmas["synchronous"], 2)
        self.assertEqual(pragmas["foreign_keys"], 1)
        self.assertGreaterEqual(pragmas["busy_timeout"], 5000)
        self.assertEqual(self.read(_pragmas)["query_only"], 1)

    async def test_work_runs_in_threads_of_its_own(self) -> None:
        def name(connection: Connection) -> str:
            return threading.current_thread().name

        self.assertIn("store-read", await self.database.read(name))
        writers = {await self.database.write(name) for _ in range(3)}
        self.assertEqual(len(writers), 1)
        self.assertIn("store-write", writers.pop())

    async def test_what_raises_is_rolled_back(self) -> None:
        def half(connection: Connection) -> None:
            areas.create(connection, {"code": "A"}, NOON)
            raise KeyError("no")

        with self.assertRaises(KeyError):
            await self.database.write(half)
        self.assertEqual(self.read(areas.listed, 10).items, ())

    async def test_a_reader_cannot_write(self) -> None:
        with self.assertRaises(StoreDown):
            await self.database.read(areas.create, {"code": "A"}, NOON)

    async def test_no_result_leaves_its_thread(self) -> None:
        with self.assertRaises(TypeError):
            await self.database.read(lambda connection: connection.execute(select(table)))

    async def test_writes_take_the_lock_when_they_begin(self) -> None:
        began: list[str] = []

        def note(_: Any, __: Any, statement: str, *___: Any) -> None:
            began.append(statement)

        event.listen(self.database._writer, "before_cursor_execute", note)
        await self.database.write(areas.create, {"code": "A"}, NOON)
        self.assertEqual(began[0], "BEGIN IMMEDIATE")

    async def test_writes_happen_in_the_order_of_the_calls(self) -> None:
        codes = [f"A{number:02}" for number in range(20)]
        calls = [ensureDeferred(self.database.write(areas.create, {"code": code}, NOON)) for code in codes]
        await DeferredList(calls, fireOnOneErrback=True)

        def order(connection: Connection) -> list[str]:
            return list(connection.scalars(text("SELECT code FROM areas ORDER BY rowid")))

        self.assertEqual(self.read(order), codes)

    async def test_a_reader_does_not_wait_for_a_writer(self) -> None:
        holding, go_on = threading.Event(), threading.Event()
        self.addCleanup(go_on.set)

        def hold(connection: Connection) -> None:
            areas.create(connection, {"code": "A"}, NOON)
            holding.set()
            go_on.wait(30)

        writing = ensureDeferred(self.database.write(hold))
        await self.database.read(lambda connection: holding.wait(30))
        self.assertEqual((await self.database.read(areas.listed, 10)).items, ())
        go_on.set()
        await writing
        self.assertEqual(len((await self.database.read(areas.listed, 10)).items), 1)

    async def test_close_finishes_what_was_asked_and_takes_nothing_more(self) -> None:
        writing = [
            ensureDeferred(self.database.write(areas.create, {"code": f"A{number}"}, NOON))
            for number in range(5)
        ]
        await self.database.close()
        self.assertTrue(all(one.called for one in writing))
        with self.assertRaises(StoreDown):
            await self.database.read(areas.listed, 10)
        self.assertEqual([path.name for path in self.state.iterdir()], ["hesd.db"])
        await self.database.close()

    async def test_trouble_with_the_disk_has_its_own_error(self) -> None:
        def no_space(connection: Connection) -> None:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")
            connection.exec_driver_sql("CREATE TABLE big AS SELECT zeroblob(1000000)")

        with self.assertRaises(StoreDown) as caught:
            await self.database.write(no_space)
        self.assertIn("full", str(caught.exception))

    async def test_a_broken_rule_is_no_trouble_with_the_disk(self) -> None:
        def twice(connection: Connection) -> None:
            for _ in range(2):
                connection.exec_driver_sql(
                    "INSERT INTO series (meter, obis) VALUES ('M1', '1.0.1.8.0.255')",
                )

        with self.assertRaises(exc.IntegrityError):
            await self.database.write(twice)

    def test_the_file_is_not_for_everybody(self) -> None:
        mode = self.database.path.stat().st_mode
        self.assertFalse(mode & stat.S_IRWXO)


class AddressTests(SynchronousTestCase):
    def _path(self, url: str) -> Path:
        return Database(url, Path("/var/lib/hesd"), reactor).path  # type: ignore[arg-type]

    def test_relative_files_start_at_the_state_directory(self) -> None:
        self.assertEqual(self._path("sqlite:///hesd.db"), Path("/var/lib/hesd/hesd.db"))
        self.assertEqual(self._path("sqlite:///sub/a b.db"), Path("/var/lib/hesd/sub/a b.db"))
        self.assertEqual(self._path("sqlite:////srv/hesd.db"), Path("/srv/hesd.db"))

    def test_what_is_no_store_is_refused(self) -> None:
        for url in (
            "",
            "hesd.db",
            "sqlite://",
            "sqlite:///:memory:",
            "mysql://x/y",
            "sqlite+pysqlcipher:///x",
        ):
            with self.assertRaises(StoreUnusable) as caught:
                self._path(url)
            self.assertIn("store.url", str(caught.exception))

    def test_postgresql_is_refused_in_so_many_words(self) -> None:
        with self.assertRaises(StoreUnusable) as caught:
            self._path("postgresql+psycopg://hesd:secret@db/hesd")
        self.assertIn("PostgreSQL", str(caught.exception))
        self.assertNotIn("secret", str(caught.exception))

    def test_a_password_is_not_repeated(self) -> None:
        with self.assertRaises(StoreUnusable) as caught:
            self._path("mysql://hesd:secret@db/hesd")
        self.assertNotIn("secret", str(caught.exception))

    def test_a_file_that_is_no_database_says_so(self) -> None:
        directory = Path(self.mktemp())
        directory.mkdir()
        (directory / "hesd.db").write_bytes(b"no database at all" * 100)
        database = Database("sqlite:///hesd.db", directory, reactor)  # type: ignore[arg-type]
        self.addCleanup(database.close_blocking)
        with self.assertRaises(StoreUnusable) as caught:
            database.migrate()
        self.assertIn("hesd.db", str(caught.exception))
        self.assertIn("not a database", str(caught.exception))

    def test_a_place_that_cannot_be_made_says_so(self) -> None:
        directory = Path(self.mktemp())
        directory.write_text("a file")
        database = Database("sqlite:///hesd.db", directory, reactor)  # type: ignore[arg-type]
        with self.assertRaises(StoreUnusable):
            database.migrate()

    def test_another_process_may_hold_the_file(self) -> None:
        directory = Path(self.mktemp())
        database = Database("sqlite:///hesd.db", directory, reactor)  # type: ignore[arg-type]
        self.addCleanup(database.close_blocking)
        database.migrate()
        with sqlite3.connect(database.path) as other:
            other.execute("INSERT INTO series (meter, obis) VALUES ('M1', 'x')")
        other.close()
        self.assertEqual(database.read_blocking(lambda c: c.scalar(text("SELECT count(*) FROM series"))), 1)
