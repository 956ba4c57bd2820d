"""`hesctl quarantine`: meters that dialled in and are not known. `hesctl meters adopt` takes one in."""

from __future__ import annotations

import click

from hesd.ctl.connection import Daemon, item, with_daemon
from hesd.ctl.printing import is_json_asked, json_option, print_done, print_json, print_table


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Meters that wait to be adopted: list (also without a word), forget."""
    if context.invoked_subcommand is None:
        context.invoke(list_, as_json=is_json_asked(context))


@command.command("list")
@json_option
@with_daemon
def list_(daemon: Daemon, as_json: bool) -> None:
    """List them, the latest to have come first."""
    found = list(daemon.all("quarantine"))
    if as_json:
        print_json(found)
        return
    columns = (
        ("ID", "id"),
        ("CLAIMS TO BE", "serial"),
        ("FAMILY", "family"),
        ("ADDRESS", "address"),
        ("LISTENER", "listener"),
        ("FIRST SEEN", "first_seen"),
        ("LAST SEEN", "last_seen"),
        ("TIMES", "times"),
    )
    print_table(found, columns)


@command.command()
@click.argument("id")
@json_option
@with_daemon
def forget(daemon: Daemon, id: str, as_json: bool) -> None:
    """Take one off the list; when it dials in again, it is back."""
    daemon.delete(item("quarantine", id))
    print_done({"id": id, "forgotten": True}, f"{id} is forgotten", as_json)
