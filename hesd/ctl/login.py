"""`hesctl login`: keep a token for a daemon elsewhere."""

from __future__ import annotations

import os
import sys

import click

from hesd.ctl.connection import Address, Daemon, save, saved_login
from hesd.ctl.printing import json_option, print_done


@click.command()
@click.argument("url")
@click.option("--username", prompt="User")
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of standard input."
)
@json_option
def command(url: str, username: str, password_stdin: bool, as_json: bool) -> None:
    """Sign in to the daemon at URL, for all further commands without --state or --config."""
    password = (
        sys.stdin.readline().rstrip("\r\n") if password_stdin else click.prompt("Password", hide_input=True)
    )
    with Daemon(Address(url, "")) as daemon:
        signed_in = daemon.post("auth/login", {"username": username, "password": password})
    path = saved_login(os.environ)
    save(path, Address(url, signed_in["token"]))
    user, until = signed_in["user"], signed_in["expires_at"]
    told = {"user": user, "expires_at": until, "kept_in": str(path)}
    print_done(told, f"signed in as {user['username']} until {until} ({path})", as_json)
