"""`hesctl keys`: the secrets of meters. They come from files or standard input, never as arguments:
a command line can be read by everybody on the machine, and shells remember it.
"""

from __future__ import annotations

from pathlib import Path

import click

from hesd.ctl.connection import Daemon, item, with_daemon
from hesd.ctl.job_steps import carry_out
from hesd.ctl.printing import json_option, print_done, print_json, print_table
from hesd.ctl.secret_files import METER_PUBLIC_KEY, OUR_SIGNING_KEY, SECRET_FILE, secrets_given
from hesd.model.secrets import TRANSFERABLE, KeyName


@click.group()
def command() -> None:
    """Keys and passwords of meters: set, show which there are, remove; or give a meter others."""


@command.command("set")
@click.argument("meter")
@click.option("--password-stdin", is_flag=True, help="The password is the first line of standard input.")
@click.option("--password-file", type=SECRET_FILE, help="The password: text, or hex digits after 0x.")
@click.option("--encryption-key-file", type=SECRET_FILE, help="The global unicast encryption key, in hex.")
@click.option("--authentication-key-file", type=SECRET_FILE, help="The authentication key, in hex.")
@click.option("--broadcast-key-file", type=SECRET_FILE, help="The global broadcast encryption key, in hex.")
@click.option("--master-key-file", type=SECRET_FILE, help="The master key (KEK) of this meter, in hex.")
@click.option("--signing-key-file", type=SECRET_FILE, help=OUR_SIGNING_KEY)
@click.option("--meter-public-key-file", type=SECRET_FILE, help=METER_PUBLIC_KEY)
@json_option
@with_daemon
def set_(daemon: Daemon, meter: str, password_stdin: bool, as_json: bool, **files: Path | None) -> None:
    """Give a meter secrets; those that are not named stay. The first line of a file counts, or the
    PEM that begins with it, and a file - is standard input, from which each takes as much."""
    body = secrets_given(password_stdin, files)
    if not body:
        raise click.UsageError("no secret is named; see --help")
    kept = daemon.put(item("meters", meter) + "/keys", body)["items"]
    print_done(kept, f"{meter}: {', '.join(body)} set", as_json)


@command.command()
@click.argument("meter")
@json_option
@with_daemon
def show(daemon: Daemon, meter: str, as_json: bool) -> None:
    """Show which secrets a meter has; two with one fingerprint are the same."""
    found = daemon.get(item("meters", meter) + "/keys")["items"]
    if as_json:
        print_json(found)
        return
    columns = (
        ("KEY", "name"),
        ("FINGERPRINT", "fingerprint"),
        ("PENDING", "pending"),
        ("SINCE", "created_at"),
    )
    print_table(found, columns)


@command.command()
@click.argument("meter")
@click.argument("name", type=click.Choice([name.value for name in KeyName]))
@json_option
@with_daemon
def remove(daemon: Daemon, meter: str, name: str, as_json: bool) -> None:
    """Forget a secret of a meter."""
    daemon.delete(f"{item('meters', meter)}/keys/{name}")
    print_done(
        {"meter": meter, "name": name, "removed": True}, f"{meter}: {name.replace('_', ' ')} removed", as_json
    )


@command.command()
@click.argument("meter")
@click.argument("name", type=click.Choice([name.value for name in TRANSFERABLE]))
@click.option("--generate", is_flag=True, help="Make the new key up; it is shown to nobody.")
@click.option("--key-file", type=SECRET_FILE, help="The new key, in hex.")
@json_option
@with_daemon
def change(
    daemon: Daemon, meter: str, name: str, generate: bool, key_file: Path | None, as_json: bool
) -> None:
    """Give the meter itself a new key, sent under its master key. Until it is known which of the two
    the meter has, both are kept."""
    if generate is (key_file is not None):
        raise click.UsageError("expected either --generate or --key-file")
    body = {"generate": True} if generate else secrets_given(False, {"key_file": key_file})
    carry_out(daemon, f"{item('meters', meter)}/keys/{name}/change", body, as_json)


@command.command()
@click.argument("meter")
@json_option
@with_daemon
def check(daemon: Daemon, meter: str, as_json: bool) -> None:
    """Find out whether a meter has taken a key that it did not answer to."""
    carry_out(daemon, item("meters", meter) + "/keys/check", {}, as_json)
