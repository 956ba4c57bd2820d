"""`hesctl trace`: the last frames to and from a meter, explained."""

from __future__ import annotations

from typing import Any

import click

from hesd.ctl.connection import Daemon, item, with_daemon
from hesd.ctl.printing import json_option, print_json, print_table


@click.command()
@click.argument("meter")
@json_option
@with_daemon
def command(daemon: Daemon, meter: str, as_json: bool) -> None:
    """Show what was said last on the line of a DLMS meter, the oldest frame first.

    Passwords, keys and tokens are blanked with 2A. With --json every frame is explained in full.
    """
    frames = daemon.get(item("meters", meter) + "/trace")["frames"]
    if as_json:
        print_json(frames)
        return
    print_table(frames, (("AT", "at"), ("", _arrow), ("MEANS", "summary"), ("OCTETS", "octets")))


def _arrow(frame: Any) -> str:
    return "->" if frame["direction"] == "sent" else "<-"
