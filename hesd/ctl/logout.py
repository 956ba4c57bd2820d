"""`hesctl logout`: give the token of `hesctl login` back."""

from __future__ import annotations

import os

import click

from hesd.ctl.connection import Daemon, find_address, saved_login
from hesd.ctl.printing import json_option, print_done


@click.command()
@json_option
def command(as_json: bool) -> None:
    """Sign out of the daemon that `hesctl login` signed in to."""
    path = saved_login(os.environ)
    if not path.exists():
        raise click.ClickException("not signed in anywhere")
    address = find_address(None, None, {}, path)
    path.unlink()
    with Daemon(address) as daemon:
        daemon.send("POST", "auth/logout")
    print_done({"url": address.url}, f"signed out of {address.url}", as_json)
