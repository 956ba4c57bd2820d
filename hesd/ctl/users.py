"""`hesctl users`: who may sign in."""

from __future__ import annotations

import sys

import click

from hesd.ctl.connection import Daemon, item, with_daemon
from hesd.ctl.printing import json_option, print_json, print_table

_password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of standard input."
)


@click.group()
def command() -> None:
    """Users of a running daemon: add, list, passwd, role, disable, enable."""


@command.command("list")
@json_option
@with_daemon
def list_(daemon: Daemon, as_json: bool) -> None:
    """List users."""
    found = daemon.get("users")["items"]
    if as_json:
        print_json(found)
        return
    columns = (("USER", "username"), ("ROLE", "role"), ("DISABLED", "disabled"), ("SINCE", "created_at"))
    print_table(found, columns)


@command.command()
@click.argument("username")
@click.option(
    "--role", type=click.Choice(["admin", "operator", "viewer"]), default="viewer", show_default=True
)
@_password_option
@json_option
@with_daemon
def add(daemon: Daemon, username: str, role: str, password_stdin: bool, as_json: bool) -> None:
    """Add a user."""
    body = {"username": username, "password": _password(password_stdin), "role": role}
    user = daemon.post("users", body)
    if as_json:
        print_json(user)
    else:
        click.echo(f"{user['username']} is added as {user['role']}")


@command.command()
@click.argument("username")
@_password_option
@with_daemon
def passwd(daemon: Daemon, username: str, password_stdin: bool) -> None:
    """Give a user another password, and sign him out everywhere."""
    daemon.patch(item("users", username), {"password": _password(password_stdin)})
    click.echo(f"{username} has another password")


@command.command()
@click.argument("username")
@click.argument("role", type=click.Choice(["admin", "operator", "viewer"]))
@with_daemon
def role(daemon: Daemon, username: str, role: str) -> None:
    """Give a user another role."""
    daemon.patch(item("users", username), {"role": role})
    click.echo(f"{username} is {role} now")


@command.command()
@click.argument("username")
@with_daemon
def disable(daemon: Daemon, username: str) -> None:
    """Let a user in no more, and sign him out everywhere."""
    daemon.patch(item("users", username), {"disabled": True})
    click.echo(f"{username} is disabled")


@command.command()
@click.argument("username")
@with_daemon
def enable(daemon: Daemon, username: str) -> None:
    """Let a disabled user in again."""
    daemon.patch(item("users", username), {"disabled": False})
    click.echo(f"{username} is enabled")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password
