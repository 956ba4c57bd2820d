"""`hesctl profile`: the rows of a profile, read from the meter and shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

from hesd.ctl.connection import Daemon, item, with_daemon
from hesd.ctl.job_steps import check_confirmed, done
from hesd.ctl.printing import json_option, print_json, print_table

_DAY: Final = timedelta(days=1)
_PAGE: Final = 10_000


@click.command()
@click.argument("meter")
@click.argument("obis")
@click.option("--from", "from_", help="RFC 3339, such as 2026-06-01T00:00:00Z; a day ago if left out.")
@click.option("--to", help="Not included; now if left out.")
@click.option("--kept", is_flag=True, help="Do not ask the meter: what was read before.")
@json_option
@with_daemon
def command(
    daemon: Daemon, meter: str, obis: str, from_: str | None, to: str | None, kept: bool, as_json: bool
) -> None:
    """Read a profile of a meter, and show its rows."""
    now = datetime.now(UTC)
    span = {"from": from_ or (now - _DAY).isoformat(), "to": to or now.isoformat()}
    path = f"{item('meters', meter)}/{item('profiles', obis)}"
    job = None if kept else done(daemon, f"{path}/reads", span, tell=not as_json)
    columns, rows = _rows(daemon, path, span)
    if as_json:
        print_json({"columns": columns, "rows": rows})
    else:
        numbered = ({"at": row["at"], **dict(enumerate(row["values"]))} for row in rows)
        print_table(numbered, [("AT", "at"), *(_column(n, each) for n, each in enumerate(columns))])
    if job is not None:
        # Of a transfer that broke off the rows that came are kept, and shown.
        check_confirmed(job)


def _rows(daemon: Daemon, path: str, span: Mapping[str, str]) -> tuple[list[Any], list[Any]]:
    rows: list[Any] = []
    cursor: str | None = None
    while True:
        page = daemon.get(path, **span, limit=_PAGE, cursor=cursor)
        rows += page["rows"]
        cursor = page["next"]
        if cursor is None:
            return page["columns"], rows


def _column(number: int, column: Any) -> tuple[str, Callable[[Mapping[Any, Any]], Any]]:
    return f"{column['name']} {column['unit']}".strip().upper(), lambda row: row[number]
