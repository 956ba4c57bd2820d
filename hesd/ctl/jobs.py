"""`hesctl jobs`: what was asked of meters, and how far it is."""

from __future__ import annotations

import json
import sys

import click

from hesd.ctl.connection import Daemon, item, with_daemon
from hesd.ctl.job_steps import step_line, steps_of
from hesd.ctl.printing import is_json_asked, json_option, print_done, print_json, print_table
from hesd.model.job import SETTLED, JobState


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Jobs of a running daemon: list (also without a word), show, watch, settle."""
    if context.invoked_subcommand is None:
        context.invoke(list_, as_json=is_json_asked(context))


@command.command("list")
@click.option("--meter", help="Of this meter only.")
@click.option("--reached", type=click.Choice([state.value for state in JobState]), help="In this state only.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@json_option
@with_daemon
def list_(daemon: Daemon, meter: str | None, reached: str | None, limit: int, as_json: bool) -> None:
    """List jobs, the latest first."""
    found = daemon.get("jobs", meter=meter, state=reached, limit=limit)["items"]
    if as_json:
        print_json(found)
        return
    columns = (
        ("JOB", "id"),
        ("KIND", "kind"),
        ("METER", "meter"),
        ("USER", "user"),
        ("STATE", "state"),
        ("AT", lambda job: job["steps"][-1]["at"]),
        ("DETAIL", lambda job: job["steps"][-1]["detail"]),
    )
    print_table(found, columns)


@command.command()
@click.argument("job")
@json_option
@with_daemon
def show(daemon: Daemon, job: str, as_json: bool) -> None:
    """Show every step of a job."""
    found = daemon.get(item("jobs", job))
    if as_json:
        print_json(found)
        return
    click.echo(f"{found['kind']} of meter {found['meter']}, asked for by {found['user']}")
    for step in found["steps"]:
        click.echo(step_line(found, step))
    if found["result"] is not None:
        print_json(found["result"])


@command.command()
@click.argument("job", required=False)
@json_option
@with_daemon
def watch(daemon: Daemon, job: str | None, as_json: bool) -> None:
    """Follow a job to its end, or all jobs until interrupted.

    The exit code is 0 when the job is confirmed and 1 when it ends otherwise.
    """
    last = None
    for found, step in steps_of(daemon, job):
        click.echo(json.dumps({"job": found["id"], **step}) if as_json else step_line(found, step))
        last = step["state"]
    if last != JobState.CONFIRMED:
        sys.exit(1)


@command.command()
@click.argument("job")
@click.argument("outcome", type=click.Choice(sorted(state.value for state in SETTLED)))
@click.option("--reason", required=True, help="How you know; it is kept with the job.")
@json_option
@with_daemon
def settle(daemon: Daemon, job: str, outcome: str, reason: str, as_json: bool) -> None:
    """Say what became of a job whose end is unknown. Nothing is sent; but a token that was in doubt can
    be given again then."""
    settled = daemon.post(item("jobs", job) + "/settle", {"outcome": outcome, "reason": reason})
    print_done(settled, f"job {job} is {settled['state']}", as_json)
