"""What DLMS meters need: how they are spoken to, secrets, counters, strangers, events, profiles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_METER_COLUMNS = (
    sa.Column("client_sap", sa.Integer()),
    sa.Column("server_sap", sa.Integer()),
    sa.Column("physical_address", sa.Integer()),
    sa.Column("authentication", sa.String(length=16)),
    sa.Column("ciphering", sa.String(length=16)),
    sa.Column("suite", sa.Integer()),
    sa.Column("referencing", sa.String(length=16)),
    sa.Column("via", sa.String(length=64)),
    sa.Column("system_title", sa.String(length=16)),
    sa.Column("relay_status", sa.String(length=32)),
)


def upgrade() -> None:
    for column in _METER_COLUMNS:
        op.add_column("meters", column)
    _create_secrets()
    _create_quarantine()
    _create_events()
    _create_profiles()
    _create_memory()


def _create_secrets() -> None:
    op.create_table(
        "meter_keys",
        sa.Column("meter", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(length=12), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=16), nullable=False),
        sa.Column("master_key_version", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("meter", "name", "pending", name="pk_meter_keys"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "counters",
        sa.Column("meter", sa.String(length=64), nullable=False),
        sa.Column("key_fingerprint", sa.LargeBinary(length=16), nullable=False),
        sa.Column("next", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("meter", "key_fingerprint", name="pk_counters"),
        sqlite_with_rowid=False,
    )


def _create_quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identity", sa.String(length=200), nullable=False),
        sa.Column("family", sa.String(length=32), nullable=False),
        sa.Column("serial", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("listener", sa.String(length=63), nullable=False),
        sa.Column("framing", sa.String(length=16), nullable=False),
        sa.Column("first_seen_ms", sa.Integer(), nullable=False),
        sa.Column("last_seen_ms", sa.Integer(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quarantine"),
        sa.UniqueConstraint("identity", name="uq_quarantine_identity"),
    )
    op.create_index("ix_quarantine_last_seen_ms", "quarantine", ["last_seen_ms"])


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meter", sa.String(length=64), nullable=False),
        sa.Column("log", sa.String(length=23), nullable=False),
        sa.Column("at_ms", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("code", sa.Integer()),
        sa.Column("until_ms", sa.Integer()),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.UniqueConstraint("meter", "log", "at_ms", "kind", "ordinal", name="uq_events_meter"),
    )
    op.create_index("ix_events_at_ms", "events", ["at_ms"])
    op.create_index("ix_events_meter", "events", ["meter", "at_ms"])


def _create_profiles() -> None:
    op.create_table(
        "profiles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meter", sa.String(length=64), nullable=False),
        sa.Column("obis", sa.String(length=23), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_profiles"),
        sa.UniqueConstraint("meter", "obis", name="uq_profiles_meter"),
    )
    op.create_table(
        "profile_columns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_profile_columns"),
        sa.UniqueConstraint("columns", name="uq_profile_columns_columns"),
    )
    op.create_table(
        "profile_rows",
        sa.Column("profile_id", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.Integer(), nullable=False),
        sa.Column("columns_id", sa.Integer(), nullable=False),
        sa.Column("raws", sa.LargeBinary(), nullable=False),
        sa.Column("scaled", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("profile_id", "at_ms", name="pk_profile_rows"),
        sqlite_with_rowid=False,
    )


def _create_memory() -> None:
    op.create_table(
        "cosem_models",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("updated_ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_cosem_models"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "settings",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_settings"),
        sqlite_with_rowid=False,
    )
