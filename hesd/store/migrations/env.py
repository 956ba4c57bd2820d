"""What Alembic runs for every command: on the connection it was given, in that transaction."""

from __future__ import annotations

from alembic import context

from hesd.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
