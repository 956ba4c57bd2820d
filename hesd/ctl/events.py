"""`hesctl events`: what happened at meters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from hesd.ctl.connection import Daemon, with_daemon
from hesd.ctl.printing import json_option, print_json, print_table


@click.command()
@click.argument("meter", required=False)
@click.option("--log", help="The OBIS code of one log.")
@click.option("--from", "from_", help="RFC 3339, such as 2026-06-01T00:00:00Z.")
@click.option("--to")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
@with_daemon
def command(
    daemon: Daemon,
    meter: str | None,
    log: str | None,
    from_: str | None,
    to: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show events of one meter or of all, the latest first."""
    wanted = {"meter": meter, "log": log, "from": from_, "to": to, "limit": limit}
    found = daemon.get("events", **wanted)["items"]
    if as_json:
        print_json(found)
        return
    columns = (
        ("AT", "at"),
        ("UNTIL", "until"),
        ("METER", "meter"),
        ("EVENT", "name"),
        ("CODE", "code"),
        ("LOG", "log"),
        ("DETAIL", _detail),
    )
    print_table(found, columns)


def _detail(event: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {content}" for name, content in event["detail"].items())
