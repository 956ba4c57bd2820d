"""`hesctl clock`: how far the clock of a meter is off, and setting it."""

from __future__ import annotations

from typing import Any

import click

from hesd.ctl.connection import Daemon, item, with_daemon
from hesd.ctl.job_steps import carry_out
from hesd.ctl.printing import json_option


@click.command()
@click.argument("meter")
@click.option("--set", "set_", is_flag=True, help="Set it to the time of the head end.")
@click.option("--force", is_flag=True, help="Even by more than a quarter of an hour.")
@json_option
@with_daemon
def command(daemon: Daemon, meter: str, set_: bool, force: bool, as_json: bool) -> None:
    """Read the clock of a meter, or set it."""
    if force and not set_:
        raise click.UsageError("--force is for --set")
    carry_out(daemon, item("meters", meter) + "/clock", {"set": set_, "force": force}, as_json, _show)


def _show(result: dict[str, Any]) -> None:
    for name in ("before", "after"):
        if reading := result.get(name):
            offset = "tells no time" if reading["offset"] is None else f"{reading['offset']:+g} s"
            click.echo(f"{name:6}  {reading['time']}  {offset}")
