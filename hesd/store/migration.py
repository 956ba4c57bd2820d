"""Brings a database to the revision this version of hesd works with (Alembic).

Every change of `tables.py` is a revision under ``migrations/versions``; an installed
hesd carries them and needs neither a configuration file nor a writable directory.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from hesd.store.errors import StoreUnusable


def configuration(connection: Connection) -> Config:
    """Alembic's own configuration, for this connection."""
    config = Config()
    # Alembic reads "%" as an interpolation, and an installation may lie anywhere.
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, place: str) -> None:
    """Run what is missing. Raises `StoreUnusable` for a revision nobody here has heard of."""
    config = configuration(connection)
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    found = MigrationContext.configure(connection).get_current_heads()
    newer = sorted(set(found) - known)
    if newer:
        raise StoreUnusable(
            f"{place}: written by a newer hesd (revision {', '.join(newer)}; this one knows up to "
            f"{scripts.get_current_head()}). Install that version again, or restore a backup."
        )
    if list(found) != list(scripts.get_heads()):
        command.upgrade(config, "head")
