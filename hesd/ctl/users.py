"""`hesctl users`: who may sign in."""

from __future__ import annotations

import sys

import click

from hesd.ctl.connection import Daemon, item, with_daemon
from hesd.ctl.printing import json_option, print_done, print_json, print_table

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
    print_done(user, f"{user['username']} is added as {user['role']}", as_json)


@command.command()
@click.argument("username")
@_password_option
@json_option
@with_daemon
def passwd(daemon: Daemon, username: str, password_stdin: bool, as_json: bool) -> None:
    """Give a user another password, and sign them out everywhere."""
    user = daemon.patch(item("users", username), {"password": _password(password_stdin)})
    print_done(user, f"{username} has another password", as_json)


@command.command()
@click.argument("username")
@click.argument("role", type=click.Choice(["admin", "operator", "viewer"]))
@json_option
@with_daemon
def role(daemon: Daemon, username: str, role: str, as_json: bool) -> None:
    """Give a user another role."""
    user = daemon.patch(item("users", username), {"role": role})
    print_done(user, f"{username} is {role} now", as_json)


@command.command()
@click.argument("username")
@json_option
@with_daemon
def disable(daemon: Daemon, username: str, as_json: bool) -> None:
    """Let a user in no more, and sign them out everywhere."""
    user = daemon.patch(item("users", username), {"disabled": True})
    print_done(user, f"{username} is disabled", as_json)


@command.command()
@click.argument("username")
@json_option
@with_daemon
def enable(daemon: Daemon, username: str, as_json: bool) -> None:
    """Let a disabled user in again."""
    user = daemon.patch(item("users", username), {"disabled": False})
    print_done(user, f"{username} is enabled", as_json)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password
