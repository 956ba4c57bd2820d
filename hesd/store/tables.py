"""Every table. A change here is a new revision under ``migrations/versions``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    column,
)
from sqlalchemy.types import UserDefinedType


class Exact(UserDefinedType[Any]):
    """A column that keeps whatever `hesd.store.exact` packed, unconverted.

    A SQLite column of type BLOB has no affinity: integers, floats, text and octets come
    back as the type they went in as.
    """

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "BLOB"


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

areas = Table(
    "areas",
    metadata,
    Column("code", String(32), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("description", Text, nullable=False),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("version", Integer, nullable=False),
    Column("created_ms", Integer, nullable=False),
    Column("updated_ms", Integer, nullable=False),
)

meters = Table(
    "meters",
    metadata,
    Column("serial", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("brand", String(200), nullable=False),
    Column("model", String(200), nullable=False),
    Column("meter_type", String(16)),
    Column("payment", String(16)),
    Column("firmware", String(200), nullable=False),
    Column("driver", String(63)),
    Column("line", String(63)),
    Column("unit_id", Integer),
    Column("area", String(32), ForeignKey("areas.code", onupdate="CASCADE"), index=True),
    Column("group", String(63)),
    Column("equipment", String(200), nullable=False),
    Column("room", String(200), nullable=False),
    Column("panel", String(200), nullable=False),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("interval", Float),
    Column("slow_interval", Float),
    Column("ratio", Float, nullable=False),
    Column("writes_enabled", Boolean, nullable=False),
    Column("lifecycle", String(16), nullable=False),
    Column("search", Text, nullable=False),  # what free text looks in, case folded
    Column("version", Integer, nullable=False),
    Column("created_ms", Integer, nullable=False),
    Column("updated_ms", Integer, nullable=False),
    # What a DLMS meter is spoken to with; NULL leaves it to its driver.
    Column("client_sap", Integer),
    Column("server_sap", Integer),
    Column("physical_address", Integer),
    Column("authentication", String(16)),
    Column("ciphering", String(16)),
    Column("suite", Integer),
    Column("referencing", String(16)),
    Column("via", String(64)),
    Column("system_title", String(16)),
    Column("relay_status", String(32)),
    # A retired meter leaves its unit id to its successor.
    Index("uq_meters_unit", "line", "unit_id", unique=True, sqlite_where=column("lifecycle") != "retired"),
)

users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("username", String(64), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_ms", Integer, nullable=False),
    Column("updated_ms", Integer, nullable=False),
    UniqueConstraint("username"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", LargeBinary(32), primary_key=True),
    Column("user_id", Integer, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_ms", Integer, nullable=False),
    Column("expires_ms", Integer, nullable=False, index=True),
    sqlite_with_rowid=False,
)

jobs = Table(
    "jobs",
    metadata,
    Column("number", Integer, primary_key=True),  # the order they came in
    Column("id", String(64), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("meter", String(64), nullable=False, index=True),
    Column("user", String(64), nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("idempotency_key", String(255)),
    Column("state", String(16), nullable=False, index=True),
    Column("result", JSON(none_as_null=True)),
    UniqueConstraint("id"),
    UniqueConstraint("user", "idempotency_key"),
)

job_steps = Table(
    "job_steps",
    metadata,
    Column("job_number", Integer, ForeignKey("jobs.number", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("at_ms", Integer, nullable=False),
    Column("detail", Text, nullable=False),
    PrimaryKeyConstraint("job_number", "number"),
    sqlite_with_rowid=False,
)

# One quantity of one meter. It names the meter by its serial and not by reference: a
# reading is kept even where the registry has lost, or never had, the meter.
series = Table(
    "series",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("meter", String(64), nullable=False),
    Column("obis", String(23), nullable=False),
    UniqueConstraint("meter", "obis"),
)


def _reading_columns() -> tuple[Column[Any], ...]:
    return (
        Column("series_id", Integer, nullable=False),
        Column("at_ms", Integer, nullable=False),
        Column("value", Exact),
        Column("raw", Exact),
        Column("scaler", Integer, nullable=False),
        Column("unit", Integer, nullable=False),
        Column("quality", Integer, nullable=False),
        Column("source", Integer, nullable=False),
    )


# Clustered: a series lies together in the order of time, so a year of it is one walk.
readings = Table(
    "readings",
    metadata,
    *_reading_columns(),
    PrimaryKeyConstraint("series_id", "at_ms"),
    sqlite_with_rowid=False,
)

# What has arrived and is not merged into `readings` yet, in the order of arrival.
stage = Table("readings_stage", metadata, Column("id", Integer, primary_key=True), *_reading_columns())

# The secrets of meters, each sealed by `hesd.store.vault`; `fingerprint` tells two apart. A
# `pending` one was sent to the meter, and it is not known yet whether the meter took it.
meter_keys = Table(
    "meter_keys",
    metadata,
    Column("meter", String(64), nullable=False),
    Column("name", String(32), nullable=False),
    Column("pending", Boolean, nullable=False),
    Column("nonce", LargeBinary(12), nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("fingerprint", LargeBinary(16), nullable=False),
    Column("master_key_version", Integer, nullable=False),
    Column("created_ms", Integer, nullable=False),
    PrimaryKeyConstraint("meter", "name", "pending"),
    sqlite_with_rowid=False,
)

# Invocation counters by meter and key. A row outlives its key: if the key comes back, no
# counter may be used a second time.
counters = Table(
    "counters",
    metadata,
    Column("meter", String(64), nullable=False),
    Column("key_fingerprint", LargeBinary(16), nullable=False),
    Column("next", Integer, nullable=False),  # the first of ours that was never given
    Column("received", Integer, nullable=False),  # the highest of the meter's, -1 for none
    PrimaryKeyConstraint("meter", "key_fingerprint"),
    sqlite_with_rowid=False,
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("identity", String(200), nullable=False),  # what makes it the same one when it comes again
    Column("family", String(32), nullable=False),
    Column("serial", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("listener", String(63), nullable=False),
    Column("framing", String(16), nullable=False),
    Column("first_seen_ms", Integer, nullable=False),
    Column("last_seen_ms", Integer, nullable=False, index=True),
    Column("times", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    UniqueConstraint("identity"),
)

# `kind` is the code, or the name in a log without codes; `ordinal` counts those of one kind
# and one time.
events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("meter", String(64), nullable=False),
    Column("log", String(23), nullable=False),
    Column("at_ms", Integer, nullable=False, index=True),
    Column("kind", String(200), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("code", Integer),
    Column("until_ms", Integer),
    Column("name", String(200), nullable=False),
    Column("detail", Text, nullable=False),
    UniqueConstraint("meter", "log", "at_ms", "kind", "ordinal"),
    Index("ix_events_meter", "meter", "at_ms"),
)

profiles = Table(
    "profiles",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("meter", String(64), nullable=False),
    Column("obis", String(23), nullable=False),
    UniqueConstraint("meter", "obis"),
)

# Sets of columns. Meters of one model share theirs, and a meter that captures something else
# from today on keeps the columns of its older rows.
profile_columns = Table(
    "profile_columns",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("columns", Text, nullable=False),
    UniqueConstraint("columns"),
)

profile_rows = Table(
    "profile_rows",
    metadata,
    Column("profile_id", Integer, nullable=False),
    Column("at_ms", Integer, nullable=False),
    Column("columns_id", Integer, nullable=False),
    Column("raws", LargeBinary, nullable=False),
    Column("scaled", LargeBinary),
    PrimaryKeyConstraint("profile_id", "at_ms"),
    sqlite_with_rowid=False,
)

# What was learned of a model of meters once and need not be asked of each again.
cosem_models = Table(
    "cosem_models",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("model", Text, nullable=False),
    Column("updated_ms", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# What this head end decided once for itself, as octets.
settings = Table(
    "settings",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
