from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text
from twisted.trial.unittest import SynchronousTestCase

import hesd
from hesd.store import meters, migration
from hesd.store.errors import StoreUnusable
from hesd.store.tables import metadata
from tests.store.store_case import StoreCase

_SET = text("UPDATE alembic_version SET version_num = '9999'")
_OLD_METER = text(
    "INSERT INTO meters (serial, name, brand, model, firmware, driver, line, unit_id, equipment, room, panel,"
    " ratio, writes_enabled, lifecycle, search, version, created_ms, updated_ms) VALUES"
    " ('OLD', '', '', '', '', 'd', 'bus-1', 7, '', '', '', 1, 0, 'active', 'old', 1, 0, 0)"
)


def _definitions(connection: Connection) -> dict[str, str]:
    """Every table and index as SQLite has it; WITHOUT ROWID and WHERE are only to be seen here."""
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql NOT NULL"))
    ours = {name: sql for name, sql in rows if not name.startswith(("alembic", "sqlite_"))}
    return {name: re.sub(r"\s+", "", sql) for name, sql in ours.items()}


class MigrationTests(StoreCase):
    def test_the_migrated_schema_is_the_one_in_tables(self) -> None:
        def differences(connection: Connection) -> list[object]:
            return compare_metadata(MigrationContext.configure(connection), metadata)

        self.assertEqual(self.read(differences), [])

    def test_also_where_alembic_does_not_look(self) -> None:
        engine = create_engine(f"sqlite:///{self.mktemp()}")
        self.addCleanup(engine.dispose)
        with engine.begin() as connection:
            metadata.create_all(connection)
            wanted = _definitions(connection)
        self.assertEqual(self.read(_definitions), wanted)

    def test_meters_of_the_first_version_are_kept(self) -> None:
        """A database of revision 0001 with a meter in it, brought up to now."""
        engine = create_engine(f"sqlite:///{self.mktemp()}")
        self.addCleanup(engine.dispose)
        with engine.begin() as connection:
            command.upgrade(migration.configuration(connection), "0001")
            connection.execute(_OLD_METER)
            command.upgrade(migration.configuration(connection), "head")
            self.assertEqual(_definitions(connection), self.read(_definitions))
            (kept,) = meters.in_service(connection)
        self.assertEqual((kept.serial, kept.unit_id, kept.authentication), ("OLD", 7, None))

    def test_migrating_again_changes_nothing(self) -> None:
        before = self.read(_definitions)
        self.database.migrate()
        self.assertEqual(self.read(_definitions), before)

    def test_a_newer_database_is_refused_and_left_alone(self) -> None:
        self.write(lambda connection: connection.execute(_SET).rowcount)
        with self.assertRaises(StoreUnusable) as caught:
            self.database.migrate()
        message = str(caught.exception)
        self.assertIn("9999", message)
        self.assertIn("newer hesd", message)
        self.assertIn(str(self.database.path), message)
        found = self.read(
            lambda connection: connection.scalar(text("SELECT version_num FROM alembic_version"))
        )
        self.assertEqual(found, "9999")


class InstalledTests(SynchronousTestCase):
    def test_migrates_from_a_read_only_installation(self) -> None:
        """A copy of the package without write permission, with a "%" in its path."""
        place = Path(self.mktemp()).resolve() / "100%"
        shutil.copytree(
            Path(hesd.__file__).parent,
            place / "hesd",
            ignore=shutil.ignore_patterns("__pycache__", "static"),
        )
        folders = [place, *(path for path in place.rglob("*") if path.is_dir())]
        self.addCleanup(lambda: [folder.chmod(0o755) for folder in folders])
        for folder in reversed(folders):
            folder.chmod(0o555)
        program = (
            "import hesd, pathlib; from twisted.internet import reactor;"
            "from hesd.store.database import Database;"
            "d = Database('sqlite:///hesd.db', pathlib.Path.cwd(), reactor); d.migrate();"
            "print(hesd.__file__)"
        )
        state = Path(self.mktemp())
        state.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=state,
            env={**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith(str(place)), done.stdout)
        self.assertTrue((state / "hesd.db").exists())
