"""The `hesctl` command: a group that loads a subcommand when it is called.

Exit codes: 0 done, 1 refused or failed with the reason on standard error, 2 wrong usage.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import click

import hesd
from hesd.ctl.printing import json_asked
from hesd.model.errors import HesdError

# Module of this package -> what it does, so that `--help` need not load them all.
COMMANDS: Final = {
    "read": "Read a meter once.",
    "scan": "Find which units answer, and the best driver for each.",
    "plan": "Show the reads a driver makes, and what they cost on a bus.",
    "decode": "Explain frames.",
    "drivers": "List drivers, or check one.",
    "sim": "Run a simulated plant.",
    "replay": "Let a saved trace answer as a meter.",
    "fault": "Break something in a simulated plant, or mend it.",
    "meters": "Add, adopt, list, show, import and export meters.",
    "quarantine": "List meters that dialled in and are not known.",
    "keys": "Set and remove the keys and passwords of meters.",
    "events": "Show what happened at meters.",
    "relay": "Connect or disconnect the supply of a meter.",
    "token": "Give a meter a prepayment token.",
    "clock": "Read or set the clock of a meter.",
    "profile": "Read a profile of a meter.",
    "objects": "List the objects a meter has.",
    "trace": "Show the last frames to and from a meter.",
    "areas": "Add, list and change areas.",
    "users": "Add, list and change users.",
    "jobs": "Show what was asked of meters and what came of it.",
    "login": "Sign in to a daemon elsewhere.",
    "logout": "Forget that.",
}


def _json_option() -> click.Option:
    return click.Option(["--json"], is_flag=True, expose_value=False, callback=json_asked, help="Print JSON.")


class CommandGroup(click.Group):
    """Subcommands are modules; every one of them has `--json`, as the group itself has."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*(name for name in COMMANDS if find_spec(f"hesd.ctl.{name}")), *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"hesd.ctl.{cmd_name}").command
        _add_json(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except HesdError as error:
            raise click.ClickException(str(error)) from error


def _add_json(command: click.Command) -> None:
    if not any("--json" in parameter.opts for parameter in command.params):
        command.params.append(_json_option())
    if isinstance(command, click.Group):
        for subcommand in command.commands.values():
            _add_json(subcommand)


@click.group(cls=CommandGroup, params=[_json_option()])
@click.version_option(hesd.__version__, prog_name="hesctl")
def hesctl() -> None:
    """Talk to meters and to the head-end system daemon hesd."""


def main() -> None:
    """The console entry."""
    hesctl(prog_name="hesctl")


if __name__ == "__main__":
    main()
