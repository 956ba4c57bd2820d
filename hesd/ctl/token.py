"""`hesctl token`: a prepayment token given to a meter. Its digits are never printed."""

from __future__ import annotations

import sys
from typing import Any

import click

from hesd.ctl.connection import Daemon, item, with_daemon
from hesd.ctl.job_steps import carry_out
from hesd.ctl.printing import json_option


@click.command()
@click.argument("meter")
@click.argument("digits", required=False)
@click.option("--amount", type=click.FloatRange(min=0), help="What was paid for it, for the record.")
@json_option
@with_daemon
def command(daemon: Daemon, meter: str, digits: str | None, amount: float | None, as_json: bool) -> None:
    """Give a meter a token, once.

    Without DIGITS they are asked for, or read from standard input: a command line can be read by
    everybody on the machine. The exit code is 0 when the meter took it. It is 1 when the meter
    refused, or did not answer: then it may have taken it, and nothing is sent again.
    """
    body: dict[str, Any] = {"token": _asked() if digits is None else digits}
    if amount is not None:
        body["amount"] = amount
    carry_out(daemon, item("meters", meter) + "/tokens", body, as_json, _show)


def _asked() -> str:
    if sys.stdin.isatty():
        typed: str = click.prompt("Token", hide_input=True, err=True)
        return typed
    return sys.stdin.readline().strip()


def _show(result: dict[str, Any]) -> None:
    for name in ("credit_before", "credit_after"):
        if credit := result.get(name):
            click.echo(f"{name.replace('_', ' ')}  {credit['value']} {credit['unit']}".rstrip())
