"""`hesctl relay`: the supply of a meter, connected or disconnected."""

from __future__ import annotations

import sys

import click

from hesd.ctl.connection import Daemon, item, with_daemon
from hesd.ctl.job_steps import carry_out
from hesd.ctl.printing import json_option


@click.command()
@click.argument("meter")
@click.argument("action", type=click.Choice(["connect", "disconnect"]))
@click.option("--reason", metavar="TEXT", required=True, help="Why; it is kept with the job.")
@click.option("--yes", is_flag=True, help="Do not ask whether that is meant.")
@json_option
@with_daemon
def command(daemon: Daemon, meter: str, action: str, reason: str, yes: bool, as_json: bool) -> None:
    """Switch the relay of a meter, and see whether it moved.

    The exit code is 0 when the meter shows that it did. It is 1 when it refused, did not move, or
    did not answer: then it may have switched, and nothing is sent again.
    """
    registered = daemon.get(item("meters", meter))
    if not yes and sys.stdin.isatty():
        who = f"{registered['serial']} {registered['name']}".strip()
        click.confirm(f"{action.capitalize()} the supply of {who}?", abort=True, err=True)
    carry_out(daemon, item("meters", meter) + "/relay", {"action": action, "reason": reason}, as_json)
