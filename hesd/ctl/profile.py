"""`hesctl profile`: the rows of a profile, read from the meter and shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

from hesd.ctl.connection import Daemon, item, with_daemon
from hesd.ctl.job_steps import check_confirmed, done
from hesd.ctl.printing import json_option, print_json, print_table
from hesd.model.profile import MOST_NEWEST

_DAY: Final = timedelta(days=1)
_MILLISECOND: Final = timedelta(milliseconds=1)
_PAGE: Final = 10_000


@click.command()
@click.argument("meter")
@click.argument("obis")
@click.option("--from", "from_", help="RFC 3339, such as 2026-06-01T00:00:00Z; a day ago if left out.")
@click.option("--to", help="Not included; now if left out.")
@click.option("--newest", type=click.IntRange(1, MOST_NEWEST), help="The newest rows, so many, of any time.")
@click.option("--kept", is_flag=True, help="Do not ask the meter: what was read before.")
@json_option
@with_daemon
def command(
    daemon: Daemon,
    meter: str,
    obis: str,
    from_: str | None,
    to: str | None,
    newest: int | None,
    kept: bool,
    as_json: bool,
) -> None:
    """Read a profile of a meter, and show its rows."""
    if newest is not None and (from_ or to or kept):
        raise click.UsageError("--newest is asked of the meter, and goes without --from, --to and --kept")
    now = datetime.now(UTC)
    span = {"from": from_ or (now - _DAY).isoformat(), "to": to or now.isoformat()}
    path = f"{item('meters', meter)}/{item('profiles', obis)}"
    wanted = span if newest is None else {"newest": newest}
    job = None if kept else done(daemon, f"{path}/reads", wanted, tell=not as_json)
    if job is not None and newest is not None:
        span = _span(job["result"])
    columns, rows = _rows(daemon, path, span) if span else ([], [])
    if newest is not None:
        # There may be more of that time than came, or than was wanted.
        rows = rows[-newest:]
    if as_json:
        print_json({"columns": columns, "rows": rows})
    else:
        numbered = ({"at": row["at"], **dict(enumerate(row["values"]))} for row in rows)
        print_table(numbered, [("AT", "at"), *(_column(n, each) for n, each in enumerate(columns))])
    if job is not None:
        # Of a transfer that broke off the rows that came are kept, and shown.
        check_confirmed(job)


def _span(result: Any) -> dict[str, str]:
    """When the rows that a job has brought were captured; empty where it has brought none."""
    if not result or result["oldest_ms"] is None:
        return {}
    oldest, newest = (datetime.fromtimestamp(result[name] / 1000, UTC) for name in ("oldest_ms", "newest_ms"))
    return {"from": oldest.isoformat(), "to": (newest + _MILLISECOND).isoformat()}


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
