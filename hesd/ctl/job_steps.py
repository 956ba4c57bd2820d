"""The steps of jobs as they are taken, for commands that start one and for those that watch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import click

from hesd.ctl.connection import Daemon, item
from hesd.ctl.printing import print_json
from hesd.model.job import JobState

_EVERY: Final = 0.5  # seconds


def carry_out(
    daemon: Daemon,
    path: str,
    body: Mapping[str, Any],
    as_json: bool,
    show: Callable[[Any], None] = lambda _result: None,
) -> None:
    """Have a job done and show it: its steps and its result, or all of it as JSON.

    Raises `ClickException` where it is not confirmed.
    """
    job = done(daemon, path, body, tell=not as_json)
    if as_json:
        print_json(job)
    check_confirmed(job)
    if not as_json:
        show(job["result"])


def done(daemon: Daemon, path: str, body: Mapping[str, Any], *, tell: bool = True) -> Any:
    """Start a job and give it as it ended; `tell` shows its steps on standard error."""
    job = daemon.post(path, body)
    for found, step in steps_of(daemon, job["id"]):
        job = found
        if tell:
            click.echo(step_line(found, step), err=True)
    return job


def check_confirmed(job: Any) -> None:
    """Raises `ClickException` with the last sentence of a job that ended otherwise."""
    state, detail = job["state"], job["steps"][-1]["detail"]
    if state != JobState.CONFIRMED:
        raise click.ClickException(f"{state}: {detail}" if detail else state)


def steps_of(daemon: Daemon, job: str | None) -> Iterator[tuple[Any, Any]]:
    """Each new step with its job; ends when the one job that is followed is over."""
    told: dict[str, int] = {}
    while True:
        jobs = [daemon.get(item("jobs", job))] if job else daemon.get("jobs", limit=100)["items"][::-1]
        # Of all jobs, those that were there before are not news.
        beginning = not told and job is None
        for found in jobs:
            news = [] if beginning else found["steps"][told.get(found["id"], 0) :]
            told[found["id"]] = len(found["steps"])
            for step in news:
                yield found, step
        if job and JobState(jobs[0]["state"]).final:
            return
        time.sleep(_EVERY)


def step_line(job: Any, step: Any) -> str:
    """One step in one line."""
    return f"{step['at']}  {job['id']}  {job['meter']}  {step['state']}  {step['detail']}".rstrip()
