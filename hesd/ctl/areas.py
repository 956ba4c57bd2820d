"""`hesctl areas`: where meters are."""

from __future__ import annotations

import click

from hesd.ctl.connection import Daemon, item, with_daemon
from hesd.ctl.printing import json_option, print_done, print_json, print_table


@click.group()
def command() -> None:
    """Areas of a running daemon: list, add, remove."""


@command.command("list")
@json_option
@with_daemon
def list_(daemon: Daemon, as_json: bool) -> None:
    """List areas."""
    found = list(daemon.all("areas"))
    if as_json:
        print_json(found)
        return
    columns = (("CODE", "code"), ("NAME", "name"), ("METERS", "meter_count"), ("DESCRIPTION", "description"))
    print_table(found, columns)


@command.command()
@click.argument("code")
@click.option("--name", help="The code, where it is not given.")
@click.option("--description")
@click.option("--latitude", type=float)
@click.option("--longitude", type=float)
@json_option
@with_daemon
def add(daemon: Daemon, code: str, as_json: bool, **fields: str | float | None) -> None:
    """Add an area."""
    given = {name: content for name, content in fields.items() if content is not None}
    area = daemon.post("areas", {"code": code, **given})
    print_done(area, f"area {area['code']} is added", as_json)


@command.command()
@click.argument("code")
@json_option
@with_daemon
def remove(daemon: Daemon, code: str, as_json: bool) -> None:
    """Remove an area that no meter is in."""
    daemon.delete(item("areas", code))
    print_done({"code": code, "removed": True}, f"area {code} is removed", as_json)
