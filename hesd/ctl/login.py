"""`hesctl login`: keep a token for a daemon elsewhere."""

from __future__ import annotations

import os
import sys

import click

from hesd.ctl.connection import Address, Daemon, save, saved_login


@click.command()
@click.argument("url")
@click.option("--username", prompt="User")
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of standard input."
)
def command(url: str, username: str, password_stdin: bool) -> None:
    """Sign in to the daemon at URL, for all further commands without --state or --config."""
    password = (
        sys.stdin.readline().rstrip("\r\n") if password_stdin else click.prompt("Password", hide_input=True)
    )
    with Daemon(Address(url, "")) as daemon:
        signed_in = daemon.post("auth/login", {"username": username, "password": password})
    path = saved_login(os.environ)
    save(path, Address(url, signed_in["token"]))
    click.echo(f"signed in as {signed_in['user']['username']} until {signed_in['expires_at']} ({path})")
